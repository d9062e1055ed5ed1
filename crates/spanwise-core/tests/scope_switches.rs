//! What a scope switches off, for everything inside.

use spanwise_core::{Agent, ContentCapture, Evaluation, Tool, evaluation, scope};
use spanwise_testing::Capture;

fn with_content() -> Capture {
    Capture::builder().content(ContentCapture::SpanOnly).build()
}

fn lookup() {
    let tool = Tool::new("lookup").arguments("A-17").attribute("app.team", "support").start();
    tool.result("found");
    tool.event("app.seen", []);
    tool.finish();
}

const ARGUMENTS: &str = "gen_ai.tool.call.arguments";
const RESULT: &str = "gen_ai.tool.call.result";

#[test]
fn what_goes_in_comes_out_and_is_added_is_switched_off_one_by_one() {
    for (inside, expected) in [
        (scope(), [true, true, true]),
        (scope().record_inputs(false), [false, true, true]),
        (scope().record_outputs(false), [true, false, true]),
        (scope().record_metadata(false), [true, true, false]),
        (scope().record_inputs(true).record_inputs(false), [false, true, true]),
    ] {
        let capture = with_content();
        capture.run(|| inside.run_sync(lookup));
        let captured = capture.finish();
        let span = captured.span("execute_tool lookup");
        let has = [ARGUMENTS, RESULT, "app.team"].map(|key| span.attribute(key).is_some());
        assert_eq!(has, expected);
        assert_eq!(!span.data().events.events.is_empty(), expected[2]);
    }
}

#[test]
fn a_scope_inside_switches_nothing_on_again() {
    let capture = with_content();
    capture.run(|| {
        let outer = scope().record_inputs(false).record_outputs(false).enabled(true);
        outer.run_sync(|| scope().record_inputs(true).record_outputs(true).run_sync(lookup));
    });
    let captured = capture.finish();
    let span = captured.span("execute_tool lookup");
    assert!(span.attribute(ARGUMENTS).is_none() && span.attribute(RESULT).is_none());
}

#[test]
fn nothing_is_captured_that_nobody_asked_for() {
    let capture = Capture::builder().build();
    capture.run(|| scope().record_inputs(true).record_outputs(true).run_sync(lookup));
    assert!(capture.finish().span("execute_tool lookup").attribute(ARGUMENTS).is_none());
}

#[test]
fn where_it_is_off_nothing_is_recorded_and_around_it_everything_is() {
    let capture = with_content();
    capture.run(|| {
        let agent = Agent::new("triage").start();
        let _active = agent.enter();
        scope().enabled(false).run_sync(|| {
            lookup();
            scope().enabled(true).run_sync(lookup);
            let _: () = evaluation("relevance").score(0.5).emit_on(&agent.trace_ref());
        });
        lookup();
        drop(_active);
        agent.finish();
    });
    let captured = capture.finish();
    assert_eq!(captured.spans().len(), 2, "{}", captured.tree());
    assert!(captured.events().is_empty());
    let tools = captured.points("gen_ai.execute_tool.duration");
    assert_eq!(tools.len(), 1);
}

#[test]
fn evaluations_leave_out_what_is_added_as_well() {
    fn judged(metadata: bool) -> bool {
        let capture = Capture::builder().build();
        capture.run(|| {
            let tool = Tool::new("lookup").start();
            let judged: Evaluation = evaluation("relevance").score(0.5).attribute("app.judge", "j");
            scope().record_metadata(metadata).run_sync(|| judged.emit_on(&tool.trace_ref()));
        });
        capture.finish().event("gen_ai.evaluation.result").attribute("app.judge").is_some()
    }
    assert!(judged(true));
    assert!(!judged(false));
}
