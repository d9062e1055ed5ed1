use super::*;
use crate::config::Destination;

#[test]
fn spans_and_logs_have_variables_and_defaults_of_their_own() {
    let defaults = settle(&[]);
    assert_eq!(defaults.spans, BatchConfiguration::SPANS);
    assert_eq!(defaults.logs, BatchConfiguration::LOGS);
    let settings = settle(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4096"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "9000"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "200"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "10"),
        ("OTEL_BLRP_EXPORT_TIMEOUT", "8000"),
    ]);
    let expected = |queue, batch, delay, timeout| BatchConfiguration {
        max_queue_size: queue,
        max_queue_bytes: 64 << 20,
        max_export_batch_size: batch,
        scheduled_delay: Duration::from_millis(delay),
        export_timeout: Duration::from_millis(timeout),
    };
    assert_eq!(settings.spans, expected(4096, 64, 100, 9000));
    assert_eq!(settings.logs, expected(100, 10, 200, 8000));
    assert!(settings.warnings.is_empty());
}

#[test]
fn a_size_of_zero_is_a_warning_from_the_environment_and_an_error_from_code() {
    let settings = settle(&[("OTEL_BSP_MAX_QUEUE_SIZE", "0"), ("OTEL_BSP_EXPORT_TIMEOUT", "0")]);
    assert_eq!(settings.spans, BatchConfiguration::SPANS);
    assert_eq!(settings.warnings.len(), 2);
    for broken in [
        BatchConfiguration { max_queue_size: 0, ..BatchConfiguration::SPANS },
        BatchConfiguration { max_queue_bytes: 0, ..BatchConfiguration::SPANS },
        BatchConfiguration { max_export_batch_size: 0, ..BatchConfiguration::SPANS },
        BatchConfiguration { export_timeout: Duration::ZERO, ..BatchConfiguration::SPANS },
    ] {
        assert!(config(&[]).span_batches(broken).settings().is_err());
        assert!(config(&[]).log_batches(broken).settings().is_err());
    }
}

#[test]
fn a_batch_is_no_larger_than_its_queue() {
    let settings = settle(&[("OTEL_BSP_MAX_QUEUE_SIZE", "100")]);
    assert_eq!(settings.spans.max_export_batch_size, 100);
    assert!(settings.warnings.is_empty(), "nobody said otherwise");
    let both = [("OTEL_BSP_MAX_QUEUE_SIZE", "100"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "200")];
    assert_eq!(warned(&both).len(), 1);
}

#[test]
fn metrics_have_an_interval_and_a_timeout() {
    assert_eq!(settle(&[]).metrics, ExportConfig::default());
    let settings =
        settle(&[("OTEL_METRIC_EXPORT_INTERVAL", "1500"), ("OTEL_METRIC_EXPORT_TIMEOUT", "700")]);
    assert_eq!(settings.metrics.export_interval, Duration::from_millis(1500));
    assert_eq!(settings.metrics.export_timeout, Duration::from_millis(700));
    assert_eq!(warned(&[("OTEL_METRIC_EXPORT_INTERVAL", "0")]).len(), 1);
    let broken = ExportConfig { export_interval: Duration::ZERO, ..ExportConfig::default() };
    assert!(config(&[]).metric_export(broken).settings().is_err());
}

#[test]
fn the_destination_that_waits_the_least_decides_how_long_spans_wait() {
    let at = |url: &str| Destination::otlp(format!("http://{url}")).signals(Signals::TRACES);
    let delay = |variables: &[(&str, &str)], delays: &[Option<u64>]| {
        let add = |config: TelemetryConfig, delay: &Option<u64>| {
            let destination = at("localhost:4318");
            config.destination(match delay {
                Some(delay) => destination.scheduled_delay(Duration::from_millis(*delay)),
                None => destination,
            })
        };
        let settings = delays.iter().fold(config(variables), add).settings().unwrap();
        assert_eq!(settings.delay(Signal::Logs), BatchConfiguration::LOGS.scheduled_delay);
        settings.delay(Signal::Traces).as_millis()
    };
    assert_eq!(delay(&[], &[None, None]), 5000);
    assert_eq!(delay(&[], &[Some(9000)]), 9000, "nobody else waits");
    assert_eq!(delay(&[], &[Some(9000), None]), 5000);
    assert_eq!(delay(&[], &[Some(300), Some(200), None]), 200);
    let none = [("OTEL_BSP_SCHEDULE_DELAY", "0")];
    assert_eq!(delay(&none, &[Some(300), None]), 1, "the thread has to rest");
}
