//! What Langfuse makes of operations: each field that it shows, and each trap on the way, by a reader of its
//! rules that knows nothing of spanwise.

mod content;
mod figures;
mod rows;
mod trace;

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use spanwise::{
    ContentCapture, Destination, Generation, Projection, Provider, Response, Signals, Step,
    TelemetryConfig, Tool, Usage,
};
use spanwise_testing::{LangfuseObservation, LangfuseServer, langfuse_observations};
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
) -> BTreeMap<String, LangfuseObservation> {
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
fn of_every_operation() -> BTreeMap<String, LangfuseObservation> {
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
fn tools_go_by_their_own_names_and_the_others_by_those_of_their_spans() {
    isolated!({
        let observations = of_every_operation();
        assert!(observations.contains_key("lookup_order"));
        assert!(!observations.contains_key("execute_tool lookup_order"));
        assert!(observations.contains_key("chat gpt-4o"));
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
