//! One look-up in a vector store or search engine.
//!
//! Follows [GenAI retrieval spans].
//!
//! [GenAI retrieval spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#retrievals

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, StringValue};

use super::call::Call;
use super::charge::Charge;
use super::draft::Draft;
use super::kind::{Asks, Kind, phases};
use super::live::Live;
use super::methods::{
    attempt_method, call_setters, cost_method, operation_methods, request_method, run_method,
    told_setters,
};
use super::outcome::{End, Outcome};
use super::request::{filled, named};
use crate::content::ContentItem;
use crate::cost::Cost;
use crate::document::Document;
use crate::event::EventKind;
use crate::message::Message;
use crate::recorder::MetricRecorder;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;
use crate::usage::Usage;

/// One look-up in a data source: a span `retrieval {data source}` of kind `CLIENT`.
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` = `retrieval`, `gen_ai.data_source.id` | string | [`new`](Self::new) |
/// | `gen_ai.provider.name`, `gen_ai.request.model` | string | [`provider`](RetrievalBuilder::provider), [`model`](RetrievalBuilder::model) |
/// | `server.address`, `server.port` | string, int | [`server`](RetrievalBuilder::server) |
/// | `gen_ai.retrieval.top_k` | int | [`top_k`](RetrievalBuilder::top_k) |
/// | `gen_ai.retrieval.query.text`, `gen_ai.retrieval.documents` | string, JSON | [`query`](RetrievalBuilder::query), [`documents`](Self::documents): content; only where captured |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.client.operation.duration` (s), with `error.type` on failure.
///
/// Where it names a model, as the ranking of documents does, it is the call of a model: it is priced, and its event is a
/// [`GenerationEvent`](crate::GenerationEvent) with the operation `retrieval`.
///
/// Source: [retrievals](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#retrievals)
///
/// ```
/// use spanwise_core::{Document, Retrieval};
///
/// # async fn search() -> Result<Vec<String>, std::io::Error> { Ok(vec![]) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let found = Retrieval::new("support-articles")
///     .top_k(5)
///     .query("How do I return an order?")
///     .run_with(async |retrieval| {
///         let found = search().await?;
///         retrieval.documents(found.iter().map(Document::new));
///         Ok::<_, std::io::Error>(found)
///     })
///     .await?;
/// # let _ = found; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Retrieval(Option<std::sync::Arc<Live<RetrievalKind>>>);

/// What a [`Retrieval`] looks for.
#[must_use = "nothing is recorded until it is run or started"]
pub struct RetrievalBuilder<'a>(Option<Box<Draft<'a, RetrievalKind>>>);

impl Retrieval {
    /// A look-up in this data source. An empty id counts as unknown.
    #[inline]
    #[allow(clippy::new_ret_no_self, reason = "every operation is built before it starts")]
    pub fn new<'a>(data_source_id: impl Into<StringValue>) -> RetrievalBuilder<'a> {
        RetrievalBuilder(Draft::new(|| RetrievalKind {
            call: Call::new(operation::RETRIEVAL),
            data_source_id: filled(data_source_id),
            top_k: None,
            usage: None,
            cost: None,
        }))
    }

    /// What was found: `gen_ai.retrieval.documents`.
    ///
    /// Content: looked at and recorded only where outputs are captured.
    pub fn documents(&self, documents: impl IntoIterator<Item = Document>) {
        if let Some(live) = &self.0 {
            live.capture_output(|| {
                ContentItem::RetrievalDocuments(documents.into_iter().collect())
            });
        }
    }
}

/// What the event of one that was made elsewhere tells of the answer.
impl Retrieval {
    pub(crate) fn told_usage(&self, usage: Option<Usage>) {
        self.change(|kind| kind.usage = usage);
    }

    pub(crate) fn told_output(&self, messages: Vec<Message>) {
        if let Some(live) = self.0.as_ref().filter(|_| !messages.is_empty()) {
            live.capture_output(|| ContentItem::OutputMessages(messages));
        }
    }
}

impl<'a> RetrievalBuilder<'a> {
    /// How many documents are asked for: `gen_ai.retrieval.top_k` (int).
    pub fn top_k(self, top_k: impl Into<i64>) -> Self {
        self.change(|kind| kind.top_k = Some(top_k.into()))
    }

    /// What is looked for: `gen_ai.retrieval.query.text` (string).
    ///
    /// Content: recorded only where inputs are captured.
    pub fn query(mut self, text: &'a str) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.capture_input(move |_| ContentItem::RetrievalQuery(text.to_owned()));
        }
        self
    }
}

operation_methods!(Retrieval, RetrievalBuilder, RetrievalKind);
run_method!(RetrievalBuilder);
call_setters!(RetrievalBuilder: server provider model);
told_setters!(RetrievalBuilder with input);
attempt_method!(Retrieval);
cost_method!(Retrieval);
request_method!(Retrieval, RetrievalBuilder);

struct RetrievalKind {
    call: Call,
    data_source_id: Option<StringValue>,
    top_k: Option<i64>,
    /// Of an event that was made elsewhere.
    usage: Option<Usage>,
    cost: Option<Cost>,
}

impl RetrievalKind {
    fn cost_mut(&mut self) -> &mut Option<Cost> {
        &mut self.cost
    }
}

impl Kind for RetrievalKind {
    const PHASES: [&'static str; 3] = phases!("retrieval");
    const CALLS_A_SERVICE: bool = true;

    fn span_name(&self) -> Cow<'static, str> {
        named(operation::RETRIEVAL, self.data_source_id.as_ref())
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Client
    }

    /// One that is charged for is the call of a model, such as one that ranks.
    fn event(&self) -> EventKind {
        match self.charge() {
            Some(_) => EventKind::Generation,
            None => EventKind::Span,
        }
    }

    fn usage(&self) -> Option<Usage> {
        self.usage.map(Usage::settled)
    }

    /// Looking something up costs nothing, unless a model does it.
    fn charge(&self) -> Option<Charge<'_>> {
        let charged = self.call.model.is_some() || self.cost.is_some();
        charged.then(|| self.call.charge(None, self.usage(), self.cost.as_ref()))
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        self.call.push_attributes(attributes);
        attributes.extend(self.data_source_id.clone().map(|id| key::GEN_AI_DATA_SOURCE_ID.of(id)));
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.top_k.map(|n| key::GEN_AI_RETRIEVAL_TOP_K.of(n)));
        if let Some(usage) = self.usage() {
            usage.push_attributes(attributes);
        }
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        self.call.measure(None, end, metrics);
    }

    fn call(&mut self) -> Option<&mut Call> {
        Some(&mut self.call)
    }
}

impl Asks for RetrievalKind {
    fn asks(&mut self, asked: Self) {
        let Self { call, data_source_id, top_k, .. } = asked;
        self.call.learn(call);
        (self.data_source_id, self.top_k) = (data_source_id, top_k);
    }
}
