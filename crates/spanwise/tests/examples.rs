//! The examples of two processes and of Helicone, as processes, by nothing but their environment.

mod support;

use support::{Receiver, attribute, run_example, text};

fn send_to(receiver: &Receiver) -> [(&'static str, String); 1] {
    [("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.http_url())]
}

#[test]
fn two_processes_record_one_trace_of_one_session() {
    let receiver = Receiver::start();
    let variables = send_to(&receiver);
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    run_example("distributed", &[], &variables);
    receiver.assert_conformant();
    let (asked, served) =
        (receiver.span("invoke_agent triage"), receiver.span("execute_tool lookup_order"));
    assert_eq!(served.trace_id, asked.trace_id);
    assert_eq!(served.parent_span_id, asked.span_id);
    for span in [&asked, &served] {
        assert_eq!(text(&span.attributes, "session.id"), "s-1");
        assert_eq!(text(&span.attributes, "user.id"), "u-9");
        assert!(attribute(&span.attributes, "spanwise.tags").is_some());
    }
}

#[test]
fn helicone_is_told_whose_call_it_is_and_what_it_shall_do() {
    let receiver = Receiver::start();
    let variables = send_to(&receiver);
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let said = run_example("helicone", &[], &variables);
    for line in [
        "helicone-auth: Bearer …",
        "helicone-cache-enabled: true",
        "helicone-ratelimit-policy: 1000;w=3600;s=user",
        "helicone-retry-num: 3",
        "helicone-session-id: s-1",
        "helicone-session-path: /triage/chat gpt-4o-mini",
        "helicone-user-id: u-9",
        "helicone-property-tags: beta",
    ] {
        assert_eq!(said.matches(line).count(), 2, "{line} in {said}");
    }
    assert!(!said.contains("sk-helicone"));
    receiver.assert_conformant();
}
