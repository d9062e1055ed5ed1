//! Children nest, in every shape that asynchronous Rust is written in.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{FutureExt as _, TraceContextExt, Tracer as _, TracerProvider as _};
use spanwise_core::{
    Agent, FutureExt, Generation, Provider, Response, Step, Tool, Usage, Workflow,
};
use spanwise_testing::{Capture, capture_async};

#[derive(Debug, Clone)]
struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

trait Client: Send + Sync {
    fn create<'a>(
        &'a self,
        prompt: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Failed>> + Send + 'a>>;
}

struct Echo;

impl Client for Echo {
    fn create<'a>(
        &'a self,
        prompt: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Failed>> + Send + 'a>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(Response::new().usage(Usage::new(prompt.len() as u64, 1)))
        })
    }
}

async fn lookup(order: &str) -> Result<usize, Failed> {
    tokio::task::yield_now().await;
    Ok(order.len())
}

fn generation() -> spanwise_core::GenerationBuilder<'static> {
    Generation::chat(Provider::OpenAi, "gpt-4o")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_turn_in_a_spawned_task_is_one_tree() {
    let capture = Capture::builder().build();
    let client: Arc<dyn Client> = Arc::new(Echo);
    let turn = async move {
        let prompt = String::from("hello");
        Workflow::new("turn")
            .run(Agent::new("triage").run_with(async |agent| {
                agent.attribute("app.round", 1);
                let first = generation().run(client.create(&prompt)).await?;
                let length = Tool::new("lookup").arguments(&prompt).run(lookup(&prompt)).await?;
                let second = generation().run(client.create("more")).await?;
                let _ = (first, second);
                Ok::<_, Failed>(length)
            }))
            .await
    };
    let length = tokio::spawn(capture.run_async(turn)).await.unwrap().unwrap();
    assert_eq!(length, 5);
    insta::assert_snapshot!(capture.finish().tree(), @r"
    invoke_workflow turn
      invoke_agent triage
        chat gpt-4o usage.input_tokens=5 usage.output_tokens=1
        execute_tool lookup
        chat gpt-4o usage.input_tokens=4 usage.output_tokens=1
    ");
}

#[tokio::test]
async fn joined_futures_share_a_handle_and_are_siblings() {
    let captured = capture_async(async {
        Agent::new("triage")
            .run_with(async |agent| {
                let (a, b) = tokio::join!(
                    async {
                        agent.attribute("app.left", true);
                        Tool::new("left").run(lookup("a")).await
                    },
                    Tool::new("right").run(lookup("bc")),
                );
                Ok::<_, Failed>(a? + b?)
            })
            .await
    })
    .await;
    captured.assert_conformant();
    insta::assert_snapshot!(captured.tree_with(&["app.left"]), @r"
    invoke_agent triage app.left=true
      execute_tool left
      execute_tool right
    ");
}

fn boxed(depth: u32) -> Pin<Box<dyn Future<Output = Result<u32, Failed>> + Send>> {
    Box::pin(Step::new("level").index(depth).run_with(async move |_| {
        if depth == 0 { Ok(0) } else { Ok::<_, Failed>(boxed(depth - 1).await? + 1) }
    }))
}

#[tokio::test]
async fn boxed_recursive_futures_nest() {
    let captured = capture_async(async { tokio::join!(boxed(2)).0 }).await;
    captured.assert_conformant();
    insta::assert_snapshot!(captured.tree_with(&["spanwise.step.index"]), @r"
    step level spanwise.step.index=2
      step level spanwise.step.index=1
        step level spanwise.step.index=0
    ");
}

async fn generic<T: Client + ?Sized>(client: &T) -> Result<Response, Failed> {
    generation().run_with(async |_| client.create("generic").await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_generic_over_its_client_can_be_spawned() {
    let capture = Capture::builder().build();
    let task = tokio::spawn(capture.run_async(async { generic(&Echo).await.map(drop) }));
    task.await.unwrap().unwrap();
    assert_eq!(capture.finish().spans().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_carries_its_children_to_other_tasks_and_threads() {
    let capture = Capture::builder().build();
    let agent = capture.run(|| Agent::new("triage").start());
    tokio::spawn(Tool::new("outside").run(lookup("x"))).await.unwrap().unwrap();
    tokio::spawn(async { Tool::new("spawned").run(lookup("x")).await }.in_operation(&agent))
        .await
        .unwrap()
        .unwrap();
    let context = agent.context();
    std::thread::spawn(move || {
        let _guard = context.attach();
        Tool::new("thread").start().finish();
    })
    .join()
    .unwrap();
    {
        let _entered = agent.enter();
        Tool::new("entered").start().finish();
    }
    capture.run(|| Tool::new("beside").start().finish());
    agent.finish();
    insta::assert_snapshot!(capture.finish().tree(), @r"
    invoke_agent triage
      execute_tool spawned
      execute_tool thread
      execute_tool entered
    execute_tool beside
    ");
}

#[tokio::test]
async fn spans_of_other_instrumentations_nest_both_ways() {
    let capture = Capture::builder().build();
    let tracer = capture.tracer_provider().tracer("other");
    capture
        .run_async(async {
            let request = Context::current_with_span(tracer.start("GET /ask"));
            generation()
                .run_with(async |_| {
                    let http = Context::current_with_span(tracer.start("POST"));
                    Tool::new("inside").run(lookup("x")).with_context(http).await
                })
                .with_context(request)
                .await
        })
        .await
        .unwrap();
    insta::assert_snapshot!(capture.finish().tree(), @r"
    GET /ask
      chat gpt-4o
        POST
          execute_tool inside
    ");
}

#[tokio::test]
async fn an_agent_counts_its_own_calls_and_not_those_of_the_agent_inside() {
    let captured = capture_async(async {
        Agent::new("outer")
            .run_with(async |_| {
                let _ = generation().run(async { Err::<Response, _>(Failed) }).await;
                Tool::new("handover")
                    .run(Agent::new("inner").run_with(async |_| {
                        let _first = generation().run(Echo.create("x")).await?;
                        generation().run(Echo.create("y")).await
                    }))
                    .await
            })
            .await
    })
    .await;
    captured.assert_conformant();
    let calls = |metric: &str, agent: &str| {
        let points = captured.points(metric);
        let point = points.iter().find(|point| point.text("gen_ai.agent.name") == agent);
        point.map(|point| (point.sum, point.count))
    };
    let inference = "gen_ai.invoke_agent.inference_calls";
    assert_eq!(calls(inference, "outer"), Some((1.0, Some(1))));
    assert_eq!(calls(inference, "inner"), Some((2.0, Some(1))));
    let tools = "gen_ai.invoke_agent.tool_calls";
    assert_eq!(calls(tools, "outer"), Some((1.0, Some(1))));
    assert_eq!(calls(tools, "inner"), Some((0.0, Some(1))));
}

#[tokio::test]
async fn a_question_mark_converts_to_any_error_of_the_caller() {
    async fn user() -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        let read = async { "7".parse::<usize>() };
        Ok(Step::new("parse").run(read).await? + 1)
    }
    assert_eq!(tokio::spawn(user()).await.unwrap().unwrap(), 8);
}
