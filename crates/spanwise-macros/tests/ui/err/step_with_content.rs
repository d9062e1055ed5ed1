extern crate spanwise_core as spanwise;
use spanwise_macros::step;

#[step(skip(order))]
fn route(order: u32) -> u32 {
    order
}

fn main() {}
