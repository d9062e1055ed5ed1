//! A library that only records: `spanwise-core`, and no program's SDK.
use spanwise_macros::{agent, generation, retrieval, step, tool, workflow};

#[workflow(crate = spanwise_core)]
fn handle(ticket: &str) -> Result<String, std::num::ParseIntError> {
    route();
    answer(ticket)
}

#[step(crate = spanwise_core, name = "route")]
fn route() {}

#[agent(crate = spanwise_core)]
fn answer(ticket: &str) -> Result<String, std::num::ParseIntError> {
    find(ticket);
    count(ask(ticket))
}

#[retrieval(crate = spanwise_core, data_source_id = "articles")]
fn find(query: &str) -> Vec<String> {
    vec![query.to_owned()]
}

#[generation(crate = spanwise_core, provider = "openai", model = "gpt-4o-mini")]
fn ask(prompt: &str) -> String {
    prompt.to_owned()
}

#[tool(crate = spanwise_core)]
fn count(words: String) -> Result<String, std::num::ParseIntError> {
    words.parse::<u32>().map(|count| count.to_string())
}

fn main() {
    assert_eq!(handle("17").as_deref(), Ok("17"));
}
