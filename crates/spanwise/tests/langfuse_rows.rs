//! What Langfuse makes of operations: each field that it shows, and each trap on the way, by a reader of its
//! rules that knows nothing of spanwise.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use serde_json::json;
use spanwise::{
    Agent, ContentCapture, Destination, Generation, Message, Part, Projection, Provider, Response,
    Signals, Step, TelemetryConfig, Tool, TraceRef, Usage, Workflow, scope,
};
use spanwise_testing::{LangfuseServer, Observation, langfuse_observations};
use support::operations::every_operation;
use support::{Receiver, block_on, config, isolated};

const KEY: &str = "Basic cGstbGYtMTpzay1sZi0x";

/// Everything is captured, and goes to a server that answers as Langfuse does.
fn to_langfuse(receiver: &Receiver) -> TelemetryConfig {
    let server = LangfuseServer::new(KEY);
    receiver.answer_by(move |message, arrived| server.answer(message, arrived));
    let endpoint = format!("{}/api/public/otel", receiver.http_url());
    let destination = Destination::otlp(endpoint)
        .header("authorization", KEY)
        .header("x-langfuse-ingestion-version", "4")
        .signals(Signals::TRACES)
        .projection(Projection::Langfuse);
    config().content_capture(ContentCapture::SpanAndEvent).destination(destination)
}

/// What became of what was recorded, by name.
fn observed(
    configure: impl FnOnce(TelemetryConfig) -> TelemetryConfig,
    work: impl AsyncFnOnce(),
) -> BTreeMap<String, Observation> {
    let receiver = Receiver::start();
    let config = configure(to_langfuse(&receiver));
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        work().await;
        let report = telemetry.shutdown().await;
        assert_eq!(report.dropped(), 0, "{report}");
    });
    let requests = receiver.trace_requests();
    let observations = requests.iter().flat_map(langfuse_observations);
    observations.map(|observation| (observation.name.clone(), observation)).collect()
}

/// The same for every operation there is.
fn of_every_operation() -> BTreeMap<String, Observation> {
    observed(|config| config, async || every_operation())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn nothing_that_is_sent_is_dropped() {
    isolated!({
        let observations = of_every_operation();
        assert_eq!(observations.len(), 25, "{:?}", observations.keys());
        for (name, observation) in observations {
            match name.as_str() {
                // Its calls have it.
                "invoke_agent triage" => {
                    assert_eq!(observation.dropped, ["usage and cost of an agent"]);
                }
                _ => assert_eq!(observation.dropped, [""; 0], "{name}"),
            }
        }
    });
}

#[test]
fn every_operation_has_its_type() {
    isolated!({
        let observations = of_every_operation();
        let types = observations.iter().map(|(name, it)| (&**name, &*it.observation_type));
        assert_eq!(
            types.collect::<Vec<_>>(),
            [
                ("chat gpt-4o", "generation"),
                ("chat gpt-4o-cancelled", "generation"),
                ("create_agent triage", "agent"),
                ("create_memory", "span"),
                ("create_memory_store", "span"),
                ("delete_memory", "span"),
                ("delete_memory_store", "span"),
                ("embeddings text-embedding-3-small", "embedding"),
                ("fetch_response", "span"),
                ("generate_content gemini-2.5-flash", "generation"),
                ("invoke_agent remote", "agent"),
                ("invoke_agent triage", "agent"),
                ("invoke_workflow ticket", "chain"),
                ("lookup_order", "tool"),
                ("plan triage", "chain"),
                ("refuse", "tool"),
                ("retrieval docs", "retriever"),
                ("search_memory", "retriever"),
                ("step answer", "span"),
                ("step check", "guardrail"),
                ("step grade", "evaluator"),
                ("step route", "span"),
                ("text_completion davinci", "generation"),
                ("update_memory", "span"),
                ("upsert_memory", "span"),
            ]
        );
    });
}

#[test]
fn every_observation_says_whose_it_is() {
    isolated!({
        for (name, observation) in of_every_operation() {
            assert_eq!(observation.user, some("u-9"), "{name}");
            assert_eq!(observation.session, some("s-1"), "{name}");
            assert_eq!(observation.tags, ["beta", "eu"], "{name}");
            assert_eq!(observation.environment, "staging", "{name}");
            assert_eq!(observation.release, some("v7"), "{name}");
            assert_eq!(observation.metadata["plan"], "gold", "{name}");
            assert_eq!(observation.metadata["tenant_id"], "acme", "{name}");
            assert_eq!(observation.metadata["request_id"], "req-1", "{name}");
            assert!(!observation.public, "{name}");
        }
    });
}

#[test]
fn a_conversation_is_a_session_where_none_is_said() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let chat = Generation::chat(Provider::OpenAi, "gpt-4o").conversation_id("conv-1");
                chat.start().finish();
            },
        );
        assert_eq!(observations["chat gpt-4o"].session, some("conv-1"));
    });
}

#[test]
fn tools_go_by_their_own_names_and_the_others_by_those_of_their_spans() {
    isolated!({
        let observations = of_every_operation();
        assert!(observations.contains_key("lookup_order"));
        assert!(!observations.contains_key("execute_tool lookup_order"));
        assert!(observations.contains_key("chat gpt-4o"));
    });
}

#[test]
fn the_root_names_the_trace_unless_the_program_does() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let _ = Workflow::new("ticket").run_sync(|_| {
                    Step::new("inner").start().finish();
                    Ok::<_, String>(())
                });
                let named = scope()
                    .metadata("langfuse.trace.name", "support turn")
                    .metadata("langfuse.trace.public", "true");
                named.run_sync(|| {
                    let _ = Agent::new("triage").run_sync(|_| {
                        Tool::new("look_up").start().finish();
                        Ok::<_, String>(())
                    });
                });
            },
        );
        assert_eq!(
            observations["invoke_workflow ticket"].trace_name,
            some("invoke_workflow ticket")
        );
        assert!(!observations["invoke_workflow ticket"].public);
        for name in ["invoke_agent triage", "look_up"] {
            assert_eq!(observations[name].trace_name, some("support turn"), "on every span");
            assert!(observations[name].public, "{name}");
            assert_eq!(observations[name].metadata.len(), 0, "it is no metadata");
        }
    });
}

#[test]
fn an_environment_that_would_break_the_rules_is_made_to_keep_them() {
    isolated!({
        let observations = observed(
            |config| config.resource_attribute("deployment.environment.name", "Prod EU"),
            async || {
                Step::new("of the resource").start().finish();
                let named = |name: &str, step: &'static str| {
                    scope()
                        .environment(name.to_owned())
                        .run_sync(|| Step::new(step).start().finish());
                };
                named("langfuse-Canary", "reserved");
                named(&"long ".repeat(20), "long");
            },
        );
        assert_eq!(observations["step of the resource"].environment, "prod-eu");
        assert_eq!(observations["step reserved"].environment, "canary");
        assert_eq!(observations["step long"].environment.len(), 40);
        for observation in observations.values() {
            assert_eq!(observation.dropped, [""; 0]);
        }
    });
}

#[test]
fn an_environment_that_keeps_the_rules_is_read_from_the_resource() {
    isolated!({
        let observations = observed(
            |config| config.resource_attribute("deployment.environment.name", "production"),
            async || Step::new("one").start().finish(),
        );
        assert_eq!(observations["step one"].environment, "production");
    });
}

#[test]
fn the_version_is_the_services() {
    isolated!({
        let observations = observed(
            |config| config.service_version("1.2.3"),
            async || Step::new("one").start().finish(),
        );
        assert_eq!(observations["step one"].version, some("1.2.3"));
    });
}

#[test]
fn how_it_ended_is_a_level_and_a_message() {
    isolated!({
        let observations = of_every_operation();
        let of = |name: &str| {
            let it: &Observation = &observations[name];
            (it.level.as_str(), it.status_message.as_deref())
        };
        assert_eq!(of("chat gpt-4o"), ("DEFAULT", None));
        assert_eq!(of("chat gpt-4o-cancelled"), ("WARNING", Some("cancelled")));
        assert_eq!(of("generate_content gemini-2.5-flash"), ("ERROR", Some("try later")));
    });
}

#[test]
fn a_failure_whose_text_is_private_says_its_kind() {
    isolated!({
        let observations = observed(
            |config| config.record_error_messages(false),
            async || {
                let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
                Tool::new("refuse").start().fail(&denied);
            },
        );
        let observation = &observations["refuse"];
        assert_eq!(observation.level, "ERROR");
        assert_eq!(observation.status_message, some("permission_denied"));
    });
}

#[test]
fn models_are_those_that_answered() {
    isolated!({
        let observations = of_every_operation();
        assert_eq!(observations["chat gpt-4o"].model, some("gpt-4o-2024-08-06"));
        assert_eq!(observations["chat gpt-4o-cancelled"].model, some("gpt-4o-cancelled"));
        assert_eq!(
            observations["embeddings text-embedding-3-small"].model,
            some("text-embedding-3-small")
        );
    });
}

#[test]
fn parameters_have_the_names_of_providers() {
    isolated!({
        let parameters = &of_every_operation()["chat gpt-4o"].model_parameters;
        assert_eq!(parameters["max_tokens"], 256);
        assert_eq!(parameters["temperature"], 0.5);
        assert_eq!(parameters["stop"], json!(["END", "STOP"]));
        assert_eq!(parameters["response_format"], json!({"type": "json_object"}));
        assert!(!parameters.contains_key("model"));
    });
}

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
fn prompts_are_linked_where_their_version_is_a_number() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let call = |model: &'static str, version: &'static str| {
                    let prompted = Generation::chat(Provider::OpenAi, model).prompt_name("triage");
                    prompted.prompt_version(version).start().finish();
                };
                call("numbered", "3");
                call("named", "v3-beta");
            },
        );
        assert_eq!(observations["chat numbered"].prompt, Some(("triage".to_owned(), 3)));
        assert_eq!(observations["chat named"].prompt, None);
        assert_eq!(observations["chat named"].dropped, [""; 0]);
    });
    isolated!({
        let observations = of_every_operation();
        let linked = observations.values().filter(|it| it.prompt.is_some());
        assert!(linked.clone().all(|it| it.observation_type == "generation"));
        assert_eq!(linked.count(), 4);
    });
}

#[test]
fn a_prompts_name_and_variables_do_not_hide_messages() {
    isolated!({
        let chat = &of_every_operation()["chat gpt-4o"];
        assert_eq!(chat.input.as_ref().unwrap()[1]["role"], "user");
        assert_eq!(chat.metadata["gen_ai.prompt.variable.city"], "Bonn");
        assert_eq!(chat.metadata["gen_ai.prompt.name"], "triage");
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

#[test]
fn what_went_in_and_came_out_is_found_for_every_operation_that_says_it() {
    isolated!({
        let observations = of_every_operation();
        let of = |name: &str| {
            let it: &Observation = &observations[name];
            (it.input.clone().unwrap_or_default(), it.output.clone().unwrap_or_default())
        };
        let (input, output) = of("chat gpt-4o");
        assert_eq!((&input[0]["role"], &input[1]["role"]), (&json!("system"), &json!("user")));
        assert_eq!(output[0]["parts"][0]["content"], "On its way.");
        assert_eq!(of("lookup_order"), (json!({"id": 7}), json!({"state": "sent"})));
        let (query, documents) = of("retrieval docs");
        assert_eq!((query, &documents[0]["id"]), (json!("returns"), &json!("doc-1")));
        let (query, records) = of("search_memory");
        assert_eq!((query, &records[0]["content"]), (json!("contact"), &json!("prefers e-mail")));
        let (written, nothing) = of("upsert_memory");
        assert_eq!((&written[0]["content"], nothing), (&json!("prefers e-mail"), json!(null)));
        assert_eq!(of("invoke_workflow ticket").0[0]["parts"][0]["content"], "Where is my order?");
    });
}

#[test]
fn the_top_of_what_a_process_sends_is_marked_though_its_parent_is_elsewhere() {
    isolated!({
        let (trace, span) = (TraceId::from(1), SpanId::from(2));
        let caller = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
        let caller = TraceRef::of(&caller);
        let observations = observed(
            |config| config,
            async || {
                scope().under(&caller).run_sync(|| {
                    let _ = Agent::new("triage").run_sync(|_| {
                        Tool::new("look_up").start().finish();
                        Ok::<_, String>(())
                    });
                });
            },
        );
        assert!(observations["invoke_agent triage"].is_app_root);
        assert_eq!(observations["invoke_agent triage"].trace_name, None, "another names it");
        assert!(!observations["look_up"].is_app_root);
    });
}

#[cfg(feature = "offload")]
#[test]
fn media_are_named_and_kept_elsewhere() {
    use spanwise::{ContentPolicy, ObjectStorage, Offload};

    const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    isolated!({
        let directory = tempfile::tempdir().unwrap();
        let offload = Offload::to(ObjectStorage::directory(directory.path()).unwrap());
        let observations = observed(
            |config| config.content(ContentPolicy::default().offload(offload)),
            async || {
                let message =
                    Message::user("What is this?").part(Part::blob("image", "image/png", PIXEL));
                Generation::chat(Provider::OpenAi, "gpt-4o").input(&message).start().finish();
            },
        );
        let input = observations["chat gpt-4o"].input.clone().unwrap();
        let part = &input[0]["parts"][1];
        assert_eq!((&part["type"], &part["mime_type"]), (&json!("uri"), &json!("image/png")));
        assert!(!input.to_string().contains(PIXEL));
    });
}

#[test]
fn what_the_program_says_in_langfuses_words_wins() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let step = Step::new("rank").start();
                step.attribute("langfuse.observation.type", "evaluator");
                step.attribute("langfuse.observation.level", "DEBUG");
                step.finish();
                let chat = Generation::chat(Provider::OpenAi, "gpt-4o").start();
                chat.attribute("langfuse.observation.usage_details", r#"{"input":1}"#);
                chat.record(&Response::new().usage(Usage::new(120, 48)));
                chat.finish();
            },
        );
        let step = &observations["step rank"];
        assert_eq!((&*step.observation_type, &*step.level), ("evaluator", "DEBUG"));
        assert_eq!(observations["chat gpt-4o"].usage_details, [("input".to_owned(), 1.0)].into());
    });
}

#[test]
fn a_name_in_metadata_that_would_change_objects_is_not_sent_in_langfuses_words() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let odd = scope().metadata("constructor", "x").metadata("plan", "gold");
                odd.run_sync(|| Step::new("one").start().finish());
            },
        );
        let metadata = &observations["step one"].metadata;
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["plan"]);
    });
}
