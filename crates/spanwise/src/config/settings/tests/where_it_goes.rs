use super::*;

#[test]
fn with_nothing_set_traces_are_drawn_and_the_rest_goes_nowhere() {
    let settings = settle(&[]);
    assert!(matches!(
        &settings.routes[..],
        [DestinationSettings { route: Route::Console(Signals::TRACES), .. }]
    ));
    assert!(settings.warnings.is_empty());
}

#[test]
fn an_empty_value_is_unset() {
    let empty = [("OTEL_EXPORTER_OTLP_ENDPOINT", ""), ("OTEL_TRACES_EXPORTER", "  ")];
    assert!(matches!(settle(&empty).routes[0].route, Route::Console(_)));
}

#[test]
fn the_base_endpoint_gets_a_path_for_each_signal() {
    let urls: Vec<String> =
        endpoints(&settle(&[HERE])).iter().map(|(_, e)| e.url.to_string()).collect();
    assert_eq!(
        urls,
        [
            "http://collector:4318/v1/traces",
            "http://collector:4318/v1/metrics",
            "http://collector:4318/v1/logs",
        ]
    );
    let below = settle(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://host/otlp/")]);
    assert_eq!(traces(&below).url.to_string(), "https://host/otlp/v1/traces");
}

#[test]
fn an_endpoint_of_one_signal_is_taken_as_it_is_and_wins() {
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://tempo:9/mine");
    let settings = settle(&[HERE, own]);
    assert_eq!(traces(&settings).url.to_string(), "http://tempo:9/mine");
    assert_eq!(endpoints(&settings)[1].1.url.to_string(), "http://collector:4318/v1/metrics");
}

#[test]
fn otlp_without_an_endpoint_means_this_machine() {
    let settings = settle(&[("OTEL_TRACES_EXPORTER", "otlp")]);
    assert_eq!(traces(&settings).url.to_string(), "http://localhost:4318/v1/traces");
    let grpc = [("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    assert_eq!(traces(&settle(&grpc)).url.to_string(), "http://localhost:4317/");
}

#[test]
fn exporters_are_chosen_for_each_signal() {
    let settings = settle(&[
        ("OTEL_TRACES_EXPORTER", "otlp, console"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "console"),
    ]);
    let signals: Vec<_> = endpoints(&settings).iter().map(|(signal, _)| *signal).collect();
    assert_eq!(signals, [Signal::Traces]);
    let shown = Signals { traces: true, metrics: false, logs: true };
    assert!(matches!(settings.routes[1].route, Route::Console(signals) if signals == shown));
}

#[test]
fn none_everywhere_goes_nowhere() {
    let none = ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"];
    assert!(settle(&none.map(|variable| (variable, "none"))).routes.is_empty());
}

#[test]
fn an_unknown_exporter_is_a_warning() {
    assert_eq!(
        warned(&[("OTEL_TRACES_EXPORTER", "zipkin")]),
        ["OTEL_TRACES_EXPORTER is set but is not a list of otlp, console, none; otlp is in force"]
    );
}

#[test]
fn a_switch_turns_everything_off() {
    assert!(!settle(&[("OTEL_SDK_DISABLED", "TRUE")]).enabled);
    assert!(settle(&[("OTEL_SDK_DISABLED", "false")]).enabled);
    let odd = settle(&[("OTEL_SDK_DISABLED", "1")]);
    assert!(odd.enabled);
    assert_eq!(
        odd.warnings,
        ["OTEL_SDK_DISABLED is set but is neither true nor false; false is in force"]
    );
    let off = config(&[("OTEL_SDK_DISABLED", "true")]).enabled(true);
    assert!(off.settings().unwrap().enabled, "code wins");
}

#[test]
fn destinations_of_code_stand_in_place_of_the_environments() {
    let destination = || crate::config::Destination::otlp("http://mine:1");
    let settings = config(&[HERE]).destination(destination()).settings().unwrap();
    assert_eq!(settings.routes.len(), 1);
    assert_eq!(traces(&settings).url.to_string(), "http://mine:1/v1/traces");
    let both = config(&[HERE])
        .destination(destination())
        .destination(crate::config::Destination::from_env());
    let names: Vec<_> =
        both.settings().unwrap().routes.into_iter().map(|route| route.name).collect();
    assert_eq!(names, ["otlp", "otlp-2"]);
}

#[test]
fn a_destination_of_code_takes_nothing_from_the_environment() {
    let settings = config(&[
        HERE,
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=other"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
    ])
    .destination(crate::config::Destination::otlp("http://mine:1").header("x-key", "k"))
    .settings()
    .unwrap();
    let endpoint = traces(&settings);
    let names: Vec<_> = endpoint.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-key"]);
    assert_eq!(endpoint.protocol, OtlpProtocol::HttpProtobuf);
    assert_eq!(endpoint.compression, Compression::None);
    assert_eq!(endpoint.timeout, Duration::from_secs(10));
}

#[test]
fn signals_can_be_turned_off_for_all_destinations() {
    let settings = config(&[HERE]).signals(Signals::METRICS).settings().unwrap();
    let signals: Vec<_> = endpoints(&settings).iter().map(|(signal, _)| *signal).collect();
    assert_eq!(signals, [Signal::Metrics]);
}
