//! Recording after `init_telemetry`, content off.

use spanwise::ContentCapture;
use spanwise_bench::{Case, Way, side_by_side};

fn main() {
    side_by_side(
        Way::Installed,
        ContentCapture::NoContent,
        &[Case::Generation, Case::GenerationAroundFuture, Case::Tool, Case::Agent, Case::Workflow],
    );
}
