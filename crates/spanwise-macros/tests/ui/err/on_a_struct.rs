extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

#[tool]
struct Order {
    id: String,
}

fn main() {}
