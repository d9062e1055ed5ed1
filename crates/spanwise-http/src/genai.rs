//! Which requests are recorded, and how.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue,
};
use http::{Method, Request};
use http_body::Body;
use opentelemetry::Context;
use opentelemetry::propagation::{Injector, TextMapPropagator};
use spanwise_core::{Provider, Scope};
use spanwise_providers::{Codec, Exchange, Recognised, Recogniser};

use crate::hosts::{Hosts, TargetHostExt as _};
use crate::open_call::OpenCall;
use crate::peek::{LateRequest, Peeked, PeekedBody};
use crate::recording::Recording;
use crate::target::Target;

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
    include_usage: bool,
    scope: Option<Scope>,
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
    scope: Option<Scope>,
    include_usage: bool,
    provider: Provider,
    codec: &'static dyn Codec,
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

    /// Has streamed answers tell of usage where the caller does not ask for it: adds
    /// `stream_options.include_usage` to requests of OpenAI's Chat Completions, and keeps the one chunk from
    /// the caller that comes of it. Nothing else changes what is sent or received.
    ///
    /// Defaults to no: without usage a stream is recorded without tokens. Requests that say themselves whether
    /// usage shall come, whose body is not at hand when they are sent, or whose answer may come compressed, are
    /// left as they are. So are other providers' formats, most of which tell of usage anyway.
    #[must_use]
    pub fn include_usage(self) -> Self {
        Self { include_usage: true, ..self }
    }

    /// Has this client's calls made inside a scope: whose they are, and what is recorded of them.
    ///
    /// ```
    /// use spanwise_core::scope;
    /// use spanwise_http::{GenAi, GenAiLayer};
    ///
    /// let quiet = scope().record_inputs(false).record_outputs(false).sample_rate(0.1);
    /// let layer = GenAiLayer::new(GenAi::default().scope(quiet));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn scope(self, scope: Scope) -> Self {
        Self { scope: Some(scope), ..self }
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

    /// Whether any host is told anything.
    pub(crate) fn propagates(&self) -> bool {
        !self.trusted.is_empty() || !self.propagators.is_empty()
    }

    /// Adds what the host of a request shall have of the context.
    pub(crate) fn propagate(
        &self,
        context: &Context,
        target: Option<Target<'_>>,
        headers: &mut HeaderMap,
    ) {
        if !self.propagates() {
            return;
        }
        let Some(Target { host, .. }) = target else { return };
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

    /// The same for a request in one piece.
    pub(crate) fn propagate_along<B>(&self, context: &Context, request: &mut Request<B>) {
        if self.propagates() {
            let uri = request.uri().clone();
            self.propagate(context, Target::of(&uri), request.headers_mut());
        }
    }

    /// The model call that a request is; `None` where it is none, or where nothing records.
    pub(crate) fn call(&self, method: &Method, target: Option<Target<'_>>) -> Option<Call> {
        let scope = self.scope.clone();
        let _inside = scope.clone().map(Scope::enter);
        if !spanwise_core::is_recorded() {
            return None;
        }
        let target = target?;
        let Target { host, port, path, .. } = target;
        let Recognised { provider, codec } =
            self.recogniser.recognise(method.as_str(), host, port, path)?;
        // An address of IPv6 stands in brackets in a URL, and without them elsewhere.
        let address =
            host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let address = address.to_owned();
        let include_usage = self.include_usage;
        let path = target.path_and_query();
        Some(Call { scope, include_usage, provider, codec, address, port, path })
    }
}

/// A call that is recorded, and what becomes of its request's body.
pub(crate) struct Started {
    pub(crate) recording: Recording,
    pub(crate) body: StartedBody,
}

pub(crate) enum StartedBody {
    AsItIs,
    /// It goes on being looked at while it is sent.
    Watched(LateRequest),
    /// Other bytes are sent in its place.
    Instead(Bytes),
}

impl StartedBody {
    /// What is sent.
    pub(crate) fn applied_to<B: Body<Data = Bytes>>(
        self,
        body: PeekedBody<B>,
        headers: &mut HeaderMap,
    ) -> PeekedBody<B> {
        match self {
            Self::AsItIs => body,
            Self::Watched(late) => body.watched(late),
            Self::Instead(bytes) => {
                correct_length(headers, bytes.len());
                PeekedBody::instead(bytes)
            }
        }
    }
}

/// Says how long a body is now, where its length was said.
pub(crate) fn correct_length(headers: &mut HeaderMap, length: usize) {
    if headers.contains_key(CONTENT_LENGTH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

impl Call {
    /// Starts recording; of the body, what is there by now.
    pub(crate) fn start(self, body: Peeked<'_>, headers: &HeaderMap) -> Started {
        let Self { scope, include_usage, provider, codec, address, port, path } = self;
        let Peeked { bytes, is_all } = body;
        let _inside = scope.map(Scope::enter);
        let content = spanwise_core::captures_content();
        let request = codec.request(&path, bytes, content);
        let stream = request.stream;
        let exchange = Exchange::start(request, provider, address, port);
        let context = exchange.context();
        if !is_all {
            let call = OpenCall::new(exchange, path.clone(), bytes.len(), stream);
            let recording = Recording::new(call.clone(), context, codec, content);
            let late = LateRequest::new(call, codec, path, content, bytes.to_vec());
            return Started { recording, body: StartedBody::Watched(late) };
        }
        let call = OpenCall::new(exchange, path, bytes.len(), stream);
        let mut recording = Recording::new(call, context, codec, content);
        let asked = include_usage && stream && !may_be_compressed(headers);
        let body = match asked.then(|| codec.including_usage(bytes)).flatten() {
            Some(instead) => {
                recording.added_usage();
                StartedBody::Instead(instead.into())
            }
            None => StartedBody::AsItIs,
        };
        Started { recording, body }
    }
}

/// Whether the request is compressed, or its answer may be: neither can be changed on the way.
fn may_be_compressed(headers: &HeaderMap) -> bool {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    [CONTENT_ENCODING, ACCEPT_ENCODING]
        .iter()
        .any(|name| headers.get_all(name).iter().any(|value| !is_identity(value)))
}
