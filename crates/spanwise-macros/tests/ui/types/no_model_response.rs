extern crate spanwise_core as spanwise;
use spanwise_macros::generation;

struct Completion;

#[generation(provider = "openai", model = "gpt-4o-mini")]
async fn ask(prompt: &str) -> Result<Completion, std::io::Error> {
    let _ = prompt;
    Ok(Completion)
}

fn main() {}
