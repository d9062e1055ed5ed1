//! The stack of `docker-compose.telemetry.yml` and of `deploy/`, by its own files, as real processes on free loopback
//! ports.
//!
//! ```text
//! cargo test -p spanwise --test stack
//!
//! a program ──► Collector ──► Jaeger, whose API tells the tree
//!                         └─► Prometheus, whose API tells the numbers
//! programs  ──► agents ──► gateways, which keep what is worth keeping
//! ```
//!
//! `scripts/stack install` builds the programs below `.stack/bin`, or `SPANWISE_STACK_DIR`. Others are on `PATH`, or are named by `SPANWISE_TEST_OTELCOL`,
//! `SPANWISE_TEST_JAEGER`, `SPANWISE_TEST_PROMETHEUS` and `SPANWISE_TEST_PROMTOOL`. What needs one that is not there is
//! skipped, and says so; with `SPANWISE_TEST_STACK=required` it fails, and with
//! `SPANWISE_TEST_STACK=otelcol,prometheus` where it is one of these.

#[path = "../../crates/spanwise/tests/support/mod.rs"]
mod support;

// What runs.
mod machine;
mod process;
mod programs;

// What must hold.
mod boards;
mod components;
mod composed;
mod fleet;
mod one_machine;
mod restart;
mod valid;

use std::path::PathBuf;

/// A file of the repository.
fn file(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).canonicalize().unwrap().join(name)
}

/// A YAML file of the repository.
fn yaml(name: &str) -> yaml_serde::Value {
    let text = std::fs::read_to_string(file(name)).unwrap();
    yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
