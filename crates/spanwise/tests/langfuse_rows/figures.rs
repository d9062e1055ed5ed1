//! Models, tokens, cost and time.

use std::time::Duration;

use futures_util::StreamExt as _;
use spanwise::{Agent, Generation, PriceTable, Prices, Provider, Usage};
use spanwise_testing::langfuse_observations;

use crate::support::{Receiver, block_on, isolated};
use crate::{observed, of_every_operation, some, to_langfuse};

#[test]
fn no_token_stands_in_two_kinds() {
    isolated!({
        let observations = of_every_operation();
        let usage = &observations["chat gpt-4o"].usage_details;
        let expected = [
            ("input", 237.0),
            ("input_audio_tokens", 15.0),
            ("input_cache_creation", 8.0),
            ("input_cached_tokens", 40.0),
            ("output", 28.0),
            ("output_audio_tokens", 4.0),
            ("output_reasoning_tokens", 16.0),
            ("total", 348.0),
        ];
        let usage: Vec<_> = usage.iter().map(|(kind, tokens)| (&**kind, *tokens)).collect();
        assert_eq!(usage, expected);
        let kinds = usage.iter().filter(|(kind, _)| *kind != "total").map(|(_, tokens)| tokens);
        assert_eq!(kinds.sum::<f64>(), 348.0);
        let embedding = &observations["embeddings text-embedding-3-small"].usage_details;
        assert_eq!(embedding["input"], 9.0);
    });
}

#[test]
fn an_answer_that_is_fetched_again_counts_no_tokens_again() {
    isolated!({
        let observations = of_every_operation();
        let fetched = &observations["fetch_response"];
        assert_eq!(fetched.observation_type, "span", "of a generation tokens would be guessed");
        assert!(fetched.usage_details.is_empty() && fetched.output.is_some());
    });
}

#[test]
fn an_agent_here_counts_nothing_since_its_calls_do() {
    isolated!({
        let agent = &of_every_operation()["invoke_agent triage"];
        assert!(agent.usage_details.is_empty() && agent.model.is_none());
    });
}

#[test]
fn an_agent_elsewhere_keeps_its_model_and_usage_which_nobody_else_counts() {
    isolated!({
        let agent = &of_every_operation()["invoke_agent remote"];
        assert_eq!(agent.observation_type, "agent");
        assert_eq!((agent.usage_details["input"], agent.usage_details["output"]), (30.0, 4.0));
        assert_eq!(agent.model, some("nova"));
        assert_eq!(agent.metadata["gen_ai.operation.name"], "invoke_agent");
    });
}

#[test]
fn cost_is_told_in_dollars_once_it_is_known() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let call = |model: &'static str, currency: Option<&'static str>| {
                    let generation = Generation::chat(Provider::OpenAi, model).start();
                    generation.usage(Usage::new(120, 48));
                    generation.attribute("spanwise.cost.amount", 0.0125);
                    if let Some(currency) = currency {
                        generation.attribute("spanwise.cost.currency", currency);
                    }
                    generation.finish();
                };
                call("dollars", Some("USD"));
                call("unsaid", None);
                call("euros", Some("EUR"));
                Generation::chat(Provider::OpenAi, "unknown").start().finish();
            },
        );
        for model in ["dollars", "unsaid"] {
            assert_eq!(observations[&format!("chat {model}")].cost_details["total"], 0.0125);
        }
        for model in ["euros", "unknown"] {
            assert!(observations[&format!("chat {model}")].cost_details.is_empty(), "{model}");
        }
    });
}

#[test]
fn what_was_reckoned_stands_on_calls_and_the_agent_around_them_repeats_none_of_it() {
    isolated!({
        let own = "[[prices]]\nmodel = \"house-*\"\ninput = 0.15\noutput = 0.6";
        let prices = Prices::none().own(PriceTable::from_toml(own).unwrap());
        let observations = observed(
            |config| config.pricing(prices),
            async || {
                let worked = Agent::new("triage").run_sync(|_| {
                    for (model, input) in [("house-7b", 1000), ("house-70b", 2000)] {
                        let generation = Generation::chat(Provider::from("house"), model).start();
                        generation.usage(Usage::new(input, 100));
                        generation.finish();
                    }
                    Ok::<_, std::io::Error>(())
                });
                worked.unwrap();
            },
        );
        let cost = |name: &str| {
            let details = &observations[name].cost_details;
            assert!(observations[name].dropped.is_empty(), "{name}");
            details.iter().map(|(kind, amount)| (kind.as_str(), *amount)).collect::<Vec<_>>()
        };
        assert_eq!(cost("chat house-7b"), [("total", 0.000_21)]);
        assert_eq!(cost("chat house-70b"), [("total", 0.000_36)]);
        assert_eq!(cost("invoke_agent triage"), []);
        let all = observations.values().flat_map(|it| it.cost_details.values()).sum::<f64>();
        assert!((all - 0.000_57).abs() < 1e-12, "{all}");
    });
}

#[test]
fn the_first_word_came_after_the_start_and_before_the_end() {
    isolated!({
        let receiver = Receiver::start();
        let config = to_langfuse(&receiver);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
            let chunks = futures_util::stream::iter([1, 2]).then(async |chunk| {
                tokio::time::sleep(Duration::from_millis(20)).await;
                chunk
            });
            let stream = generation.stream(chunks, |_, response| response.text("Hi"));
            assert_eq!(Box::pin(stream).count().await, 2);
            telemetry.shutdown().await;
        });
        let observation = langfuse_observations(&receiver.trace_requests()[0]).remove(0);
        let span = receiver.span("chat gpt-4o");
        let moment = humantime::parse_rfc3339(&observation.completion_start_time.unwrap()).unwrap();
        let nanos = moment.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let millis = |nanos: u64| u128::from(nanos / 1_000_000);
        assert!(nanos / 1_000_000 >= millis(span.start_time_unix_nano) + 19, "{moment:?}");
        assert!(nanos / 1_000_000 <= millis(span.end_time_unix_nano), "{moment:?}");
    });
}
