//! Between rig and its HTTP client.

use std::fmt;

use bytes::Bytes;
use futures_util::future::Either;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use opentelemetry::trace::FutureExt as _;
use rig_http::http_client::{
    Error, HttpClientExt, LazyBody, MultipartForm, Result, StreamingResponse,
};
use spanwise_http::{GenAi, ModelCall, RecordedBody};

use crate::body;

/// An HTTP client of rig's whose model calls are recorded.
///
/// The operation covers the call until its answer has been read, and is active while the request is sent. A
/// stream that is dropped after the protocol's last event is completed, before it cancelled.
///
/// ```
/// use rig_reqwest::ReqwestClient;
/// use spanwise_http::GenAi;
/// use spanwise_rig::GenAiHttp;
///
/// # fn client(http: ReqwestClient) {
/// let http = GenAiHttp::new(http).genai(GenAi::default().host("llm.internal", "vllm"));
/// # let _ = http;
/// # }
/// ```
#[derive(Clone)]
pub struct GenAiHttp<C> {
    client: C,
    genai: GenAi,
}

impl<C> GenAiHttp<C> {
    /// Records the model calls of this client.
    pub fn new(client: C) -> Self {
        Self { client, genai: GenAi::default() }
    }

    /// With rules for hosts that are not known by themselves.
    #[must_use]
    pub fn genai(self, genai: GenAi) -> Self {
        Self { genai, ..self }
    }

    /// The request with its body at hand, and the model call that it is, if it is one.
    fn begin<T: Into<Bytes>>(&self, request: Request<T>) -> (Request<Bytes>, Option<ModelCall>) {
        let mut request = request.map(Into::into);
        let call = self.genai.start(&mut request);
        (request, call)
    }
}

impl<C: HttpClientExt> HttpClientExt for GenAiHttp<C> {
    fn send<T, U>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + 'static
    where
        T: Into<Bytes> + Send,
        U: From<Bytes> + Send + 'static,
    {
        let (request, call) = self.begin(request);
        let Some(call) = call else { return Either::Left(self.client.send::<Bytes, U>(request)) };
        if let Err(exceeded) = call.check_budget() {
            let refused = std::future::ready(Err(Error::Instance(exceeded.into())));
            return Either::Right(Either::Left(refused));
        }
        let context = call.context();
        let _active = context.clone().attach();
        let answer = self.client.send::<Bytes, Bytes>(request).with_context(context);
        Either::Right(Either::Right(async move {
            let response = recorded(call, answer.await, body::lazy).await?;
            Ok(response.map(|body| -> LazyBody<U> { Box::pin(body::whole(body)) }))
        }))
    }

    /// No model call that is recorded is made so.
    fn send_multipart<U>(
        &self,
        request: Request<MultipartForm>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + 'static
    where
        U: From<Bytes> + Send + 'static,
    {
        self.client.send_multipart(request)
    }

    async fn send_streaming<T>(&self, request: Request<T>) -> Result<StreamingResponse>
    where
        T: Into<Bytes> + Send,
    {
        let (request, call) = self.begin(request);
        let Some(call) = call else { return self.client.send_streaming(request).await };
        call.check_budget().map_err(|exceeded| Error::Instance(exceeded.into()))?;
        let answer = self.client.send_streaming(request).with_context(call.context()).await;
        Ok(recorded(call, answer, body::chunks).await?.map(body::stream))
    }
}

/// The answer, with what records its body. rig's clients make an error of a refusal: that has been answered
/// as well, and its body says why.
async fn recorded<A, B>(
    call: ModelCall,
    answer: Result<Response<A>>,
    body: fn(A) -> B,
) -> Result<Response<RecordedBody<B>>>
where
    B: Body<Data = Bytes>,
{
    match answer {
        Ok(response) => Ok(call.answered(response.map(body))),
        Err(Error::InvalidStatusCodeWithDetails { status, body, headers }) => {
            let mut refusal = Response::new(Full::from(body.clone()));
            (*refusal.status_mut(), *refusal.headers_mut()) = (status, headers.clone());
            body::read(call.answered(refusal).into_body()).await;
            Err(Error::InvalidStatusCodeWithDetails { status, body, headers })
        }
        Err(error) => {
            call.failed(&error);
            Err(error)
        }
    }
}

impl<C> fmt::Debug for GenAiHttp<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenAiHttp").field("genai", &self.genai).finish_non_exhaustive()
    }
}
