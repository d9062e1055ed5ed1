use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry::trace::{
    SpanContext, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use proptest::prelude::*;

use super::*;
use crate::config::BatchConfiguration;
use crate::export::entrance::Entrance;
use crate::export::intake::{Fill, Intake, Queues};
use crate::export::ledger::Ledger;
use crate::signal::Signal;

/// Spans on their way to a destination that wants some of them only.
struct Recording {
    intake: Arc<Intake>,
    tracers: SdkTracerProvider,
}

impl Recording {
    fn new() -> Self {
        let ledger =
            Ledger::new([("otlp".to_owned(), Signal::ALL.map(|signal| signal == Signal::Traces))]);
        // Nobody takes anything away, so there is room for all.
        let spans = BatchConfiguration { max_queue_size: usize::MAX, ..BatchConfiguration::SPANS };
        let intake = Arc::new(Intake::new(Queues { spans, ..Queues::default() }, ledger));
        intake.track_lineage();
        let tracers =
            SdkTracerProvider::builder().with_span_processor(Entrance(intake.clone())).build();
        Self { intake, tracers }
    }

    fn tracer(&self) -> SdkTracer {
        self.tracers.tracer("another")
    }

    /// A span that begins below what is active in this context, and has to do with models or not.
    fn start(&self, of_models: bool, parent: &Context) -> Context {
        let builder = self.tracer().span_builder(if of_models { "chat m" } else { "GET /" });
        let builder = match of_models {
            true => builder.with_attributes([KeyValue::new("gen_ai.operation.name", "chat")]),
            false => builder,
        };
        parent.with_span(builder.start_with_context(&self.tracer(), parent))
    }

    /// What is known of the spans that have ended since.
    fn ended(&self) -> HashMap<SpanId, Kin> {
        let drained = self.intake.drain(Fill { spans: true, logs: false, metrics: false });
        let kin = drained.spans.into_iter();
        kin.map(|it| (it.span.span_context.span_id(), it.kin.unwrap())).collect()
    }

    fn open(&self) -> usize {
        let lineage = self.intake.lineage().unwrap();
        lineage.shards.iter().map(|shard| shard.lock().unwrap().open.len()).sum()
    }
}

/// A provider that goes away flushes; there is no worker here that would answer.
impl Drop for Recording {
    fn drop(&mut self) {
        self.intake.close();
    }
}

fn id(context: &Context) -> SpanId {
    context.span().span_context().span_id()
}

#[test]
fn a_child_whose_parent_is_left_out_is_below_the_next_one_up() {
    let recording = Recording::new();
    let top = recording.start(true, &Context::new());
    let between = recording.start(false, &top);
    let bottom = recording.start(true, &between);
    for context in [&bottom, &between, &top] {
        context.span().end();
        // Each leaves in a batch of its own, the children before anything is known of their parents.
        let ended = recording.ended();
        let above = if id(context) == id(&top) { Above::Nothing } else { Above::Here(id(&top)) };
        assert_eq!(ended[&id(context)].above, above);
    }
}

#[test]
fn where_all_above_are_left_out_it_is_a_root() {
    let recording = Recording::new();
    let request = recording.start(false, &Context::new());
    let chat = recording.start(true, &request);
    chat.span().end();
    assert_eq!(recording.ended()[&id(&chat)].above, Above::Nothing);
}

#[test]
fn a_parent_in_another_process_stays_above() {
    let recording = Recording::new();
    let remote = SpanId::from(7);
    let caller = SpanContext::new(
        TraceId::from(1),
        remote,
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let request = recording.start(false, &Context::new().with_remote_span_context(caller));
    let chat = recording.start(true, &request);
    chat.span().end();
    let kin = &recording.ended()[&id(&chat)];
    assert_eq!(kin.above, Above::Elsewhere(remote));
    assert_eq!(kin.root, None, "the root is elsewhere, and so is its name");
}

#[test]
fn a_span_that_says_it_late_is_sent_and_its_children_are_found_beside_it() {
    let recording = Recording::new();
    let top = recording.start(true, &Context::new());
    let late = recording.start(false, &top);
    let child = recording.start(true, &late);
    child.span().end();
    late.span().set_attribute(KeyValue::new("gen_ai.operation.name", "chat"));
    late.span().end();
    // Whoever starts below it from now on is below it.
    let after = recording.start(true, &late);
    after.span().end();
    let ended = recording.ended();
    assert!(ended[&id(&late)].of_models);
    assert_eq!(ended[&id(&late)].above, Above::Here(id(&top)));
    assert_eq!(ended[&id(&child)].above, Above::Here(id(&top)));
    assert_eq!(ended[&id(&after)].above, Above::Here(id(&late)));
}

#[test]
fn a_conversations_id_which_every_span_of_a_scope_has_says_nothing_of_models() {
    let recording = Recording::new();
    let context = spanwise_core::scope().conversation_id("conv-1").context();
    let request = recording.start(false, &context);
    request.span().end();
    assert!(!recording.ended()[&id(&request)].of_models);
}

#[test]
fn what_has_ended_is_remembered_for_a_while_and_then_its_children_are_roots() {
    let recording = Recording::new();
    let top = recording.start(true, &Context::new());
    let between = recording.start(false, &top);
    between.span().end();
    let soon = recording.start(true, &between);
    soon.span().end();
    assert_eq!(recording.ended()[&id(&soon)].above, Above::Here(id(&top)));
    for _ in 0..4 * SHARDS {
        (0..REMEMBERED).for_each(|_| recording.start(false, &Context::new()).span().end());
        recording.ended();
    }
    let late = recording.start(true, &between);
    late.span().end();
    let above = recording.ended()[&id(&late)].above;
    assert_eq!(above, Above::Nothing, "rather a root than below nobody");
    assert_eq!(recording.open(), 1, "what has ended takes no room but for the last of them");
}

#[test]
fn a_span_that_is_dropped_and_not_ended_takes_no_room_either() {
    let recording = Recording::new();
    drop(recording.start(false, &Context::new()));
    assert_eq!(recording.open(), 0);
}

/// A tree: for each span its parent, which stands before it, and whether it has to do with models; and in
/// which order they end.
fn trees() -> impl Strategy<Value = (Vec<(Option<usize>, bool)>, Vec<usize>)> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 0..8u8), 1..40)
        .prop_map(|spans| {
            let spans = spans.into_iter().enumerate();
            let spans = spans.map(|(place, (parent, of_models, root))| {
                let parent = (place > 0 && root > 0).then(|| parent.index(place));
                (parent, of_models)
            });
            spans.collect::<Vec<_>>()
        })
        .prop_flat_map(|spans| {
            let order: Vec<_> = (0..spans.len()).collect();
            (Just(spans), Just(order).prop_shuffle())
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn in_any_tree_that_ends_in_any_order_nobody_is_below_what_is_left_out(
        (spans, order) in trees(),
    ) {
        let recording = Recording::new();
        let mut contexts: Vec<Context> = Vec::new();
        for (parent, of_models) in &spans {
            let parent = parent.map_or_else(Context::new, |parent| contexts[parent].clone());
            contexts.push(recording.start(*of_models, &parent));
        }
        order.into_iter().for_each(|place| contexts[place].span().end());
        let ended = recording.ended();
        for (place, (parent, of_models)) in spans.iter().enumerate() {
            let mut above = *parent;
            while let Some(up) = above.filter(|up| !spans[*up].1) {
                above = spans[up].0;
            }
            let above = above.map_or(Above::Nothing, |up| Above::Here(id(&contexts[up])));
            let mut root = place;
            while let Some(up) = spans[root].0 {
                root = up;
            }
            let root = Some(if spans[root].1 { "chat m" } else { "GET /" }.into());
            let kin = Kin { of_models: *of_models, above, root };
            prop_assert_eq!(&ended[&id(&contexts[place])], &kin);
        }
    }
}
