//! The way to a provider through Helicone.

/// Where a client is pointed so that its calls go through Helicone: the provider's own base URL, with
/// Helicone's host in place of its own.
///
/// Providers that Helicone has a host for are reached there; all others by its gateway, which is told where to
/// go on by `Helicone-Target-URL`.
///
/// ```
/// use spanwise_http::helicone::HeliconeRoute;
///
/// let route = HeliconeRoute::to("https://api.openai.com/v1").unwrap();
/// assert_eq!(route.base_url(), "https://oai.helicone.ai/v1");
///
/// let route = HeliconeRoute::to("https://api.cohere.com/v2").unwrap();
/// assert_eq!(route.base_url(), "https://gateway.helicone.ai/v2");
/// assert_eq!(route.target_url(), Some("https://api.cohere.com"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeliconeRoute {
    base_url: String,
    target_url: Option<String>,
}

/// A provider's host, and the first word of Helicone's.
const HOSTS: [(&str, &str); 15] = [
    ("api.openai.com", "oai"),
    ("api.anthropic.com", "anthropic"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("openrouter.ai", "openrouter"),
    ("api.fireworks.ai", "fireworks"),
    ("api.groq.com", "groq"),
    ("api.deepinfra.com", "deepinfra"),
    ("api.perplexity.ai", "perplexity"),
    ("api.mistral.ai", "mistral"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x"),
    ("api.studio.nebius.com", "nebius"),
    ("api.studio.nebius.ai", "nebius"),
    ("api.novita.ai", "novita"),
];

impl HeliconeRoute {
    /// To the provider whose own base URL this is; `None` where it is no URL of `https`.
    pub fn to(base_url: &str) -> Option<Self> {
        let uri: http::Uri = base_url.parse().ok()?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("https"))?;
        let path = uri.path().trim_end_matches('/');
        let known = HOSTS.iter().find(|(host, _)| authority.as_str().eq_ignore_ascii_case(host));
        Some(match known {
            Some((_, word)) => {
                Self { base_url: format!("https://{word}.helicone.ai{path}"), target_url: None }
            }
            None => Self {
                base_url: format!("https://gateway.helicone.ai{path}"),
                target_url: Some(format!("https://{authority}")),
            },
        })
    }

    /// To OpenAI, through a Helicone of one's own at this URL, such as `http://localhost:8585`.
    ///
    /// Its host is no host of Helicone's: name it by [`Helicone::host`](super::Helicone::host).
    pub fn self_hosted(url: &str) -> Self {
        let url = url.trim_end_matches('/');
        Self { base_url: format!("{url}/v1/gateway/oai/v1"), target_url: None }
    }

    /// Helicone's AI gateway, which speaks OpenAI's API and takes the Helicone key as the client's key.
    pub fn ai_gateway() -> Self {
        Self { base_url: "https://ai-gateway.helicone.ai".to_owned(), target_url: None }
    }

    /// The base URL for the client.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What `Helicone-Target-URL` must say, where it must; see [`Helicone::route`](super::Helicone::route).
    pub fn target_url(&self) -> Option<&str> {
        self.target_url.as_deref()
    }
}
