extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

trait Lookup {
    #[tool]
    fn lookup(&self, id: &str) -> String;
}

fn main() {}
