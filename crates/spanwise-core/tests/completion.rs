//! The completion hook gets the whole content of operations; without one nothing is kept that is not shown.

use std::sync::{Arc, Mutex};

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use spanwise_core::{
    CapturePolicy, Completion, CompletionHook, ContentCapture, ContentLevel, Generation, Message,
    Provider, Recorder, ToMessages,
};

/// Keeps the keys of what it is handed, and how much it is.
#[derive(Default)]
struct Heard(Mutex<Vec<(Vec<String>, usize)>>);

impl CompletionHook for Heard {
    fn on_completion(&self, completion: Completion) -> Vec<KeyValue> {
        let keys = completion.content.items().iter().map(|item| item.key().into_owned()).collect();
        self.0.lock().unwrap().push((keys, completion.content.size()));
        vec![KeyValue::new("app.stored_at", "there")]
    }
}

/// A span that nobody samples, under this policy and with this hook.
fn unsampled(policy: CapturePolicy, hook: Option<Arc<Heard>>, work: impl FnOnce()) {
    let tracer = NoopTracerProvider::new().tracer("any");
    let mut builder = Recorder::builder(tracer).policy(policy);
    if let Some(hook) = hook {
        builder = builder.completion_hook(hook);
    }
    let _entered = builder.build().in_context(&opentelemetry::Context::new()).attach();
    work();
}

fn chat(level: ContentLevel) {
    let generation = Generation::chat(Provider::OpenAi, "m")
        .content_level(level)
        .system_instructions("be brief")
        .input("hello")
        .start();
    generation.output(&Message::assistant("hi"));
    generation.finish();
}

#[test]
fn it_gets_what_nobody_samples_and_nothing_captures() {
    let heard = Arc::new(Heard::default());
    unsampled(CapturePolicy::default(), Some(heard.clone()), || chat(ContentLevel::Full));
    let heard = heard.0.lock().unwrap();
    let (keys, size) = &heard[0];
    assert_eq!(
        keys,
        &["gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.output.messages"]
    );
    assert!(*size > 0 && heard.len() == 1);
}

#[test]
fn an_operation_of_a_lower_level_keeps_its_content_to_itself() {
    for level in [ContentLevel::Off, ContentLevel::Names, ContentLevel::Hashes] {
        let heard = Arc::new(Heard::default());
        unsampled(CapturePolicy::default(), Some(heard.clone()), || chat(level));
        assert!(heard.0.lock().unwrap().is_empty(), "{level:?}");
    }
}

/// Must not be asked for its messages.
struct Untouched;

impl ToMessages for Untouched {
    fn to_messages(&self) -> Vec<Message> {
        panic!("it was converted")
    }
}

#[test]
fn without_it_what_is_not_sampled_is_not_even_converted() {
    let everything = CapturePolicy::new(ContentCapture::SpanAndEvent);
    unsampled(everything, None, || {
        let generation = Generation::chat(Provider::OpenAi, "m").input(&Untouched).start();
        generation.output(&Untouched);
        generation.finish();
    });
}

#[test]
fn its_attributes_go_on_the_span_and_its_panics_nowhere() {
    struct Panics;
    impl CompletionHook for Panics {
        fn on_completion(&self, _: Completion) -> Vec<KeyValue> {
            panic!("on purpose")
        }
    }

    let record = |with: fn(spanwise_core::RecorderBuilder) -> spanwise_core::RecorderBuilder| {
        let capture = spanwise_testing::Capture::builder().build();
        let tracer = capture.tracer_provider().tracer("spanwise");
        let recorder = with(Recorder::builder(tracer)).build();
        let context = recorder.in_context(&opentelemetry::Context::new());
        {
            let _entered = context.attach();
            chat(ContentLevel::Full);
        }
        capture.finish()
    };
    let captured = record(|builder| builder.completion_hook(Heard::default()));
    let span = captured.span("chat m");
    assert_eq!(
        span.attribute("app.stored_at").map(|value| value.to_string()),
        Some("there".into())
    );
    assert!(span.attribute("gen_ai.input.messages").is_none());
    let captured = record(|builder| builder.completion_hook(Panics));
    assert!(captured.span("chat m").attribute("app.stored_at").is_none());
}
