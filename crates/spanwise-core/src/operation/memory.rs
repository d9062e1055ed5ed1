//! One operation on a memory store or its records.
//!
//! Follows [GenAI memory spans].
//!
//! [GenAI memory spans]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#memory

use std::borrow::Cow;

use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, StringValue};

use super::call::Call;
use super::draft::Draft;
use super::kind::{Kind, phases};
use super::live::Live;
use super::methods::{call_setters, operation_methods, run_method};
use super::outcome::{End, Outcome};
use super::request::filled;
use crate::content::ContentItem;
use crate::memory_record::MemoryRecord;
use crate::recorder::MetricRecorder;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;

/// One operation on a memory store or its records: a span called by the operation, of kind `CLIENT`
/// (`INTERNAL` with [`in_process`](MemoryBuilder::in_process)).
///
/// | Attribute | Type | From |
/// |---|---|---|
/// | `gen_ai.operation.name` | string | [`create_store`](Self::create_store), [`delete_store`](Self::delete_store), [`create`](Self::create), [`update`](Self::update), [`upsert`](Self::upsert), [`search`](Self::search), [`delete`](Self::delete) |
/// | `gen_ai.provider.name` | string | [`provider`](MemoryBuilder::provider) |
/// | `server.address`, `server.port` | string, int | [`server`](MemoryBuilder::server) |
/// | `gen_ai.memory.store.id`, `gen_ai.memory.record.id` | string | [`store_id`](MemoryBuilder::store_id), [`record_id`](MemoryBuilder::record_id), or once they are known |
/// | `gen_ai.memory.record.count` | int | the records, or [`record_count`](Self::record_count) |
/// | `gen_ai.memory.query.text`, `gen_ai.memory.records` | string, JSON | [`query`](MemoryBuilder::query), [`records`](MemoryBuilder::records), [`found`](Self::found): content; only where captured |
/// | `error.type` | string | the error |
///
/// Metric: `gen_ai.client.operation.duration` (s), with `error.type` on failure.
///
/// Source: [memory](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md#memory)
///
/// ```
/// use spanwise_core::{Memory, MemoryRecord};
///
/// # async fn look_up() -> Result<Vec<String>, std::io::Error> { Ok(vec![]) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let found = Memory::search()
///     .store_id("customers")
///     .query("preferred contact")
///     .run_with(async |memory| {
///         let found = look_up().await?;
///         memory.found(found.iter().map(|text| MemoryRecord::new(text.as_str())));
///         Ok::<_, std::io::Error>(found)
///     })
///     .await?;
/// # let _ = found; Ok(()) }
/// ```
#[must_use = "dropping it ends the operation as cancelled"]
pub struct Memory(Option<std::sync::Arc<Live<MemoryKind>>>);

/// What a [`Memory`] operation is about.
#[must_use = "nothing is recorded until it is run or started"]
pub struct MemoryBuilder<'a>(Option<Box<Draft<'a, MemoryKind>>>);

impl Memory {
    /// Makes a store: `create_memory_store`.
    pub fn create_store<'a>() -> MemoryBuilder<'a> {
        Self::builder(operation::CREATE_MEMORY_STORE)
    }

    /// Deletes a store: `delete_memory_store`.
    pub fn delete_store<'a>() -> MemoryBuilder<'a> {
        Self::builder(operation::DELETE_MEMORY_STORE)
    }

    /// Adds records: `create_memory`.
    pub fn create<'a>() -> MemoryBuilder<'a> {
        Self::builder(operation::CREATE_MEMORY)
    }

    /// Changes records: `update_memory`.
    pub fn update<'a>() -> MemoryBuilder<'a> {
        Self::builder(operation::UPDATE_MEMORY)
    }

    /// Adds records or changes them: `upsert_memory`.
    pub fn upsert<'a>() -> MemoryBuilder<'a> {
        Self::builder(operation::UPSERT_MEMORY)
    }

    /// Looks for records: `search_memory`.
    pub fn search<'a>() -> MemoryBuilder<'a> {
        Self::builder(operation::SEARCH_MEMORY)
    }

    /// Deletes records: `delete_memory`. Without a record's id it may mean all of them.
    pub fn delete<'a>() -> MemoryBuilder<'a> {
        Self::builder(operation::DELETE_MEMORY)
    }

    fn builder<'a>(operation: &'static str) -> MemoryBuilder<'a> {
        MemoryBuilder(Draft::new(|| MemoryKind {
            call: Call::new(operation),
            in_process: false,
            store_id: None,
            record_id: None,
            record_count: None,
        }))
    }

    /// The store, once it is known: `gen_ai.memory.store.id` (string).
    pub fn store_id(&self, id: impl Into<StringValue>) {
        self.change(|kind| kind.store_id = filled(id));
    }

    /// The one record that it was about, once it is known: `gen_ai.memory.record.id` (string).
    pub fn record_id(&self, id: impl Into<StringValue>) {
        self.change(|kind| kind.record_id = filled(id));
    }

    /// How many records a search found, or how many any other operation tried to write or delete:
    /// `gen_ai.memory.record.count` (int). [`found`](Self::found) and
    /// [`records`](MemoryBuilder::records) count by themselves.
    pub fn record_count(&self, count: usize) {
        self.change(|kind| kind.set_count(count));
    }

    /// What a search found: `gen_ai.memory.records`, and their number.
    ///
    /// Content: recorded only where outputs are captured; they are counted in any case.
    pub fn found(&self, records: impl IntoIterator<Item = MemoryRecord>) {
        if let Some(live) = &self.0 {
            let count = if live.captures_outputs() {
                let records: Vec<_> = records.into_iter().collect();
                let count = records.len();
                live.capture_output(|| ContentItem::MemoryRecords(records));
                count
            } else {
                records.into_iter().count()
            };
            live.with(|kind| kind.set_count(count));
        }
    }
}

impl<'a> MemoryBuilder<'a> {
    /// The store is part of this process: the span is `INTERNAL`, not `CLIENT`.
    pub fn in_process(self) -> Self {
        self.change(|kind| kind.in_process = true)
    }

    /// The store: `gen_ai.memory.store.id` (string).
    pub fn store_id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.store_id = filled(id))
    }

    /// The one record that it is about: `gen_ai.memory.record.id` (string).
    pub fn record_id(self, id: impl Into<StringValue>) -> Self {
        self.change(|kind| kind.record_id = filled(id))
    }

    /// What is looked for: `gen_ai.memory.query.text` (string).
    ///
    /// Content: recorded only where inputs are captured.
    pub fn query(mut self, text: &'a str) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.capture_input(move |_| ContentItem::MemoryQuery(text.to_owned()));
        }
        self
    }

    /// What is written: `gen_ai.memory.records`, and their number.
    ///
    /// Content: copied and recorded only where inputs are captured; they are counted in any case.
    pub fn records(mut self, records: &'a [MemoryRecord]) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.kind.set_count(records.len());
            draft.capture_input(move |_| ContentItem::MemoryRecords(records.to_vec()));
        }
        self
    }
}

operation_methods!(Memory, MemoryBuilder, MemoryKind);
run_method!(MemoryBuilder);
call_setters!(MemoryBuilder: server provider);

struct MemoryKind {
    call: Call,
    in_process: bool,
    store_id: Option<StringValue>,
    record_id: Option<StringValue>,
    record_count: Option<i64>,
}

impl MemoryKind {
    fn set_count(&mut self, count: usize) {
        self.record_count = i64::try_from(count).ok();
    }
}

impl Kind for MemoryKind {
    const PHASES: [&'static str; 3] = phases!("memory");
    const CALLS_A_SERVICE: bool = true;

    fn span_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.call.operation)
    }

    fn span_kind(&self) -> SpanKind {
        if self.in_process { SpanKind::Internal } else { SpanKind::Client }
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        self.call.push_attributes(attributes);
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.store_id.take().map(|id| key::GEN_AI_MEMORY_STORE_ID.of(id)));
        attributes.extend(self.record_id.take().map(|id| key::GEN_AI_MEMORY_RECORD_ID.of(id)));
        attributes.extend(self.record_count.map(|n| key::GEN_AI_MEMORY_RECORD_COUNT.of(n)));
    }

    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder) {
        self.call.measure(None, end, metrics);
    }
}
