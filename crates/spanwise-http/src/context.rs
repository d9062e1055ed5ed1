//! The trace's context between services, for tower: what a server takes from requests, and what a client gives
//! along.
//!
//! ```text
//! client ─► InjectContextLayer ── traceparent, … ──► ExtractContextLayer ─► server
//!           (named hosts alone)                      (the request runs in it)
//! ```

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::Request;
use opentelemetry::Context;
use spanwise_core::propagation::InContext;
use spanwise_core::{extract_from_headers, inject_into_headers, propagate_context, with_context};
use tower_layer::Layer;
use tower_service::Service;

use crate::hosts::Hosts;

/// For servers of tower (axum, tonic, hyper): each request is served in the context that its headers carry, so
/// that what is recorded there belongs to the caller's trace.
///
/// For servers whose callers are trusted: whoever calls chooses the trace, and of the scope what the process
/// allows as baggage. It records no span of its own.
///
/// ```
/// # async fn ask() {}
/// use spanwise_http::ExtractContextLayer;
/// use tower_layer::Layer as _;
///
/// # #[derive(Clone)] struct Service;
/// let service = ExtractContextLayer::new().layer(Service);
/// # let _ = service;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtractContextLayer;

impl ExtractContextLayer {
    /// By the process's [`Propagation`](spanwise_core::propagation::Propagation).
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for ExtractContextLayer {
    type Service = ExtractContext<S>;

    fn layer(&self, inner: S) -> ExtractContext<S> {
        ExtractContext { inner }
    }
}

/// A server in the context of its callers; made by [`ExtractContextLayer`].
#[derive(Clone, Debug)]
pub struct ExtractContext<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for ExtractContext<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InContext<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let context = extract_from_headers(request.headers());
        with_context(&context, || propagate_context(self.inner.call(request)))
    }
}

/// For clients of tower (tonic, hyper): the trace's context, and the baggage that is allowed, go along with
/// requests to the hosts that are named, and to no other. With none named, to nobody.
///
/// Model providers need no such thing; see [`GenAi::propagate_to`](crate::GenAi::propagate_to).
///
/// ```
/// use spanwise_http::InjectContextLayer;
/// use tower_layer::Layer as _;
///
/// # #[derive(Clone)] struct Client;
/// let client = InjectContextLayer::to(["orders.internal"]).layer(Client);
/// # let _ = client;
/// ```
#[derive(Clone, Debug, Default)]
pub struct InjectContextLayer(Arc<To>);

#[derive(Debug)]
enum To {
    Named(Hosts),
    Peer,
}

impl Default for To {
    fn default() -> Self {
        Self::Named(Hosts::default())
    }
}

impl To {
    fn allows(&self, host: Option<&str>) -> bool {
        match self {
            Self::Named(hosts) => host.is_some_and(|host| hosts.contain(host)),
            Self::Peer => true,
        }
    }
}

impl InjectContextLayer {
    /// To these hosts, their subdomains not included.
    pub fn to<H: AsRef<str>>(hosts: impl IntoIterator<Item = H>) -> Self {
        let none = Hosts::default();
        let hosts = hosts.into_iter().fold(none, |hosts, host| hosts.with(host.as_ref()));
        Self(Arc::new(To::Named(hosts)))
    }

    /// To whoever gets the requests: for a client that has one peer, and whose requests name none, such as a
    /// channel of tonic.
    pub fn to_its_peer() -> Self {
        Self(Arc::new(To::Peer))
    }
}

impl<S> Layer<S> for InjectContextLayer {
    type Service = InjectContext<S>;

    fn layer(&self, inner: S) -> InjectContext<S> {
        InjectContext { inner, to: self.0.clone() }
    }
}

/// A client whose requests carry the context; made by [`InjectContextLayer`].
#[derive(Clone, Debug)]
pub struct InjectContext<S> {
    inner: S,
    to: Arc<To>,
}

impl<S, B> Service<Request<B>> for InjectContext<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if self.to.allows(request.uri().host()) {
            inject_into_headers(&Context::current(), request.headers_mut());
        }
        self.inner.call(request)
    }
}

/// For clients of `reqwest-middleware`: the trace's context, and the baggage that is allowed, go along with
/// requests to the hosts that are named, and to no other.
///
/// ```
/// use spanwise_http::InjectContextMiddleware;
///
/// # fn client(http: reqwest::Client) -> reqwest_middleware::ClientWithMiddleware {
/// reqwest_middleware::ClientBuilder::new(http)
///     .with(InjectContextMiddleware::to(["orders.internal"]))
///     .build()
/// # }
/// ```
#[cfg(feature = "reqwest-middleware")]
#[derive(Clone, Debug, Default)]
pub struct InjectContextMiddleware(Hosts);

#[cfg(feature = "reqwest-middleware")]
impl InjectContextMiddleware {
    /// To these hosts, their subdomains not included.
    pub fn to<H: AsRef<str>>(hosts: impl IntoIterator<Item = H>) -> Self {
        let none = Hosts::default();
        Self(hosts.into_iter().fold(none, |hosts, host| hosts.with(host.as_ref())))
    }
}

#[cfg(feature = "reqwest-middleware")]
#[async_trait::async_trait]
impl reqwest_middleware::Middleware for InjectContextMiddleware {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: reqwest_middleware::Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        if request.url().host_str().is_some_and(|host| self.0.contain(host)) {
            inject_into_headers(&Context::current(), request.headers_mut());
        }
        next.run(request, extensions).await
    }
}
