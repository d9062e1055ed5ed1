//! For clients of the AWS SDK.
//!
//! ```text
//! execution ─► attempt ─► modify_before_signing: the call starts, once
//!    │            │  └──► modify_before_deserialization: an answer's body is wrapped; it ends the call
//!    │            └─► again, where it is to be tried again
//!    └─► read_after_execution: no answer came, or a refusal: the call ends
//!        dropped before: the call ends as cancelled
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut, Error,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::{Headers, Request, Response};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};

use crate::body::RecordedBody;
use crate::genai::GenAi;
use crate::recording::Recording;

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
/// All attempts of a call are one span, which ends when its answer has been read. An interceptor is called
/// between the steps of a request and not around them: spans of HTTP stand beside the call's, not below it.
#[derive(Clone, Debug, Default)]
pub struct GenAiInterceptor(GenAi);

impl GenAiInterceptor {
    /// With rules for hosts that are not known by themselves.
    pub fn new(genai: GenAi) -> Self {
        Self(genai)
    }
}

/// The call of an execution, until its answer begins.
#[derive(Clone, Debug)]
struct InFlight(Arc<Mutex<Option<Recording>>>);

impl Storable for InFlight {
    type Storer = StoreReplace<Self>;
}

impl InFlight {
    fn take(cfg: &ConfigBag) -> Option<Recording> {
        let Self(recording) = cfg.load::<Self>()?;
        recording.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(cfg: &mut ConfigBag, recording: Recording) {
        cfg.interceptor_state().store_put(Self(Arc::new(Mutex::new(Some(recording)))));
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
        let Some(recording) = InFlight::take(cfg).or_else(|| start(&self.0, request)) else {
            return Ok(());
        };
        let mut headers = HeaderMap::new();
        let host = request.uri().parse::<Uri>().ok();
        let host = host.as_ref().and_then(Uri::host);
        self.0.propagate(&recording.context(), host, &mut headers);
        for (name, value) in headers.iter().filter_map(|(n, v)| Some((n, v.to_str().ok()?))) {
            request.headers_mut().insert(name.as_str().to_owned(), value.to_owned());
        }
        InFlight::keep(cfg, recording);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        // A refusal may be followed by another attempt.
        if response.status().is_success()
            && let Some(mut recording) = InFlight::take(cfg)
        {
            answered(&mut recording, response);
            let body = RecordedBody::new(response.take_body(), Some(recording));
            *response.body_mut() = SdkBody::from_body_1_x(body);
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(mut recording), Some(Err(error))) =
            (InFlight::take(cfg), context.output_or_error())
        else {
            return Ok(());
        };
        match context.response() {
            Some(refusal) => {
                answered(&mut recording, refusal);
                recording.data(refusal.body().bytes().unwrap_or_default());
                recording.end();
            }
            None => recording.fail_with(kind(error), &format!("{error:?}")),
        }
        Ok(())
    }
}

fn start(genai: &GenAi, request: &Request) -> Option<Recording> {
    let method = Method::from_bytes(request.method().as_bytes()).ok()?;
    let call = genai.call(&method, &request.uri().parse().ok()?)?;
    Some(call.start(request.body().bytes().unwrap_or_default()))
}

fn answered(recording: &mut Recording, response: &Response) {
    // Both are three digits by now.
    let status = StatusCode::from_u16(response.status().as_u16()).unwrap_or_default();
    recording.answered(status, &headers(response.headers()));
}

fn headers(told: &Headers) -> HeaderMap {
    let header = |(name, value): (&str, &str)| {
        let name = HeaderName::try_from(name).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    };
    told.iter().filter_map(header).collect()
}

/// What went wrong before there was any answer.
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
