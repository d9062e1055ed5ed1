//! What the export side tells of itself: `otel.sdk.*` of the conventions, read from the books.
//!
//! Source: [SDK metrics](https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/)

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use opentelemetry_semantic_conventions::attribute::{
    ERROR_TYPE, OTEL_COMPONENT_NAME, OTEL_COMPONENT_TYPE,
};
use opentelemetry_semantic_conventions::metric as name;

use spanwise_core::semconv::{
    SPANWISE_EXPORT_EVENTS, SPANWISE_EXPORT_FILTERED, SPANWISE_EXPORT_OVERFLOWING,
    SPANWISE_EXPORT_SHRUNK, SPANWISE_EXPORT_SPOOLED, attribute,
};

use crate::config::OtlpProtocol;
use crate::event;
use crate::export::intake::Intake;
use crate::report::Counts;
use crate::signal::Signal;

/// One exporter, as its metrics call it.
#[derive(Clone, Debug)]
pub(crate) struct ExporterName {
    pub(crate) destination: usize,
    pub(crate) signal: Signal,
    /// `otel.component.type`, such as `otlp_grpc_span_exporter`.
    component_type: &'static str,
    /// `otel.component.name`: the type and the destination.
    component_name: String,
    destination_name: String,
}

impl ExporterName {
    pub(crate) fn otlp(
        destination: usize,
        signal: Signal,
        protocol: OtlpProtocol,
        name: &str,
    ) -> Self {
        let component_type = match (protocol, signal) {
            (OtlpProtocol::Grpc, Signal::Traces) => "otlp_grpc_span_exporter",
            (OtlpProtocol::Grpc, Signal::Metrics) => "otlp_grpc_metric_exporter",
            (OtlpProtocol::Grpc, Signal::Logs) => "otlp_grpc_log_exporter",
            (OtlpProtocol::HttpProtobuf, Signal::Traces) => "otlp_http_span_exporter",
            (OtlpProtocol::HttpProtobuf, Signal::Metrics) => "otlp_http_metric_exporter",
            (OtlpProtocol::HttpProtobuf, Signal::Logs) => "otlp_http_log_exporter",
            (OtlpProtocol::HttpJson, Signal::Traces) => "otlp_http_json_span_exporter",
            (OtlpProtocol::HttpJson, Signal::Metrics) => "otlp_http_json_metric_exporter",
            (OtlpProtocol::HttpJson, Signal::Logs) => "otlp_http_json_log_exporter",
            (_, Signal::Feedback) => "feedback",
        };
        Self::new(destination, signal, component_type, name)
    }

    /// An exporter that the conventions have no word for.
    pub(crate) fn other(
        destination: usize,
        signal: Signal,
        component_type: &'static str,
        name: &str,
    ) -> Self {
        Self::new(destination, signal, component_type, name)
    }

    fn new(destination: usize, signal: Signal, component_type: &'static str, name: &str) -> Self {
        let component_name = format!("{component_type}/{name}");
        let destination_name = name.to_owned();
        Self { destination, signal, component_type, component_name, destination_name }
    }

    fn of_destination(&self, signal: Signal) -> [KeyValue; 2] {
        [
            attribute::SPANWISE_EXPORT_DESTINATION.of(self.destination_name.clone()),
            attribute::SPANWISE_EXPORT_SIGNAL.of(signal.name()),
        ]
    }

    fn attributes(&self) -> [KeyValue; 2] {
        [
            KeyValue::new(OTEL_COMPONENT_TYPE, self.component_type),
            KeyValue::new(OTEL_COMPONENT_NAME, self.component_name.clone()),
        ]
    }
}

/// Makes the instruments. They are observed at each collection, and cost nothing in between.
pub(crate) fn observe(meter: &Meter, intake: &Arc<Intake>, exporters: &[ExporterName]) {
    observe_processors(meter, intake, exporters);
    observe_events(meter);
    let books = intake.clone();
    meter
        .i64_observable_up_down_counter(SPANWISE_EXPORT_OVERFLOWING)
        .with_unit("{metric}")
        .with_callback(move |metrics| {
            // One that overflows is seen when it is collected, and told the next time.
            metrics.observe(i64::try_from(books.overflow.count()).unwrap_or(i64::MAX), &[]);
        })
        .build();
    for signal in Signal::ALL {
        let exporters: Vec<_> =
            exporters.iter().filter(|exporter| exporter.signal == signal).cloned().collect();
        if !exporters.is_empty() {
            observe_exporters(meter, intake, signal, exporters);
        }
    }
    if exporters.iter().any(|exporter| exporter.signal == Signal::Traces) {
        let intake = intake.clone();
        meter
            .i64_observable_up_down_counter(name::OTEL_SDK_SPAN_LIVE)
            .with_unit("{span}")
            .with_callback(move |live| live.observe(signed(intake.open_spans()), &[]))
            .build();
    }
}

fn observe_processors(meter: &Meter, intake: &Arc<Intake>, exporters: &[ExporterName]) {
    let names = [
        (
            Signal::Traces,
            "batching_span_processor",
            "{span}",
            name::OTEL_SDK_PROCESSOR_SPAN_QUEUE_SIZE,
            name::OTEL_SDK_PROCESSOR_SPAN_QUEUE_CAPACITY,
            name::OTEL_SDK_PROCESSOR_SPAN_PROCESSED,
        ),
        (
            Signal::Logs,
            "batching_log_processor",
            "{log_record}",
            name::OTEL_SDK_PROCESSOR_LOG_QUEUE_SIZE,
            name::OTEL_SDK_PROCESSOR_LOG_QUEUE_CAPACITY,
            name::OTEL_SDK_PROCESSOR_LOG_PROCESSED,
        ),
    ];
    for (signal, component_type, unit, size, capacity, processed) in names {
        if !exporters.iter().any(|exporter| exporter.signal == signal) {
            continue;
        }
        let of = [
            KeyValue::new(OTEL_COMPONENT_TYPE, component_type),
            KeyValue::new(OTEL_COMPONENT_NAME, format!("{component_type}/0")),
        ];
        let (books, attributes) = (intake.clone(), of.clone());
        meter
            .i64_observable_up_down_counter(size)
            .with_unit(unit)
            .with_callback(move |queue| {
                queue.observe(signed(books.intake_counts(signal).queued), &attributes);
            })
            .build();
        let (books, attributes) = (intake.clone(), of.clone());
        meter
            .i64_observable_up_down_counter(capacity)
            .with_unit(unit)
            .with_callback(move |capacity| {
                capacity.observe(signed(books.capacity(signal)), &attributes);
            })
            .build();
        let books = intake.clone();
        meter
            .u64_observable_counter(processed)
            .with_unit(unit)
            .with_callback(move |processed| {
                let counts = books.intake_counts(signal);
                let passed = counts.accepted - counts.queued - counts.dropped();
                processed.observe(passed, &of);
                for (reason, count) in counts.drops() {
                    processed.observe(count, &with_error(&of, reason.as_str()));
                }
            })
            .build();
    }
}

fn observe_exporters(
    meter: &Meter,
    intake: &Arc<Intake>,
    signal: Signal,
    exporters: Vec<ExporterName>,
) {
    observe_delivery(meter, intake, signal, &exporters);
    let (unit, in_flight, exported) = match signal {
        Signal::Traces => {
            ("{span}", name::OTEL_SDK_EXPORTER_SPAN_INFLIGHT, name::OTEL_SDK_EXPORTER_SPAN_EXPORTED)
        }
        Signal::Metrics => (
            "{data_point}",
            name::OTEL_SDK_EXPORTER_METRIC_DATA_POINT_INFLIGHT,
            name::OTEL_SDK_EXPORTER_METRIC_DATA_POINT_EXPORTED,
        ),
        Signal::Logs => (
            "{log_record}",
            name::OTEL_SDK_EXPORTER_LOG_INFLIGHT,
            name::OTEL_SDK_EXPORTER_LOG_EXPORTED,
        ),
        // The conventions have no names for it.
        Signal::Feedback => return,
    };
    let (books, those) = (intake.clone(), exporters.clone());
    meter
        .i64_observable_up_down_counter(in_flight)
        .with_unit(unit)
        .with_callback(move |in_flight| {
            for (exporter, counts) in books_of(&books, &those) {
                // What waits in the lane was passed to the exporter, and is not exported yet.
                let waiting = counts.queued + counts.in_flight;
                in_flight.observe(signed(waiting), &exporter.attributes());
            }
        })
        .build();
    let books = intake.clone();
    meter
        .u64_observable_counter(exported)
        .with_unit(unit)
        .with_callback(move |exported| {
            for (exporter, counts) in books_of(&books, &exporters) {
                let of = exporter.attributes();
                exported.observe(counts.exported, &of);
                for (reason, count) in counts.drops() {
                    exported.observe(count, &with_error(&of, reason.as_str()));
                }
            }
        })
        .build();
}

/// What became of events, by the exporters of events; that of those who are removed, too.
fn observe_events(meter: &Meter) {
    meter
        .u64_observable_counter(SPANWISE_EXPORT_EVENTS)
        .with_unit("{event}")
        .with_callback(|events| {
            event::books(|exporter, lost, count| {
                let mut of = vec![attribute::SPANWISE_EXPORT_EXPORTER.of(exporter.to_owned())];
                of.extend(lost.map(|reason| KeyValue::new(ERROR_TYPE, reason)));
                events.observe(count, &of);
            });
        })
        .build();
}

/// What the conventions have no name for: what is on disk, what was left out, and what went without its largest
/// content.
fn observe_delivery(
    meter: &Meter,
    intake: &Arc<Intake>,
    signal: Signal,
    exporters: &[ExporterName],
) {
    let (books, those) = (intake.clone(), exporters.to_vec());
    meter
        .i64_observable_up_down_counter(SPANWISE_EXPORT_SPOOLED)
        .with_unit("{item}")
        .with_callback(move |spooled| {
            for (exporter, counts) in books_of(&books, &those) {
                spooled.observe(signed(counts.spooled), &exporter.of_destination(signal));
            }
        })
        .build();
    for name in [SPANWISE_EXPORT_FILTERED, SPANWISE_EXPORT_SHRUNK] {
        let (books, those) = (intake.clone(), exporters.to_vec());
        meter
            .u64_observable_counter(name)
            .with_unit("{item}")
            .with_callback(move |counter| {
                for (exporter, counts) in books_of(&books, &those) {
                    let filtered = name == SPANWISE_EXPORT_FILTERED;
                    let count = if filtered { counts.filtered } else { counts.shrunk };
                    counter.observe(count, &exporter.of_destination(signal));
                }
            })
            .build();
    }
}

/// The counts of each exporter, without those of the intake before it.
fn books_of<'a>(
    intake: &'a Intake,
    exporters: &'a [ExporterName],
) -> impl Iterator<Item = (&'a ExporterName, Counts)> {
    exporters.iter().filter_map(|exporter| {
        Some((exporter, intake.lane_counts(exporter.destination, exporter.signal)?))
    })
}

fn with_error(of: &[KeyValue; 2], kind: &'static str) -> [KeyValue; 3] {
    let [first, second] = of.clone();
    [first, second, KeyValue::new(ERROR_TYPE, kind)]
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
