//! `uber-trace-id`, of Jaeger's own clients.
//!
//! Source: [Jaeger propagation format](https://www.jaegertracing.io/docs/1.76/client-libraries/#propagation-format)

use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use super::hex;

pub(super) const HEADER: &str = "uber-trace-id";

const SAMPLED: u8 = 1;
const DEBUG: u8 = 2;

pub(super) fn inject(span: &SpanContext, injector: &mut dyn Injector) {
    let mut header = String::with_capacity(54);
    hex::push(&mut header, &span.trace_id().to_bytes());
    header.push(':');
    hex::push(&mut header, &span.span_id().to_bytes());
    // The id of the parent is deprecated, and zero.
    header.push_str(if span.is_sampled() { ":0:1" } else { ":0:0" });
    injector.set(HEADER, header);
}

pub(super) fn extract(extractor: &dyn Extractor) -> Option<SpanContext> {
    let header = extractor.get(HEADER)?;
    // Some clients encode the colons.
    let header = header.replace("%3A", ":").replace("%3a", ":").to_ascii_lowercase();
    let mut parts = header.split(':');
    let trace_id = padded::<32>(parts.next()?).and_then(|digits| hex::trace_id(&digits))?;
    let span_id: SpanId = padded::<16>(parts.next()?).and_then(|digits| hex::span_id(&digits))?;
    let _parent = padded::<16>(parts.next()?)?;
    let [flags] = hex::read(&padded::<2>(parts.next()?)?)?;
    if parts.next().is_some() {
        return None;
    }
    let sampled = flags & (SAMPLED | DEBUG) != 0;
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let trace_id: TraceId = trace_id;
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE))
}

/// Zeros in front may be left out.
fn padded<const LENGTH: usize>(digits: &str) -> Option<[u8; LENGTH]> {
    let digits = digits.as_bytes();
    let start = LENGTH.checked_sub(digits.len()).filter(|start| *start < LENGTH)?;
    let mut padded = [b'0'; LENGTH];
    padded[start..].copy_from_slice(digits);
    Some(padded)
}
