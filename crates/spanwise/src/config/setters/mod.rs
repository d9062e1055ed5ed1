//! The setters of [`TelemetryConfig`](super::TelemetryConfig), by what they are about.

mod delivery;
mod destinations;
mod process;
mod recording;
mod service;
