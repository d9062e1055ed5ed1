//! Recording into the application's own providers, with plain instruments.

use spanwise::ContentCapture;
use spanwise_bench::{Case, Way, side_by_side};

fn main() {
    side_by_side(
        Way::Attached,
        ContentCapture::NoContent,
        &[Case::Generation, Case::GenerationAroundFuture],
    );
}
