//! Without a recorder, nothing is recorded and everything else works. One test: it needs a process in
//! which there never was a recorder.

use futures_util::{StreamExt, stream};
use opentelemetry::trace::TraceContextExt;
use spanwise_core::{
    Agent, Embeddings, FutureExt, Generation, Message, Provider, Response, Step, ToMessages, Tool,
    Usage, Workflow,
};

struct Untouched;

impl ToMessages for Untouched {
    fn to_messages(&self) -> Vec<Message> {
        panic!("converted although nothing records")
    }
}

#[tokio::test]
async fn every_call_is_a_no_op_until_a_recorder_is_there() {
    assert!(!spanwise_core::is_recorded());
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o").input(&Untouched).start();
    generation.output(&Untouched);
    generation.usage(Usage::new(1, 1));
    assert!(!generation.is_recording());
    assert!(!generation.span_context().is_valid());
    {
        let _entered = generation.enter();
        assert!(!opentelemetry::Context::current().has_active_span());
    }
    async { 1 }.in_operation(&generation).await;
    let words: Vec<_> =
        generation.stream(stream::iter([1, 2]), |_, _| panic!("not called")).collect().await;
    assert_eq!(words, [1, 2]);

    let answer = Workflow::new("w")
        .run(Agent::new("a").run_with(async |_| {
            let response = Generation::chat(Provider::OpenAi, "m")
                .run(async { Ok::<_, String>(Response::new()) })
                .await?;
            drop(response);
            Tool::new("t").arguments("x").run(async { Ok::<_, String>(()) }).await?;
            Embeddings::new(Provider::OpenAi, "e").run_sync(|_| Ok::<_, String>(()))?;
            Step::new("s").run_sync(|_| Err::<i32, _>("no".to_owned()))
        }))
        .await;
    assert_eq!(answer, Err("no".to_owned()));
    Agent::remote(Provider::OpenAi, "r").start().fail_with("x", "y");
    Tool::new("t").start().fail(&"x");
    drop(Tool::new("t").start());
}
