//! For tower clients of `http::Request`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::RecordedBody;
use crate::genai::{GenAi, Started};
use crate::peek::{Peeked, PeekedBody};
use crate::recording::Recording;
use crate::target::Target;

/// Records the model calls of a tower client.
///
/// The operation covers the call until the body of the answer has been read, and is active while the request
/// is sent, so that spans of HTTP nest under it. Request bodies become [`PeekedBody`], those of answers
/// [`RecordedBody`]; both pass on what they hold byte for byte.
///
/// ```
/// use spanwise_http::GenAiLayer;
/// use tower_layer::Layer as _;
///
/// # #[derive(Clone)] struct Client;
/// let client = GenAiLayer::default().layer(Client);
/// # let _ = client;
/// ```
#[derive(Clone, Debug, Default)]
pub struct GenAiLayer(GenAi);

impl GenAiLayer {
    /// With rules for hosts that are not known by themselves.
    pub fn new(genai: GenAi) -> Self {
        Self(genai)
    }
}

impl<S> Layer<S> for GenAiLayer {
    type Service = GenAiService<S>;

    fn layer(&self, inner: S) -> GenAiService<S> {
        GenAiService { inner, genai: self.0.clone() }
    }
}

/// A client whose model calls are recorded; made by [`GenAiLayer`].
#[derive(Clone, Debug)]
pub struct GenAiService<S> {
    inner: S,
    genai: GenAi,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for GenAiService<S>
where
    S: Service<Request<PeekedBody<ReqBody>>, Response = Response<ResBody>>,
    S::Error: fmt::Display + 'static,
    ReqBody: Body<Data = Bytes> + Unpin,
    ResBody: Body,
{
    type Response = Response<RecordedBody<ResBody>>;
    type Error = S::Error;
    type Future = RecordedCall<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let Some(call) = self.genai.call(request.method(), Target::of(request.uri())) else {
            let mut request = request.map(PeekedBody::untouched);
            self.genai.propagate_along(&opentelemetry::Context::current(), &mut request);
            return RecordedCall { future: self.inner.call(request), recording: None };
        };
        let (mut parts, body) = request.into_parts();
        let (body, bytes, is_all) = PeekedBody::peek(body);
        let peeked = Peeked { bytes: &bytes, is_all };
        let Started { recording, body: started } = call.start(peeked, &parts.headers);
        let body = started.applied_to(body, &mut parts.headers);
        let context = recording.context();
        self.genai.propagate(&context, Target::of(&parts.uri), &mut parts.headers);
        let future = {
            let _active = context.attach();
            self.inner.call(Request::from_parts(parts, body))
        };
        RecordedCall { future, recording: Some(recording) }
    }
}

pin_project! {
    /// The future of a [`GenAiService`].
    pub struct RecordedCall<F> {
        #[pin]
        future: F,
        recording: Option<Recording>,
    }
}

impl<F, B, E> Future for RecordedCall<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: fmt::Display + 'static,
{
    type Output = Result<Response<RecordedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = {
            let _active = this.recording.as_ref().map(|recording| recording.context().attach());
            this.future.poll(cx)
        };
        polled.map(|answer| {
            let recording = this.recording.take();
            match answer {
                Ok(response) => Ok(record(response, recording)),
                Err(error) => {
                    recording.into_iter().for_each(|mut recording| recording.broke(&error));
                    Err(error)
                }
            }
        })
    }
}

/// The answer, with what records its body.
fn record<B: Body>(
    mut response: Response<B>,
    recording: Option<Recording>,
) -> Response<RecordedBody<B>> {
    let recording = recording.map(|mut recording| {
        let status = response.status();
        recording.answered(status, response.headers_mut());
        recording
    });
    response.map(|body| RecordedBody::new(body, recording))
}

impl<F> fmt::Debug for RecordedCall<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedCall").field("recording", &self.recording).finish_non_exhaustive()
    }
}
