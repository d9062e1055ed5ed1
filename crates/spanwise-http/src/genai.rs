//! Which requests are recorded, and how.

use std::sync::Arc;

use http::{Method, Uri};
use spanwise_core::Provider;
use spanwise_providers::{Codec, Exchange, Recognised, Recogniser};

use crate::recording::Recording;

/// Which requests are model calls; shared by all layers.
///
/// ```
/// use spanwise_http::{GenAi, GenAiLayer};
///
/// let layer = GenAiLayer::new(GenAi::default().host("llm.internal", "vllm"));
/// # let _ = layer;
/// ```
#[derive(Clone, Debug, Default)]
pub struct GenAi(Arc<Recogniser>);

/// A model call that is about to be made.
pub(crate) struct Call {
    provider: Provider,
    codec: Arc<dyn Codec>,
    address: String,
    port: u16,
    path: String,
}

impl GenAi {
    /// Says whose API a host serves, its subdomains included. Rules that come later win, and all of them
    /// over what is known of common hosts.
    #[must_use]
    pub fn host(self, host: impl Into<String>, provider: impl Into<Provider>) -> Self {
        let recogniser = Arc::unwrap_or_clone(self.0);
        Self(Arc::new(recogniser.host(host, provider)))
    }

    /// The model call that a request is; `None` where it is none, or where nothing records.
    pub(crate) fn call(&self, method: &Method, uri: &Uri) -> Option<Call> {
        if !spanwise_core::is_recorded() {
            return None;
        }
        let (host, path) = (uri.host()?, uri.path_and_query()?.as_str());
        let https = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let Recognised { provider, codec } = self.0.recognise(method.as_str(), host, port, path)?;
        Some(Call { provider, codec, address: host.to_owned(), port, path: path.to_owned() })
    }
}

impl Call {
    /// Starts recording; of the body, what is there by now.
    pub(crate) fn start(self, body: &[u8]) -> Recording {
        let content = spanwise_core::captures_content();
        let request = self.codec.request(&self.path, body, content);
        let exchange = Exchange::start(&request, self.provider, self.address, self.port);
        Recording::new(exchange, self.codec, content, request.stream)
    }
}
