//! For clients of the AWS SDK.
//!
//! ```text
//! execution ─► attempt ─► modify_before_signing: the call starts, once
//!    │            │  ├──► modify_before_deserialization: an answer's body is wrapped; it ends the call
//!    │            │  └──► read_after_attempt: no answer came, or a refusal
//!    │            └─► again, where it is to be tried again
//!    └─► read_after_execution: there is no other attempt: the call ends
//!        dropped before: the call ends as cancelled
//! ```

use std::fmt;
use std::sync::{Arc, Mutex, Once, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut, Error,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::{Request, Response};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};

use crate::body::RecordedBody;
use crate::genai::GenAi;
use crate::open_call::{Inside, OpenAttempt, OpenCall};
use crate::peek::Peeked;
use crate::recording::Recording;
use crate::target::Target;

/// Records the model calls of a client of the AWS SDK, such as that of Bedrock.
///
/// ```
/// use aws_sdk_bedrockruntime::Config;
/// use spanwise_http::GenAiInterceptor;
///
/// let config = Config::builder().interceptor(GenAiInterceptor::default());
/// # let _ = config;
/// ```
///
/// All attempts of a call are one span, with an event of each where there was more than one; it ends when
/// its answer has been read. An interceptor is called between the steps of a request and not around them:
/// spans of HTTP stand beside the call's, not below it.
#[derive(Clone, Debug, Default)]
pub struct GenAiInterceptor(GenAi, Inside);

impl GenAiInterceptor {
    /// With rules for hosts that are not known by themselves.
    pub fn new(genai: GenAi) -> Self {
        Self(genai, Inside::default())
    }
}

/// The call of an execution, until its answer begins.
#[derive(Clone, Debug)]
struct InFlight(Arc<Mutex<Option<Call>>>);

struct Call {
    recording: Recording,
    /// The one that is under way.
    attempt: Option<OpenAttempt>,
}

impl Storable for InFlight {
    type Storer = StoreReplace<Self>;
}

impl InFlight {
    fn take(cfg: &ConfigBag) -> Option<Call> {
        let Self(call) = cfg.load::<Self>()?;
        call.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(cfg: &mut ConfigBag, call: Call) {
        cfg.interceptor_state().store_put(Self(Arc::new(Mutex::new(Some(call)))));
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("recording", &self.recording).finish_non_exhaustive()
    }
}

impl Intercept for GenAiInterceptor {
    fn name(&self) -> &'static str {
        "spanwise_http::GenAiInterceptor"
    }

    /// Before signing, so that what is added to the headers is signed as well.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        // There already, where this is not the first attempt.
        let earlier = InFlight::take(cfg).map(|call| call.recording);
        let is_first = earlier.is_none();
        let Some(recording) = earlier.or_else(|| start(&self.0, request)) else {
            return Ok(());
        };
        if is_first {
            recording.check_budget()?;
        }
        let context = recording.context();
        let mut headers = HeaderMap::new();
        if let Ok(uri) = request.uri().parse::<Uri>() {
            self.0.propagate(&context, Target::of(&uri), &mut headers);
        }
        for (name, value) in headers.iter().filter_map(|(n, v)| Some((n, v.to_str().ok()?))) {
            request.headers_mut().insert(name.as_str().to_owned(), value.to_owned());
        }
        let attempt = {
            let _active = context.attach();
            OpenCall::attempt(self.1, None)
        };
        InFlight::keep(cfg, Call { recording, attempt });
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Call { mut recording, attempt }) = InFlight::take(cfg) else { return Ok(()) };
        let response = context.response_mut();
        let (status, mut headers) = head(response);
        if let Some(attempt) = attempt {
            attempt.answered(status, &headers);
        }
        if status.is_success() {
            recording.answered(status, &mut headers);
            let body = RecordedBody::new(response.take_body(), Some(recording));
            *response.body_mut() = SdkBody::from_body_1_x(body);
        } else {
            // Another attempt may follow.
            InFlight::keep(cfg, Call { recording, attempt: None });
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Call { recording, attempt }) = InFlight::take(cfg) {
            if let (Some(attempt), Some(Err(error))) = (attempt, context.output_or_error()) {
                attempt.failed(error);
            }
            InFlight::keep(cfg, Call { recording, attempt: None });
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(Call { mut recording, .. }), Some(Err(error))) =
            (InFlight::take(cfg), context.output_or_error())
        else {
            return Ok(());
        };
        match context.response() {
            Some(refusal) => {
                let (status, mut headers) = head(refusal);
                recording.answered(status, &mut headers);
                recording.data(refusal.body().bytes().unwrap_or_default());
                recording.end();
            }
            None => recording.broke(error),
        }
        Ok(())
    }
}

fn start(genai: &GenAi, request: &Request) -> Option<Recording> {
    static KINDS: Once = Once::new();
    KINDS.call_once(|| spanwise_core::register_error_kind(kind));
    let method = Method::from_bytes(request.method().as_bytes()).ok()?;
    let uri: Uri = request.uri().parse().ok()?;
    let call = genai.call(&method, Target::of(&uri))?;
    let bytes = request.body().bytes().unwrap_or_default();
    let peeked = Peeked { bytes, is_all: true };
    Some(call.start(peeked, &HeaderMap::new()).recording)
}

/// Status and headers, in the types of the rest of the world.
fn head(response: &Response) -> (StatusCode, HeaderMap) {
    let header = |(name, value): (&str, &str)| {
        let name = HeaderName::try_from(name).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    };
    // It is three digits by now.
    let status = StatusCode::from_u16(response.status().as_u16()).unwrap_or_default();
    (status, response.headers().iter().filter_map(header).collect())
}

/// What went wrong before there was any answer: the SDK has one type for all of it.
fn kind(error: &OrchestratorError<Error>) -> &'static str {
    match error.as_connector_error() {
        Some(connector) if connector.is_timeout() => "timeout",
        Some(connector) if connector.is_io() => "connect",
        Some(_) => "connector",
        None if error.is_timeout_error() => "timeout",
        None if error.is_interceptor_error() => "interceptor",
        None => "aws_smithy_runtime_api::client::orchestrator::OrchestratorError",
    }
}
