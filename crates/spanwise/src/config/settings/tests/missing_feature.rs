//! Run with `--no-default-features`.

use super::*;

#[test]
#[cfg(not(feature = "http"))]
fn http_that_is_not_compiled_in_is_an_error_that_names_the_feature() {
    let said = refused(&[HERE, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]);
    assert_eq!(
        said,
        "OTEL_EXPORTER_OTLP_PROTOCOL needs the feature `http` of spanwise: add it in Cargo.toml"
    );
    let error = config(&[]).endpoint("http://localhost:4318").settings().unwrap_err();
    assert!(matches!(error, InitError::FeatureMissing { feature: "http", .. }), "{error}");
}

#[test]
#[cfg(not(feature = "grpc"))]
fn grpc_that_is_not_compiled_in_is_an_error_that_names_the_feature() {
    let said = refused(&[HERE, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert!(said.contains("needs the feature `grpc`"), "{said}");
}

#[test]
#[cfg(all(feature = "grpc", not(feature = "tls")))]
fn https_that_is_not_compiled_in_is_an_error_that_names_the_feature() {
    let said = refused(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ]);
    assert_eq!(
        said,
        "OTEL_EXPORTER_OTLP_ENDPOINT needs the feature `tls` of spanwise: add it in Cargo.toml"
    );
}

#[test]
#[cfg(all(feature = "grpc", not(any(feature = "gzip", feature = "zstd"))))]
fn compression_that_is_not_compiled_in_is_an_error_that_names_the_feature() {
    for compression in ["gzip", "zstd"] {
        let said = refused(&[
            HERE,
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
        ]);
        assert!(said.contains(&format!("needs the feature `{compression}`")), "{said}");
    }
}
