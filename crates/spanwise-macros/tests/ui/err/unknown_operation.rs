extern crate spanwise_core as spanwise;
use spanwise_macros::generation;

#[generation(provider = "openai", operation = "talk")]
async fn ask(prompt: &str) -> String {
    prompt.to_owned()
}

fn main() {}
