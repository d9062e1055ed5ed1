extern crate spanwise_core as spanwise;
use spanwise_macros::agent;

struct Answer;

#[agent]
fn triage(ticket: &str) -> Answer {
    let _ = ticket;
    Answer
}

fn main() {}
