//! Requests that become known when the operation runs already.

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::Sampler;
use spanwise_core::{
    ContentCapture, Embeddings, Generation, GenerationBuilder, Provider, Retrieval, Usage,
};
use spanwise_testing::{Capture, Captured, CapturedSpan};

fn recorded(content: ContentCapture, work: impl FnOnce()) -> Captured {
    let capture = Capture::builder().content(content).build();
    capture.run(work);
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

fn unnamed() -> Generation {
    Generation::chat(Provider::OpenAi, "").server("api.openai.com", 443).start()
}

fn asked() -> GenerationBuilder<'static> {
    Generation::chat(Provider::OpenAi, "gpt-4o")
        .server("api.openai.com", 443)
        .max_tokens(64)
        .stop_sequences(["END"])
        .openai_service_tier("flex")
        .input("Hi")
        .attribute("team", "support")
}

fn attributes(span: &CapturedSpan) -> Vec<KeyValue> {
    let mut attributes = span.data().attributes.clone();
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes
}

#[test]
fn the_span_is_as_if_all_had_been_known_at_its_start() {
    for content in [ContentCapture::NoContent, ContentCapture::SpanAndEvent] {
        let late = recorded(content, || {
            let generation = unnamed();
            generation.request(asked());
            generation.usage(Usage::new(3, 1));
            generation.finish();
        });
        let early = recorded(content, || {
            let generation = asked().start();
            generation.usage(Usage::new(3, 1));
            generation.finish();
        });
        let (late_span, early_span) = (late.span("chat gpt-4o"), early.span("chat gpt-4o"));
        assert_eq!(attributes(late_span), attributes(early_span));
        let keys = |captured: &Captured| {
            let keys = captured
                .events()
                .iter()
                .map(|event| event.keys().into_iter().map(str::to_owned).collect::<Vec<_>>());
            keys.collect::<Vec<_>>()
        };
        assert_eq!(keys(&late), keys(&early));
        let model = |captured: &Captured| {
            let duration = captured.metric("gen_ai.client.inference.duration");
            duration.text("gen_ai.request.model")
        };
        assert_eq!(model(&late), model(&early));
    }
}

#[test]
fn no_attribute_stands_there_twice() {
    let captured = recorded(ContentCapture::NoContent, || {
        let generation = unnamed();
        generation.request(asked());
        generation.request(asked());
        generation.finish();
    });
    let span = captured.span("chat gpt-4o");
    let mut keys: Vec<_> = span.keys().into_iter().filter(|key| *key != "team").collect();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all, "{keys:?}");
}

#[test]
fn an_operation_that_ends_before_keeps_what_it_had() {
    let capture = Capture::builder().build();
    capture.run(|| drop(unnamed()));
    // Which model was meant will never be known.
    let captured = capture.finish();
    assert_eq!(captured.span("chat").text("spanwise.outcome"), "cancelled");
}

#[test]
fn embeddings_and_retrievals_can_learn_late_as_well() {
    let captured = recorded(ContentCapture::SpanOnly, || {
        let embeddings = Embeddings::new(Provider::OpenAi, "").start();
        embeddings.request(Embeddings::new(Provider::OpenAi, "small").encoding_formats(["float"]));
        embeddings.finish();
        let retrieval = Retrieval::new("").provider(Provider::Cohere).start();
        let asked = Retrieval::new("").provider(Provider::Cohere).model("rerank-v3.5");
        retrieval.request(asked.top_k(3).query("Where?"));
        retrieval.finish();
    });
    assert_eq!(
        captured.span("embeddings small").text("gen_ai.request.encoding_formats"),
        "[\"float\"]"
    );
    let retrieval = captured.span("retrieval");
    assert_eq!(retrieval.text("gen_ai.request.model"), "rerank-v3.5");
    assert_eq!(retrieval.text("gen_ai.retrieval.top_k"), "3");
    assert_eq!(retrieval.text("gen_ai.retrieval.query.text"), "Where?");
}

#[test]
fn metrics_know_the_model_whatever_the_sampler_said() {
    let capture = Capture::builder().sampler(Sampler::AlwaysOff).build();
    capture.run(|| {
        let generation = unnamed();
        generation.request(asked());
        generation.finish();
    });
    let captured = capture.finish();
    let duration = captured.metric("gen_ai.client.inference.duration");
    assert_eq!(duration.text("gen_ai.request.model"), "gpt-4o");
}
