extern crate spanwise_core as spanwise;
use spanwise_macros::generation;

#[generation(provider = "openai", chunk = |chunk, response| response.text(chunk))]
async fn ask(prompt: &str) -> String {
    prompt.to_owned()
}

fn main() {}
