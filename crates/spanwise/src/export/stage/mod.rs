//! What is done to telemetry between the queue and a destination: plain functions over OTLP messages.

pub(crate) mod content;
pub(crate) mod filter;
pub(crate) mod limits;
pub(crate) mod project;
