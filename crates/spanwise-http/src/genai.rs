//! Which requests are recorded, and how.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use opentelemetry::Context;
use opentelemetry::propagation::{Injector, TextMapPropagator};
use spanwise_core::Provider;
use spanwise_providers::{Codec, Exchange, Recognised, Recogniser};

use crate::hosts::{Hosts, TargetHostExt as _};
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
    propagators: Propagators,
}

type Propagators = Arc<[Arc<dyn TextMapPropagator + Send + Sync>]>;

/// Headers whose values nobody prints: some are keys.
struct Private<'a>(&'a mut HeaderMap);

impl Injector for Private<'_> {
    fn set(&mut self, name: &str, value: String) {
        // What is no header is not sent.
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            value.set_sensitive(true);
            self.0.insert(name, value);
        }
    }
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

    /// Sends the trace's context along with requests to this host, its subdomains not included, by the
    /// propagator that is in force: for gateways of one's own. Without it no host is told of any trace.
    #[must_use]
    pub fn propagate_to(self, host: impl Into<String>) -> Self {
        Self { trusted: self.trusted.with(&host.into()), ..self }
    }

    /// Has a propagator write headers into every request, model call or not. It finds the host that the
    /// request goes to as [`TargetHost`](crate::TargetHost) in the context, and writes for those it knows: such
    /// as [`HeliconePropagator`](crate::helicone::HeliconePropagator).
    ///
    /// Clients that follow redirects carry headers on to other hosts; a client with keys in them shall follow
    /// none.
    #[must_use]
    pub fn propagator(self, propagator: impl TextMapPropagator + Send + Sync + 'static) -> Self {
        let all = self.propagators.iter().cloned();
        Self { propagators: all.chain([Arc::new(propagator) as _]).collect(), ..self }
    }

    /// Adds what the host of a request shall have of the context.
    pub(crate) fn propagate(&self, context: &Context, host: Option<&str>, headers: &mut HeaderMap) {
        let Some(host) = host else { return };
        if self.trusted.contain(host) {
            spanwise_core::inject_into_headers(context, headers);
        }
        if !self.propagators.is_empty() {
            let context = context.with_target_host(host);
            for propagator in self.propagators.iter() {
                propagator.inject_context(&context, &mut Private(headers));
            }
        }
    }

    /// The same for a request that is no model call.
    pub(crate) fn propagate_around<B>(&self, request: &mut Request<B>) {
        let host = request.uri().host().map(str::to_owned);
        self.propagate(&Context::current(), host.as_deref(), request.headers_mut());
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
