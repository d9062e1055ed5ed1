extern crate spanwise_core as spanwise;
use spanwise_macros::generation;

#[generation(model = "gpt-4o-mini")]
async fn ask(prompt: &str) -> String {
    prompt.to_owned()
}

fn main() {}
