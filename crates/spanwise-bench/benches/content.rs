//! Content on spans: 1 KB and 100 KB, beside none.

use spanwise::ContentCapture;
use spanwise_bench::{Case, Way, side_by_side};

fn main() {
    side_by_side(
        Way::Installed,
        ContentCapture::SpanOnly,
        &[Case::Generation, Case::Content(1 << 10), Case::Content(100 << 10)],
    );
}
