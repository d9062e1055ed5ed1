//! Tasks, threads and streams: what runs elsewhere is in the same trace and the same scope, and spans of
//! `tracing` and of OpenTelemetry nest with operations both ways.

mod support;

use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt as _, stream};
use opentelemetry_proto::tonic::trace::v1::Span;
use spanwise::opentelemetry::trace::Tracer as _;
use spanwise::{
    Agent, FutureExt as _, InScope, Scope, Telemetry, Tool, TracingMode, propagate_closure,
    propagate_context, scope, with_context,
};
use support::{Receiver, attribute, config, isolated, text};
use tracing::Instrument as _;
use tracing::level_filters::LevelFilter;

fn around() -> Scope {
    scope().session("s-1").user("u-9").tags(["beta", "night"])
}

/// An operation, a span of `tracing` in it, one of OpenTelemetry in that, and an operation in that.
fn work(name: &'static str) {
    let done = Tool::new(name).run_sync(|_| {
        let heard = tracing::info_span!("tracing");
        heard.in_scope(|| {
            spanwise::opentelemetry::global::tracer("other").in_span("otel", |_| {
                Tool::new("inner").start().finish();
            });
        });
        Ok::<_, String>(())
    });
    done.unwrap();
}

async fn work_async(name: &'static str) {
    tokio::task::yield_now().await;
    async { work(name) }.instrument(tracing::info_span!("instrumented")).await;
}

/// Runs work inside an agent and a scope, and gives back what arrived.
fn arrived<F: Future<Output = ()>>(inside: impl FnOnce() -> F) -> Vec<Span> {
    let receiver = Receiver::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let config = config().endpoint(receiver.http_url());
        let config = config.tracing(TracingMode::Install(LevelFilter::INFO));
        let telemetry: Telemetry = spanwise::init_telemetry(config).unwrap();
        let agent = Agent::new("agent").run_with(async |_| {
            inside().await;
            Ok::<_, String>(())
        });
        around().run(agent).await.unwrap();
        telemetry.shutdown().await
    });
    receiver.assert_conformant();
    receiver.spans()
}

/// The names from the span with this name up to the root.
fn up<'a>(spans: &'a [Span], mut span: &'a Span) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(parent) = spans.iter().find(|other| other.span_id == span.parent_span_id) {
        names.push(parent.name.clone());
        span = parent;
    }
    names
}

/// Every span is in one trace, in the scope, and each inner operation is at the end of the whole chain.
#[track_caller]
fn assert_whole(spans: &[Span], pieces: usize, instrumented: bool) {
    let per_piece = if instrumented { 5 } else { 4 };
    assert_eq!(spans.len(), 1 + pieces * per_piece, "{spans:#?}");
    for span in spans {
        assert_eq!(span.trace_id, spans[0].trace_id, "{}", span.name);
        assert_eq!(text(&span.attributes, "session.id"), "s-1", "{}", span.name);
        assert_eq!(text(&span.attributes, "user.id"), "u-9", "{}", span.name);
        let tags = format!("{:?}", attribute(&span.attributes, "spanwise.tags"));
        assert!(tags.contains("beta") && tags.contains("night"), "{}: {tags}", span.name);
    }
    let inner: Vec<_> = spans.iter().filter(|span| span.name == "execute_tool inner").collect();
    assert_eq!(inner.len(), pieces);
    for span in inner {
        let names = up(spans, span);
        let expected =
            ["otel", "tracing", "execute_tool piece", "instrumented", "invoke_agent agent"];
        let expected = expected.iter().filter(|name| instrumented || **name != "instrumented");
        assert!(names.iter().eq(expected), "{names:?}");
    }
}

#[test]
fn a_spawned_task() {
    isolated!({
        let spans = arrived(|| async {
            tokio::spawn(propagate_context(work_async("piece"))).await.unwrap();
        });
        assert_whole(&spans, 1, true);
    });
}

#[test]
fn a_task_that_is_spawned_without_its_context_is_another_trace() {
    isolated!({
        let spans = arrived(|| async {
            tokio::spawn(work_async("piece")).await.unwrap();
        });
        let lost = spans.iter().find(|span| span.name == "execute_tool piece").unwrap();
        assert_eq!(text(&lost.attributes, "session.id"), "");
    });
}

#[test]
fn a_blocking_task() {
    isolated!({
        let spans = arrived(|| async {
            tokio::task::spawn_blocking(propagate_closure(|| work("piece"))).await.unwrap();
        });
        assert_whole(&spans, 1, false);
    });
}

#[test]
fn a_join_set() {
    isolated!({
        let spans = arrived(|| async {
            let mut tasks = tokio::task::JoinSet::new();
            (0..3).for_each(|_| {
                tasks.spawn(propagate_context(work_async("piece")));
            });
            tasks.join_all().await;
        });
        assert_whole(&spans, 3, true);
    });
}

#[test]
fn rayon() {
    isolated!({
        let spans = arrived(|| async {
            let context = spanwise::opentelemetry::Context::current();
            rayon::scope(|pool| {
                (0..4).for_each(|_| pool.spawn(|_| with_context(&context, || work("piece"))));
            });
        });
        assert_whole(&spans, 4, false);
    });
}

#[test]
fn a_thread() {
    isolated!({
        let spans = arrived(|| async {
            std::thread::spawn(propagate_closure(|| work("piece"))).join().unwrap();
        });
        assert_whole(&spans, 1, false);
    });
}

#[test]
fn futures_that_are_polled_in_any_order() {
    isolated!({
        let spans = arrived(|| async {
            let pieces: FuturesUnordered<_> = (0..3).map(|_| work_async("piece")).collect();
            assert_eq!(pieces.count().await, 3);
        });
        assert_whole(&spans, 3, true);
    });
}

#[test]
fn a_stream_that_is_read_elsewhere() {
    isolated!({
        let spans = arrived(|| async {
            let pieces = propagate_context(stream::iter(0..2).then(|_| work_async("piece")));
            tokio::spawn(async move { pieces.count().await }).await.unwrap();
        });
        assert_whole(&spans, 2, true);
    });
}

#[test]
fn a_stream_in_a_scope() {
    isolated!({
        let spans = arrived(|| async {
            let pieces = InScope::new(stream::iter(0..2).then(|_| work_async("piece")), scope());
            assert_eq!(pieces.count().await, 2);
        });
        assert_whole(&spans, 2, true);
    });
}

#[test]
fn the_branches_of_a_select() {
    isolated!({
        let spans = arrived(|| async {
            let mut never =
                std::pin::pin!(std::future::pending::<()>().in_scope(scope().user("x")));
            tokio::select! {
                () = &mut never => unreachable!(),
                () = work_async("piece") => {}
            }
        });
        assert_whole(&spans, 1, true);
    });
}

#[test]
fn a_future_that_is_dropped_half_way_leaves_its_scope() {
    isolated!({
        let spans = arrived(|| async {
            let inner = scope().user("someone else").run(std::future::pending::<()>());
            tokio::select! {
                biased;
                () = inner => unreachable!(),
                () = std::future::ready(()) => {}
            }
            work_async("piece").await;
        });
        assert_whole(&spans, 1, true);
    });
}

#[test]
fn a_trace_begins_with_the_id_that_it_is_given() {
    isolated!({
        let receiver = Receiver::start();
        support::block_on(async {
            let telemetry =
                spanwise::init_telemetry(config().endpoint(receiver.http_url())).unwrap();
            let id = spanwise::opentelemetry::TraceId::from(0xabcd_u128);
            scope().trace_id(id).run_sync(|| {
                Tool::new("ours").start().finish();
                drop(spanwise::opentelemetry::global::tracer("other").start("theirs"));
            });
            telemetry.shutdown().await
        });
        for span in receiver.spans() {
            assert_eq!(span.trace_id, 0xabcd_u128.to_be_bytes(), "{}", span.name);
            assert!(span.parent_span_id.iter().all(|byte| *byte == 0));
        }
        assert_eq!(receiver.spans().len(), 2);
    });
}
