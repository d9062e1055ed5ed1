//! One model call.
//!
//! ```text
//! Generation::chat ──► .start() ──► Generation ──► .usage(..) ──► .finish()
//!   (what is asked)     span opens   │                             span ends
//!                                    └── dropped: span ends as cancelled
//! ```
//! Follows [GenAI client inference spans].
//!
//! [GenAI client inference spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};

use super::call::Call;
use super::charge::Charge;
use super::current_agent::CurrentAgent;
use super::draft::Draft;
use super::kind::{Asks, Kind, phases};
use super::live::Live;
use super::methods::{
    attempt_method, call_setters, cost_method, gateway_method, input_setters, operation_methods,
    output_setter, request_method, request_setters, told_setters,
};
use super::outcome::{End, Outcome};
use super::provider_details::{OpenAiApiType, ProviderDetails};
use super::request::{OutputType, Request, filled, finite};
use super::streamed::StreamState;
use crate::content::ContentItem;
use crate::cost::Cost;
use crate::event::EventKind;
use crate::provider::Provider;
use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::response::{ModelResponse, Response};
use crate::scope::{ActiveScope, ScopeField};
use crate::semconv::value::gen_ai_operation_name as operation;
use crate::semconv::{Metric, attribute as key, event};
use crate::usage::{Modality, Usage};

/// The tier of calls that go through a provider's API for batches.
const BATCH: &str = "batch";

/// One model call: what was asked, what came back, how long it took, what it used.
///
/// Makes a span `{operation} {model}` of kind `CLIENT` (`INTERNAL` with
/// [`in_process`](GenerationBuilder::in_process)). It covers the call as the caller sees it, retries
/// included, until the response is there, fails or is cancelled.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model` | string | [`chat`](Self::chat), [`generate_content`](Self::generate_content), [`text_completion`](Self::text_completion) |
/// | `server.address`, `server.port` | string, int | [`server`](GenerationBuilder::server) |
/// | `gen_ai.request.*`, `gen_ai.output.type`, `gen_ai.conversation.id`, `gen_ai.prompt.*` | | the builder's setters |
/// | `gen_ai.response.id`, `gen_ai.response.model`, `gen_ai.response.finish_reasons` | string, string, string[] | [`record`](Self::record), or each by its setter |
/// | `gen_ai.usage.*` | int | [`usage`](Self::usage) |
/// | `gen_ai.response.time_to_first_chunk` | double, s | [`stream`](Self::stream) |
/// | `gen_ai.system_instructions`, `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.tool.definitions` | JSON | content; only where captured |
/// | `openai.*`, `aws.bedrock.*` | string | the setters that begin so, for those providers |
/// | `azure.resource_provider.namespace` | string | by itself for `azure.ai.inference`, whose port 443 goes without saying |
/// | `error.type` | string | the error |
///
/// | Metric | Unit | When |
/// |---|---|---|
/// | `gen_ai.client.inference.duration` | s | always, with `error.type` on failure |
/// | `gen_ai.client.inference.usage.{input,output,…}_tokens` | `{token}` | the usage is known |
/// | `gen_ai.client.inference.operation.{input,output}_tokens` | `{token}` | the usage is known |
/// | `gen_ai.client.inference.time_to_first_chunk`, `….time_per_output_chunk` | s | streams |
///
/// Extensions: `spanwise.outcome` (string), `spanwise.stream.chunks` (int); `spanwise.cost.*`, see
/// [`cost`](Self::cost); of attempts and rate limits, see
/// [`attempt`](Self::attempt).
///
/// Source: [inference](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#inference)
///
/// ```
/// use spanwise_core::{Generation, Provider, Response, Usage};
///
/// # async fn call_the_model() -> Result<Response, std::io::Error> {
/// #     Ok(Response::new().usage(Usage::new(12, 5)))
/// # }
/// # async fn example() -> Result<(), std::io::Error> {
/// let reply = Generation::chat(Provider::OpenAi, "gpt-4o-mini")
///     .max_tokens(256)
///     .temperature(0.2)
///     .input("Hello!")
///     .run(call_the_model())
///     .await?;
/// # let _ = reply; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Generation(pub(super) Option<std::sync::Arc<Live<GenerationKind>>>);

/// What a [`Generation`] asks for. The operation begins with `run`, `run_with`, `run_sync` or `start`.
#[must_use = "nothing is recorded until it is run or started"]
pub struct GenerationBuilder<'a>(Option<Box<Draft<'a, GenerationKind>>>);

impl Generation {
    /// A chat completion: `gen_ai.operation.name = "chat"`.
    ///
    /// An empty model counts as unknown: no `gen_ai.request.model`, and the span is called `chat`.
    #[inline]
    pub fn chat<'a>(
        provider: impl Into<Provider>,
        model: impl Into<StringValue>,
    ) -> GenerationBuilder<'a> {
        Self::builder(operation::CHAT, provider, model)
    }

    /// Multimodal generation as Google's APIs call it: `gen_ai.operation.name = "generate_content"`.
    #[inline]
    pub fn generate_content<'a>(
        provider: impl Into<Provider>,
        model: impl Into<StringValue>,
    ) -> GenerationBuilder<'a> {
        Self::builder(operation::GENERATE_CONTENT, provider, model)
    }

    /// A completion of plain text: `gen_ai.operation.name = "text_completion"`.
    #[inline]
    pub fn text_completion<'a>(
        provider: impl Into<Provider>,
        model: impl Into<StringValue>,
    ) -> GenerationBuilder<'a> {
        Self::builder(operation::TEXT_COMPLETION, provider, model)
    }

    #[inline]
    fn builder<'a>(
        operation: &'static str,
        provider: impl Into<Provider>,
        model: impl Into<StringValue>,
    ) -> GenerationBuilder<'a> {
        GenerationBuilder(Draft::new(|| GenerationKind {
            call: Call::to(operation, provider).with_model(model),
            in_process: false,
            details: ProviderDetails::default(),
            request: Request::default(),
            response: Response::default(),
            stream: None,
        }))
    }

    /// Records everything that a response tells.
    pub fn record(&self, response: &(impl ModelResponse + ?Sized)) {
        if self.0.is_some() {
            response.record_on(self);
        }
    }

    /// `gen_ai.response.id` (string).
    pub fn response_id(&self, id: impl Into<StringValue>) {
        self.change(|kind| kind.response.id = filled(id));
    }

    /// The model that answered: `gen_ai.response.model` (string).
    pub fn response_model(&self, model: impl Into<StringValue>) {
        self.change(|kind| kind.response.model = filled(model));
    }

    /// Why each choice ended, in their order: `gen_ai.response.finish_reasons` (string[]).
    pub fn finish_reasons<S: Into<StringValue>>(&self, reasons: impl IntoIterator<Item = S>) {
        self.change(|kind| {
            kind.response.finish_reasons = reasons.into_iter().map(Into::into).collect();
        });
    }

    /// Records the tokens that this call used.
    ///
    /// Sets `gen_ai.usage.*` on the span. The counters `gen_ai.client.inference.usage.*` and the
    /// histograms `gen_ai.client.inference.operation.*_tokens` (unit `{token}`) get their points once,
    /// at the end. A later call replaces an earlier one.
    pub fn usage(&self, usage: Usage) {
        self.change(|kind| kind.response.used(usage));
    }

    /// The tier that OpenAI served the call in: `openai.response.service_tier` (string), on the span and
    /// on metrics.
    pub fn openai_service_tier(&self, tier: impl Into<StringValue>) {
        self.change(|kind| kind.response.service_tier = filled(tier));
    }

    /// OpenAI's mark of the system that answered: `openai.response.system_fingerprint` (string), on the
    /// span and on metrics.
    pub fn openai_system_fingerprint(&self, fingerprint: impl Into<StringValue>) {
        self.change(|kind| kind.response.system_fingerprint = filled(fingerprint));
    }

    /// The provider shortened the conversation: `gen_ai.conversation.compacted = true`.
    pub fn compacted(&self) {
        self.change(|kind| kind.response.compacted = true);
    }

    /// Records everything that a response tells, as [`record`](Self::record) does, and takes it over: nothing is
    /// copied.
    pub fn response(&self, mut response: Response) {
        let Some(live) = &self.0 else { return };
        live.with(|kind| kind.learn(&mut response));
        if !response.output.is_empty() {
            live.capture_output(|| ContentItem::OutputMessages(response.output));
        }
    }

    /// The same for a response that stays with the caller.
    pub(crate) fn respond(&self, response: &Response) {
        let Some(live) = &self.0 else { return };
        let mut copy = response.copied(live.keeps_attributes());
        live.with(|kind| kind.learn(&mut copy));
        if !response.output.is_empty() {
            self.output(&response.output);
        }
    }
}

impl GenerationBuilder<'_> {
    /// The model runs in this process: the span is `INTERNAL`, not `CLIENT`.
    pub fn in_process(self) -> Self {
        self.change(|kind| kind.in_process = true)
    }

    /// The answer is asked for as a stream: `gen_ai.request.stream = true`.
    ///
    /// Set by itself where the answer is recorded by [`Generation::stream`].
    pub fn streaming(self) -> Self {
        self.change(|kind| kind.request.stream = true)
    }

    /// Which of OpenAI's APIs is called: `openai.api.type` (string).
    pub fn openai_api_type(self, api_type: OpenAiApiType) -> Self {
        self.change(|kind| kind.details.api_type = Some(api_type))
    }

    /// The tier that OpenAI is asked to serve the call in: `openai.request.service_tier` (string), unless
    /// it is `auto`.
    pub fn openai_service_tier(self, tier: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.details.set_service_tier(tier))
    }

    /// The guardrail that Bedrock applies: `aws.bedrock.guardrail.id` (string).
    pub fn bedrock_guardrail_id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.details.guardrail_id = filled(id))
    }

    /// The knowledge base that Bedrock answers from: `aws.bedrock.knowledge_base.id` (string).
    pub fn bedrock_knowledge_base_id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.details.knowledge_base_id = filled(id))
    }

    /// A variable of the prompt template: `gen_ai.prompt.variable.<name>` (string).
    ///
    /// Content: recorded only where inputs are captured.
    pub fn prompt_variable(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Some(draft) = &mut self.0 {
            let (name, value) = (name.to_owned(), value.into());
            draft.capture_input(move |_| ContentItem::PromptVariable { name, value });
        }
        self
    }

    /// Runs a model call and records its response.
    ///
    /// The operation starts with the first poll, is active while the future is polled, and ends with its
    /// result: completed with what the response says, or failed with `error.type`. Where this is
    /// dropped before, it ends as cancelled. Results that are no [`ModelResponse`] go through
    /// [`run_with`](Self::run_with).
    ///
    /// # Errors
    ///
    /// What the future gives, as it is.
    pub async fn run<T, E, F>(self, future: F) -> Result<T, E>
    where
        T: ModelResponse,
        E: std::fmt::Display + 'static,
        F: Future<Output = Result<T, E>>,
    {
        let operation = self.start();
        let context = operation.active_context().cloned();
        let result = super::active::InOperation::new(future, context).await;
        if let Ok(response) = &result {
            operation.record(response);
        }
        operation.end_with(result)
    }
}

operation_methods!(Generation, GenerationBuilder, GenerationKind);
gateway_method!(Generation);
cost_method!(Generation);
call_setters!(GenerationBuilder: server batch);
told_setters!(GenerationBuilder);
request_setters!(GenerationBuilder: max_tokens temperature top_p top_k stop_sequences
    frequency_penalty presence_penalty seed choice_count output_type reasoning_level
    previous_response_id conversation_id prompt_name prompt_version);
input_setters!(GenerationBuilder: system_instructions system_parts input tool_definitions);
output_setter!(Generation);
attempt_method!(Generation);
request_method!(Generation, GenerationBuilder);

pub(super) struct GenerationKind {
    call: Call,
    in_process: bool,
    details: ProviderDetails,
    request: Request,
    pub(super) response: Response,
    pub(super) stream: Option<Box<StreamState>>,
}

impl GenerationKind {
    fn cost_mut(&mut self) -> &mut Option<Cost> {
        &mut self.response.cost
    }

    /// Takes over what a response tells, but for its messages.
    fn learn(&mut self, response: &mut Response) {
        if !response.billed_units.is_nothing() {
            self.call.units = response.billed_units;
        }
        self.response.learn(response);
    }

    pub(super) fn streams(&mut self) {
        self.request.stream = true;
        self.stream.get_or_insert_default();
    }

    /// The attributes of the metrics of chunks.
    pub(super) fn chunk_series(&self) -> Series<'_> {
        self.call.series(self.response.model.as_ref())
    }

    /// The attributes of every other metric of an inference.
    fn series(&self) -> Series<'_> {
        let mut series = self.chunk_series();
        self.response.push_labels(&mut series);
        series
    }
}

impl Kind for GenerationKind {
    const PHASES: [&'static str; 3] = phases!("chat");
    const EVENT: EventKind = EventKind::Generation;
    const CALLS_A_SERVICE: bool = true;
    const ATTRIBUTES: usize = 24;
    const DETAILS_EVENT: Option<&'static str> =
        Some(event::GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS);

    fn span_name(&self) -> Cow<'static, str> {
        self.call.name_with_model()
    }

    fn span_kind(&self) -> SpanKind {
        if self.in_process { SpanKind::Internal } else { SpanKind::Client }
    }

    fn start_under(&mut self, parent: &Context) {
        CurrentAgent::count_inference(parent);
    }

    fn learn_from_scope(&mut self, around: &Context) {
        self.request.learn_from_scope(around);
        self.request.take_prompt(around);
    }

    fn usage(&self) -> Option<Usage> {
        self.response.usage
    }

    fn charge(&self) -> Option<Charge<'_>> {
        let Response { model, cost, service_tier, billed_tier, .. } = &self.response;
        let mut charge = self.call.charge(model.as_ref(), self.usage(), cost.as_ref());
        let tiers = [service_tier, billed_tier, &self.details.service_tier];
        let tier = tiers.into_iter().flatten().next().map(StringValue::as_str);
        charge.call.batch |= tier == Some(BATCH);
        charge.call.service_tier = tier.filter(|tier| *tier != BATCH);
        Some(charge)
    }

    fn content_of_scope(&self, parent: &Context) -> impl Iterator<Item = ContentItem> {
        // Variables belong to the prompt that the scope names, or to none.
        let scope = ActiveScope::of(parent).filter(|scope| {
            let name = scope.value(ScopeField::PromptName);
            name.is_none() || name == self.request.prompt_name.as_ref()
        });
        scope.into_iter().flat_map(ActiveScope::variables).map(|(name, value)| {
            ContentItem::PromptVariable { name: name.to_owned(), value: value.to_owned() }
        })
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        self.call.push_attributes(attributes);
    }

    fn end_attributes(&mut self, outcome: &Outcome, attributes: &mut Vec<KeyValue>) {
        if let Some(stream) = &mut self.stream {
            stream.settle(outcome, &mut self.response);
            stream.push_attributes(attributes);
        }
        self.request.push_attributes(attributes);
        self.details.push_attributes(attributes);
        self.response.push_attributes(attributes);
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        let waits = self.stream.as_ref().map(|stream| stream.rest()).unwrap_or_default();
        if !waits.is_empty() {
            metrics.record(&self.chunk_series(), &waits);
        }
        let series = self.series();
        let duration =
            Measurement::seconds(Metric::GenAiClientInferenceDuration, end.duration.as_secs_f64());
        let usage = self.response.usage;
        match end.outcome.error_type() {
            // The usage of a call that failed is counted too, but only durations have `error.type`.
            Some(error) => {
                metrics.record(&series.text(key::ERROR_TYPE, Some(error)), &[duration]);
                if let Some(usage) = usage {
                    let mut tokens = Measurements::default();
                    tokens.usage(&usage);
                    tokens.record(&series, metrics);
                }
            }
            None => {
                let mut all = Measurements::default();
                all.push(duration);
                if let Some(usage) = usage {
                    all.usage(&usage);
                }
                all.record(&series, metrics);
            }
        }
    }

    fn response_id(&self) -> Option<&StringValue> {
        self.response.id.as_ref()
    }

    fn gathered(&mut self) -> Option<ContentItem> {
        let messages = self.stream.as_mut()?.take_messages();
        (!messages.is_empty()).then_some(ContentItem::OutputMessages(messages))
    }

    fn call(&mut self) -> Option<&mut Call> {
        Some(&mut self.call)
    }
}

impl Asks for GenerationKind {
    fn asks(&mut self, asked: Self) {
        let Self { call, details, request, .. } = asked;
        let stream = self.request.stream;
        self.call.learn(call);
        (self.details, self.request) = (details, request);
        self.request.stream |= stream;
    }
}

/// The measurements of one call, on the stack: there are never more than these.
struct Measurements {
    list: [Measurement; Self::CAPACITY],
    len: usize,
}

impl Default for Measurements {
    fn default() -> Self {
        let nothing = Measurement::count(Metric::GenAiClientInferenceUsageInputTokens, 0);
        Self { list: [nothing; Self::CAPACITY], len: 0 }
    }
}

impl Measurements {
    /// Duration, two histograms, three counters by four modalities, two counters.
    const CAPACITY: usize = 17;

    fn push(&mut self, measurement: Measurement) {
        if let Some(place) = self.list.get_mut(self.len) {
            *place = measurement;
            self.len += 1;
        }
    }

    fn usage(&mut self, usage: &Usage) {
        use Metric::{
            GenAiClientInferenceOperationInputTokens as InputHistogram,
            GenAiClientInferenceOperationOutputTokens as OutputHistogram,
            GenAiClientInferenceUsageCacheReadInputTokens as CacheRead,
            GenAiClientInferenceUsageCacheWriteInputTokens as CacheWrite,
            GenAiClientInferenceUsageInputTokens as Input,
            GenAiClientInferenceUsageOutputTokens as Output,
            GenAiClientInferenceUsageReasoningOutputTokens as Reasoning,
        };
        if let Some(tokens) = usage.input_tokens() {
            self.push(Measurement::count(InputHistogram, tokens));
        }
        if let Some(tokens) = usage.output_tokens() {
            self.push(Measurement::count(OutputHistogram, tokens));
        }
        self.split(Input, usage.input_tokens(), usage.input_split());
        self.split(Output, usage.output_tokens(), usage.output_split());
        self.split(CacheRead, usage.cache_read_tokens(), usage.cache_read_split());
        self.split(CacheWrite, usage.cache_write_tokens(), [None; 3]);
        self.split(Reasoning, usage.reasoning_tokens(), [None; 3]);
    }

    /// Counts each modality that is known, and what is left as `unknown`. Zero needs no point.
    fn split(&mut self, metric: Metric, total: Option<u64>, parts: [Option<u64>; 3]) {
        let mut rest = total.unwrap_or(0);
        for modality in Modality::ALL {
            let tokens = parts[modality as usize].unwrap_or(0);
            if tokens > 0 {
                self.push(Measurement::tokens(metric, tokens, Some(modality)));
            }
            rest = rest.saturating_sub(tokens);
        }
        if rest > 0 {
            self.push(Measurement::tokens(metric, rest, None));
        }
    }

    fn record(&self, series: &Series<'_>, metrics: &dyn MetricRecorder) {
        metrics.record(series, &self.list[..self.len]);
    }
}
