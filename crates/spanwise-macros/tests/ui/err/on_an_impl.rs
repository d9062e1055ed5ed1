extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

struct Orders;

#[tool]
impl Orders {
    fn lookup(&self) {}
}

fn main() {}
