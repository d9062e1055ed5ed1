extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

struct NotFound;

#[tool]
fn lookup(id: u32) -> Result<u32, NotFound> {
    if id > 0 { Ok(id) } else { Err(NotFound) }
}

fn main() {}
