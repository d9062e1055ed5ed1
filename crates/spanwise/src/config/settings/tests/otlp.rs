use super::*;

#[test]
fn each_option_has_a_form_for_one_signal_that_wins() {
    let settings = settle(&[
        HERE,
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "7000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "500"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2%20x,c=Basic%20Zg=="),
    ]);
    let own = traces(&settings);
    assert_eq!(own.protocol, OtlpProtocol::HttpJson);
    assert_eq!(own.timeout, Duration::from_millis(500));
    assert_eq!(own.compression, Compression::Zstd);
    let headers: Vec<_> =
        own.headers.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    assert_eq!(headers, [("b", "2 x"), ("c", "Basic Zg==")]);
    let shared = &endpoints(&settings)[1].1;
    assert_eq!(shared.protocol, OtlpProtocol::HttpProtobuf);
    assert_eq!(shared.timeout, Duration::from_secs(7));
    assert_eq!(shared.compression, Compression::Gzip);
    assert_eq!(shared.headers.iter().count(), 1);
}

#[test]
fn code_wins_over_the_environment_headers_included() {
    let settings = config(&[
        HERE,
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://env:1"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=env,other=env"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
    ])
    .endpoint("http://code:2")
    .protocol(OtlpProtocol::Grpc)
    .header("Authorization", "code")
    .compression(Compression::Zstd)
    .timeout(Duration::from_secs(3))
    .temporality(Temporality::LowMemory)
    .settings()
    .unwrap();
    let endpoint = traces(&settings);
    assert_eq!(endpoint.url.to_string(), "http://code:2/");
    assert_eq!(endpoint.protocol, OtlpProtocol::Grpc);
    assert_eq!(endpoint.compression, Compression::Zstd);
    assert_eq!(endpoint.timeout, Duration::from_secs(3));
    let mut headers: Vec<_> =
        endpoint.headers.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    headers.sort_unstable();
    assert_eq!(headers, [("authorization", "code"), ("other", "env")]);
    assert_eq!(settings.routes[0].temporality, Temporality::LowMemory);
}

#[test]
fn a_grpc_endpoint_without_a_scheme_is_secure_unless_it_is_said_otherwise() {
    let grpc = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
    ];
    assert_eq!(traces(&settle(&grpc)).url.to_string(), "https://collector:4317/");
    let insecure = [grpc[0], grpc[1], ("OTEL_EXPORTER_OTLP_INSECURE", "true")];
    assert_eq!(traces(&settle(&insecure)).url.to_string(), "http://collector:4317/");
    let scheme = [grpc[0], ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c:1"), insecure[2]];
    assert_eq!(traces(&settle(&scheme)).url.to_string(), "https://c:1/", "a scheme wins");
}

#[test]
fn a_path_with_grpc_is_a_warning() {
    let warnings = warned(&[
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/v1/traces"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ]);
    assert_eq!(
        warnings,
        ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT names a path, which gRPC does not use; for a \
          receiver of OTLP over HTTP set the protocol to http/protobuf"]
    );
}

#[test]
fn temporality_is_read_in_any_case() {
    let variable = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    for (word, expected) in [
        ("cumulative", Temporality::Cumulative),
        ("DELTA", Temporality::Delta),
        ("LowMemory", Temporality::LowMemory),
    ] {
        assert_eq!(settle(&[HERE, (variable, word)]).routes[0].temporality, expected);
    }
    assert_eq!(
        warned(&[HERE, (variable, "sometimes")]),
        ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is set but is not one of cumulative, \
          delta, lowmemory; cumulative is in force"]
    );
}

#[test]
fn what_cannot_be_used_is_an_error_that_names_the_variable_and_the_remedy() {
    let endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    for (variables, expected) in [
        (
            vec![(endpoint, "localhost:4318")],
            "OTEL_EXPORTER_OTLP_ENDPOINT has no scheme: begin it with http:// or https://, as in \
             http://localhost:4318",
        ),
        (
            vec![(endpoint, "http://")],
            "OTEL_EXPORTER_OTLP_ENDPOINT is no URL (empty host): give a URL such as \
             http://localhost:4318",
        ),
        (
            vec![(endpoint, "ftp://host")],
            "OTEL_EXPORTER_OTLP_ENDPOINT has a scheme that is neither http nor https: give a URL \
             such as http://localhost:4318",
        ),
        (
            vec![HERE, ("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")],
            "OTEL_EXPORTER_OTLP_PROTOCOL is no protocol that is known: set it to one of grpc, \
             http/protobuf, http/json",
        ),
        (
            vec![HERE, ("OTEL_EXPORTER_OTLP_HEADERS", "canary")],
            "OTEL_EXPORTER_OTLP_HEADERS holds something that is no `key=value`: write \
             key=value,key=value, with special characters percent-encoded",
        ),
        (
            vec![HERE, ("OTEL_EXPORTER_OTLP_HEADERS", "a b=canary")],
            "OTEL_EXPORTER_OTLP_HEADERS holds a header whose name is not legal: use letters, \
             digits and `-`",
        ),
        (
            vec![HERE, ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=canary%0Ab")],
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS holds a value for the header `a` that is not \
             legal: use visible ASCII characters, on one line",
        ),
        (
            vec![HERE, ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file")],
            "OTEL_EXPORTER_OTLP_CERTIFICATE names a file that cannot be read (entity not found): \
             give the path of a PEM file",
        ),
    ] {
        let error = refused(&variables);
        assert_eq!(error, expected);
        assert!(!error.contains("canary"));
    }
}

#[test]
fn a_password_in_the_endpoint_is_never_shown() {
    let settings = settle(&[(HERE.0, "https://user:canary@host/?key=canary")]);
    let shown = format!("{settings:?} {}", traces(&settings).url);
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_bad_number_or_word_is_one_warning_and_the_default_holds() {
    let settings = settle(&[
        HERE,
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "brotli"),
    ]);
    assert_eq!(traces(&settings).timeout, Duration::from_secs(10));
    assert_eq!(
        settings.warnings,
        [
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT is set but is not a whole number of \
             milliseconds above 0; the default of 10000 ms is in force",
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION is set but is not one of none, gzip, zstd; none \
             is in force",
        ]
    );
}

#[test]
fn a_variable_for_all_signals_is_warned_of_once() {
    let warnings = warned(&[HERE, ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]);
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
}
