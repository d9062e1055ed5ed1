//! Every exchange of the example `conformance` follows the conventions, in every profile and with content in
//! every place, as told by what arrived over gRPC at a receiver that decodes it independently.

mod support;

use std::collections::BTreeSet;

use spanwise::semconv::SemconvProfile;
use spanwise_testing::Conformance;
use support::{Receiver, attribute, run_example, text};

const PROFILES: [(&str, SemconvProfile); 3] = [
    ("latest", SemconvProfile::Latest),
    ("v1_41", SemconvProfile::V1_41),
    ("both", SemconvProfile::Both),
];
const CONTENT: [&str; 4] = ["NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT"];

/// Makes an exchange, and gives back what arrived.
#[track_caller]
fn make(exchange: &str, profile: &str, content: &str) -> Receiver {
    make_via(&["hand"], exchange, profile, content)
}

#[track_caller]
fn make_via(via: &[&str], exchange: &str, profile: &str, content: &str) -> Receiver {
    let receiver = Receiver::start();
    let said = run_example(
        "conformance",
        &[&[exchange, "--via"], via].concat(),
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.grpc_url()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", content),
            ("SPANWISE_SEMCONV_PROFILE", profile),
        ],
    );
    assert!(!said.contains("dropped"), "{said}");
    receiver
}

/// Every key on any span of this operation.
fn keys(receiver: &Receiver, operation: &str) -> BTreeSet<String> {
    let spans = receiver.spans();
    let of = spans.iter().filter(|it| text(&it.attributes, "gen_ai.operation.name") == operation);
    of.flat_map(|span| span.attributes.iter().map(|kv| kv.key.clone())).collect()
}

/// The attributes of the conventions' and our own that stand on spans of the operation.
#[track_caller]
fn has_all(exchange: &str, operation: &str, expected: &[&str]) {
    let receiver = make(exchange, "latest", "SPAN_AND_EVENT");
    let keys = keys(&receiver, operation);
    let missing: Vec<_> = expected.iter().filter(|key| !keys.contains(**key)).collect();
    assert!(missing.is_empty(), "{exchange}: {operation} lacks {missing:?}; it has {keys:?}");
}

const CALL: [&str; 4] =
    ["gen_ai.operation.name", "gen_ai.provider.name", "server.address", "server.port"];
const SAMPLING: [&str; 9] = [
    "gen_ai.request.max_tokens",
    "gen_ai.request.temperature",
    "gen_ai.request.top_p",
    "gen_ai.request.stop_sequences",
    "gen_ai.request.frequency_penalty",
    "gen_ai.request.presence_penalty",
    "gen_ai.request.seed",
    "gen_ai.request.choice.count",
    "openai.request.service_tier",
];
const ANSWER: [&str; 9] = [
    "gen_ai.request.model",
    "gen_ai.response.id",
    "gen_ai.response.model",
    "gen_ai.response.finish_reasons",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "openai.response.service_tier",
    "openai.response.system_fingerprint",
];
const CONTENT_KEYS: [&str; 2] = ["gen_ai.input.messages", "gen_ai.output.messages"];

/// The exchanges: which spans each makes, and whether they can have all that is recommended.
macro_rules! exchanges {
    ($($exchange:ident: $recommended:expr, $spans:expr;)*) => {$(
        #[test]
        fn $exchange() {
            for (name, profile) in PROFILES {
                for content in CONTENT {
                    let receiver = make(stringify!($exchange), name, content);
                    let mut spans = receiver.span_names();
                    spans.sort();
                    assert_eq!(spans, $spans, "{name}, {content}");
                    let conformance = Conformance::new().profile(profile);
                    let conformance =
                        if $recommended { conformance.with_recommended() } else { conformance };
                    conformance.assert(&receiver);
                    nothing_but_registered_names(&receiver);
                    content_is_where_it_was_asked_for(&receiver, content);
                }
            }
        }
    )*};
}

exchanges! {
    inference: true, ["chat gpt-4o-mini"];
    streaming: true, ["chat gpt-4o-mini"];
    structured_output: false, ["chat gpt-4o-mini"];
    multimodal: false, ["chat gpt-4o-mini"];
    embeddings: true, ["embeddings text-embedding-3-small"];
    tool_calling: false,
        ["chat gpt-4o-mini", "chat gpt-4o-mini", "execute_tool lookup_order"];
    automatic_tool_calling: false,
        ["chat gpt-4o-mini", "chat gpt-4o-mini", "execute_tool lookup_order", "invoke_agent triage"];
    invoke_agent: false, ["chat gpt-4o-mini", "invoke_agent triage"];
    workflow: false, [
        "chat gpt-4o-mini", "chat gpt-4o-mini", "invoke_agent triage", "invoke_agent writer",
        "invoke_workflow handle_ticket",
    ];
    retrieval: true, ["retrieval vs_support_articles"];
    memory: true, [
        "create_memory", "create_memory_store", "delete_memory", "delete_memory_store",
        "search_memory", "update_memory", "upsert_memory",
    ];
    plan: false, ["chat gpt-4o-mini", "chat gpt-4o-mini", "invoke_agent triage", "plan triage"];
    fetch_response: false, ["chat gpt-4o-mini", "fetch_response"];
    evaluation: false, ["chat gpt-4o-mini"];
    failed: false, ["chat no-such-model"];
    cancelled: false, ["chat gpt-4o-mini"];
}

#[track_caller]
fn nothing_but_registered_names(receiver: &Receiver) {
    const OF_OTHERS: [&str; 6] =
        ["gen_ai.", "openai.", "server.", "error.", "exception.", "spanwise."];
    let spans = receiver.spans();
    let records = receiver.log_records();
    let attributes = spans.iter().flat_map(|span| &span.attributes);
    for attribute in attributes.chain(records.iter().flat_map(|record| &record.attributes)) {
        assert!(
            OF_OTHERS.iter().any(|begin| attribute.key.starts_with(begin)),
            "{}",
            attribute.key
        );
    }
}

#[track_caller]
fn content_is_where_it_was_asked_for(receiver: &Receiver, content: &str) {
    let told = format!("{:?}", receiver.spans());
    let on_spans = content == "SPAN_ONLY" || content == "SPAN_AND_EVENT";
    for words in ["order A-17", "Orders can be returned", "prefers e-mail"] {
        assert!(on_spans || !told.contains(words), "{content}: a span says {words}");
    }
    let records = receiver.log_records();
    let details: Vec<_> = records
        .iter()
        .filter(|record| record.event_name == "gen_ai.client.inference.operation.details")
        .collect();
    let on_events = content == "EVENT_ONLY" || content == "SPAN_AND_EVENT";
    assert!(on_events || details.is_empty(), "{content}");
    for record in details {
        let input = attribute(&record.attributes, "gen_ai.input.messages");
        assert!(input.is_some(), "{content}");
    }
}

#[test]
fn an_inference_says_all_that_is_known() {
    let told = [&CALL[..], &SAMPLING, &ANSWER, &CONTENT_KEYS, &["openai.api.type"]].concat();
    has_all("inference", "chat", &told);
    let streamed = ["gen_ai.request.stream", "gen_ai.response.time_to_first_chunk"];
    has_all("streaming", "chat", &[&told[..], &streamed].concat());
    has_all("structured_output", "chat", &["gen_ai.output.type"]);
}

#[test]
fn a_tool_says_all_that_is_known() {
    let told = [
        "gen_ai.tool.name",
        "gen_ai.tool.type",
        "gen_ai.tool.call.id",
        "gen_ai.tool.description",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
    ];
    has_all("tool_calling", "execute_tool", &told);
    has_all(
        "automatic_tool_calling",
        "execute_tool",
        &[&told[..], &["gen_ai.agent.name"]].concat(),
    );
    has_all("tool_calling", "chat", &["gen_ai.tool.definitions"]);
}

#[test]
fn agents_and_workflows_say_all_that_is_known() {
    let told = [
        "gen_ai.agent.name",
        "gen_ai.agent.description",
        "gen_ai.request.model",
        "gen_ai.request.max_tokens",
        "gen_ai.response.finish_reasons",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.system_instructions",
    ];
    has_all("invoke_agent", "invoke_agent", &[&told[..], &CONTENT_KEYS].concat());
    let told = ["gen_ai.workflow.name", "gen_ai.input.messages", "gen_ai.output.messages"];
    has_all("workflow", "invoke_workflow", &told);
    has_all("plan", "plan", &["gen_ai.agent.name"]);
}

#[test]
fn what_is_found_remembered_and_stored_says_all_that_is_known() {
    let told = [
        "gen_ai.data_source.id",
        "gen_ai.retrieval.top_k",
        "gen_ai.retrieval.query.text",
        "gen_ai.retrieval.documents",
    ];
    has_all("retrieval", "retrieval", &[&CALL[..], &told].concat());
    let told = [
        "gen_ai.memory.store.id",
        "gen_ai.memory.record.count",
        "gen_ai.memory.query.text",
        "gen_ai.memory.records",
    ];
    has_all("memory", "search_memory", &[&CALL[..], &told].concat());
    has_all("memory", "delete_memory", &["gen_ai.memory.record.id"]);
    let told = [
        "gen_ai.response.id",
        "gen_ai.response.model",
        "gen_ai.response.status",
        "gen_ai.response.finish_reasons",
        "gen_ai.system_instructions",
        "gen_ai.output.messages",
        "gen_ai.tool.definitions",
        "openai.api.type",
        "openai.response.service_tier",
    ];
    has_all("fetch_response", "fetch_response", &[&CALL[..], &told].concat());
    let told = [
        "gen_ai.embeddings.dimension.count",
        "gen_ai.request.encoding_formats",
        "gen_ai.response.model",
        "gen_ai.usage.input_tokens",
    ];
    has_all("embeddings", "embeddings", &[&CALL[..], &told].concat());
}

#[test]
fn a_failure_and_an_evaluation_are_events_on_their_spans() {
    let failed = make("failed", "latest", "NO_CONTENT");
    let span = failed.span("chat no-such-model");
    assert_eq!(text(&span.attributes, "error.type"), "model_not_found");
    let records = failed.log_records();
    let names: Vec<_> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["gen_ai.client.operation.exception"]);
    assert_eq!(records[0].span_id, span.span_id);

    let evaluated = make("evaluation", "latest", "NO_CONTENT");
    let span = evaluated.span("chat gpt-4o-mini");
    let records = evaluated.log_records();
    assert_eq!(records[0].event_name, "gen_ai.evaluation.result");
    assert_eq!((&records[0].span_id, &records[0].trace_id), (&span.span_id, &span.trace_id));
    let response = text(&records[0].attributes, "gen_ai.response.id");
    assert_eq!(response, text(&span.attributes, "gen_ai.response.id"));
}

#[test]
fn what_is_cancelled_keeps_what_had_arrived() {
    let receiver = make("cancelled", "latest", "SPAN_ONLY");
    let span = receiver.span("chat gpt-4o-mini");
    assert_eq!(text(&span.attributes, "spanwise.outcome"), "cancelled");
    assert_eq!(text(&span.attributes, "error.type"), "");
    assert!(text(&span.attributes, "gen_ai.output.messages").contains("Your order"));
}

/// Every span with its attributes, but for what the clock, free ports and the way of framing say.
fn told(receiver: &Receiver) -> Vec<String> {
    const VARY: [&str; 3] =
        ["gen_ai.response.time_to_first_chunk", "server.port", "spanwise.stream.chunks"];
    let mut told: Vec<_> = receiver
        .spans()
        .into_iter()
        .map(|mut span| {
            span.attributes.retain(|kv| !VARY.contains(&kv.key.as_str()));
            span.attributes.sort_by(|a, b| a.key.cmp(&b.key));
            let shown = span.attributes.iter().map(|kv| format!("\n  {}={:?}", kv.key, kv.value));
            format!("{}{}", span.name, shown.collect::<String>())
        })
        .collect();
    told.sort();
    told
}

/// What every API can express.
const OF_ALL: [&str; 10] = [
    "inference",
    "streaming",
    "structured_output",
    "multimodal",
    "tool_calling",
    "automatic_tool_calling",
    "invoke_agent",
    "workflow",
    "plan",
    "failed",
];

/// A client that is hooked tells, attribute by attribute, what is told at the call sites.
#[track_caller]
fn tells_what_the_call_sites_tell(via: &str, others: &[&str]) {
    for exchange in OF_ALL.iter().chain(others) {
        for content in ["NO_CONTENT", "SPAN_ONLY"] {
            let by_hand = make_via(&[via, "--by-hand"], exchange, "latest", content);
            let by_hook = make_via(&[via], exchange, "latest", content);
            by_hand.assert_conformant();
            by_hook.assert_conformant();
            let (by_hand, by_hook) = (told(&by_hand), told(&by_hook));
            assert_eq!(by_hand.len(), by_hook.len(), "{via}, {exchange}");
            for (hand, hook) in by_hand.iter().zip(&by_hook) {
                assert_eq!(hand, hook, "{via}, {exchange}, {content}");
            }
        }
    }
}

#[test]
fn the_middleware_tells_of_openai_what_the_call_sites_tell() {
    tells_what_the_call_sites_tell(
        "reqwest",
        &["embeddings", "fetch_response", "evaluation", "cancelled"],
    );
}

/// But for a stream that nobody reads any more: the crate reads on a task of its own, which learns of that with
/// the next event, and by then the program may be over.
#[test]
fn async_openai_tells_what_the_call_sites_tell() {
    tells_what_the_call_sites_tell("async-openai", &["embeddings", "fetch_response", "evaluation"]);
}

#[test]
fn the_middleware_tells_of_anthropic_what_the_call_sites_tell() {
    tells_what_the_call_sites_tell("anthropic", &["evaluation", "cancelled"]);
}

#[test]
fn the_middleware_tells_of_gemini_what_the_call_sites_tell() {
    tells_what_the_call_sites_tell("gemini", &["embeddings", "evaluation", "cancelled"]);
}

#[test]
fn the_aws_sdk_tells_of_bedrock_what_the_call_sites_tell() {
    tells_what_the_call_sites_tell("bedrock", &["cancelled"]);
}

#[test]
fn the_middleware_tells_of_cohere_what_the_call_sites_tell() {
    tells_what_the_call_sites_tell(
        "cohere",
        &["embeddings", "retrieval", "evaluation", "cancelled"],
    );
}

#[test]
fn the_middleware_tells_of_ollama_what_the_call_sites_tell() {
    tells_what_the_call_sites_tell("ollama", &["embeddings", "cancelled"]);
}

/// What the official instrumentation of Anthropic's client for Python reaches, by the names of today.
#[test]
fn anthropic_says_all_that_is_known() {
    let receiver = make_via(&["anthropic"], "inference", "latest", "SPAN_AND_EVENT");
    let told = [
        &CALL[..],
        &CONTENT_KEYS,
        &[
            "gen_ai.request.max_tokens",
            "gen_ai.request.model",
            "gen_ai.request.stop_sequences",
            "gen_ai.request.temperature",
            "gen_ai.request.top_k",
            "gen_ai.request.top_p",
            "gen_ai.response.finish_reasons",
            "gen_ai.response.id",
            "gen_ai.response.model",
            "gen_ai.system_instructions",
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
        ],
    ];
    let keys = keys(&receiver, "chat");
    let missing: Vec<_> = told.concat().into_iter().filter(|key| !keys.contains(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
