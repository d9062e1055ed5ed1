//! W3C Trace Context: `traceparent` and `tracestate`.
//!
//! Source: [Trace Context](https://www.w3.org/TR/trace-context/), level 1, the Recommendation.

use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};

use super::hex;

pub(super) const TRACEPARENT: &str = "traceparent";
pub(super) const TRACESTATE: &str = "tracestate";

/// The length of version 00, and the least of any other.
const LENGTH: usize = 55;
const MOST_MEMBERS: usize = 32;
/// Characters of a key, and of a value.
const MOST_CHARACTERS: usize = 256;

pub(super) fn inject(span: &SpanContext, injector: &mut dyn Injector) {
    let mut traceparent = String::with_capacity(LENGTH);
    traceparent.push_str("00-");
    hex::push(&mut traceparent, &span.trace_id().to_bytes());
    traceparent.push('-');
    hex::push(&mut traceparent, &span.span_id().to_bytes());
    // The other flags have no meaning yet, and are zero.
    traceparent.push_str(if span.is_sampled() { "-01" } else { "-00" });
    injector.set(TRACEPARENT, traceparent);
    let state = span.trace_state();
    let mut tracestate = String::new();
    for (key, value) in state.into_iter().filter(|(key, value)| is_key(key) && is_value(value)) {
        if !tracestate.is_empty() {
            tracestate.push(',');
        }
        tracestate.push_str(key);
        tracestate.push('=');
        tracestate.push_str(value);
    }
    if !tracestate.is_empty() {
        injector.set(TRACESTATE, tracestate);
    }
}

/// The caller's span. Without a `traceparent` that can be read there is none, whatever `tracestate` says.
pub(super) fn extract(extractor: &dyn Extractor) -> Option<SpanContext> {
    let headers = extractor.get_all(TRACEPARENT)?;
    let [traceparent] = headers[..] else { return None };
    let traceparent = traceparent.trim_matches([' ', '\t']).as_bytes();
    let (trace_id, span_id, flags) = parse(traceparent)?;
    let state = extractor.get_all(TRACESTATE).and_then(|headers| parse_state(&headers));
    Some(SpanContext::new(trace_id, span_id, flags, true, state.unwrap_or_default()))
}

type Parent = (opentelemetry::TraceId, opentelemetry::SpanId, TraceFlags);

fn parse(header: &[u8]) -> Option<Parent> {
    let [version] = hex::read(header.get(..2)?)?;
    let whole = match version {
        0 => header.len() == LENGTH,
        0xff => false,
        // A later version is read as far as it is known; what it adds begins with a dash.
        _ => header.get(LENGTH).is_none_or(|next| *next == b'-'),
    };
    let dashes = [2, 35, 52].into_iter().all(|place| header.get(place) == Some(&b'-'));
    if !whole || !dashes {
        return None;
    }
    let trace_id = hex::trace_id(header.get(3..35)?)?;
    let span_id = hex::span_id(header.get(36..52)?)?;
    let [flags] = hex::read(header.get(53..LENGTH)?)?;
    Some((trace_id, span_id, TraceFlags::new(flags) & TraceFlags::SAMPLED))
}

/// All headers as one list; none of it where it breaks a rule.
fn parse_state(headers: &[&str]) -> Option<TraceState> {
    let mut members = Vec::new();
    for member in headers.iter().flat_map(|header| header.split(',')) {
        // A space before the value is part of it; spaces around members are not.
        let member = member.trim_matches([' ', '\t']);
        if member.is_empty() {
            continue;
        }
        let (key, value) = member.split_once('=')?;
        if members.len() == MOST_MEMBERS || !is_key(key) || !is_value(value) {
            return None;
        }
        members.push((key, value));
    }
    TraceState::from_key_value(members).ok()
}

fn is_key(key: &str) -> bool {
    let begins = key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let known = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    begins && key.len() <= MOST_CHARACTERS && key.bytes().all(known)
}

fn is_value(value: &str) -> bool {
    let printable = |c: u8| matches!(c, b' '..=b'~') && c != b',' && c != b'=';
    (1..=MOST_CHARACTERS).contains(&value.len())
        && !value.ends_with(' ')
        && value.bytes().all(printable)
}
