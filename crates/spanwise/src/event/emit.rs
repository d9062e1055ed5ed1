//! Events that were made elsewhere.

use opentelemetry::KeyValue;
use spanwise_core::semconv::attribute as key;
use spanwise_core::{EventPlace, TelemetryEvent};

use super::ids;

/// Records an event that was made elsewhere, or before: its span with its times, trace and parent, metrics and
/// events, as if its operation had run here.
///
/// Ids of OpenTelemetry stay. A UUID becomes a trace id byte for byte; of one that is drawn at random
/// (version 4 or 7) a span id is the second half. Any other id becomes the beginning of its SHA-256, and is kept
/// as `spanwise.event.id`, `spanwise.event.trace_id` or `spanwise.event.parent_id` (string), as is every other
/// that does not stay. Without a trace id it belongs to the trace that is active here, or begins one; without an
/// id it has a new one.
///
/// A [`SpanEvent`](crate::SpanEvent) without `end_time` opens a span. A later one with the same id and trace ends
/// it; shutdown does so as well, as cancelled. 10,000 at most are open at once; one too many ends at once.
///
/// Content and texts of errors are recorded where they are captured. With providers of the program's own, spans
/// have the ids of events only where they are made with [`ScopeIds`](crate::ScopeIds).
///
/// ```
/// use spanwise::{GenerationEvent, Message, Usage};
///
/// spanwise::emit(GenerationEvent {
///     id: "gen-123".into(),
///     provider: Some("openai".into()),
///     model: "gpt-4".into(),
///     input: vec![Message::user("Hello!")],
///     output: vec![Message::assistant("response")],
///     usage: Some(Usage::new(12, 5)),
///     ..GenerationEvent::default()
/// });
/// ```
pub fn emit(event: impl Into<TelemetryEvent>) {
    if !spanwise_core::is_recorded() {
        return;
    }
    let event = event.into();
    let mut place = EventPlace::default();
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(text) = given(Some(event.id())) {
        let id = ids::span_id(&text);
        place.span_id = Some(id);
        keep(&mut place, &id.to_string(), text, key::SPANWISE_EVENT_ID);
    }
    if let Some(text) = given(event.trace_id()) {
        let id = ids::trace_id(&text);
        place.trace_id = Some(id);
        keep(&mut place, &id.to_string(), text, key::SPANWISE_EVENT_TRACE_ID);
    }
    if let Some(text) = given(event.parent_span_id()) {
        let id = ids::span_id(&text);
        place.parent = Some(id);
        keep(&mut place, &id.to_string(), text, key::SPANWISE_EVENT_PARENT_ID);
    }
    spanwise_core::emit_at(event, place);
}

/// Keeps what an id was, unless that is what it is.
fn keep(
    place: &mut EventPlace,
    id: &str,
    text: String,
    key: spanwise_core::semconv::Attribute<opentelemetry::StringValue>,
) {
    if id != text {
        let kept: KeyValue = key.of(text);
        place.attributes.push(kept);
    }
}
