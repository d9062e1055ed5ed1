//! For clients whose hooks are of none of the other kinds.

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use opentelemetry::Context;
use spanwise_core::BudgetExceeded;

use crate::body::RecordedBody;
use crate::genai::{GenAi, Started, StartedBody, correct_length};
use crate::peek::Peeked;
use crate::recording::Recording;
use crate::target::Target;

/// A model call on its way; what an adapter for a client is made of.
///
/// ```text
/// GenAi::start ──► ModelCall ──► .answered(response) ──► RecordedBody ──► read to its end: the call ends
///                      │
///                      ├── .failed(error): no answer came
///                      └── dropped: the call ends as cancelled
/// ```
///
/// The adapter sends the request inside [`context`](Self::context), so that what happens meanwhile nests
/// under the call, and hands on the body that it gets back instead of the one that came.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use spanwise_http::{GenAi, RecordedBody};
///
/// # async fn send(_: Request<Bytes>) -> Result<Response<Full<Bytes>>, std::io::Error> {
/// #     Ok(Response::new(Full::default()))
/// # }
/// use spanwise_core::opentelemetry::trace::FutureExt as _;
///
/// # type Answer = Response<http_body_util::Either<RecordedBody<Full<Bytes>>, Full<Bytes>>>;
/// async fn recorded(genai: &GenAi, mut request: Request<Bytes>) -> Result<Answer, std::io::Error> {
///     # use http_body_util::Either;
///     let Some(call) = genai.start(&mut request) else {
///         return Ok(send(request).await?.map(Either::Right));
///     };
///     match send(request).with_context(call.context()).await {
///         Ok(response) => Ok(call.answered(response).map(Either::Left)),
///         Err(error) => {
///             call.failed(&error);
///             Err(error)
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping it ends the call as cancelled"]
pub struct ModelCall(Recording);

impl GenAi {
    /// Starts to record the model call that a request is, under whatever is active here; `None` where it is
    /// none, or where nothing records.
    ///
    /// The body is another one afterwards where [`include_usage`](Self::include_usage) has it so. Hosts that
    /// were named with [`propagate_to`](Self::propagate_to) get the trace's context in the headers.
    pub fn start(&self, request: &mut Request<Bytes>) -> Option<ModelCall> {
        let call = self.call(request.method(), Target::of(request.uri()))?;
        let peeked = Peeked { bytes: request.body(), is_all: true };
        let Started { recording, body } = call.start(peeked, request.headers());
        if let StartedBody::Instead(bytes) = body {
            correct_length(request.headers_mut(), bytes.len());
            *request.body_mut() = bytes;
        }
        self.propagate_along(&recording.context(), request);
        Some(ModelCall(recording))
    }
}

impl ModelCall {
    /// The context in which the call is the active operation.
    pub fn context(&self) -> Context {
        self.0.context()
    }

    /// Asks the budgets that are a [hard stop](spanwise_core::BudgetBuilder::hard_stop), before the request is sent. Where one
    /// is used up the call has ended as failed, and nothing is to be sent.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`], to be handed to the caller.
    pub fn check_budget(&self) -> Result<(), BudgetExceeded> {
        self.0.check_budget()
    }

    /// The answer, with what records its body: the call ends when that ends, breaks or is dropped.
    pub fn answered<B>(mut self, mut response: Response<B>) -> Response<RecordedBody<B>>
    where
        B: Body<Data = Bytes>,
    {
        let status = response.status();
        self.0.answered(status, response.headers_mut());
        response.map(|body| RecordedBody::new(body, Some(self.0)))
    }

    /// No answer came: ends the call as failed, by the error's type.
    pub fn failed<E: std::fmt::Display + 'static>(mut self, error: &E) {
        self.0.broke(error);
    }
}
