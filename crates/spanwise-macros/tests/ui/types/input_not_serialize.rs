extern crate spanwise_core as spanwise;
use spanwise_macros::agent;

struct Ticket;

#[agent]
fn triage(ticket: Ticket) {
    let _ = ticket;
}

fn main() {}
