//! The redactor on any text, and on any text that may be JSON: it does not fall over, what it gives it gives
//! again, and JSON stays JSON.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use spanwise::{HashKey, PatternRedactor, Redactor, Replacement, TextPlace, redact_json};

static REDACTORS: LazyLock<Vec<PatternRedactor>> = LazyLock::new(|| {
    let all = [
        Replacement::Label,
        Replacement::Mask,
        Replacement::Hash(HashKey::new("key")),
        Replacement::Drop,
    ];
    let make = |replacement| {
        let builder = PatternRedactor::builder().replace_with(replacement);
        builder.words(["email", "b"]).pattern("OWN", r"[A-Z]{2}\d").build()
    };
    all.into_iter().filter_map(|replacement| make(replacement).ok()).collect()
});

fuzz_target!(|text: &str| {
    let place = TextPlace::attribute("gen_ai.input.messages").in_part("text");
    for redactor in REDACTORS.iter() {
        let once = redactor.redact(text, &place).into_owned();
        assert_eq!(redactor.redact(&once, &place), once);
        let once = redact_json(text, redactor, place).into_owned();
        assert_eq!(redact_json(&once, redactor, place), once);
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(&once).is_ok());
        }
    }
});
