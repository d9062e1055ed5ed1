//! Who answers: `gen_ai.provider.name`.

use std::borrow::Cow;
use std::fmt;

use opentelemetry::StringValue;

use crate::semconv::value::gen_ai_provider_name as name;

/// The provider of a model or agent, as its API's flavour tells: behind a proxy it is the flavour
/// that is spoken, not who runs the model in the end.
///
/// Sets `gen_ai.provider.name`. The enum is open; [`Other`](Self::Other) holds any further name.
///
/// Source: [gen_ai.provider.name](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md)
///
/// ```
/// use spanwise_core::Provider;
///
/// assert_eq!(Provider::from("anthropic"), Provider::Anthropic);
/// assert_eq!(Provider::from("ollama").as_str(), "ollama");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// `openai`
    OpenAi,
    /// `gcp.gen_ai`: any Google endpoint, where it is not known which.
    GcpGenAi,
    /// `gcp.vertex_ai`: `aiplatform.googleapis.com`.
    GcpVertexAi,
    /// `gcp.gemini`: `generativelanguage.googleapis.com`.
    GcpGemini,
    /// `anthropic`
    Anthropic,
    /// `cohere`
    Cohere,
    /// `azure.ai.inference`
    AzureAiInference,
    /// `azure.ai.openai`
    AzureAiOpenAi,
    /// `ibm.watsonx.ai`
    IbmWatsonxAi,
    /// `aws.bedrock`
    AwsBedrock,
    /// `perplexity`
    Perplexity,
    /// `x_ai`
    XAi,
    /// `deepseek`
    DeepSeek,
    /// `groq`
    Groq,
    /// `mistral_ai`
    MistralAi,
    /// `moonshot_ai`
    MoonshotAi,
    /// A provider that the conventions do not list.
    Other(Cow<'static, str>),
}

const KNOWN: [(Provider, &str); name::ALL.len()] = [
    (Provider::OpenAi, name::OPENAI),
    (Provider::GcpGenAi, name::GCP_GEN_AI),
    (Provider::GcpVertexAi, name::GCP_VERTEX_AI),
    (Provider::GcpGemini, name::GCP_GEMINI),
    (Provider::Anthropic, name::ANTHROPIC),
    (Provider::Cohere, name::COHERE),
    (Provider::AzureAiInference, name::AZURE_AI_INFERENCE),
    (Provider::AzureAiOpenAi, name::AZURE_AI_OPENAI),
    (Provider::IbmWatsonxAi, name::IBM_WATSONX_AI),
    (Provider::AwsBedrock, name::AWS_BEDROCK),
    (Provider::Perplexity, name::PERPLEXITY),
    (Provider::XAi, name::X_AI),
    (Provider::DeepSeek, name::DEEPSEEK),
    (Provider::Groq, name::GROQ),
    (Provider::MistralAi, name::MISTRAL_AI),
    (Provider::MoonshotAi, name::MOONSHOT_AI),
];

impl Provider {
    /// The value of `gen_ai.provider.name`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::OpenAi => name::OPENAI,
            Self::GcpGenAi => name::GCP_GEN_AI,
            Self::GcpVertexAi => name::GCP_VERTEX_AI,
            Self::GcpGemini => name::GCP_GEMINI,
            Self::Anthropic => name::ANTHROPIC,
            Self::Cohere => name::COHERE,
            Self::AzureAiInference => name::AZURE_AI_INFERENCE,
            Self::AzureAiOpenAi => name::AZURE_AI_OPENAI,
            Self::IbmWatsonxAi => name::IBM_WATSONX_AI,
            Self::AwsBedrock => name::AWS_BEDROCK,
            Self::Perplexity => name::PERPLEXITY,
            Self::XAi => name::X_AI,
            Self::DeepSeek => name::DEEPSEEK,
            Self::Groq => name::GROQ,
            Self::MistralAi => name::MISTRAL_AI,
            Self::MoonshotAi => name::MOONSHOT_AI,
            Self::Other(name) => name,
        }
    }

    fn known(name: &str) -> Option<Self> {
        KNOWN.iter().find(|(_, known)| *known == name).map(|(provider, _)| provider.clone())
    }
}

impl From<&'static str> for Provider {
    fn from(name: &'static str) -> Self {
        Self::known(name).unwrap_or(Self::Other(Cow::Borrowed(name)))
    }
}

impl From<String> for Provider {
    fn from(name: String) -> Self {
        Self::known(&name).unwrap_or(Self::Other(Cow::Owned(name)))
    }
}

impl From<&Provider> for StringValue {
    fn from(provider: &Provider) -> Self {
        match provider {
            Provider::Other(name) => name.clone().into(),
            known => match KNOWN.iter().find(|(provider, _)| provider == known) {
                Some((_, name)) => StringValue::from(*name),
                None => known.as_str().to_owned().into(),
            },
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_of_the_conventions_has_a_variant_of_its_own() {
        for name in name::ALL {
            let provider = Provider::from(name);
            assert!(!matches!(provider, Provider::Other(_)), "{name} has no variant");
            assert_eq!(provider.as_str(), name);
        }
    }
}
