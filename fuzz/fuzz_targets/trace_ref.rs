//! Trace references that are anything: what is read is written the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_core::TraceRef;

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<TraceRef>() {
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }
});
