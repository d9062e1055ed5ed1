//! Span exporters.

use std::time::Duration;

use opentelemetry_sdk::trace::SpanExporter;

use super::{LaneEnd, back};
use crate::export::lane::{Deliver, Envelope, Payload};
use crate::export::ledger::Fate;
use crate::export::request::Request;
use crate::report::DropReason;

pub(super) struct SpanLane<E> {
    pub(super) exporter: E,
    pub(super) end: LaneEnd,
}

impl<E: SpanExporter + 'static> Deliver for SpanLane<E> {
    async fn deliver(&mut self, envelope: Envelope) -> Fate {
        let Envelope { items, payload } = envelope;
        let Payload::Message(Request::Traces(request)) = payload else {
            return Fate::dropped(items, DropReason::Refused);
        };
        let spans = back::spans(request);
        self.end.fate(items, self.exporter.export(spans)).await
    }

    async fn finish(&mut self) {
        // What it says to that is of no use to anyone.
        let _ = self.exporter.shutdown_with_timeout(Duration::from_secs(5));
    }
}
