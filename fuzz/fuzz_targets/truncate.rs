//! Content that is anything, cut to a length that the first two bytes say.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some((length, text)) = input.split_first_chunk::<2>() else { return };
    let most = usize::from(u16::from_le_bytes(*length));
    let Ok(text) = std::str::from_utf8(text) else { return };
    let cut = spanwise::truncate_json(text, most);
    assert!(cut.len() <= most.max(2), "{} > {most}", cut.len());
    if let Ok(before @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(text) {
        let after: Value = serde_json::from_str(&cut).expect("JSON stays JSON");
        assert_eq!(std::mem::discriminant(&after), std::mem::discriminant(&before));
        assert_eq!(spanwise::truncate_json(&cut, most), cut, "what fits is not cut again");
    }
});
