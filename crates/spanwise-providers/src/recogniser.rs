//! Whose API a request goes to, and in which wire format.

use spanwise_core::Provider;

use crate::anthropic::AnthropicMessages;
use crate::bedrock::Bedrock;
use crate::codec::Codec;
use crate::cohere::Cohere;
use crate::gemini::Gemini;
use crate::mistral::Mistral;
use crate::ollama::Ollama;
use crate::openai_chat::OpenAiChat;
use crate::openai_embeddings::OpenAiEmbeddings;
use crate::openai_responses::OpenAiResponses;

/// A request that is a model call.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// Whose API it is.
    pub provider: Provider,
    /// How it is spoken.
    pub codec: &'static dyn Codec,
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
/// let call = recogniser.recognise("POST", "llm.internal", 443, "/v1/chat/completions").unwrap();
/// assert_eq!(call.provider, Provider::from("vllm"));
/// assert!(recogniser.recognise("GET", "llm.internal", 443, "/v1/models").is_none());
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
    pub fn recognise(&self, method: &str, host: &str, port: u16, path: &str) -> Option<Recognised> {
        let path = path.split('?').next().unwrap_or(path);
        // Most requests of most programs are no model calls: the host is looked up for those alone that may be.
        let mut formats = WIRE_FORMATS.iter().filter(|format| (format.is)(method, path)).peekable();
        formats.peek()?;
        let provider = self.provider(host);
        let format = formats.find(|format| format.is_spoken_by(provider.as_ref(), port))?;
        let provider = provider.unwrap_or_else(|| Provider::from(format.flavour));
        Some(Recognised { provider, codec: format.codec })
    }

    fn provider(&self, host: &str) -> Option<Provider> {
        let own = self.hosts.iter().find(|(known, _)| serves(known, host));
        own.map(|(_, provider)| provider.clone()).or_else(|| known_provider(host))
    }
}

/// A wire format, as method and path tell it.
struct WireFormat {
    is: fn(&str, &str) -> bool,
    codec: &'static dyn Codec,
    /// Who speaks it, where the host says nothing.
    flavour: &'static str,
    /// Others may use the same paths for something else: it must be this provider, by host or port.
    alone: bool,
}

/// Where Ollama listens unless it is told otherwise.
const OLLAMA_PORT: u16 = 11434;

impl WireFormat {
    const fn of(
        flavour: &'static str,
        codec: &'static dyn Codec,
        is: fn(&str, &str) -> bool,
    ) -> Self {
        Self { is, codec, flavour, alone: false }
    }

    const fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    fn is_spoken_by(&self, provider: Option<&Provider>, port: u16) -> bool {
        let by_port = self.flavour == "ollama" && port == OLLAMA_PORT;
        !self.alone || by_port || provider.is_some_and(|known| known.as_str() == self.flavour)
    }
}

/// The first that fits counts.
const WIRE_FORMATS: [WireFormat; 11] = [
    WireFormat::of("mistral_ai", &Mistral, |method, path| {
        method == "POST" && (path.ends_with("/chat/completions") || path.ends_with("/embeddings"))
    })
    .alone(),
    WireFormat::of("cohere", &Cohere, |method, path| {
        let paths = ["/v2/chat", "/v2/embed", "/v2/rerank"];
        method == "POST" && paths.iter().any(|known| path.ends_with(known))
    })
    .alone(),
    WireFormat::of("openai", &OpenAiResponses, |method, path| {
        method == "POST" && path.ends_with("/responses")
    }),
    WireFormat::of("openai", &OpenAiResponses, |method, path| {
        let fetched =
            path.rsplit_once('/').is_some_and(|(before, _)| before.ends_with("/responses"));
        method == "GET" && fetched
    }),
    WireFormat::of("openai", &OpenAiChat, |method, path| {
        method == "POST" && path.ends_with("/chat/completions")
    }),
    WireFormat::of("anthropic", &AnthropicMessages, |method, path| {
        method == "POST" && path.ends_with("/v1/messages")
    }),
    WireFormat::of("gcp.gemini", &Gemini, |method, path| {
        method == "POST" && path.rsplit_once(':').is_some_and(|(_, verb)| is_of_gemini(verb))
    }),
    // `:predict` is for models of all kinds.
    WireFormat::of("gcp.vertex_ai", &Gemini, |method, path| {
        method == "POST" && path.ends_with(":predict") && path.contains("embedding")
    })
    .alone(),
    WireFormat::of("aws.bedrock", &Bedrock, |method, path| method == "POST" && is_of_bedrock(path)),
    WireFormat::of("ollama", &Ollama, |method, path| {
        let paths = ["/api/chat", "/api/generate", "/api/embed", "/api/embeddings"];
        method == "POST" && paths.iter().any(|known| path.ends_with(known))
    })
    .alone(),
    WireFormat::of("openai", &OpenAiEmbeddings, |method, path| {
        method == "POST" && path.ends_with("/embeddings") && !path.ends_with("/api/embeddings")
    }),
];

fn is_of_gemini(verb: &str) -> bool {
    let verbs = ["generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents"];
    verbs.contains(&verb)
}

/// Models of other vendors than Anthropic have formats of their own behind `invoke`.
fn is_of_bedrock(path: &str) -> bool {
    let Some((model, verb)) = path.strip_prefix("/model/").and_then(|rest| rest.rsplit_once('/'))
    else {
        return false;
    };
    match verb {
        "converse" | "converse-stream" => true,
        "invoke" | "invoke-with-response-stream" => model.contains("anthropic"),
        _ => false,
    }
}

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
    let vertex = before(host, "-aiplatform.googleapis.com").is_some();
    let known = HOSTS.iter().find(|(known, _)| serves(known, host));
    if vertex { Some(Provider::GcpVertexAi) } else { known.map(|(_, name)| Provider::from(*name)) }
}

/// Whether `host` is `known` or below it.
fn serves(known: &str, host: &str) -> bool {
    before(host, known).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
}

/// What stands before this end of a host, in whichever case.
fn before<'a>(host: &'a str, end: &str) -> Option<&'a [u8]> {
    let (rest, last) = host.as_bytes().split_at_checked(host.len().checked_sub(end.len())?)?;
    last.eq_ignore_ascii_case(end.as_bytes()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(host: &str) -> String {
        let call = Recogniser::default().recognise("POST", host, 443, "/v1/chat/completions");
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
        let call = recogniser.recognise("POST", "localhost", 8000, "/v1/embeddings?x=1").unwrap();
        assert_eq!(call.provider.as_str(), "lm_studio");
        let recogniser = Recogniser::default().host("api.openai.com", "proxy");
        let call = recogniser.recognise("POST", "api.openai.com", 443, "/v1/embeddings").unwrap();
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
            let call = Recogniser::default().recognise(method, "api.openai.com", 443, path);
            assert!(call.is_none(), "{method} {path}");
        }
    }

    #[test]
    fn the_path_says_which_wire_format_is_spoken() {
        for (host, port, path, codec, provider) in [
            ("proxy.example", 443, "/v1/chat/completions", "OpenAiChat", "openai"),
            (
                "me.openai.azure.com",
                443,
                "/openai/deployments/d/chat/completions?api-version=1",
                "OpenAiChat",
                "azure.ai.openai",
            ),
            ("proxy.example", 443, "/openai/v1/embeddings", "OpenAiEmbeddings", "openai"),
            ("proxy.example", 443, "/anthropic/v1/messages", "AnthropicMessages", "anthropic"),
            (
                "proxy.example",
                443,
                "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
                "Gemini",
                "gcp.gemini",
            ),
            (
                "europe-west1-aiplatform.googleapis.com",
                443,
                "/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict",
                "Gemini",
                "gcp.vertex_ai",
            ),
            (
                "proxy.example",
                443,
                "/model/amazon.nova-lite-v1:0/converse-stream",
                "Bedrock",
                "aws.bedrock",
            ),
            ("proxy.example", 443, "/model/anthropic.claude-v2/invoke", "Bedrock", "aws.bedrock"),
            ("localhost", 11434, "/api/chat", "Ollama", "ollama"),
            ("api.mistral.ai", 443, "/v1/chat/completions", "Mistral", "mistral_ai"),
            ("api.mistral.ai", 443, "/v1/embeddings", "Mistral", "mistral_ai"),
            ("api.cohere.com", 443, "/v2/rerank", "Cohere", "cohere"),
            ("proxy.example", 443, "/v1/responses", "OpenAiResponses", "openai"),
            ("localhost", 11434, "/api/embeddings", "Ollama", "ollama"),
            ("localhost", 11434, "/v1/chat/completions", "OpenAiChat", "openai"),
        ] {
            let call = Recogniser::default().recognise("POST", host, port, path).expect(path);
            assert_eq!(format!("{:?}", call.codec), codec, "{path}");
            assert_eq!(call.provider.as_str(), provider, "{path}");
        }
        let own = Recogniser::default().host("gpu.internal", "ollama");
        assert!(own.recognise("POST", "gpu.internal", 80, "/api/generate").is_some());
    }

    #[test]
    fn a_stored_response_is_fetched_and_not_deleted() {
        let recognise = |method: &str, path: &str| {
            Recogniser::default().recognise(method, "api.openai.com", 443, path).is_some()
        };
        assert!(recognise("GET", "/v1/responses/resp_1?stream=true"));
        assert!(!recognise("DELETE", "/v1/responses/resp_1"));
        assert!(!recognise("POST", "/v1/responses/resp_1/cancel"));
        assert!(!recognise("GET", "/v1/responses/resp_1/input_items"));
    }

    #[test]
    fn paths_that_others_use_as_well_need_the_host() {
        for path in [
            "/api/chat",
            "/api/generate",
            "/v2/chat",
            "/v1/models/m:predict",
            "/model/amazon.titan-embed-text-v2:0/invoke",
            "/v1/models/gemini:countTokens",
        ] {
            let call = Recogniser::default().recognise("POST", "app.example", 443, path);
            assert!(call.is_none(), "{path}");
        }
    }
}
