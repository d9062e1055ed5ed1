//! Log exporters.

use std::time::Duration;

use opentelemetry::logs::LoggerProvider as _;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLogger, SdkLoggerProvider};

use super::{LaneEnd, back};
use crate::export::lane::{Deliver, Envelope, Payload};
use crate::export::ledger::Fate;
use crate::export::request::Request;
use crate::report::DropReason;

pub(super) struct LogLane<E> {
    exporter: E,
    end: LaneEnd,
    /// Mints the SDK's records, which nothing else can make.
    mint: SdkLogger,
}

impl<E: LogExporter + 'static> LogLane<E> {
    pub(super) fn new(exporter: E, end: LaneEnd) -> Self {
        let mint = SdkLoggerProvider::builder().build().logger(spanwise_core::SCOPE_NAME);
        Self { exporter, end, mint }
    }
}

impl<E: LogExporter + 'static> Deliver for LogLane<E> {
    async fn deliver(&mut self, envelope: Envelope) -> Fate {
        let Envelope { items, payload } = envelope;
        let Payload::Message(Request::Logs(request)) = payload else {
            return Fate::dropped(items, DropReason::Refused);
        };
        let records = back::logs(request, &self.mint);
        let borrowed: Vec<_> = records.iter().map(|(record, scope)| (record, scope)).collect();
        self.end.fate(items, self.exporter.export(LogBatch::new(&borrowed))).await
    }

    async fn finish(&mut self) {
        // What it says to that is of no use to anyone.
        let _ = self.exporter.shutdown_with_timeout(Duration::from_secs(5));
    }
}
