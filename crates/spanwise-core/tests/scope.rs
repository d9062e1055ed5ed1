//! What a scope says is seen on everything below it.

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanId, TraceContextExt as _, TraceId, Tracer as _, TracerProvider as _,
};
use spanwise_core::{
    ActiveScope, Agent, Embeddings, FutureExt as _, Generation, Plan, Provider, Scope, ScopeField,
    Step, Tool, TraceRef, Workflow, scope,
};
use spanwise_core::{CapturePolicy, ContentCapture, ContentLevel};
use spanwise_testing::{Capture, Captured, CapturedSpan};

type Error = std::io::Error;

async fn work() -> Result<u32, Error> {
    tokio::task::yield_now().await;
    Ok(1)
}

fn turn() -> Scope {
    scope().session("s-1").user("u-9").tenant("acme").tag("beta").metadata("plan", "pro")
}

fn chat() -> spanwise_core::GenerationBuilder<'static> {
    Generation::chat(Provider::OpenAi, "gpt-4o")
}

fn captured(work: impl FnOnce(&Capture)) -> Captured {
    let capture = Capture::builder().content(ContentCapture::SpanAndEvent).build();
    capture.run(|| work(&capture));
    let captured = capture.finish();
    captured.assert_conformant();
    captured
}

fn foreign(capture: &Capture, name: &'static str) {
    let tracer = capture.tracer_provider().tracer("another crate");
    drop(tracer.start(name));
}

#[track_caller]
fn assert_of_the_turn(span: &CapturedSpan) {
    assert_eq!(span.text("session.id"), "s-1", "{}", span.name());
    assert_eq!(span.text("user.id"), "u-9", "{}", span.name());
    assert_eq!(span.text("spanwise.tenant.id"), "acme", "{}", span.name());
    assert_eq!(span.text("spanwise.tags"), "[\"beta\"]", "{}", span.name());
    assert_eq!(span.text("spanwise.metadata.plan"), "pro", "{}", span.name());
    let keys = span.keys();
    let mut once = keys.clone();
    once.dedup();
    assert_eq!(keys, once, "each key once");
}

#[test]
fn every_kind_of_span_has_it_and_spans_of_other_crates_have_it_too() {
    let captured = captured(|capture| {
        turn().run_sync(|| {
            let _ = Workflow::new("w").run_sync(|_| {
                Agent::new("a").run_sync(|_| {
                    chat().start().finish();
                    Tool::new("t").start().finish();
                    Step::new("s").start().finish();
                    Plan::new().start().finish();
                    Embeddings::new(Provider::OpenAi, "e").start().finish();
                    foreign(capture, "GET /");
                    Ok::<_, Error>(())
                })
            });
        });
    });
    assert_eq!(captured.spans().len(), 8);
    captured.spans().iter().for_each(assert_of_the_turn);
}

#[test]
fn nothing_is_said_outside() {
    let captured = captured(|capture| {
        turn().run_sync(|| {});
        chat().start().finish();
        foreign(capture, "GET /");
    });
    for span in captured.spans() {
        assert!(span.attribute("session.id").is_none());
    }
}

#[test]
fn an_inner_scope_inherits_what_it_does_not_say_and_adds_its_tags() {
    let captured = captured(|_| {
        turn().run_sync(|| {
            let inner = scope().user("u-10").tag("beta").tag("night").metadata("plan", "free");
            inner.run_sync(|| Tool::new("inner").start().finish());
            Tool::new("outer").start().finish();
        });
    });
    let inner = captured.span("execute_tool inner");
    assert_eq!(inner.text("session.id"), "s-1");
    assert_eq!(inner.text("user.id"), "u-10");
    assert_eq!(inner.text("spanwise.tags"), "[\"beta\",\"night\"]");
    assert_eq!(inner.text("spanwise.metadata.plan"), "free");
    assert_of_the_turn(captured.span("execute_tool outer"));
}

#[test]
fn what_an_operation_says_for_itself_wins() {
    let captured = captured(|_| {
        let around = scope().session("s-1").conversation_id("c-1").agent_name("around");
        around.prompt_name("greeting").prompt_version("3").run_sync(|| {
            chat().start().finish();
            chat().conversation_id("c-2").prompt_name("other").start().finish();
            Tool::new("t").start().finish();
            Tool::new("t2").agent_name("own").start().finish();
            Agent::new("inner")
                .run_sync(|_| {
                    Tool::new("t3").start().finish();
                    Ok::<_, Error>(())
                })
                .unwrap();
        });
    });
    let [plain, said, tool, own, inner, agent] = captured.spans() else { panic!() };
    assert_eq!(plain.text("gen_ai.conversation.id"), "c-1");
    assert_eq!(plain.text("gen_ai.prompt.name"), "greeting");
    assert_eq!(plain.text("gen_ai.prompt.version"), "3");
    assert_eq!(said.text("gen_ai.conversation.id"), "c-2");
    assert_eq!(said.text("gen_ai.prompt.name"), "other");
    assert!(said.attribute("gen_ai.prompt.version").is_none());
    assert_eq!(tool.text("gen_ai.agent.name"), "around");
    assert_eq!(own.text("gen_ai.agent.name"), "own");
    assert_eq!(inner.text("gen_ai.agent.name"), "inner");
    assert_eq!(agent.text("gen_ai.conversation.id"), "c-1");
}

#[test]
fn a_session_is_no_conversation() {
    let captured = captured(|_| turn().run_sync(|| chat().start().finish()));
    assert!(captured.spans()[0].attribute("gen_ai.conversation.id").is_none());
}

#[test]
fn variables_of_the_prompt_are_content() {
    let around = || scope().prompt_name("greeting").prompt_variable("city", "Bonn");
    let with = captured(|_| around().run_sync(|| chat().start().finish()));
    assert_eq!(with.spans()[0].text("gen_ai.prompt.variable.city"), "Bonn");

    let own = captured(|_| {
        around().run_sync(|| chat().prompt_variable("city", "Rome").start().finish());
    });
    assert_eq!(own.spans()[0].text("gen_ai.prompt.variable.city"), "Rome");

    let capture = Capture::builder().build();
    capture.run(|| around().run_sync(|| chat().start().finish()));
    assert!(capture.finish().spans()[0].attribute("gen_ai.prompt.variable.city").is_none());
}

#[test]
fn a_scope_takes_content_away_and_never_gives_any() {
    let policy = CapturePolicy::new(ContentCapture::SpanOnly);
    for (level, inner, seen) in [
        (ContentLevel::Full, ContentLevel::Full, true),
        (ContentLevel::Off, ContentLevel::Full, false),
        (ContentLevel::Full, ContentLevel::Off, false),
        // Nobody here reduces content to names.
        (ContentLevel::Names, ContentLevel::Full, false),
    ] {
        let capture = Capture::builder().policy(policy).build();
        let said = || {
            let off = level.min(inner) == ContentLevel::Off;
            assert_eq!(spanwise_core::captures_content(), !off);
            assert_eq!(spanwise_core::tells_error_messages(), seen);
            let generation = chat().input("canary").start();
            generation.output("canary");
            generation.fail(&Error::other("canary"));
        };
        let inside = || scope().content(inner).run_sync(said);
        capture.run(|| scope().content(level).run_sync(inside));
        let captured = capture.finish();
        assert_eq!(
            format!("{:?}", captured.spans()).contains("canary"),
            seen,
            "{level:?} {inner:?}"
        );
    }
    let capture = Capture::builder().build();
    capture.run(|| {
        let all = scope().content(ContentLevel::Full);
        all.run_sync(|| chat().input("canary").start().finish());
    });
    assert!(!format!("{:?}", capture.finish().spans()).contains("canary"));
}

#[test]
fn ten_thousand_tags_leave_sixty_four_and_say_so() {
    let captured = captured(|_| {
        let tags = (0..10_000).map(|n| format!("tag-{n}"));
        let scope = scope().tags(tags).metadata("long", "x".repeat(5000)).session("é".repeat(300));
        let scope = (0..100).fold(scope, |scope, n| scope.metadata(&format!("key-{n}"), "v"));
        scope.run_sync(|| Tool::new("t").start().finish());
    });
    let span = &captured.spans()[0];
    let tags = span.text("spanwise.tags");
    assert_eq!(tags.matches("tag-").count(), 64);
    assert!(tags.contains("tag-63") && !tags.contains("tag-64"));
    assert_eq!(span.text("session.id").chars().count(), 256);
    assert_eq!(span.text("spanwise.metadata.long").len(), 1024);
    assert_eq!(span.keys().iter().filter(|key| key.starts_with("spanwise.metadata.")).count(), 64);
    assert_eq!(span.text("spanwise.scope.dropped"), (10_000 - 64 + 101 - 64).to_string());
}

#[test]
fn empty_values_count_as_not_given() {
    let captured = captured(|_| {
        let outer = turn();
        outer.run_sync(|| {
            let inner = scope().session("").tag("").metadata("plan", "").metadata("", "x");
            inner.run_sync(|| Tool::new("t").start().finish());
        });
    });
    assert_of_the_turn(&captured.spans()[0]);
}

#[test]
fn debug_shows_no_value() {
    let scope = turn().prompt_variable("city", "Bonn");
    let context = scope.clone().context();
    let shown = format!("{scope:?} {:?}", ActiveScope::of(&context));
    for secret in ["s-1", "u-9", "acme", "beta", "Bonn", "pro\""] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("session.id"));
}

#[test]
fn spans_inside_go_on_under_a_reference() {
    let capture = Capture::builder().build();
    let reference = capture.run(|| {
        let agent = Agent::new("asked").start();
        let reference: TraceRef = agent.trace_ref().to_string().parse().unwrap();
        agent.finish();
        reference
    });
    capture.run(|| {
        scope().under(&reference).user("u-9").run_sync(|| Tool::new("answered").start().finish());
        scope().under(&TraceRef::default()).run_sync(|| Tool::new("root").start().finish());
    });
    let captured = capture.finish();
    let (asked, answered) =
        (captured.span("invoke_agent asked"), captured.span("execute_tool answered"));
    assert_eq!(answered.trace_id(), asked.trace_id());
    assert_eq!(answered.parent_span_id(), asked.span_context().span_id());
    assert_eq!(captured.span("execute_tool root").parent_span_id(), SpanId::INVALID);
}

#[test]
fn a_trace_of_its_own_is_not_under_what_is_active() {
    let id = TraceId::from(0xabc);
    let captured = captured(|_| {
        Agent::new("around")
            .run_sync(|_| {
                scope().trace_id(id).run_sync(|| {
                    let active = Context::current();
                    assert_eq!(ActiveScope::of(&active).unwrap().trace_id(), Some(id));
                    assert!(!active.span().span_context().is_valid());
                    Tool::new("root").start().finish();
                });
                Ok::<_, Error>(())
            })
            .unwrap();
    });
    assert_eq!(captured.span("execute_tool root").parent_span_id(), SpanId::INVALID);
}

#[test]
fn a_scope_is_there_without_any_recorder() {
    turn().run_sync(|| {
        let context = Context::current();
        let active = ActiveScope::of(&context).unwrap();
        assert_eq!(active.get(ScopeField::Session), Some("s-1"));
        assert_eq!(active.get(ScopeField::Release), None);
        assert_eq!(active.tags().collect::<Vec<_>>(), ["beta"]);
        assert_eq!(active.metadata().collect::<Vec<_>>(), [("plan", "pro")]);
    });
    assert!(ActiveScope::of(&Context::current()).is_none());
}

#[tokio::test]
async fn a_future_is_inside_wherever_it_is_polled_and_its_neighbours_are_not() {
    let capture = Capture::builder().build();
    capture
        .run_async(async {
            let inside = turn().run(async { Tool::new("inside").run(work()).await });
            let also = async { Tool::new("also").run(work()).await }.in_scope(turn());
            let (inside, beside, also) =
                tokio::join!(inside, Tool::new("beside").run(work()), also);
            inside.unwrap();
            beside.unwrap();
            also.unwrap();
        })
        .await;
    let captured = capture.finish();
    assert_of_the_turn(captured.span("execute_tool inside"));
    assert_of_the_turn(captured.span("execute_tool also"));
    assert!(captured.span("execute_tool beside").attribute("session.id").is_none());
}

#[test]
fn the_details_event_says_it_too() {
    let captured = captured(|_| turn().run_sync(|| chat().start().finish()));
    let event = &captured.events()[0];
    assert_eq!(event.attribute("session.id"), Some(&"s-1".into()));
}

#[test]
fn metrics_have_a_chosen_few_of_its_values() {
    let capture = Capture::builder().build();
    capture.run(|| {
        let scope = turn().environment("staging").release("1.2");
        scope.run_sync(|| Tool::new("t").start().finish());
    });
    let captured = capture.finish();
    captured.assert_conformant();
    let point = captured.metric("gen_ai.execute_tool.duration");
    assert_eq!(point.text("deployment.environment.name"), "staging");
    assert_eq!(point.text("spanwise.release"), "1.2");
    assert_eq!(point.text("user.id"), "");

    let capture = Capture::builder().scope_on_metrics([ScopeField::Tenant]).build();
    capture.run(|| turn().environment("staging").run_sync(|| Tool::new("t").start().finish()));
    let captured = capture.finish();
    captured.assert_conformant();
    let point = captured.metric("gen_ai.execute_tool.duration");
    assert_eq!(point.text("spanwise.tenant.id"), "acme");
    assert_eq!(point.text("deployment.environment.name"), "");
}

#[test]
fn metrics_tell_a_hundred_values_apart_and_no_more() {
    let capture = Capture::builder().scope_on_metrics([ScopeField::Tenant]).build();
    capture.run(|| {
        for tenant in 0..150 {
            let scope = scope().tenant(format!("tenant-{tenant}"));
            scope.run_sync(|| Tool::new("t").start().finish());
        }
    });
    let captured = capture.finish();
    let points = captured.points("gen_ai.execute_tool.duration");
    assert_eq!(points.len(), 101);
    let others = points.iter().find(|point| point.text("spanwise.tenant.id") == "_OTHER").unwrap();
    assert_eq!(others.count, Some(50));
}

#[test]
fn operations_link_to_what_they_have_to_do_with() {
    let capture = Capture::builder().build();
    capture.run(|| {
        let asked = Agent::new("asked").start();
        let reference = asked.trace_ref();
        let tool = Tool::new("answered").link(&reference).link(&reference);
        let tool = tool.link(&TraceRef::default()).start();
        // In a circle, as far as one can be made: it has started by now.
        let back = Tool::new("back").link(&tool.trace_ref()).link(&reference).start();
        back.finish();
        tool.finish();
        asked.finish();
    });
    let captured = capture.finish();
    let asked = captured.span("invoke_agent asked").span_context().span_id();
    let links = |name| {
        let links = captured.span(name).data().links.iter();
        links.map(|link| link.span_context.span_id()).collect::<Vec<_>>()
    };
    assert_eq!(links("execute_tool answered"), [asked]);
    let answered = captured.span("execute_tool answered").span_context().span_id();
    assert_eq!(links("execute_tool back"), [answered, asked]);
}
