//! Where a provider's API is, and the key to it.

use std::fmt;

use url::Url;

use crate::server;

/// A provider, by the variables that its clients usually read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    url_variable: &'static str,
    key_variable: &'static str,
    /// Where it is unless the variable says otherwise.
    url: &'static str,
}

impl Provider {
    /// OpenAI: `OPENAI_BASE_URL`, `OPENAI_API_KEY`.
    pub const OPENAI: Self =
        Self::of("OPENAI_BASE_URL", "OPENAI_API_KEY", "https://api.openai.com/v1");
    /// Anthropic: `ANTHROPIC_BASE_URL`, `ANTHROPIC_API_KEY`.
    pub const ANTHROPIC: Self =
        Self::of("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "https://api.anthropic.com");
    /// The Gemini API: `GOOGLE_GEMINI_BASE_URL`, `GEMINI_API_KEY`.
    pub const GEMINI: Self = Self::of(
        "GOOGLE_GEMINI_BASE_URL",
        "GEMINI_API_KEY",
        "https://generativelanguage.googleapis.com",
    );
    /// Bedrock: `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, `AWS_SECRET_ACCESS_KEY`.
    pub const BEDROCK: Self = Self::of(
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        "AWS_SECRET_ACCESS_KEY",
        "https://bedrock-runtime.us-east-1.amazonaws.com",
    );
    /// Cohere: `CO_API_URL`, `CO_API_KEY`.
    pub const COHERE: Self = Self::of("CO_API_URL", "CO_API_KEY", "https://api.cohere.com");
    /// Ollama: `OLLAMA_HOST`; it needs no key, and has one in its cloud, `OLLAMA_API_KEY`.
    pub const OLLAMA: Self = Self::of("OLLAMA_HOST", "OLLAMA_API_KEY", "https://ollama.com");

    const fn of(url_variable: &'static str, key_variable: &'static str, url: &'static str) -> Self {
        Self { url_variable, key_variable, url }
    }
}

/// Where a provider's API is, and the key to it.
#[derive(Debug)]
pub struct Api {
    base_url: Url,
    key: Option<Key>,
    is_local: bool,
}

struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why there is no server to talk to.
#[derive(Debug)]
pub enum SetupError {
    /// The variable is set to something that is no URL.
    Url(&'static str),
    /// The local server could not be started.
    Io(std::io::Error),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(variable) => write!(f, "{variable} is no URL"),
            Self::Io(error) => write!(f, "the local server could not be started: {error}"),
        }
    }
}

impl std::error::Error for SetupError {}

impl Api {
    /// The API that the provider's variables name; without any a server of the examples' own, on a free port
    /// of this machine.
    ///
    /// # Errors
    ///
    /// Where the URL is none, or the server could not be started.
    pub async fn from_env(provider: Provider) -> Result<Self, SetupError> {
        // One provider of cryptography for the whole program, and the same as spanwise's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let set = |variable| std::env::var(variable).ok().filter(|value| !value.is_empty());
        let (url, key) = (set(provider.url_variable), set(provider.key_variable));
        let is_local = url.is_none() && key.is_none();
        let base_url = if is_local {
            let root = server::start().await.map_err(SetupError::Io)?;
            if provider == Provider::OPENAI { format!("{root}/v1") } else { root }
        } else {
            // Ollama's variable may be a host and a port.
            let url = url.unwrap_or_else(|| provider.url.to_owned());
            if url.contains("://") { url } else { format!("http://{url}") }
        };
        let base_url = Url::parse(&format!("{}/", base_url.trim_end_matches('/')))
            .map_err(|_| SetupError::Url(provider.url_variable))?;
        Ok(Self { base_url, key: key.map(Key), is_local })
    }

    /// The base of its paths, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// The key; empty where there is none.
    pub fn key(&self) -> &str {
        self.key.as_ref().map_or("", |Key(key)| key)
    }

    /// Whether it is the examples' own server.
    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// Host and port, for `server.address` and `server.port`.
    pub fn server(&self) -> (String, u16) {
        let host = self.base_url.host_str().unwrap_or_default().to_owned();
        (host, self.base_url.port_or_known_default().unwrap_or_default())
    }
}
