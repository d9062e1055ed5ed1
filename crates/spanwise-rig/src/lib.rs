//! See every model call of a program that uses [rig].
//!
//! One line where the client is built:
//!
//! ```
//! use rig_core::providers::openai::OpenAIConfig;
//! use rig_reqwest::ReqwestClient;
//! use spanwise_rig::GenAiHttp;
//!
//! # fn client(http: reqwest::Client) -> rig_core::providers::openai::OpenAI {
//! OpenAIConfig::new("sk-…").connect(GenAiHttp::new(ReqwestClient::from(http)))
//! # }
//! ```
//!
//! Each model call becomes a span with metrics, streamed or not, whichever provider of rig makes it; other
//! requests pass untouched. Retries of rig's are spans of their own.
//!
//! # rig's own spans
//!
//! rig tells `tracing` of each model call as well. Where `tracing` spans are recorded, as `spanwise` does by
//! itself, a call would be there twice: rig's span, and below it this crate's, which knows what rig's does
//! not. So leave out what rig says of model calls, by its targets `rig::completions` and `rig::embedding`,
//! and keep the rest, which is about agents and tools:
//!
//! ```
//! use tracing_subscriber::filter::{LevelFilter, Targets};
//! use tracing_subscriber::prelude::*;
//!
//! # fn start(telemetry: spanwise::Telemetry) {
//! // With `TelemetryConfig::tracing(TracingMode::HandOver)`:
//! let filter = Targets::new()
//!     .with_default(LevelFilter::INFO)
//!     .with_target("rig::completions", LevelFilter::OFF)
//!     .with_target("rig::embedding", LevelFilter::OFF);
//! let subscriber = tracing_subscriber::registry().with(telemetry.tracing_layer().with_filter(filter));
//! # drop(subscriber);
//! # }
//! ```
//!
//! [rig]: https://docs.rs/rig-core

#![allow(clippy::result_large_err, reason = "the error is rig's")]

mod body;
mod client;

pub use client::GenAiHttp;
