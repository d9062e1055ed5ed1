//! Which requests are recorded, and how.

use std::sync::Arc;

use http::{HeaderMap, Method, Uri};
use opentelemetry::Context;
use spanwise_core::Provider;
use spanwise_providers::{Codec, Exchange, Recognised, Recogniser};

use crate::hosts::Hosts;
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
pub struct GenAi {
    recogniser: Arc<Recogniser>,
    trusted: Hosts,
}

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
        let recogniser = Arc::unwrap_or_clone(self.recogniser).host(host, provider);
        Self { recogniser: Arc::new(recogniser), ..self }
    }

    /// Sends the trace's context along with model calls to this host, its subdomains not included, by the
    /// propagator that is in force: for gateways of one's own. Without it no host is told of any trace.
    #[must_use]
    pub fn propagate_to(self, host: impl Into<String>) -> Self {
        Self { trusted: self.trusted.with(&host.into()), ..self }
    }

    /// Adds the context to a request, where its host shall have it.
    pub(crate) fn propagate(&self, context: &Context, host: Option<&str>, headers: &mut HeaderMap) {
        if host.is_some_and(|host| self.trusted.contain(host)) {
            spanwise_core::inject_into_headers(context, headers);
        }
    }

    /// The model call that a request is; `None` where it is none, or where nothing records.
    pub(crate) fn call(&self, method: &Method, uri: &Uri) -> Option<Call> {
        if !spanwise_core::is_recorded() {
            return None;
        }
        let (host, path) = (uri.host()?, uri.path_and_query()?.as_str());
        let https = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let Recognised { provider, codec } =
            self.recogniser.recognise(method.as_str(), host, port, path)?;
        // An address of IPv6 stands in brackets in a URL, and without them elsewhere.
        let address = host.trim_matches(['[', ']']).to_owned();
        Some(Call { provider, codec, address, port, path: path.to_owned() })
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
