//! Answers that are anything, through the layer for tower clients: every framing and every content encoding. The
//! caller gets what was sent, and what is recorded does not depend on how it was split.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/spanwise-http/tests/support/framing.rs"]
mod framing;

fuzz_target!(|input: &[u8]| framing::drive(input));
