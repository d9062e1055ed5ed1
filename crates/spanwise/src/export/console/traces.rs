//! Spans that wait for the root of their trace.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::time::Instant;

/// A trace larger than this is drawn before its root has ended.
const MOST_BYTES: usize = 1 << 20;

/// That the span's parent is in another process, in a span's flags.
const IS_REMOTE: u32 = 0x200;

/// The spans of one trace that are to be drawn together.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) spans: Vec<Span>,
    /// Whether it is drawn although its root has not ended.
    pub(super) still_open: bool,
    since: Instant,
    bytes: usize,
}

/// What waits, by trace id.
#[derive(Debug, Default)]
pub(super) struct Traces(HashMap<Vec<u8>, Trace>);

impl Traces {
    /// Adds spans, and takes the traces whose local root has ended, or which are too large to wait.
    pub(super) fn add(&mut self, request: ExportTraceServiceRequest, now: Instant) -> Vec<Trace> {
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        let mut ready = Vec::new();
        for span in scopes.flat_map(|scope| scope.spans) {
            let id = span.trace_id.clone();
            let trace = self.0.entry(id.clone()).or_insert_with(|| Trace {
                spans: Vec::new(),
                still_open: true,
                since: now,
                bytes: 0,
            });
            trace.bytes += span.encoded_len();
            let ends = is_local_root(&span);
            trace.spans.push(span);
            if ends {
                trace.still_open = false;
            }
            if (ends || trace.bytes > MOST_BYTES) && !ready.contains(&id) {
                ready.push(id);
            }
        }
        ready.iter().filter_map(|id| self.0.remove(id)).collect()
    }

    /// Since when the oldest waits.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.0.values().map(|trace| trace.since).min()
    }

    /// Takes what has waited since before this moment.
    pub(super) fn take_older(&mut self, than: Instant) -> Vec<Trace> {
        self.take(|trace| trace.since <= than)
    }

    /// Takes everything.
    pub(super) fn take_all(&mut self) -> Vec<Trace> {
        self.take(|_| true)
    }

    fn take(&mut self, which: impl Fn(&Trace) -> bool) -> Vec<Trace> {
        let mut taken: Vec<Trace> =
            self.0.extract_if(|_, trace| which(trace)).map(|(_, trace)| trace).collect();
        taken.sort_by_key(|trace| trace.since);
        taken
    }
}

fn is_local_root(span: &Span) -> bool {
    span.parent_span_id.is_empty() || span.flags & IS_REMOTE != 0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};

    use super::*;

    fn span(trace: u8, id: u8, parent: u8) -> Span {
        let id_of = |number: u8| if number == 0 { vec![] } else { vec![number; 8] };
        Span {
            trace_id: vec![trace; 16],
            span_id: id_of(id),
            parent_span_id: id_of(parent),
            ..Span::default()
        }
    }

    fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
        let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
        let resource = ResourceSpans { scope_spans, ..ResourceSpans::default() };
        ExportTraceServiceRequest { resource_spans: vec![resource] }
    }

    #[test]
    fn a_trace_is_drawn_when_its_root_has_ended_and_not_before() {
        let mut traces = Traces::default();
        let now = Instant::now();
        assert!(traces.add(request(vec![span(1, 2, 1), span(2, 2, 1)]), now).is_empty());
        let ready = traces.add(request(vec![span(1, 1, 0)]), now);
        assert_eq!(ready.len(), 1);
        assert_eq!((ready[0].spans.len(), ready[0].still_open), (2, false));
        assert_eq!(traces.take_all().len(), 1);
    }

    #[test]
    fn a_span_under_a_remote_parent_is_a_root_here() {
        let remote = Span { flags: IS_REMOTE, ..span(1, 2, 1) };
        assert_eq!(Traces::default().add(request(vec![remote]), Instant::now()).len(), 1);
    }

    #[test]
    fn what_waits_too_long_or_is_too_large_is_drawn_as_still_open() {
        let mut traces = Traces::default();
        let now = Instant::now();
        let large = Span { name: "x".repeat(MOST_BYTES), ..span(1, 2, 1) };
        let ready = traces.add(request(vec![large]), now);
        assert!(ready[0].still_open);
        traces.add(request(vec![span(2, 2, 1)]), now);
        let later = now + Duration::from_secs(1);
        traces.add(request(vec![span(3, 2, 1)]), later);
        assert_eq!(traces.take_older(now).len(), 1);
        assert_eq!(traces.oldest(), Some(later));
    }
}
