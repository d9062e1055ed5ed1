//! What recording costs, beside the raw OpenTelemetry SDK doing the same by hand.
//!
//! | To measure | Run |
//! |---|---|
//! | instructions, with valgrind | `cargo run --release -p spanwise-bench --bin instructions` |
//! | eight threads | `cargo run --release -p spanwise-bench --bin threads` |
//! | bytes: content, a full queue, the process | `cargo run --release -p spanwise-bench --bin memory` |
//! | what arrives in a second | `cargo run --release -p spanwise-bench --bin throughput` |
//! | time | `cargo bench -p spanwise-bench` |
//! | the HTTP layer around a client | `cargo run --release -p spanwise-bench --bin http` |
//! | the HTTP layer by itself | `cargo run --release -p spanwise-bench --bin layer` |
//!
//! Numbers, and how they came about: `docs/performance.md`.

// What is recorded, and in which ways.
mod by_hand;
mod call;
mod case;
pub mod http;
mod with_spanwise;

// How it is set up and measured.
mod in_turn;
mod listeners;
mod nowhere;
mod prepared;
mod side_by_side;

pub use call::{Answer, Call};
pub use case::{Case, Way};
pub use in_turn::{InTurn, in_turn};
pub use listeners::{HANDLER, add_exporters, add_hard_exporters, attach_handler};
pub use prepared::Prepared;
pub use side_by_side::{side_by_side, thread_cpu};
