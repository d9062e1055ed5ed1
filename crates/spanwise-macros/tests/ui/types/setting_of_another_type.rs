extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

#[tool(call_id = number)]
fn lookup(id: u32, number: u32) -> u32 {
    id
}

fn main() {}
