//! Every variable, and what wins over what.

mod any_value;
mod batches;
mod content;
mod delivery;
mod documented;
mod limits;
#[cfg(not(all(feature = "grpc", feature = "http", feature = "tls")))]
mod missing_feature;
mod otlp;
mod profile;
mod propagation;
mod resource;
mod sampling;
mod where_it_goes;

use opentelemetry::Key;
use opentelemetry_sdk::trace::Sampler;
use spanwise_core::ContentCapture;

use super::*;
use crate::config::{Compression, Endpoint, OtlpProtocol, Signals, Temporality};

fn config(variables: &[(&str, &str)]) -> TelemetryConfig {
    TelemetryConfig::default()
        .detect_resource(false)
        .environment(variables.iter().copied().collect::<Environment>())
}

#[track_caller]
fn settle(variables: &[(&str, &str)]) -> Settings {
    config(variables).settings().unwrap()
}

#[track_caller]
fn refused(variables: &[(&str, &str)]) -> String {
    config(variables).settings().unwrap_err().to_string()
}

#[track_caller]
fn warned(variables: &[(&str, &str)]) -> Vec<String> {
    settle(variables).warnings
}

#[track_caller]
fn endpoints(settings: &Settings) -> Vec<(Signal, Endpoint)> {
    match &settings.routes[0].route {
        Route::Otlp(endpoints, _) => endpoints.clone(),
        other => panic!("not OTLP: {other:?}"),
    }
}

#[track_caller]
fn traces(settings: &Settings) -> Endpoint {
    let endpoints = endpoints(settings);
    endpoints.into_iter().find(|(signal, _)| *signal == Signal::Traces).unwrap().1
}

const HERE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
