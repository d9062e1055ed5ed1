//! The fetching of a response that a provider has stored.
//!
//! Follows [GenAI fetch response spans].
//!
//! [GenAI fetch response spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#fetch-response

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, StringValue};

use super::call::{Call, measure_duration};
use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{
    attempt_method, call_setters, gateway_method, operation_methods, output_setter, run_method,
};
use super::outcome::{End, Outcome};
use super::provider_details::OpenAiApiType;
use super::request::filled;
use crate::content::ContentItem;
use crate::message::{Part, ToolDefinition};
use crate::provider::Provider;
use crate::recorder::MetricRecorder;
use crate::response::Response;
use crate::semconv::attribute as key;
use crate::semconv::value::{gen_ai_operation_name as operation, gen_ai_response_status};

/// The fetching of a stored response: a span `fetch_response` of kind `CLIENT`.
///
/// No inference happens, so there are no input messages and no tokens; what was used belongs to the
/// [`Generation`](crate::Generation) that made the response.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `fetch_response`, `gen_ai.provider.name`, `gen_ai.response.id` | string | [`new`](Self::new) |
/// | `gen_ai.request.stream_cursor` | string | [`stream_cursor`](FetchResponseBuilder::stream_cursor) |
/// | `server.address`, `server.port` | string, int | [`server`](FetchResponseBuilder::server) |
/// | `gen_ai.response.status` | string | [`status`](Self::status) |
/// | `gen_ai.response.model`, `gen_ai.response.finish_reasons` | string, string[] | [`record`](Self::record); a response that failed or was cancelled has the finish reason `error` by itself |
/// | `gen_ai.system_instructions`, `gen_ai.output.messages`, `gen_ai.tool.definitions` | JSON | content; only where outputs are captured |
/// | `openai.api.type`, `openai.response.service_tier` | string | [`openai_api_type`](FetchResponseBuilder::openai_api_type), [`record`](Self::record) |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.client.operation.duration` (s), with `error.type` on failure.
///
/// Source: [fetch response](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#fetch-response)
///
/// ```
/// use spanwise_core::{FetchResponse, Provider, Response, ResponseStatus};
///
/// # async fn fetch() -> Result<String, std::io::Error> { Ok("gpt-4o-mini".into()) }
/// # async fn example() -> Result<(), std::io::Error> {
/// FetchResponse::new(Provider::OpenAi, "resp_1")
///     .run_with(async |fetched| {
///         let model = fetch().await?;
///         fetched.status(ResponseStatus::Completed);
///         fetched.record(&Response::new().model(model).finish_reason("stop"));
///         Ok::<_, std::io::Error>(())
///     })
///     .await
/// # }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct FetchResponse(Option<std::sync::Arc<Live<FetchResponseKind>>>);

/// Which response a [`FetchResponse`] fetches.
#[must_use = "nothing is recorded until it is run or started"]
pub struct FetchResponseBuilder<'a>(Option<Box<Draft<'a, FetchResponseKind>>>);

/// What has become of a stored response: `gen_ai.response.status`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseStatus {
    /// `queued`
    Queued,
    /// `in_progress`
    InProgress,
    /// `completed`
    Completed,
    /// `incomplete`
    Incomplete,
    /// `failed`
    Failed,
    /// `cancelled`
    Cancelled,
    /// A status that the conventions do not list.
    Other(Cow<'static, str>),
}

impl ResponseStatus {
    fn into_value(self) -> StringValue {
        match self {
            Self::Queued => gen_ai_response_status::QUEUED.into(),
            Self::InProgress => gen_ai_response_status::IN_PROGRESS.into(),
            Self::Completed => gen_ai_response_status::COMPLETED.into(),
            Self::Incomplete => gen_ai_response_status::INCOMPLETE.into(),
            Self::Failed => gen_ai_response_status::FAILED.into(),
            Self::Cancelled => gen_ai_response_status::CANCELLED.into(),
            Self::Other(name) => name.into(),
        }
    }
}

impl FetchResponse {
    /// Fetches the response with this id.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(
        provider: impl Into<Provider>,
        response_id: impl Into<StringValue>,
    ) -> FetchResponseBuilder<'a> {
        FetchResponseBuilder(Draft::new(|| FetchResponseKind {
            call: Call::to(operation::FETCH_RESPONSE, provider),
            id: response_id.into(),
            stream_cursor: None,
            api_type: None,
            status: None,
            response: Response::default(),
        }))
    }

    /// Records what the response says: model, finish reasons, OpenAI's service tier, and its messages
    /// where outputs are captured. Its usage is not recorded a second time.
    pub fn record(&self, response: &Response) {
        self.change(|kind| kind.response.learn(&mut response.copied(true)));
        if !response.output.is_empty() {
            self.output(&response.output);
        }
    }

    /// What has become of the response: `gen_ai.response.status` (string).
    pub fn status(&self, status: ResponseStatus) {
        self.change(|kind| kind.status = Some(status));
    }

    /// The instructions that the response carries: `gen_ai.system_instructions`.
    ///
    /// Content: recorded only where outputs are captured.
    pub fn system_instructions(&self, instructions: &str) {
        if let Some(live) = &self.0 {
            live.capture_output(|| ContentItem::SystemInstructions(vec![Part::text(instructions)]));
        }
    }

    /// The same, where the response carries them in parts.
    pub fn system_parts(&self, parts: &[Part]) {
        if let Some(live) = self.0.as_ref().filter(|_| !parts.is_empty()) {
            live.capture_output(|| ContentItem::SystemInstructions(parts.to_vec()));
        }
    }

    /// The tools that the response carries: `gen_ai.tool.definitions`, without descriptions and
    /// parameters unless [`CapturePolicy::tool_schemas`](crate::CapturePolicy::tool_schemas) is on.
    ///
    /// Content: recorded only where outputs are captured.
    pub fn tool_definitions(&self, tools: &[ToolDefinition]) {
        if let Some(live) = &self.0 {
            live.capture_output(|| ContentItem::tool_definitions(tools, &live.policy()));
        }
    }
}

impl FetchResponseBuilder<'_> {
    /// The last event of the stream that had arrived before, where it is resumed:
    /// `gen_ai.request.stream_cursor` (string).
    pub fn stream_cursor(self, cursor: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.stream_cursor = filled(cursor))
    }

    /// Which of OpenAI's APIs is called: `openai.api.type` (string).
    pub fn openai_api_type(self, api_type: OpenAiApiType) -> Self {
        self.change(|kind| kind.api_type = Some(api_type))
    }
}

operation_methods!(FetchResponse, FetchResponseBuilder, FetchResponseKind);
gateway_method!(FetchResponse);
run_method!(FetchResponseBuilder);
call_setters!(FetchResponseBuilder: server);
attempt_method!(FetchResponse);
output_setter!(FetchResponse);

struct FetchResponseKind {
    call: Call,
    id: StringValue,
    stream_cursor: Option<StringValue>,
    api_type: Option<OpenAiApiType>,
    status: Option<ResponseStatus>,
    response: Response,
}

impl Kind for FetchResponseKind {
    const PHASES: [&'static str; 3] = phases!("response.fetch");
    const CALLS_A_SERVICE: bool = true;

    fn span_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(operation::FETCH_RESPONSE)
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        self.call.push_attributes(attributes);
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        let ended_badly =
            matches!(self.status, Some(ResponseStatus::Failed | ResponseStatus::Cancelled));
        if ended_badly && self.response.finish_reasons.is_empty() {
            self.response.finish_reasons.push(StringValue::from("error"));
        }
        attributes
            .extend(self.stream_cursor.take().map(|c| key::GEN_AI_REQUEST_STREAM_CURSOR.of(c)));
        attributes.extend(
            self.status.take().map(|status| key::GEN_AI_RESPONSE_STATUS.of(status.into_value())),
        );
        attributes
            .extend(self.api_type.take().map(|api| key::OPENAI_API_TYPE.of(api.into_value())));
        self.response.id = Some(self.id.clone());
        // Neither is known to the conventions here, and tokens were counted when they were spent.
        self.response.usage = None;
        self.response.system_fingerprint = None;
        self.response.compacted = false;
        self.response.push_attributes(attributes);
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        let mut series = self.call.series(self.response.model.as_ref());
        self.response.push_labels(&mut series);
        measure_duration(series, end, metrics);
    }

    fn response_id(&self) -> Option<&StringValue> {
        Some(&self.id)
    }

    fn call(&mut self) -> Option<&mut Call> {
        Some(&mut self.call)
    }
}
