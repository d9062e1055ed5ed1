//! What the tests of the whole path share: a process of their own, and the receiver of
//! `spanwise-testing`, which decodes what arrives with the official messages.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test uses its own part of it")]

pub mod boards;
mod example;
mod isolated;
pub mod operations;
pub mod real_server;

pub use example::{run_example, told_by_example};
pub use isolated::{Child, Said, finishes_within, until_told};
pub(crate) use isolated::{child, isolated};
pub use spanwise_testing::{Answer, Arrived, Certificates, Receiver, attribute, text};

use std::time::Duration;

use spanwise::{Environment, TelemetryConfig, TracingMode};

/// A configuration that reads nothing from this process's environment and installs no subscriber.
pub fn config() -> TelemetryConfig {
    TelemetryConfig::new("test")
        .environment(Environment::empty())
        .detect_resource(false)
        .tracing(TracingMode::HandOver)
}

/// Runs a future on a runtime of one thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Long enough for anything that will happen, on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
