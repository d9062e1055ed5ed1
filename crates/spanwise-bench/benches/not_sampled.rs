//! Recording what the sampler does not want; metrics are whole.

use spanwise::ContentCapture;
use spanwise_bench::{Case, Way, side_by_side};

fn main() {
    side_by_side(
        Way::NotSampled,
        ContentCapture::NoContent,
        &[Case::Generation, Case::GenerationAroundFuture],
    );
}
