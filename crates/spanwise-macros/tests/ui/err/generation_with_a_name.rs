extern crate spanwise_core as spanwise;
use spanwise_macros::generation;

#[generation(name = "ask", provider = "openai")]
async fn ask(prompt: &str) -> String {
    prompt.to_owned()
}

fn main() {}
