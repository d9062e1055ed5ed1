extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

#[tool(nmae = "lookup")]
fn lookup(id: u32) -> u32 {
    id
}

fn main() {}
