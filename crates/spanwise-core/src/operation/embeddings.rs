//! One request for embeddings.
//!
//! Follows [GenAI embeddings spans].
//!
//! [GenAI embeddings spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#embeddings

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, StringValue};

use super::call::Call;
use super::charge::Charge;
use super::draft::Draft;
use super::kind::{Asks, Kind, phases};
use super::live::Live;
use super::methods::{
    attempt_method, call_setters, cost_method, gateway_method, operation_methods, request_method,
    run_method, told_setters,
};
use super::outcome::{End, Outcome};
use super::request::filled;
use crate::cost::Cost;
use crate::event::EventKind;
use crate::provider::Provider;
use crate::recorder::MetricRecorder;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;
use crate::usage::Usage;

/// One request for embeddings: a span `embeddings {model}` of kind `CLIENT`.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `embeddings`, `gen_ai.provider.name`, `gen_ai.request.model` | string | [`new`](Self::new) |
/// | `server.address`, `server.port` | string, int | [`server`](EmbeddingsBuilder::server) |
/// | `gen_ai.request.encoding_formats` | string[] | [`encoding_formats`](EmbeddingsBuilder::encoding_formats) |
/// | `gen_ai.embeddings.dimension.count` | int | [`dimension_count`](Self::dimension_count) |
/// | `gen_ai.response.model` | string | [`response_model`](Self::response_model) |
/// | `gen_ai.usage.input_tokens` | int | [`input_tokens`](Self::input_tokens) |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.client.operation.duration` (s), with `error.type` on failure. The conventions have no
/// token metric for embeddings.
///
/// Source: [embeddings](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#embeddings)
///
/// ```
/// use spanwise_core::{Embeddings, Provider};
///
/// # struct Reply { tokens: u64, vector: Vec<f32> }
/// # async fn embed() -> Result<Reply, std::io::Error> { Ok(Reply { tokens: 3, vector: vec![] }) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let vector = Embeddings::new(Provider::OpenAi, "text-embedding-3-small")
///     .run_with(async |embeddings| {
///         let reply = embed().await?;
///         embeddings.input_tokens(reply.tokens);
///         embeddings.dimension_count(reply.vector.len() as i64);
///         Ok::<_, std::io::Error>(reply.vector)
///     })
///     .await?;
/// # let _ = vector; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Embeddings(Option<std::sync::Arc<Live<EmbeddingsKind>>>);

/// What an [`Embeddings`] request asks for.
#[must_use = "nothing is recorded until it is run or started"]
pub struct EmbeddingsBuilder<'a>(Option<Box<Draft<'a, EmbeddingsKind>>>);

impl Embeddings {
    /// A request for embeddings. An empty model counts as unknown.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(
        provider: impl Into<Provider>,
        model: impl Into<StringValue>,
    ) -> EmbeddingsBuilder<'a> {
        EmbeddingsBuilder(Draft::new(|| EmbeddingsKind {
            call: Call::to(operation::EMBEDDINGS, provider).with_model(model),
            encoding_formats: Vec::new(),
            dimension_count: None,
            response_model: None,
            input_tokens: None,
            cost: None,
        }))
    }

    /// How many tokens went in: `gen_ai.usage.input_tokens` (int).
    pub fn input_tokens(&self, tokens: u64) {
        self.change(|kind| kind.input_tokens = Some(tokens));
    }

    /// The length of the vectors: `gen_ai.embeddings.dimension.count` (int).
    pub fn dimension_count(&self, count: i64) {
        self.change(|kind| kind.dimension_count = Some(count));
    }

    /// The model that answered: `gen_ai.response.model` (string).
    pub fn response_model(&self, model: impl Into<StringValue>) {
        self.change(|kind| kind.response_model = filled(model));
    }
}

impl EmbeddingsBuilder<'_> {
    /// The formats that are asked for, such as `float`: `gen_ai.request.encoding_formats` (string[]).
    pub fn encoding_formats<S>(self, formats: impl IntoIterator<Item = S>) -> Self
    where
        S: Into<StringValue>,
    {
        self.change(|kind| kind.encoding_formats = formats.into_iter().map(Into::into).collect())
    }

    /// The length of vectors that is asked for: `gen_ai.embeddings.dimension.count` (int).
    pub fn dimension_count(self, count: i64) -> Self {
        self.change(|kind| kind.dimension_count = Some(count))
    }
}

operation_methods!(Embeddings, EmbeddingsBuilder, EmbeddingsKind);
gateway_method!(Embeddings);
cost_method!(Embeddings);
run_method!(EmbeddingsBuilder);
call_setters!(EmbeddingsBuilder: server batch);
told_setters!(EmbeddingsBuilder with input);
attempt_method!(Embeddings);
request_method!(Embeddings, EmbeddingsBuilder);

struct EmbeddingsKind {
    call: Call,
    encoding_formats: Vec<StringValue>,
    dimension_count: Option<i64>,
    response_model: Option<StringValue>,
    input_tokens: Option<u64>,
    cost: Option<Cost>,
}

impl EmbeddingsKind {
    fn cost_mut(&mut self) -> &mut Option<Cost> {
        &mut self.cost
    }
}

impl Kind for EmbeddingsKind {
    const PHASES: [&'static str; 3] = phases!("embeddings");
    const EVENT: EventKind = EventKind::Generation;
    const CALLS_A_SERVICE: bool = true;

    fn span_name(&self) -> Cow<'static, str> {
        self.call.name_with_model()
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn usage(&self) -> Option<Usage> {
        self.input_tokens.map(|tokens| Usage::unknown().input(tokens))
    }

    fn charge(&self) -> Option<Charge<'_>> {
        Some(self.call.charge(self.response_model.as_ref(), self.usage(), self.cost.as_ref()))
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        self.call.push_attributes(attributes);
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        if !self.encoding_formats.is_empty() {
            let formats = std::mem::take(&mut self.encoding_formats);
            attributes.push(key::GEN_AI_REQUEST_ENCODING_FORMATS.of(formats));
        }
        attributes
            .extend(self.dimension_count.map(|n| key::GEN_AI_EMBEDDINGS_DIMENSION_COUNT.of(n)));
        attributes
            .extend(self.response_model.take().map(|model| key::GEN_AI_RESPONSE_MODEL.of(model)));
        if let Some(tokens) = self.input_tokens {
            Usage::unknown().input(tokens).push_attributes(attributes);
        }
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        self.call.measure(self.response_model.as_ref(), end, metrics);
    }

    fn call(&mut self) -> Option<&mut Call> {
        Some(&mut self.call)
    }
}

impl Asks for EmbeddingsKind {
    fn asks(&mut self, asked: Self) {
        let Self { call, encoding_formats, dimension_count, .. } = asked;
        self.call.learn(call);
        self.encoding_formats = encoding_formats;
        // What has been answered is nearer the truth.
        self.dimension_count = self.dimension_count.or(dimension_count);
    }
}
