//! How telemetry is gathered before it is sent.

use std::time::Duration;

use crate::config::TelemetryConfig;
use crate::config::values::{BatchConfiguration, ExportConfig};
use crate::env::Reader;
use crate::error::{InitError, Source};

pub(super) fn batches(
    in_code: Option<BatchConfiguration>,
    setting: &'static str,
    prefix: &str,
    default: BatchConfiguration,
    reader: &mut Reader<'_>,
) -> Result<BatchConfiguration, InitError> {
    if let Some(batches) = in_code {
        batches.check(&Source::code(setting))?;
        return Ok(batches);
    }
    let size = format!("{prefix}_MAX_QUEUE_SIZE");
    let batch = format!("{prefix}_MAX_EXPORT_BATCH_SIZE");
    let max_queue_size = reader.count(&size, default.max_queue_size);
    let max_queue_size = max_queue_size.unwrap_or(default.max_queue_size);
    let max_batch = reader.count(&batch, default.max_export_batch_size);
    let max_batch = max_batch.unwrap_or(default.max_export_batch_size);
    let max_export_batch_size = if max_batch > max_queue_size {
        if reader.environment().any_set(&[&batch]) {
            reader.warn(format!(
                "{batch} is larger than {size}; {max_queue_size}, the size of the queue, is in force"
            ));
        }
        max_queue_size
    } else {
        max_batch
    };
    let delay = format!("{prefix}_SCHEDULE_DELAY");
    let timeout = format!("{prefix}_EXPORT_TIMEOUT");
    let export_timeout = reader.millis(&timeout, default.export_timeout);
    Ok(BatchConfiguration {
        max_queue_size,
        max_export_batch_size,
        scheduled_delay: reader
            .millis(&delay, default.scheduled_delay)
            .unwrap_or(default.scheduled_delay),
        export_timeout: positive(export_timeout, &timeout, default.export_timeout, reader),
        ..default
    })
}

pub(super) fn metric_export(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<ExportConfig, InitError> {
    if let Some(export) = config.metric_export {
        export.check(&Source::code("metric_export"))?;
        return Ok(export);
    }
    let default = ExportConfig::default();
    let (interval, timeout) = ("OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT");
    let read_interval = reader.millis(interval, default.export_interval);
    let read_timeout = reader.millis(timeout, default.export_timeout);
    Ok(ExportConfig {
        export_interval: positive(read_interval, interval, default.export_interval, reader),
        export_timeout: positive(read_timeout, timeout, default.export_timeout, reader),
    })
}

/// A time that is set and not 0; 0 is a warning.
fn positive(
    read: Option<Duration>,
    variable: &str,
    default: Duration,
    reader: &mut Reader<'_>,
) -> Duration {
    match read {
        Some(Duration::ZERO) => {
            reader.warn(format!(
                "{variable} is 0; the default of {} ms is in force",
                default.as_millis()
            ));
            default
        }
        Some(time) => time,
        None => default,
    }
}
