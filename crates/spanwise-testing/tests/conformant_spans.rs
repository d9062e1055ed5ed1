//! What is wrong with a span is found, and nothing else.

mod support;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, StringValue, Value};
use spanwise_core::semconv::SemconvProfile;
use spanwise_testing::Capture;
use support::{Planted, agent, chat, span, tool};

#[track_caller]
fn found<const N: usize>(cases: [(Planted, &str); N]) {
    for (planted, expected) in cases {
        assert_eq!(planted.problems(SemconvProfile::Latest), [expected]);
    }
}

#[track_caller]
fn accepted<const N: usize>(cases: [Planted; N]) {
    for planted in cases {
        planted.captured().assert_conformant();
    }
}

fn texts<const N: usize>(texts: [&'static str; N]) -> Value {
    Value::Array(Array::String(texts.into_iter().map(StringValue::from).collect()))
}

#[test]
fn the_name_is_the_fullest_that_the_attributes_allow() {
    accepted([
        chat(),
        chat().with("gen_ai.provider.name", "acme").without("gen_ai.request.model").named("chat"),
        agent().without("gen_ai.agent.name").named("invoke_agent"),
        tool().with("gen_ai.skill.name", "pdf").named("execute_tool run pdf"),
        tool()
            .with("gen_ai.skill.name", "pdf")
            .with("gen_ai.skill.resource.name", "fill.py")
            .named("execute_tool run pdf fill.py"),
        tool().with("process.executable.name", "python").named("execute_tool run python"),
        span("delete_memory", "delete_memory", SpanKind::Internal),
    ]);
    found([
        (chat().named("chat"), "its name should be `chat gpt-4o`"),
        (agent().named("triage"), "its name should be `invoke_agent triage`"),
        (tool().with("gen_ai.skill.name", "pdf"), "its name should be `execute_tool run pdf`"),
        (span("search", "search_memory", SpanKind::Client), "its name should be `search_memory`"),
    ]);
}

#[test]
fn the_kind_is_one_that_the_operation_may_have() {
    accepted([chat().of_kind(SpanKind::Internal)]);
    found([
        (chat().of_kind(SpanKind::Server), "its kind is `server`, not `client or internal`"),
        (tool().of_kind(SpanKind::Client), "its kind is `client`, not `internal`"),
    ]);
}

#[test]
fn a_failure_has_both_a_status_and_a_type() {
    let outcome = "spanwise.outcome";
    accepted([
        chat().ended(Status::error("too many")).with("error.type", "rate_limited"),
        chat().ended(Status::error("")).with("error.type", "429").with(outcome, "failed"),
        chat().with(outcome, "cancelled"),
    ]);
    found([
        (
            chat().ended(Status::error("")),
            "error.type is required where the status is `ERROR`, and absent",
        ),
        (
            chat().with("error.type", "timeout"),
            "error.type stands there, but the status is not `ERROR`",
        ),
        (chat().ended(Status::Ok), "its status is `OK`, which is the program's to say"),
        (
            chat().with(outcome, "failed"),
            "spanwise.outcome is `failed`, which contradicts the status",
        ),
        (
            chat().with(outcome, "fine"),
            "spanwise.outcome is `fine`, not one of completed, failed, cancelled",
        ),
    ]);
}

#[test]
fn what_is_required_is_there() {
    let fetch = || {
        span("fetch_response", "fetch_response", SpanKind::Client)
            .with("gen_ai.provider.name", "openai")
            .with("gen_ai.response.id", "resp_1")
    };
    accepted([
        fetch(),
        // Written as required, but not every call has a guardrail.
        chat().with("gen_ai.provider.name", "aws.bedrock"),
    ]);
    found([
        (chat().without("gen_ai.provider.name"), "gen_ai.provider.name is required and absent"),
        (
            chat().without("gen_ai.request.model").named("chat"),
            "gen_ai.request.model is required and absent",
        ),
        (
            tool().without("gen_ai.tool.name").named("execute_tool"),
            "gen_ai.tool.name is required and absent",
        ),
        (fetch().without("gen_ai.response.id"), "gen_ai.response.id is required and absent"),
    ]);
}

#[test]
fn attributes_are_known_in_their_place_and_of_their_type() {
    let own = "app.gen_ai.usage";
    accepted([
        chat().with(own, "anything").with("gen_ai.prompt.variable.city", "Paris"),
        chat().with("openai.api.type", "responses").with("gen_ai.output.type", "hologram"),
        chat().with("spanwise.stream.chunks", 3),
        agent().with("network.protocol.name", "http"),
    ]);
    let missing = "is not in the conventions";
    let foreign = "does not belong on `gen_ai.client.inference`";
    let internal = "does not belong on `gen_ai.invoke_agent.internal`";
    let fetch = span("fetch_response", "fetch_response", SpanKind::Client)
        .with("gen_ai.provider.name", "acme")
        .with("gen_ai.response.id", "r");
    for (planted, key, problem) in [
        (chat().with("gen_ai.system", "openai"), "gen_ai.system", missing),
        (chat().with("gen_ai.usage.prompt_tokens", 1), "gen_ai.usage.prompt_tokens", missing),
        (chat().with("gen_ai.prompt.variable", "x"), "gen_ai.prompt.variable", missing),
        (chat().with("openai.seed", 1), "openai.seed", missing),
        (chat().with("spanwise.mood", "good"), "spanwise.mood", missing),
        (chat().with("gen_ai.tool.name", "x"), "gen_ai.tool.name", foreign),
        (chat().with("gen_ai.token.modality", "text"), "gen_ai.token.modality", foreign),
        (chat().with("spanwise.step.name", "x"), "spanwise.step.name", foreign),
        (chat().with("aws.bedrock.guardrail.id", "x"), "aws.bedrock.guardrail.id", foreign),
        (agent().with("gen_ai.provider.name", "openai"), "gen_ai.provider.name", internal),
        (agent().with("gen_ai.agent.id", "a"), "gen_ai.agent.id", internal),
        (
            agent().with("gen_ai.usage.cache_read.input_tokens", 1),
            "gen_ai.usage.cache_read.input_tokens",
            internal,
        ),
        (
            fetch.with("gen_ai.usage.input_tokens", 1),
            "gen_ai.usage.input_tokens",
            "does not belong on `gen_ai.fetch_response.client`",
        ),
    ] {
        assert_eq!(planted.problems(SemconvProfile::Latest), [format!("{key} {problem}")]);
    }
    found([
        (
            chat().with("gen_ai.request.max_tokens", "256"),
            "gen_ai.request.max_tokens is of type string, not int",
        ),
        (
            chat().with("gen_ai.request.temperature", 1),
            "gen_ai.request.temperature is of type int, not double",
        ),
        (
            chat().with("gen_ai.response.finish_reasons", "stop"),
            "gen_ai.response.finish_reasons is of type string, not string[]",
        ),
        (
            chat().with("gen_ai.request.top_p", f64::NAN),
            "gen_ai.request.top_p is of type nothing that JSON has a word for, not double",
        ),
        (
            chat().with("gen_ai.provider.name", "vertex_ai"),
            "gen_ai.provider.name is `vertex_ai`, which is called `gcp.vertex_ai` today",
        ),
    ]);
}

#[test]
fn attributes_that_depend_on_others_agree_with_them() {
    accepted([
        chat().with("server.address", "api.openai.com").with("server.port", 443),
        chat()
            .with("gen_ai.provider.name", "azure.ai.inference")
            .with("azure.resource_provider.namespace", "Microsoft.CognitiveServices")
            .with("server.address", "h"),
        chat().with("gen_ai.request.stream", true).with("gen_ai.response.time_to_first_chunk", 0.5),
    ]);
    found([
        (
            chat().with("server.address", "h"),
            "server.port is required beside `server.address` and absent",
        ),
        (chat().with("server.port", 443), "server.port stands there without `server.address`"),
        (
            chat().with("gen_ai.request.choice.count", 1),
            "gen_ai.request.choice.count is 1, which is left out",
        ),
        (
            chat().with("gen_ai.request.stream", false),
            "gen_ai.request.stream is false, which is left out",
        ),
        (
            chat().with("gen_ai.conversation.compacted", false),
            "gen_ai.conversation.compacted is false, which is left out",
        ),
        (
            chat().with("gen_ai.prompt.version", "3"),
            "gen_ai.prompt.version stands there without `gen_ai.prompt.name`",
        ),
        (
            chat().with("gen_ai.response.time_to_first_chunk", 0.5),
            "gen_ai.response.time_to_first_chunk stands there without `gen_ai.request.stream`",
        ),
    ]);
    let server = agent().with("server.address", "h").with("server.port", 1);
    assert_eq!(
        server.problems(SemconvProfile::Latest),
        ["server.address", "server.port"]
            .map(|k| format!("{k} does not belong on an agent in this process"))
    );
}

#[test]
fn parts_of_a_usage_never_exceed_the_whole() {
    let used =
        || chat().with("gen_ai.usage.input_tokens", 10).with("gen_ai.usage.output_tokens", 5);
    accepted([used()
        .with("gen_ai.usage.cache_read.input_tokens", 4)
        .with("gen_ai.usage.text.input_tokens", 6)
        .with("gen_ai.usage.image.input_tokens", 4)
        .with("gen_ai.usage.text.cache_read.input_tokens", 4)
        .with("gen_ai.usage.reasoning.output_tokens", 5)]);
    found([
        (
            used().with("gen_ai.usage.cache_write.input_tokens", 11),
            "gen_ai.usage.cache_write.input_tokens is 11, more than the 10 of `gen_ai.usage.input_tokens`",
        ),
        (
            used().with("gen_ai.usage.reasoning.output_tokens", 6),
            "gen_ai.usage.reasoning.output_tokens is 6, more than the 5 of `gen_ai.usage.output_tokens`",
        ),
        (
            used()
                .with("gen_ai.usage.text.input_tokens", 6)
                .with("gen_ai.usage.audio.input_tokens", 5),
            "gen_ai.usage.*.input_tokens is 11, more than the 10 of `gen_ai.usage.input_tokens`",
        ),
        (chat().with("gen_ai.usage.input_tokens", -1), "gen_ai.usage.input_tokens is negative"),
    ]);
}

#[test]
fn content_on_a_span_is_json_text_in_its_shape() {
    let output = "gen_ai.output.messages";
    let input = "gen_ai.input.messages";
    let message = r#"[{"role": "assistant", "parts": [{"type": "text", "content": "Hi"}]}]"#;
    accepted([
        chat().with(output, message).with("gen_ai.response.finish_reasons", texts(["stop"])),
        chat().with(input, r#"[{"role": "user", "parts": [{"type": "novel", "x": 1}]}]"#),
        tool().with("gen_ai.tool.call.arguments", r#"{"city": "Paris"}"#),
    ]);
    found([
        (
            chat().with(output, message).with("gen_ai.response.finish_reasons", texts(["a", "b"])),
            "gen_ai.response.finish_reasons are 2, but there are 1 output messages",
        ),
        (
            chat().with(input, "Hello!"),
            "gen_ai.input.messages is no JSON: expected value at line 1 column 1",
        ),
        (
            chat().with(input, texts(["Hello!"])),
            "gen_ai.input.messages stands on a span: it must be JSON text",
        ),
        (
            chat().with(input, r#"[{"role": "user"}]"#),
            "gen_ai.input.messages does not fit its shape at `/0`: \"parts\" is a required property",
        ),
        (
            chat().with(input, r#"[{"role": "user", "parts": [{"type": "text"}]}]"#),
            "gen_ai.input.messages does not fit its shape at `/0/parts/0`: \"content\" is a required property",
        ),
        (
            tool().with("gen_ai.tool.call.arguments", r#""Paris""#),
            "gen_ai.tool.call.arguments does not fit its shape at ``: value is not of type \"object\"",
        ),
    ]);
}

#[test]
fn spans_of_the_program_are_left_alone_and_unlisted_operations_welcome() {
    let mut own = chat().without("gen_ai.operation.name").named("anything");
    accepted([own.clone(), span("summon", "summon", SpanKind::Producer)]);
    own = own.with("gen_ai.operation.name", "summon");
    found([(own.with("gen_ai.system", "x"), "gen_ai.system is not in the conventions")]);
}

#[test]
fn spans_of_ours_have_an_operation_or_are_steps_and_say_which_schema_they_follow() {
    let capture = Capture::builder().build();
    chat().record(&capture, "spanwise");
    chat().without("gen_ai.operation.name").named("unnamed").record(&capture, "spanwise");
    let found: Vec<_> = capture.finish().violations().iter().map(ToString::to_string).collect();
    let schema = "the schema URL of its scope is ``, not \
                  `https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev`";
    assert_eq!(
        found,
        [
            format!("span `chat gpt-4o`: {schema}"),
            format!("span `unnamed`: {schema}"),
            "span `unnamed`: `gen_ai.operation.name` is required and absent".to_owned(),
        ]
    );
}
