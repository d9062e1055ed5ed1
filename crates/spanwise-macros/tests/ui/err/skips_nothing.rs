extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

#[tool(skip = client)]
fn lookup(client: u32) -> u32 {
    client
}

fn main() {}
