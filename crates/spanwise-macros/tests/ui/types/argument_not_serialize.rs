extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

struct Client;

#[tool]
fn lookup(client: &Client, id: u32) -> u32 {
    let _ = client;
    id
}

fn main() {}
