use super::*;

const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

#[test]
fn nothing_is_captured_unless_it_is_asked_for() {
    assert_eq!(settle(&[]).policy, CapturePolicy::default());
    let settings = settle(&[(CAPTURE, "span_only")]);
    assert_eq!(settings.policy, CapturePolicy::new(ContentCapture::SpanOnly));
    assert_eq!(
        warned(&[(CAPTURE, "yes")]),
        ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is set but is not one of \
          NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false; NO_CONTENT is in force"]
    );
}

#[test]
fn code_wins_over_the_variable() {
    let settings =
        config(&[(CAPTURE, "true")]).content_capture(ContentCapture::NoContent).settings();
    assert_eq!(settings.unwrap().policy, CapturePolicy::default());
}

#[test]
fn asking_for_one_side_captures_that_side_alone() {
    let settings = config(&[]).record_inputs(true).settings().unwrap();
    let expected = CapturePolicy::new(ContentCapture::SpanOnly).outputs(false);
    assert_eq!(settings.policy, expected);
    let settings = config(&[(CAPTURE, "true")]).record_outputs(false).settings().unwrap();
    assert_eq!(settings.policy, expected);
    let off = config(&[(CAPTURE, "false")]).record_inputs(true).settings().unwrap();
    assert_eq!(off.policy.outputs(true), CapturePolicy::default(), "what was refused stays so");
}

#[test]
fn the_event_and_the_finer_switches_are_settings_of_their_own() {
    let event = settle(&[("OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT", "true")]);
    assert_eq!(event.policy, CapturePolicy::default().details_event(true));
    let settings = config(&[])
        .record_metadata(false)
        .record_tool_schemas(true)
        .record_error_messages(true)
        .settings()
        .unwrap();
    let expected = CapturePolicy::default().metadata(false).tool_schemas(true).error_messages(true);
    assert_eq!(settings.policy, expected);
}
