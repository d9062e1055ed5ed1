//! W3C Trace Context: every MUST of the Recommendation, for what is read and for what is written.
//!
//! Source: [Trace Context](https://www.w3.org/TR/trace-context/)

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use proptest::prelude::*;
use spanwise_core::{Tool, extract_from_headers, inject_into_headers, with_context};
use spanwise_testing::Capture;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

type Headers = BTreeMap<String, String>;

fn headers<const N: usize>(all: [(&str, &str); N]) -> Headers {
    all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn span(headers: &impl spanwise_core::propagation::Headers) -> SpanContext {
    extract_from_headers(headers).span().span_context().clone()
}

fn parent(traceparent: &str) -> SpanContext {
    span(&headers([("traceparent", traceparent)]))
}

fn state(tracestate: &str) -> String {
    let span = span(&headers([("traceparent", SAMPLED), ("tracestate", tracestate)]));
    assert!(span.is_valid(), "the parent is there, whatever its state says");
    span.trace_state().header()
}

fn sent(context: &Context) -> Headers {
    let mut headers = Headers::new();
    inject_into_headers(context, &mut headers);
    headers
}

fn remote(flags: u8, state: TraceState) -> Context {
    let span = SpanContext::new(
        TraceId::from_hex(TRACE).unwrap(),
        SpanId::from_hex(PARENT).unwrap(),
        TraceFlags::new(flags),
        true,
        state,
    );
    Context::new().with_remote_span_context(span)
}

/// What a service sends on that starts a span of its own.
fn through_a_service(incoming: &Headers) -> Headers {
    let capture = Capture::builder().build();
    capture.run(|| {
        with_context(&extract_from_headers(incoming), || {
            let tool = Tool::new("serve").start();
            let sent = sent(&tool.context());
            tool.finish();
            sent
        })
    })
}

#[test]
fn a_version_must_be_two_lower_case_digits_and_not_ff() {
    assert!(parent(SAMPLED).is_valid());
    for version in ["ff", "0", "000", "0x", "+0", "  ", "0A", "CC", "-1", ""] {
        assert!(!parent(&SAMPLED.replacen("00", version, 1)).is_valid(), "{version:?}");
    }
}

#[test]
fn a_header_with_an_invalid_trace_id_must_be_ignored() {
    for id in [
        "00000000000000000000000000000000",
        "4bf92f3577b34da6a3ce929d0e0e473",
        "4bf92f3577b34da6a3ce929d0e0e47361",
        "4BF92F3577B34DA6A3CE929D0E0E4736",
        "4bf92f3577b34da6a3ce929d0e0e473g",
        "+bf92f3577b34da6a3ce929d0e0e4736",
        "4bf92f3577b34da6a3ce929d0e0e473 ",
        "",
    ] {
        assert!(!parent(&SAMPLED.replace(TRACE, id)).is_valid(), "{id:?}");
    }
}

#[test]
fn a_header_with_an_invalid_parent_id_must_be_ignored() {
    for id in
        ["0000000000000000", "00f067aa0ba902b", "00f067aa0ba902b77", "00F067AA0BA902B7", "x", ""]
    {
        assert!(!parent(&SAMPLED.replace(PARENT, id)).is_valid(), "{id:?}");
    }
}

#[test]
fn a_header_with_invalid_flags_must_be_ignored() {
    for flags in ["1", "001", "0g", "0A", ".0", "", " 1"] {
        assert!(!parent(&format!("00-{TRACE}-{PARENT}-{flags}")).is_valid(), "{flags:?}");
    }
}

#[test]
fn version_00_must_have_four_fields_and_no_more() {
    for rest in ["-", "-01", "-extra", "."] {
        assert!(!parent(&format!("{SAMPLED}{rest}")).is_valid(), "{rest:?}");
    }
    assert!(!parent(&SAMPLED[..52]).is_valid());
}

#[test]
fn fields_must_be_set_apart_by_dashes() {
    for place in [2, 35, 52] {
        let mut header = SAMPLED.to_owned();
        header.replace_range(place..=place, "_");
        assert!(!parent(&header).is_valid(), "{header}");
    }
}

#[test]
fn a_later_version_must_be_read_as_far_as_it_is_known() {
    for rest in ["", "-", "-what-comes-later", "-."] {
        let span = parent(&format!("cc-{TRACE}-{PARENT}-01{rest}"));
        assert_eq!(span.trace_id().to_string(), TRACE, "{rest:?}");
        assert_eq!(span.span_id().to_string(), PARENT);
        assert!(span.is_sampled());
    }
}

#[test]
fn a_later_versions_fields_must_be_checked_and_followed_by_a_dash() {
    for header in [
        format!("cc-{TRACE}-{PARENT}-01what"),
        format!("cc-{TRACE}-{PARENT}-0"),
        format!("cc-{TRACE}.{PARENT}-01"),
        format!("cc-{TRACE}-{PARENT}.01"),
        format!("cc-{TRACE}0-{PARENT}-01"),
        format!("cc-{}-{PARENT}-01", TRACE.to_uppercase()),
    ] {
        assert!(!parent(&header).is_valid(), "{header}");
    }
}

#[test]
fn unknown_fields_of_a_later_version_must_not_be_passed_on() {
    let sent = through_a_service(&headers([(
        "traceparent",
        &format!("cc-{TRACE}-{PARENT}-01-what-comes-later"),
    )]));
    assert_eq!(sent["traceparent"].len(), 55);
    assert!(sent["traceparent"].starts_with(&format!("00-{TRACE}-")));
}

#[test]
fn flags_without_a_meaning_must_be_set_to_zero() {
    for (flags, sampled) in [("ff", true), ("03", true), ("09", true), ("fe", false), ("02", false)]
    {
        let incoming = headers([("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}"))]);
        let sent = sent(&extract_from_headers(&incoming));
        assert!(sent["traceparent"].ends_with(if sampled { "-01" } else { "-00" }), "{flags}");
    }
    assert!(sent(&remote(0xff, TraceState::NONE))["traceparent"].ends_with("-01"));
}

#[test]
fn two_traceparents_are_none() {
    let mut headers = HeaderMap::new();
    headers.append("traceparent", HeaderValue::from_static(SAMPLED));
    assert!(span(&headers).is_valid());
    headers.append("traceparent", HeaderValue::from_static(SAMPLED));
    assert!(!span(&headers).is_valid());
}

#[test]
fn header_names_must_be_understood_in_any_case_and_are_written_in_lower_case() {
    for name in ["traceparent", "TraceParent", "TRACEPARENT"] {
        assert!(span(&headers([(name, SAMPLED)])).is_valid(), "{name}");
    }
    let state = TraceState::from_key_value([("rojo", "1")]).unwrap();
    let names: Vec<String> = sent(&remote(1, state)).into_keys().collect();
    assert_eq!(names, ["traceparent", "tracestate"]);
}

#[test]
fn white_space_around_a_header_is_no_part_of_it() {
    assert!(parent(&format!(" {SAMPLED}\t")).is_valid());
}

#[test]
fn tracestate_must_not_be_read_where_traceparent_cannot_be() {
    for traceparent in ["", "00-x", "ff-00"] {
        let incoming = headers([("traceparent", traceparent), ("tracestate", "rojo=1")]);
        assert_eq!(sent(&extract_from_headers(&incoming)), Headers::new());
    }
}

#[test]
fn tracestate_without_traceparent_must_be_discarded() {
    let incoming = headers([("tracestate", "rojo=1")]);
    assert!(!through_a_service(&incoming).contains_key("tracestate"));
}

#[test]
fn a_tracestate_that_cannot_be_read_must_not_touch_traceparent() {
    for broken in ["rojo", "=1", "rojo=1=2", "rojo=1,,,=", "Rojo=1", "rojo=\u{7f}", "ro jo=1"] {
        assert_eq!(state(broken), "", "{broken:?}");
    }
}

#[test]
fn several_tracestate_headers_must_be_one_list_in_their_order() {
    let mut headers = HeaderMap::new();
    headers.append("traceparent", HeaderValue::from_static(SAMPLED));
    headers.append("tracestate", HeaderValue::from_static("foo=1,bar=2"));
    headers.append("tracestate", HeaderValue::from_static(""));
    headers.append("tracestate", HeaderValue::from_static("rojo=1,congo=2"));
    assert_eq!(span(&headers).trace_state().header(), "foo=1,bar=2,rojo=1,congo=2");
}

#[test]
fn an_empty_tracestate_must_be_accepted_and_is_not_sent() {
    for empty in ["", " ", ",", " , \t,"] {
        let incoming = headers([("traceparent", SAMPLED), ("tracestate", empty)]);
        let sent = sent(&extract_from_headers(&incoming));
        assert_eq!(sent, headers([("traceparent", SAMPLED)]), "{empty:?}");
    }
}

#[test]
fn white_space_around_members_is_ignored_and_empty_members_are_allowed() {
    assert_eq!(state(" foo=1 ,\tbar=2\t,, baz=3,"), "foo=1,bar=2,baz=3");
}

#[test]
fn leading_spaces_of_a_value_must_be_preserved() {
    assert_eq!(state("foo=  1 "), "foo=  1");
}

#[test]
fn a_key_must_begin_with_a_letter_or_digit_and_have_legal_characters() {
    let longest = "z".repeat(256);
    for key in ["a", "0", "foo-_*/bar", "tenant@system", "0@v", longest.as_str()] {
        assert_eq!(state(&format!("{key}=1")), format!("{key}=1"), "{key}");
    }
    let too_long = "z".repeat(257);
    for key in ["", "-a", "_a", "*a", "/a", "@a", "A", "foo ", "foo.bar", "é", too_long.as_str()] {
        assert_eq!(state(&format!("{key}=1")), "", "{key}");
    }
}

#[test]
fn a_value_must_be_printable_and_at_most_256_characters() {
    let longest = "v".repeat(256);
    for value in ["1", " 1", "!\"#$%&'()*+-./:;<>?@[]^_`{|}~", longest.as_str()] {
        assert_eq!(state(&format!("a={value}")), format!("a={value}"), "{value}");
    }
    let too_long = "v".repeat(257);
    for value in ["", "\u{7f}", "é", "1\r\nx: y", "1\n", too_long.as_str()] {
        assert_eq!(state(&format!("a={value}")), "", "{value:?}");
    }
}

#[test]
fn there_are_at_most_32_members() {
    let list = |count| {
        let members: Vec<_> = (0..count).map(|n| format!("k{n}=1")).collect();
        members.join(",")
    };
    assert_eq!(state(&list(32)), list(32));
    assert_eq!(state(&list(33)), "");
}

#[test]
fn a_long_tracestate_must_not_be_cut_within_an_entry() {
    let members: Vec<_> = (0..32).map(|n| format!("k{n}={}", "v".repeat(250))).collect();
    assert_eq!(state(&members.join(",")), members.join(","));
}

#[test]
fn a_received_trace_must_be_sent_on_unchanged_where_nothing_is_recorded() {
    let incoming = headers([("traceparent", SAMPLED), ("tracestate", "rojo=1,congo=2")]);
    assert_eq!(sent(&extract_from_headers(&incoming)), incoming);
}

#[test]
fn the_parent_id_must_become_that_of_the_span_here_and_the_state_must_be_kept() {
    let incoming = headers([("traceparent", SAMPLED), ("tracestate", "rojo=1,congo=2")]);
    let sent = through_a_service(&incoming);
    assert!(sent["traceparent"].starts_with(&format!("00-{TRACE}-")));
    assert!(!sent["traceparent"].contains(PARENT));
    assert_eq!(sent["tracestate"], "rojo=1,congo=2");
}

#[test]
fn another_sampling_decision_must_come_with_a_new_parent_id() {
    let unsampled = headers([("traceparent", &SAMPLED.replace("-01", "-00"))]);
    let sent = through_a_service(&unsampled);
    assert!(sent["traceparent"].ends_with("-01") && !sent["traceparent"].contains(PARENT));
}

#[test]
fn a_key_that_is_changed_must_move_to_the_left_and_the_others_keep_their_order() {
    let span = span(&headers([("traceparent", SAMPLED), ("tracestate", "a=1,b=2,c=3")]));
    let changed = span.trace_state().insert("b", "4").unwrap();
    assert_eq!(sent(&remote(1, changed))["tracestate"], "b=4,a=1,c=3");
}

#[test]
fn adding_a_key_must_not_make_it_stand_there_twice() {
    let span = span(&headers([("traceparent", SAMPLED), ("tracestate", "a=1,b=2")]));
    let added = span.trace_state().insert("c", "0").unwrap().insert("a", "5").unwrap();
    assert_eq!(sent(&remote(1, added))["tracestate"], "a=5,c=0,b=2");
}

#[test]
fn headers_must_hold_ids_and_nothing_else() {
    let capture = Capture::builder().build();
    let scope = spanwise_core::scope().user("ada@example.org").session("s-1");
    let sent = capture.run(|| {
        scope.run_sync(|| {
            let tool = Tool::new("serve").attribute("canary", "c").start();
            sent(&tool.context())
        })
    });
    assert_eq!(sent.len(), 1);
    assert_eq!(sent["traceparent"].len(), 55);
}

#[test]
fn a_state_that_was_set_by_hand_cannot_break_out_of_its_header() {
    let state = TraceState::from_key_value([("a", "1\r\nx-evil: 1"), ("b", "2")]).unwrap();
    assert_eq!(sent(&remote(1, state))["tracestate"], "b=2");
}

#[test]
fn without_a_span_nothing_is_sent() {
    assert_eq!(sent(&Context::new()), Headers::new());
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(trace in 1u128.., id in 1u64.., sampled: bool) {
        let span_context = SpanContext::new(
            TraceId::from(trace),
            SpanId::from(id),
            TraceFlags::default().with_sampled(sampled),
            true,
            TraceState::NONE,
        );
        let context = Context::new().with_remote_span_context(span_context.clone());
        prop_assert_eq!(span(&sent(&context)), span_context);
    }

    #[test]
    fn no_header_panics_and_what_is_sent_on_is_legal(
        traceparent in "([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.{0,8})|(.{0,70})",
        tracestate in "([a-z]{1,4}=.{0,9},?){0,40}",
    ) {
        let incoming = headers([("traceparent", &traceparent), ("tracestate", &tracestate)]);
        for (name, value) in sent(&extract_from_headers(&incoming)) {
            prop_assert!(value.bytes().all(|c| (b' '..=b'~').contains(&c)), "{}: {}", name, value);
            if name == "traceparent" {
                prop_assert_eq!(value.len(), 55);
            }
        }
    }
}
