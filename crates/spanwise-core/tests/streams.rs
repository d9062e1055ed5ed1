//! Streamed answers: timed, counted, put together, and ended exactly once.

use futures_util::{Stream, StreamExt, stream};
use opentelemetry::trace::{Status, TraceContextExt};
use spanwise_core::{
    ContentCapture, Generation, GenerationBuilder, Provider, StreamedResponse, Usage,
};
use spanwise_testing::{Capture, Captured, CapturedSpan};

fn chat() -> GenerationBuilder<'static> {
    Generation::chat(Provider::Anthropic, "claude")
}

fn words() -> impl Stream<Item = Result<&'static str, std::num::ParseIntError>> + Unpin {
    stream::iter(["Hel", "lo", "!"].map(Ok))
}

fn tell(word: &&'static str, response: &mut StreamedResponse<'_>) {
    response.id("msg_1");
    response.model("claude-1");
    response.text(word);
    response.usage(Usage::new(10, word.len() as u64));
}

/// Captures a generation with content, whose stream is polled `polls` times.
async fn streamed<S, E>(source: S, polls: usize) -> Captured
where
    S: Stream<Item = Result<&'static str, E>> + Unpin,
    E: std::fmt::Display + 'static,
{
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture
        .run_async(async {
            let mut stream = chat().start().try_stream(source, tell);
            for _ in 0..polls {
                let _ = stream.next().await;
            }
        })
        .await;
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

fn span(captured: &Captured) -> &CapturedSpan {
    captured.span("chat claude")
}

#[tokio::test]
async fn a_stream_to_its_end_is_completed_with_everything_put_together() {
    let captured = streamed(words(), 4).await;
    let span = span(&captured);
    assert_eq!(span.text("spanwise.outcome"), "completed");
    assert_eq!(span.text("gen_ai.request.stream"), "true");
    assert_eq!(span.text("gen_ai.response.id"), "msg_1");
    assert_eq!(span.text("gen_ai.response.model"), "claude-1");
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "1");
    assert_eq!(span.text("spanwise.stream.chunks"), "3");
    assert_eq!(
        span.text("gen_ai.output.messages"),
        r#"[{"role":"assistant","parts":[{"type":"text","content":"Hello!"}]}]"#
    );
    let first = captured.metric("gen_ai.client.inference.time_to_first_chunk");
    assert_eq!((first.count, first.text("gen_ai.response.model").as_str()), (Some(1), "claude-1"));
    assert_eq!(span.text("gen_ai.response.time_to_first_chunk"), first.sum.to_string());
    let later = captured.metric("gen_ai.client.inference.time_per_output_chunk");
    assert_eq!(later.count, Some(2));
}

/// They are measured many together.
#[tokio::test]
async fn every_chunk_but_the_first_is_measured_wherever_the_stream_ends() {
    for (polls, chunks) in [(1, 1), (64, 64), (65, 65), (66, 66), (150, 150), (301, 300)] {
        let many = stream::iter((0..300).map(|_| "7".parse::<i32>().map(|_| "word")));
        let captured = streamed(many, polls).await;
        assert_eq!(span(&captured).text("spanwise.stream.chunks"), chunks.to_string());
        let name = "gen_ai.client.inference.time_per_output_chunk";
        let waits: u64 = captured.points(name).iter().filter_map(|point| point.count).sum();
        assert_eq!(waits, chunks - 1, "after {polls} polls");
    }
}

#[tokio::test]
async fn a_stream_dropped_half_way_is_cancelled_with_what_had_arrived() {
    let captured = streamed(words(), 2).await;
    let span = span(&captured);
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
    assert_eq!(span.status(), &Status::Unset);
    assert_eq!(span.text("gen_ai.response.finish_reasons"), r#"["error"]"#);
    assert_eq!(span.text("gen_ai.usage.input_tokens"), "10");
    assert!(span.text("gen_ai.output.messages").contains("Hello"));
    assert_eq!(captured.metric("gen_ai.client.inference.duration").count, Some(1));
}

#[tokio::test]
async fn a_stream_dropped_before_its_first_chunk_has_no_output() {
    let captured = streamed(words(), 0).await;
    let span = span(&captured);
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
    assert_eq!(span.attribute("gen_ai.output.messages"), None);
    assert_eq!(span.attribute("gen_ai.response.finish_reasons"), None);
    assert_eq!(span.attribute("gen_ai.response.time_to_first_chunk"), None);
    assert!(captured.points("gen_ai.client.inference.time_to_first_chunk").is_empty());
}

#[tokio::test]
async fn an_error_in_the_stream_fails_the_operation_once() {
    let broken = stream::iter([Ok("Hel"), "x".parse::<i32>().map(|_| ""), Ok("late")]);
    let captured = streamed(broken, 4).await;
    let span = span(&captured);
    assert_eq!(span.text("error.type"), "core::num::error::ParseIntError");
    assert_eq!(span.status(), &Status::error("invalid digit found in string"));
    assert_eq!(span.text("spanwise.stream.chunks"), "1");
    assert!(span.text("gen_ai.output.messages").contains("Hel"));
    assert!(!span.text("gen_ai.output.messages").contains("late"));
}

#[tokio::test]
async fn choices_and_tool_calls_are_told_apart_and_joined() {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture
        .run_async(async {
            let chunks = stream::iter(0..4);
            let mut stream = chat().start().stream(chunks, |chunk, response| match chunk {
                0 => {
                    response.reasoning("Let me ");
                    response.tool_call(0, Some("call_1"), Some("lookup"), "{\"order\":");
                }
                1 => {
                    response.reasoning("look.");
                    response.tool_call(0, None, None, "\"A-17\"}");
                    response.tool_call(1, Some("call_2"), Some("now"), "");
                    response.text_of(1, "No idea");
                }
                2 => response.finish_reason("tool_calls"),
                _ => response.text_of(1, "."),
            });
            while stream.next().await.is_some() {}
        })
        .await;
    let captured = capture.finish();
    captured.assert_conformant();
    let span = span(&captured);
    assert_eq!(span.text("gen_ai.response.finish_reasons"), r#"["tool_calls","error"]"#);
    insta::assert_snapshot!(span.text("gen_ai.output.messages"), @r#"[{"role":"assistant","parts":[{"type":"reasoning","content":"Let me look."},{"type":"tool_call","id":"call_1","name":"lookup","arguments":{"order":"A-17"}},{"type":"tool_call","id":"call_2","name":"now"}]},{"role":"assistant","parts":[{"type":"text","content":"No idea."}]}]"#);
}

#[tokio::test]
async fn a_chunk_can_say_that_the_answer_failed() {
    let capture = Capture::builder().build();
    capture
        .run_async(async {
            let mut stream = chat().start().stream(stream::iter([()]), |(), response| {
                response.fail_with("overloaded", "later")
            });
            while stream.next().await.is_some() {}
        })
        .await;
    let captured = capture.finish();
    captured.assert_conformant();
    assert_eq!(span(&captured).text("error.type"), "overloaded");
    assert_eq!(span(&captured).status(), &Status::error("later"));
}

#[tokio::test]
async fn text_is_not_kept_where_outputs_are_not_captured() {
    let capture = Capture::builder().build();
    capture
        .run_async(async {
            let mut stream = chat().start().try_stream(words(), tell);
            while stream.next().await.is_some() {}
        })
        .await;
    let captured = capture.finish();
    captured.assert_conformant();
    assert_eq!(span(&captured).attribute("gen_ai.output.messages"), None);
    assert_eq!(span(&captured).text("gen_ai.usage.input_tokens"), "10");
}

#[tokio::test]
async fn the_operation_is_active_while_its_stream_is_polled_and_at_no_other_time() {
    let capture = Capture::builder().build();
    capture
        .run_async(async {
            let generation = chat().start();
            let id = generation.span_context().span_id();
            let here = || opentelemetry::Context::current().span().span_context().span_id();
            let source = stream::iter([()]).map(move |()| here());
            let mut stream = generation.stream(source, |_, _| {});
            assert_eq!(stream.next().await, Some(id));
            assert_ne!(here(), id);
        })
        .await;
}

#[tokio::test]
async fn an_index_out_of_all_reason_takes_no_memory() {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    capture
        .run_async(async {
            let mut stream = chat().start().stream(stream::iter([()]), |(), response| {
                response.text_of(usize::MAX, "x");
                response.tool_call(usize::MAX, None, None, "x");
            });
            while stream.next().await.is_some() {}
        })
        .await;
    assert_eq!(span(&capture.finish()).attribute("gen_ai.output.messages"), None);
}
