//! 100 KB of content that is captured, redacted and cut, beside the same call without and a copy of the bytes.

use spanwise::{ContentCapture, ContentPolicy, PatternRedactor, TelemetryConfig};
use spanwise_bench::beside_a_copy;

fn main() {
    let policy =
        ContentPolicy::default().redactor(PatternRedactor::new()).max_attribute_bytes(64 << 10);
    beside_a_copy(
        TelemetryConfig::new("bench").content_capture(ContentCapture::SpanOnly).content(policy),
    );
}
