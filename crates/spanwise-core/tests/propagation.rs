//! Baggage, scopes and other formats travel between processes, within their limits.

use std::collections::{BTreeMap, HashMap};

use http::HeaderMap;
use opentelemetry::baggage::BaggageExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use proptest::prelude::*;
use spanwise_core::propagation::{BaggageKeys, Format, Headers, Propagation};
use spanwise_core::{
    ActiveScope, BaggageItem, ScopeField, extract_from_headers, get_baggage, inject_into_headers,
    scope, with_baggage, with_context,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

type Sent = BTreeMap<String, String>;

fn allowing(keys: BaggageKeys) -> Context {
    Propagation::default().baggage(keys).in_context(&Context::new())
}

fn sent(context: &Context) -> Sent {
    let mut headers = Sent::new();
    inject_into_headers(context, &mut headers);
    headers
}

fn header(context: &Context) -> Option<String> {
    sent(context).remove("baggage")
}

fn received(keys: BaggageKeys, baggage: &str) -> Context {
    let headers = Sent::from([("baggage".to_owned(), baggage.to_owned())]);
    with_context(&allowing(keys), || extract_from_headers(&headers))
}

fn tenant(context: &Context) -> Context {
    with_baggage(context, [BaggageItem::new("tenant", "acme"), BaggageItem::new("secret", "x")])
}

#[test]
fn nothing_leaves_that_is_not_allowed() {
    assert_eq!(header(&tenant(&Context::new())), None);
    let whole = scope().session("s-1").user("u-9").tag("beta");
    assert_eq!(header(&whole.context_in(&tenant(&Context::new()))), None);
    let context = tenant(&allowing(BaggageKeys::of(["tenant"])));
    assert_eq!(header(&context).as_deref(), Some("tenant=acme"));
}

#[test]
fn a_scope_travels_by_the_keys_that_are_allowed() {
    let keys = || BaggageKeys::of(["session.id", "spanwise.tags", "spanwise.metadata.plan"]);
    let whole = scope().session("s-1").user("u-9").tags(["a,b", "ü"]).metadata("plan", "pro = 1");
    let sent = sent(&whole.context_in(&allowing(keys())));
    assert!(!sent["baggage"].contains("u-9"));

    let there = with_context(&allowing(keys()), || extract_from_headers(&sent));
    let scope = ActiveScope::of(&there).unwrap();
    assert_eq!(scope.get(ScopeField::Session), Some("s-1"));
    assert_eq!(scope.get(ScopeField::User), None);
    assert_eq!(scope.tags().collect::<Vec<_>>(), ["a,b", "ü"]);
    assert_eq!(scope.metadata().collect::<Vec<_>>(), [("plan", "pro = 1")]);

    let stranger = with_context(&Context::new(), || extract_from_headers(&sent));
    assert!(ActiveScope::of(&stranger).is_none(), "who allows nothing takes nothing over");
    assert_eq!(get_baggage(&stranger, "session.id").as_deref(), Some("s-1"));
}

#[test]
fn what_leaves_can_be_changed_or_kept_back() {
    let keys = BaggageKeys::of(["tenant", "secret", "user.id"]).redact(|key, value| match key {
        "secret" => None,
        "user.id" => Some(format!("{}…", &value[..1])),
        _ => Some(value.to_owned()),
    });
    let context = scope().user("ada").context_in(&tenant(&allowing(keys)));
    assert_eq!(header(&context).as_deref(), Some("tenant=acme,user.id=a%E2%80%A6"));
}

#[test]
fn values_outside_the_octets_must_be_percent_encoded() {
    let value = "a b,c;d\\e\"f%g=hé\r\n\u{0}";
    let keys = || BaggageKeys::none().and_all_baggage();
    let context = with_baggage(&allowing(keys()), [BaggageItem::new("k", value)]);
    let sent = header(&context).unwrap();
    assert_eq!(sent, "k=a%20b%2Cc%3Bd%5Ce%22f%25g=h%C3%A9%0D%0A%00");
    assert_eq!(get_baggage(&received(keys(), &sent), "k").as_deref(), Some(value));
}

#[test]
fn octets_that_are_no_utf_8_must_be_replaced() {
    let context = received(BaggageKeys::none(), "k=a%FFb%C3");
    assert_eq!(get_baggage(&context, "k").as_deref(), Some("a\u{fffd}b\u{fffd}"));
}

#[test]
fn equal_signs_in_values_must_not_be_taken_for_separators() {
    let context = received(BaggageKeys::none(), "k=a=b==, token = c=");
    assert_eq!(get_baggage(&context, "k").as_deref(), Some("a=b=="));
    assert_eq!(get_baggage(&context, "token").as_deref(), Some("c="));
}

#[test]
fn members_must_never_be_sent_in_part() {
    let keys = || BaggageKeys::none().and_all_baggage();
    let items = (0..64).map(|n| BaggageItem::new(format!("key-{n:02}"), "é".repeat(25)));
    let context = with_baggage(&allowing(keys()), items);
    let sent = header(&context).unwrap();
    assert!(sent.len() <= 8192, "{}", sent.len());
    let values = sent.split(',').map(|member| member.split_once('=').unwrap().1);
    assert!(values.clone().all(|value| value == "%C3%A9".repeat(25)));
    assert!(values.count() > 50);
}

#[test]
fn all_of_64_members_and_8192_bytes_must_be_passed_on() {
    let keys = || BaggageKeys::none().and_all_baggage();
    let members: Vec<_> = (0..64).map(|n| format!("key-{n:02}={}", "v".repeat(120))).collect();
    let whole = members.join(",");
    assert_eq!(whole.len(), 8191);
    assert_eq!(header(&received(keys(), &whole)), Some(whole));
}

#[test]
fn what_is_beyond_the_limits_is_left_out_and_the_rest_is_there() {
    let many: Vec<_> = (0..200).map(|n| format!("k{n}=v")).collect();
    assert_eq!(received(BaggageKeys::none(), &many.join(",")).baggage().len(), 64);
    let large = format!("small=1,large={},after=2", "v".repeat(9000));
    let context = received(BaggageKeys::none(), &large);
    assert_eq!(get_baggage(&context, "small").as_deref(), Some("1"));
    assert_eq!(context.baggage().len(), 1);
}

#[test]
fn limits_hold_for_all_headers_together() {
    let mut headers = HeaderMap::new();
    for part in 0..4 {
        let members: Vec<_> = (0..40).map(|n| format!("k{part}-{n}=v")).collect();
        headers.append("baggage", members.join(",").try_into().unwrap());
    }
    assert_eq!(extract_from_headers(&headers).baggage().len(), 64);
}

#[test]
fn malformed_members_are_left_out_and_the_others_stay() {
    let broken = "a=1, ,=,b,c d=2,é=3,e=x y,f=\"q\",g=\u{1},h = 2 ; p=1;q";
    let context = received(BaggageKeys::none(), broken);
    assert_eq!(get_baggage(&context, "a").as_deref(), Some("1"));
    assert_eq!(get_baggage(&context, "h").as_deref(), Some("2"));
    assert_eq!(context.baggage().len(), 2);
    let (_, properties) = context.baggage().get_with_metadata("h").unwrap();
    assert_eq!(properties.as_str(), "p=1;q");
}

#[test]
fn baggage_grows_and_a_key_that_comes_again_is_replaced() {
    let context = with_baggage(&tenant(&Context::new()), [BaggageItem::new("tenant", "globex")]);
    assert_eq!(get_baggage(&context, "tenant").as_deref(), Some("globex"));
    assert_eq!(get_baggage(&context, "secret").as_deref(), Some("x"));
    assert_eq!(get_baggage(&context, "absent"), None);
    assert!(!format!("{:?}", BaggageItem::new("k", "canary")).contains("canary"));
}

#[test]
fn a_value_cannot_break_out_of_its_header() {
    let evil = "x\r\nhelicone-auth: Bearer stolen";
    let keys = || BaggageKeys::of(["user.id", "k"]).and_all_baggage();
    let context = with_baggage(&allowing(keys()), [BaggageItem::new("k", evil)]);
    // The propagator of the SDK would send these properties as they are.
    let context =
        context.with_baggage([opentelemetry::baggage::KeyValueMetadata::new("p", "v", evil)]);
    let context = scope().user(evil).context_in(&context);
    let mut headers = HeaderMap::new();
    inject_into_headers(&context, &mut headers);
    assert_eq!(headers.len(), 1);
    let sent = headers["baggage"].to_str().unwrap();
    assert!(!sent.contains(['\r', '\n']), "{sent}");
}

#[test]
fn every_kind_of_headers_is_written_and_read() {
    fn round<H: Headers + Default>() {
        let mut headers = H::default();
        let propagation = || Propagation::default().baggage(BaggageKeys::of(["tenant"]));
        let context = propagation().in_context(&parent("traceparent", &w3c()));
        inject_into_headers(&tenant(&context), &mut headers);
        let there = extract_from_headers(&headers);
        assert_eq!(there.span().span_context().trace_id().to_string(), TRACE);
        assert_eq!(get_baggage(&there, "tenant").as_deref(), Some("acme"));
    }
    round::<HashMap<String, String>>();
    round::<BTreeMap<String, String>>();
    round::<HeaderMap>();
    round::<tonic::metadata::MetadataMap>();
}

fn w3c() -> String {
    format!("00-{TRACE}-{SPAN}-01")
}

/// Whatever the one header says, read in every format.
fn parent(name: &str, value: &str) -> Context {
    let headers = Sent::from([(name.to_owned(), value.to_owned())]);
    let context = Propagation::default().formats(Format::ALL).in_context(&Context::new());
    with_context(&context, || extract_from_headers(&headers))
}

fn ids(name: &str, value: &str) -> Option<(String, String, bool)> {
    let context = parent(name, value);
    let span: SpanContext = context.span().span_context().clone();
    let (trace, id) = (span.trace_id().to_string(), span.span_id().to_string());
    span.is_valid().then(|| (trace, id, span.is_sampled()))
}

fn known(sampled: bool) -> Option<(String, String, bool)> {
    Some((TRACE.to_owned(), SPAN.to_owned(), sampled))
}

#[test]
fn b3_is_read_in_one_header() {
    assert_eq!(ids("b3", &format!("{TRACE}-{SPAN}-1")), known(true));
    assert_eq!(ids("B3", &format!("{TRACE}-{SPAN}-d")), known(true));
    assert_eq!(ids("b3", &format!("{TRACE}-{SPAN}-0-05e3ac9a4f6e3b90")), known(false));
    assert_eq!(ids("b3", &format!("{TRACE}-{SPAN}")), known(false));
    let short = ids("b3", &format!("a3ce929d0e0e4736-{SPAN}-1")).unwrap();
    assert_eq!(short.0, "0000000000000000a3ce929d0e0e4736");
    for broken in ["0", "1", "d", "", "x-y-1", &format!("{TRACE}-{SPAN}-1-2-3"), &w3c()] {
        assert_eq!(ids("b3", broken), None, "{broken}");
    }
}

#[test]
fn jaegers_header_is_read() {
    let read = |value: &str| ids("uber-trace-id", value);
    assert_eq!(read(&format!("{TRACE}:{SPAN}:0:1")), known(true));
    assert_eq!(read(&format!("{TRACE}:{SPAN}:0:3")), known(true));
    assert_eq!(read(&format!("{TRACE}%3A{SPAN}%3a0%3A0")), known(false));
    assert_eq!(read(&format!("{TRACE}:f067aa0ba902b7:0:1")), known(true), "zeros are left out");
    for broken in ["", ":::", &format!("{TRACE}:{SPAN}:1"), &format!("{TRACE}:0:0:1"), &w3c()] {
        assert_eq!(read(broken), None, "{broken}");
    }
}

#[test]
fn every_format_that_is_asked_for_is_written_and_read_by_itself() {
    for format in Format::ALL {
        let propagation = Propagation::default().formats([format]);
        let context = propagation.clone().in_context(&parent("traceparent", &w3c()));
        let sent = sent(&context);
        let fields: Vec<_> = propagation.fields().collect();
        assert!(sent.keys().all(|name| fields.contains(&name.as_str())), "{format:?}: {sent:?}");
        let there =
            with_context(&propagation.in_context(&Context::new()), || extract_from_headers(&sent));
        let came = there.span().span_context().trace_id().to_string() == TRACE;
        assert_eq!(came, format != Format::Baggage, "{format:?}");
    }
}

#[test]
fn b3_in_several_headers_is_read_in_any_combination() {
    let of = |fields: &[(&str, &str)]| {
        let own = fields.iter().map(|(name, value)| (format!("X-B3-{name}"), (*value).to_owned()));
        let headers: Sent = own.collect();
        let context = Propagation::default().formats([Format::B3]).in_context(&Context::new());
        let context = with_context(&context, || extract_from_headers(&headers));
        let span = context.span().span_context().clone();
        span.is_valid().then(|| span.is_sampled())
    };
    assert_eq!(of(&[("TraceId", TRACE), ("SpanId", SPAN), ("Sampled", "1")]), Some(true));
    assert_eq!(of(&[("TraceId", TRACE), ("SpanId", SPAN), ("Flags", "1")]), Some(true));
    assert_eq!(of(&[("TraceId", TRACE), ("SpanId", SPAN)]), Some(false));
    assert_eq!(of(&[("TraceId", TRACE), ("Sampled", "1")]), None);
    assert_eq!(of(&[("TraceId", TRACE), ("SpanId", SPAN), ("Sampled", "x")]), None);
}

#[test]
fn baggage_of_the_sdks_own_kind_is_the_same_baggage() {
    let context = allowing(BaggageKeys::of(["k"])).with_baggage([KeyValue::new("k", true)]);
    assert_eq!(header(&context).as_deref(), Some("k=true"));
}

proptest! {
    #[test]
    fn any_value_survives(value in "\\PC{0,200}|(?s:.{0,200})") {
        let keys = || BaggageKeys::of(["k"]);
        let context = with_baggage(&allowing(keys()), [BaggageItem::new("k", value.clone())]);
        let sent = header(&context).unwrap();
        prop_assert!(sent.bytes().all(|c| (b'!'..=b'~').contains(&c)));
        prop_assert_eq!(get_baggage(&received(keys(), &sent), "k"), Some(value));
    }

    #[test]
    fn no_header_panics(name in "b3|uber-trace-id|baggage|traceparent", value in "(?s:.{0,300})") {
        parent(&name, &value);
        received(BaggageKeys::of(["spanwise.tags", "session.id"]), &value);
    }
}
