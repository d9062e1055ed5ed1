//! One telemetry for all tests of the process, started with every word of the guides, and its receiver.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use spanwise::{
    BatchConfiguration, Destination, ExportConfig, OtlpProtocol, Report, SamplingStrategy, Signals,
    Telemetry, TelemetryConfig, Temporality,
};

use crate::proofs::{chat, unique};
use crate::support::{Child, Receiver, block_on, text};

pub(crate) struct Running {
    pub(crate) receiver: Receiver,
    /// Is told of metrics what was added since the last time.
    pub(crate) since_last_time: Receiver,
    telemetry: Mutex<Option<Telemetry>>,
}

static RUNNING: OnceLock<Running> = OnceLock::new();

pub(crate) fn running() -> &'static Running {
    RUNNING.get_or_init(|| {
        let (receiver, since_last_time) = (Receiver::start(), Receiver::start());
        let config = TelemetryConfig::builder()
            .enabled(true)
            .service_name("my-processor")
            .service_version("1.0.0")
            .deployment_environment("production")
            .resource_attribute("gcp.project_id", "your-project-id")
            .resource_attribute("deployment.region", "us-west-2")
            .resource_attribute("team", "ml-platform")
            .resource_attribute("environment.type", "production")
            .record_inputs(true)
            .record_outputs(true)
            .record_metadata(true)
            .sampling(SamplingStrategy::parent_based(SamplingStrategy::AlwaysOff))
            .sample_rate(1.0)
            .signals(Signals::ALL)
            .prometheus()
            .destination(
                Destination::otlp(receiver.grpc_url())
                    .protocol(OtlpProtocol::Grpc)
                    .header("x-honeycomb-team", "team-1")
                    .header("dd-api-key", "key-1")
                    .temporality(Temporality::Cumulative),
            )
            .destination(
                Destination::otlp(since_last_time.http_url())
                    .name("since-last-time")
                    .signals(Signals::METRICS)
                    .temporality(Temporality::Delta),
            )
            .span_batches(BatchConfiguration {
                max_queue_size: 4096,
                max_queue_bytes: 1 << 20,
                max_export_batch_size: 1024,
                scheduled_delay: Duration::from_millis(50),
                export_timeout: Duration::from_secs(30),
            })
            .log_batches(BatchConfiguration::LOGS)
            .metric_export(ExportConfig {
                export_interval: Duration::from_secs(60),
                export_timeout: Duration::from_secs(30),
            })
            .build();
        let telemetry = spanwise::init_telemetry(config).unwrap();
        Running { receiver, since_last_time, telemetry: Mutex::new(Some(telemetry)) }
    })
}

impl Running {
    /// Sends everything that there is.
    pub(crate) fn flush(&self) -> Report {
        let flush = {
            let telemetry = self.telemetry.lock().unwrap_or_else(PoisonError::into_inner);
            telemetry.as_ref().unwrap().flush_within(Duration::from_secs(60))
        };
        block_on(flush)
    }
}

/// What its resource says.
#[track_caller]
pub(crate) fn text_of_resource(key: &str, value: &str) {
    running();
    chat(unique("resource")).finish();
    running().flush();
    let requests = running().receiver.trace_requests();
    let resource = requests[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(text(&resource.attributes, key), value);
}

/// Ends it, where any test has started it.
pub(crate) fn end() {
    if let Some(running) = RUNNING.get() {
        drop(running.telemetry.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Runs the body of the test of this name in a process of its own, where telemetry has not been started.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    let child = Child::of(test);
    if child.is_here() {
        body();
        child.ran();
    } else {
        child.run(&[]);
    }
}
