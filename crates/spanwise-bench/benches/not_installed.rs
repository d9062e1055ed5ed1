//! Recording where nobody started telemetry.

use spanwise::ContentCapture;
use spanwise_bench::{Case, Way, side_by_side};

fn main() {
    side_by_side(
        Way::NotInstalled,
        ContentCapture::NoContent,
        &[Case::Generation, Case::GenerationAroundFuture, Case::Workflow],
    );
}
