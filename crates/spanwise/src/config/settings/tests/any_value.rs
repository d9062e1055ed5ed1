use proptest::prelude::*;

use super::*;

/// Every variable that takes more than a yes or a no.
const VARIABLES: [&str; 24] = [
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_BLRP_EXPORT_TIMEOUT",
    "OTEL_BLRP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
];

/// Looks like something, and has a secret in it.
fn value() -> impl Strategy<Value = String> {
    let anything = "[ -~]{0,12}|\\PC{0,12}";
    let beginning = prop_oneof![
        Just(""),
        Just("http://"),
        Just("https://user:"),
        Just("grpc://"),
        Just("a=b,"),
        Just("["),
        Just("authorization=Bearer%20"),
        Just("%"),
        Just("-"),
        Just("1e"),
        Just("traceidratio"),
    ];
    (beginning, anything, anything)
        .prop_map(|(beginning, before, after)| format!("{beginning}{before}s3cr3t-canary{after}"))
}

proptest! {
    #[test]
    fn no_value_of_any_variable_panics_or_is_told(
        variables in prop::collection::vec((prop::sample::select(&VARIABLES), value()), 1..4),
        endpoint in prop::bool::ANY,
    ) {
        let here = endpoint.then_some(HERE);
        let variables = variables.iter().map(|(variable, value)| (*variable, value.as_str()));
        let variables: Vec<_> = here.into_iter().chain(variables).collect();
        let told = match config(&variables).settings() {
            Ok(settings) => settings.warnings.join("\n"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!told.contains("s3cr3t"), "{}", told);
    }

    #[test]
    fn no_endpoint_or_header_of_code_panics_or_is_told(
        endpoint in value(), name in "\\PC{0,8}", header in value(), grpc in prop::bool::ANY,
    ) {
        let protocol = if grpc { OtlpProtocol::Grpc } else { OtlpProtocol::HttpProtobuf };
        let config = config(&[]).endpoint(endpoint).protocol(protocol).header(name, header);
        let told = match config.settings() {
            Ok(settings) => settings.warnings.join("\n"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!told.contains("s3cr3t"), "{}", told);
        let shown = format!("{:?}", config);
        prop_assert!(!shown.contains("s3cr3t"), "{}", shown);
    }
}
