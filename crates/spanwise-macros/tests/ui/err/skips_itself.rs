extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

struct Orders;

impl Orders {
    #[tool(skip(self))]
    fn lookup(&self, id: u32) -> u32 {
        id
    }
}

fn main() {}
