extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

struct Team;

#[tool(attributes(app.team = Team))]
fn lookup(id: u32) -> u32 {
    id
}

fn main() {}
