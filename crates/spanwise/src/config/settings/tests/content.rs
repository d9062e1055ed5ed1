use spanwise_core::ContentLevel;

use super::*;
use crate::config::{ContentPolicy, Destination};

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

fn levels(settings: &Settings) -> Vec<(&str, ContentLevel)> {
    settings.routes.iter().map(|route| (route.name.as_str(), route.content.level)).collect()
}

#[test]
fn the_strictest_of_variable_code_and_destination_is_in_force() {
    let both = |level: &str, code: ContentLevel| {
        config(&[("SPANWISE_CONTENT_LEVEL", level)])
            .content(code)
            .destination(Destination::otlp("http://one:4318").name("one"))
            .destination(
                Destination::otlp("http://two:4318").name("two").content(ContentLevel::Names),
            )
            .destination(Destination::console(Signals::TRACES))
            .settings()
            .unwrap()
    };
    use ContentLevel::{Full, Hashes, Names, Off};
    let console = ("console", Off);
    assert_eq!(levels(&both("full", Full)), [("one", Full), ("two", Names), console]);
    assert_eq!(levels(&both("Hashes", Full)), [("one", Hashes), ("two", Names), console]);
    assert_eq!(levels(&both("full", Off)), [("one", Off), ("two", Off), console]);
    assert_eq!(levels(&both("sha", Full)), [("one", Off), ("two", Off), console]);
    assert_eq!(
        both("sha", Full).warnings,
        [
            "SPANWISE_CONTENT_LEVEL is set but is not one of off, names, hashes, full; off is in force"
        ]
    );
}

#[test]
fn the_variables_of_content_are_limits_a_redactor_and_a_key() {
    let settings = settle(&[
        HERE,
        ("SPANWISE_CONTENT_MAX_ATTRIBUTE_BYTES", "4096"),
        ("SPANWISE_CONTENT_MAX_MESSAGE_BYTES", "255"),
        ("SPANWISE_CONTENT_MAX_SPAN_BYTES", "65536"),
        ("SPANWISE_CONTENT_NEW_MESSAGES_ONLY", "true"),
        ("SPANWISE_CONTENT_HASH_KEY", "canary"),
        ("SPANWISE_REDACT", "true"),
    ]);
    let policy = &settings.routes[0].content;
    assert_eq!((policy.most_attribute_bytes, policy.most_message_bytes), (Some(4096), None));
    assert_eq!((policy.most_span_bytes, policy.new_messages_only), (Some(65536), true));
    assert_eq!((policy.redactors.len(), policy.hash_key.is_some()), (1, true));
    assert_eq!(
        settings.warnings,
        [
            "SPANWISE_CONTENT_MAX_MESSAGE_BYTES is set but is not a whole number of at least 256; no \
          limit is in force"
        ]
    );
    assert!(!format!("{settings:?}").contains("canary"));
}

#[test]
fn a_limit_of_code_that_is_too_small_stops_the_start() {
    let small = || ContentPolicy::default().max_span_bytes(100);
    let destination = Destination::otlp("http://one:4318").content(small());
    for config in [config(&[]).content(small()), config(&[]).destination(destination)] {
        let error = config.settings().unwrap_err().to_string();
        assert_eq!(
            error,
            "max_span_bytes leaves no room for content's shape: give it at least 256"
        );
    }
}

#[test]
fn what_cannot_be_held_back_is_not_captured() {
    let attached = |variables: &[(&str, &str)]| {
        let (policy, _, warnings) = attached(&variables.iter().copied().collect::<Environment>());
        (policy.content(), warnings.len())
    };
    assert_eq!(attached(&[(CAPTURE, "true")]), (ContentCapture::SpanOnly, 0));
    for held_back in [("SPANWISE_CONTENT_LEVEL", "hashes"), ("SPANWISE_REDACT", "true")] {
        assert_eq!(attached(&[(CAPTURE, "true"), held_back]), (ContentCapture::NoContent, 1));
        assert_eq!(attached(&[held_back]), (ContentCapture::NoContent, 0));
    }
}
