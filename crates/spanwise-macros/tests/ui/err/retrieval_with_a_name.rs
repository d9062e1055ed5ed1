extern crate spanwise_core as spanwise;
use spanwise_macros::retrieval;

#[retrieval(name = "articles")]
fn find(query: &str) -> Vec<String> {
    vec![query.to_owned()]
}

fn main() {}
