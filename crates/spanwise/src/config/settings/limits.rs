//! How many attributes, events and links there may be, and how long.

use opentelemetry_sdk::trace::SpanLimits;

use crate::config::TelemetryConfig;
use crate::env::Reader;

/// Limits that the SDK does not keep by itself, or not in our order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) attributes: usize,
    pub(crate) value_length: Option<usize>,
    pub(crate) log_attributes: usize,
    pub(crate) log_value_length: Option<usize>,
    pub(crate) span: SpanLimits,
}

const DEFAULT_ATTRIBUTES: usize = 128;

pub(super) fn limits(config: &TelemetryConfig, reader: &mut Reader<'_>) -> Limits {
    let any_count = count_limit("OTEL_ATTRIBUTE_COUNT_LIMIT", DEFAULT_ATTRIBUTES, reader);
    let any_length = length_limit("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", reader);
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let span = SpanLimits {
        // The SDK would drop what comes last; we keep what matters most, later.
        max_attributes_per_span: u32::MAX,
        max_events_per_span: small(count_limit("OTEL_SPAN_EVENT_COUNT_LIMIT", 128, reader)),
        max_links_per_span: small(count_limit("OTEL_SPAN_LINK_COUNT_LIMIT", 128, reader)),
        max_attributes_per_event: small(count_limit(
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
            any_count,
            reader,
        )),
        max_attributes_per_link: small(count_limit(
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
            any_count,
            reader,
        )),
    };
    let span_length = length_limit("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", reader);
    let log_length = length_limit("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", reader);
    Limits {
        attributes: count_limit("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", any_count, reader),
        value_length: config.value_length_limit.or(span_length).or(any_length),
        log_attributes: count_limit("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", any_count, reader),
        log_value_length: config.value_length_limit.or(log_length).or(any_length),
        span,
    }
}

fn count_limit(variable: &str, default: usize, reader: &mut Reader<'_>) -> usize {
    reader.number(variable, &default).unwrap_or(default)
}

fn length_limit(variable: &str, reader: &mut Reader<'_>) -> Option<usize> {
    reader.parsed(variable, "a whole number", "no limit", |text| text.parse().ok())
}
