//! Whose API a request goes to, and in which wire format.

use std::sync::Arc;

use spanwise_core::Provider;

use crate::codec::Codec;
use crate::openai_chat::OpenAiChat;
use crate::openai_embeddings::OpenAiEmbeddings;

/// A request that is a model call.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// Whose API it is.
    pub provider: Provider,
    /// How it is spoken.
    pub codec: Arc<dyn Codec>,
}

/// Tells model calls from other requests, by method, host and path.
///
/// The path says which wire format is spoken, and the host whose API it is. A host that is not known is called
/// by the flavour that it speaks, `openai` for OpenAI's; [`host`](Self::host) says better.
///
/// ```
/// use spanwise_core::Provider;
/// use spanwise_providers::Recogniser;
///
/// let recogniser = Recogniser::default().host("llm.internal", "vllm");
/// let call = recogniser.recognise("POST", "llm.internal", "/v1/chat/completions").unwrap();
/// assert_eq!(call.provider, Provider::from("vllm"));
/// assert!(recogniser.recognise("GET", "llm.internal", "/v1/models").is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recogniser {
    /// Rules of the program's own, the last first.
    hosts: Vec<(String, Provider)>,
}

impl Recogniser {
    /// Says whose API a host serves, its subdomains included. Rules that come later win.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>, provider: impl Into<Provider>) -> Self {
        self.hosts.insert(0, (host.into().to_ascii_lowercase(), provider.into()));
        self
    }

    /// The model call that a request is, if it is one. The path may have a query.
    pub fn recognise(&self, method: &str, host: &str, path: &str) -> Option<Recognised> {
        let path = path.split('?').next().unwrap_or(path);
        let format = WIRE_FORMATS.iter().find(|format| (format.is)(method, path))?;
        let provider = self.provider(host).unwrap_or_else(|| (format.provider)());
        Some(Recognised { provider, codec: (format.codec)() })
    }

    fn provider(&self, host: &str) -> Option<Provider> {
        let host = host.to_ascii_lowercase();
        let own = self.hosts.iter().find(|(known, _)| serves(known, &host));
        own.map(|(_, provider)| provider.clone()).or_else(|| known_provider(&host))
    }
}

/// A wire format, as method and path tell it.
struct WireFormat {
    is: fn(&str, &str) -> bool,
    codec: fn() -> Arc<dyn Codec>,
    /// Who speaks it, where the host says nothing.
    provider: fn() -> Provider,
}

const WIRE_FORMATS: [WireFormat; 2] = [
    WireFormat {
        is: |method, path| method == "POST" && path.ends_with("/chat/completions"),
        codec: || Arc::new(OpenAiChat),
        provider: || Provider::OpenAi,
    },
    WireFormat {
        is: |method, path| method == "POST" && path.ends_with("/embeddings"),
        codec: || Arc::new(OpenAiEmbeddings),
        provider: || Provider::OpenAi,
    },
];

/// Hosts of the conventions' providers, and of some that the conventions do not list.
const HOSTS: [(&str, &str); 30] = [
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("models.ai.azure.com", "azure.ai.inference"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("googleapis.com", "gcp.gen_ai"),
    ("amazonaws.com", "aws.bedrock"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.x.ai", "x_ai"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.moonshot.ai", "moonshot_ai"),
    ("api.moonshot.cn", "moonshot_ai"),
    ("openrouter.ai", "openrouter"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.cerebras.ai", "cerebras"),
    ("api.sambanova.ai", "sambanova"),
    ("router.huggingface.co", "huggingface"),
    ("integrate.api.nvidia.com", "nvidia"),
    ("api.studio.nebius.com", "nebius"),
    ("ollama.com", "ollama"),
];

fn known_provider(host: &str) -> Option<Provider> {
    // `{region}-aiplatform.googleapis.com` is no subdomain of what it ends with.
    let vertex = host.ends_with("-aiplatform.googleapis.com");
    let known = HOSTS.iter().find(|(known, _)| serves(known, host));
    if vertex { Some(Provider::GcpVertexAi) } else { known.map(|(_, name)| Provider::from(*name)) }
}

/// Whether `host` is `known` or below it.
fn serves(known: &str, host: &str) -> bool {
    host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(host: &str) -> String {
        let call = Recogniser::default().recognise("POST", host, "/v1/chat/completions");
        call.unwrap().provider.to_string()
    }

    #[test]
    fn the_host_says_whose_api_it_is() {
        for (host, name) in HOSTS {
            assert_eq!(provider(host), name);
        }
        assert_eq!(provider("API.OpenAI.com"), "openai");
        assert_eq!(provider("me.openai.azure.com"), "azure.ai.openai");
        assert_eq!(provider("us-east1-aiplatform.googleapis.com"), "gcp.vertex_ai");
        assert_eq!(provider("bedrock-runtime.eu-central-1.amazonaws.com"), "aws.bedrock");
        assert_eq!(provider("notapi.openai.com.example"), "openai", "by its flavour");
    }

    #[test]
    fn rules_of_ones_own_win_the_last_one_first() {
        let recogniser =
            Recogniser::default().host("localhost", "vllm").host("LOCALHOST", "lm_studio");
        let call = recogniser.recognise("POST", "localhost", "/v1/embeddings?x=1").unwrap();
        assert_eq!(call.provider.as_str(), "lm_studio");
        let recogniser = Recogniser::default().host("api.openai.com", "proxy");
        let call = recogniser.recognise("POST", "api.openai.com", "/v1/embeddings").unwrap();
        assert_eq!(call.provider.as_str(), "proxy");
    }

    #[test]
    fn what_is_no_model_call_is_not_recognised() {
        for (method, path) in [
            ("GET", "/v1/models"),
            ("GET", "/v1/chat/completions"),
            ("POST", "/v1/files"),
            ("POST", "/"),
            ("DELETE", "/v1/embeddings"),
            ("POST", "/v1/chat/completions/chatcmpl-1"),
        ] {
            let call = Recogniser::default().recognise(method, "api.openai.com", path);
            assert!(call.is_none(), "{method} {path}");
        }
    }
}
