//! What finds an operation again when it is over.

use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use serde::{Deserialize, Serialize};

/// What finds an operation again when it is over: for an [`evaluation`](crate::evaluation) that comes
/// later, perhaps in another process.
///
/// Its text form is opaque: it can be stored and sent, and is read by [`FromStr`] (or serde), of this
/// version and later ones. It holds ids and nothing else.
///
/// ```
/// use spanwise_core::TraceRef;
///
/// let stored = TraceRef::current().to_string();
/// let reference: TraceRef = stored.parse()?;
/// # assert!(!reference.is_valid());
/// # Ok::<_, spanwise_core::InvalidTraceRef>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TraceRef {
    trace_id: TraceIdBytes,
    span_id: SpanIdBytes,
    flags: u8,
    response_id: Option<String>,
    gateway_request_id: Option<String>,
}

type TraceIdBytes = [u8; 16];
type SpanIdBytes = [u8; 8];

/// The first letters of a text form, and of one with the id of a gateway's request.
const VERSION: &str = "1";
const WITH_GATEWAY: &str = "2";

impl TraceRef {
    /// The span that is active here; invalid where there is none.
    pub fn current() -> Self {
        use opentelemetry::trace::TraceContextExt;

        opentelemetry::Context::map_current(|context| Self::of(context.span().span_context()))
    }

    /// A span, by its context.
    pub fn of(span: &SpanContext) -> Self {
        Self {
            trace_id: span.trace_id().to_bytes(),
            span_id: span.span_id().to_bytes(),
            flags: span.trace_flags().to_u8(),
            response_id: None,
            gateway_request_id: None,
        }
    }

    /// The response that the model gave, where it is known: what an evaluation has when there is no span.
    #[must_use]
    pub fn with_response_id(mut self, id: impl Into<String>) -> Self {
        self.response_id = Some(id.into()).filter(|id| !id.is_empty());
        self
    }

    /// What a gateway, such as Helicone, calls the request: what feedback to it needs.
    #[must_use]
    pub fn with_gateway_request_id(mut self, id: impl Into<String>) -> Self {
        self.gateway_request_id = Some(id.into()).filter(|id| !id.is_empty());
        self
    }

    /// Whether it names a span.
    pub fn is_valid(&self) -> bool {
        self.span_context().is_valid()
    }

    /// The ids of the span, as of one in another process: to link to it, or to start spans under it.
    pub fn span_context(&self) -> SpanContext {
        SpanContext::new(
            TraceId::from_bytes(self.trace_id),
            SpanId::from_bytes(self.span_id),
            TraceFlags::new(self.flags),
            true,
            TraceState::NONE,
        )
    }

    /// The response, by the id that the provider gave it.
    pub fn response_id(&self) -> Option<&str> {
        self.response_id.as_deref()
    }

    /// What a gateway calls the request.
    pub fn gateway_request_id(&self) -> Option<&str> {
        self.gateway_request_id.as_deref()
    }
}

impl fmt::Display for TraceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (u128::from_be_bytes(self.trace_id), u64::from_be_bytes(self.span_id));
        let version = if self.gateway_request_id.is_some() { WITH_GATEWAY } else { VERSION };
        write!(f, "{version}-{trace:032x}-{span:016x}-{:02x}", self.flags)?;
        if let Some(id) = &self.gateway_request_id {
            write!(f, "-{}-{id}", id.len())?;
        }
        match &self.response_id {
            // It comes last, and may hold anything.
            Some(id) => write!(f, "-{id}"),
            None => Ok(()),
        }
    }
}

impl From<TraceRef> for String {
    fn from(reference: TraceRef) -> Self {
        reference.to_string()
    }
}

/// Why a text is no [`TraceRef`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTraceRef;

impl fmt::Display for InvalidTraceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a trace reference: expected what `TraceRef::to_string` gives")
    }
}

impl std::error::Error for InvalidTraceRef {}

impl FromStr for TraceRef {
    type Err = InvalidTraceRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(5, '-');
        let mut part = || parts.next().ok_or(InvalidTraceRef);
        let has_gateway = match part()? {
            VERSION => false,
            WITH_GATEWAY => true,
            _ => return Err(InvalidTraceRef),
        };
        let trace = hex(part()?, 32)?;
        let span = u64::try_from(hex(part()?, 16)?).map_err(|_| InvalidTraceRef)?;
        let flags = u8::try_from(hex(part()?, 2)?).map_err(|_| InvalidTraceRef)?;
        let reference = Self {
            trace_id: trace.to_be_bytes(),
            span_id: span.to_be_bytes(),
            flags,
            response_id: None,
            gateway_request_id: None,
        };
        let rest = parts.next();
        let (reference, rest) = if has_gateway {
            let (gateway, rest) = counted(rest.ok_or(InvalidTraceRef)?)?;
            (reference.with_gateway_request_id(gateway), rest)
        } else {
            (reference, rest)
        };
        Ok(match rest {
            Some(id) => reference.with_response_id(id),
            None => reference,
        })
    }
}

impl TryFrom<String> for TraceRef {
    type Error = InvalidTraceRef;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A text after its length, and what follows it.
fn counted(text: &str) -> Result<(&str, Option<&str>), InvalidTraceRef> {
    let (length, rest) = text.split_once('-').ok_or(InvalidTraceRef)?;
    let bytes: usize = length.parse().map_err(|_| InvalidTraceRef)?;
    if bytes == 0 || bytes.to_string() != length {
        return Err(InvalidTraceRef);
    }
    match rest.split_at_checked(bytes).ok_or(InvalidTraceRef)? {
        (text, "") => Ok((text, None)),
        (text, rest) => Ok((text, Some(rest.strip_prefix('-').ok_or(InvalidTraceRef)?))),
    }
}

fn hex(digits: &str, length: usize) -> Result<u128, InvalidTraceRef> {
    let lower = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != length || !digits.bytes().all(lower) {
        return Err(InvalidTraceRef);
    }
    u128::from_str_radix(digits, 16).map_err(|_| InvalidTraceRef)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_reference_survives_its_text(
            trace_id: [u8; 16],
            span_id: [u8; 8],
            flags: u8,
            response_id in proptest::option::of(".+"),
            gateway_request_id in proptest::option::of(".+"),
        ) {
            let reference =
                TraceRef { trace_id, span_id, flags, response_id, gateway_request_id };
            prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_written_the_same(text in "([12]-)?[0-9a-f-]{0,60}.*") {
            if let Ok(reference) = text.parse::<TraceRef>().map(|reference| reference.to_string()) {
                prop_assert_eq!(reference.trim_end_matches('-'), text.trim_end_matches('-'));
            }
        }
    }
}
