//! B3, of Zipkin: one header, or one for each field.
//!
//! Source: [B3 propagation](https://github.com/openzipkin/b3-propagation)

use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use super::hex;

pub(super) const SINGLE: &str = "b3";
pub(super) const TRACE_ID: &str = "x-b3-traceid";
pub(super) const SPAN_ID: &str = "x-b3-spanid";
pub(super) const SAMPLED: &str = "x-b3-sampled";
pub(super) const FLAGS: &str = "x-b3-flags";

pub(super) fn inject_single(span: &SpanContext, injector: &mut dyn Injector) {
    let mut header = String::with_capacity(51);
    hex::push(&mut header, &span.trace_id().to_bytes());
    header.push('-');
    hex::push(&mut header, &span.span_id().to_bytes());
    header.push_str(if span.is_sampled() { "-1" } else { "-0" });
    injector.set(SINGLE, header);
}

pub(super) fn inject_multi(span: &SpanContext, injector: &mut dyn Injector) {
    let digits = |bytes: &[u8]| {
        let mut text = String::with_capacity(2 * bytes.len());
        hex::push(&mut text, bytes);
        text
    };
    injector.set(TRACE_ID, digits(&span.trace_id().to_bytes()));
    injector.set(SPAN_ID, digits(&span.span_id().to_bytes()));
    injector.set(SAMPLED, if span.is_sampled() { "1" } else { "0" }.to_owned());
}

/// Either form, as senders use both; the single header wins.
pub(super) fn extract(extractor: &dyn Extractor) -> Option<SpanContext> {
    extractor.get(SINGLE).and_then(single).or_else(|| multi(extractor))
}

fn single(header: &str) -> Option<SpanContext> {
    let mut parts = header.split('-');
    let (trace_id, span_id) = (parts.next()?, parts.next()?);
    let flags = match parts.next() {
        Some("1" | "d") => TraceFlags::SAMPLED,
        Some("0") | None => TraceFlags::NOT_SAMPLED,
        Some(_) => return None,
    };
    // The id of the parent may follow, and nothing after it.
    let parent = parts.next().map(|parent| hex::span_id(parent.as_bytes()));
    if parent == Some(None) || parts.next().is_some() {
        return None;
    }
    context(trace_id, span_id, flags)
}

fn multi(extractor: &dyn Extractor) -> Option<SpanContext> {
    let sampled = match (extractor.get(FLAGS), extractor.get(SAMPLED)) {
        // Asked for explicitly.
        (Some("1"), _) => true,
        (_, Some("1" | "true")) => true,
        (_, Some("0" | "false") | None) => false,
        (_, Some(_)) => return None,
    };
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    context(extractor.get(TRACE_ID)?, extractor.get(SPAN_ID)?, flags)
}

fn context(trace_id: &str, span_id: &str, flags: TraceFlags) -> Option<SpanContext> {
    let (trace_id, span_id) = (trace_id.to_ascii_lowercase(), span_id.to_ascii_lowercase());
    let trace_id = long_or_short(trace_id.as_bytes())?;
    let span_id: SpanId = hex::span_id(span_id.as_bytes())?;
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE))
}

/// Older senders have ids of eight bytes.
fn long_or_short(digits: &[u8]) -> Option<TraceId> {
    if digits.len() == 16 {
        let short = u64::from_be_bytes(hex::read(digits)?);
        return Some(TraceId::from(u128::from(short))).filter(|id| *id != TraceId::INVALID);
    }
    hex::trace_id(digits)
}
