//! Which headers are written and read, and the functions that do it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt as _;

use super::baggage::{self, BaggageKeys};
use super::headers::Headers;
use super::{b3, jaeger, trace_context};

/// Writes the trace's context into headers, and the baggage that may leave.
///
/// It knows no host: the trace's id, and what is allowed, goes to whoever gets the request. The process's
/// [`Propagation`] says how; by default W3C Trace Context, and of the baggage and the
/// [`scope`](crate::scope()) nothing.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::Context;
/// use spanwise_core::inject_into_headers;
///
/// let mut headers = HashMap::new();
/// inject_into_headers(&Context::current(), &mut headers);
/// ```
pub fn inject_into_headers<H: Headers + ?Sized>(context: &Context, headers: &mut H) {
    Propagation::of(context).inject_context(context, &mut headers.injector());
}

/// The current context with what headers say: the caller's span as parent, its baggage, and of its scope
/// what the process's [`Propagation`] allows. What is malformed is left out; nothing fails.
///
/// ```
/// use std::collections::HashMap;
///
/// use spanwise_core::{Tool, extract_from_headers, with_context};
///
/// # let headers = HashMap::<String, String>::new();
/// let context = extract_from_headers(&headers);
/// with_context(&context, || Tool::new("lookup").start().finish());
/// ```
pub fn extract_from_headers<H: Headers + ?Sized>(headers: &H) -> Context {
    let current = Context::current();
    Propagation::of(&current).extract_with_context(&current, &headers.extractor())
}

/// Which headers carry context between processes, and what baggage they may carry: a propagator of
/// OpenTelemetry.
///
/// ```
/// use spanwise_core::propagation::{BaggageKeys, Format, Propagation};
///
/// let propagation = Propagation::default()
///     .formats([Format::TraceContext, Format::Baggage, Format::B3])
///     .baggage(BaggageKeys::of(["session.id", "user.id"]));
/// # drop(propagation);
/// ```
#[derive(Clone)]
pub struct Propagation {
    formats: Vec<Format>,
    baggage: BaggageKeys,
    fields: Vec<String>,
}

/// A form in which context travels, by the word that `OTEL_PROPAGATORS` has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// `tracecontext`: `traceparent` and `tracestate`, of W3C.
    TraceContext,
    /// `baggage`: `baggage`, of W3C.
    Baggage,
    /// `b3`: `b3`, of Zipkin.
    B3,
    /// `b3multi`: `x-b3-traceid` and its siblings, of Zipkin.
    B3Multi,
    /// `jaeger`: `uber-trace-id`.
    Jaeger,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] =
        [Self::TraceContext, Self::Baggage, Self::B3, Self::B3Multi, Self::Jaeger];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TraceContext => "tracecontext",
            Self::Baggage => "baggage",
            Self::B3 => "b3",
            Self::B3Multi => "b3multi",
            Self::Jaeger => "jaeger",
        }
    }

    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::TraceContext => &[trace_context::TRACEPARENT, trace_context::TRACESTATE],
            Self::Baggage => &[baggage::HEADER],
            Self::B3 => &[b3::SINGLE],
            Self::B3Multi => &[b3::TRACE_ID, b3::SPAN_ID, b3::SAMPLED, b3::FLAGS],
            Self::Jaeger => &[jaeger::HEADER],
        }
    }
}

impl Default for Propagation {
    /// W3C Trace Context and Baggage, of which nothing leaves.
    fn default() -> Self {
        Self { formats: Vec::new(), baggage: BaggageKeys::default(), fields: Vec::new() }
            .formats([Format::TraceContext, Format::Baggage])
    }
}

impl Propagation {
    /// In these formats. All are written; the first that can be read tells the parent.
    #[must_use]
    pub fn formats(self, formats: impl IntoIterator<Item = Format>) -> Self {
        let mut known = Vec::new();
        for format in formats {
            if !known.contains(&format) {
                known.push(format);
            }
        }
        let fields = known.iter().flat_map(|format| format.fields());
        let fields = fields.map(|field| (*field).to_owned()).collect();
        Self { formats: known, fields, ..self }
    }

    /// What of the baggage and the scope may leave, and what of a caller's scope is taken over. Defaults to
    /// nothing.
    #[must_use]
    pub fn baggage(self, keys: BaggageKeys) -> Self {
        Self { baggage: keys, ..self }
    }

    /// The context with this in it; inside, it wins over the process's.
    #[must_use]
    pub fn in_context(self, context: &Context) -> Context {
        context.with_value(InContext(Arc::new(self)))
    }

    /// The one in force in a context: its own, else the process's, else the default.
    pub fn of(context: &Context) -> &Self {
        static DEFAULT: OnceLock<Propagation> = OnceLock::new();
        match context.get::<InContext>() {
            Some(own) => &own.0,
            None => INSTALLED.get().unwrap_or_else(|| DEFAULT.get_or_init(Self::default)),
        }
    }
}

struct InContext(Arc<Propagation>);

static INSTALLED: OnceLock<Propagation> = OnceLock::new();

/// Makes this the process's, once; says whether it has become so. Done by `init_telemetry` of `spanwise`.
pub fn install(propagation: Propagation) -> bool {
    INSTALLED.set(propagation).is_ok()
}

impl TextMapPropagator for Propagation {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let active = context.span();
        let span = Some(active.span_context()).filter(|span| span.is_valid());
        for format in &self.formats {
            match (format, span) {
                (Format::Baggage, _) => baggage::inject(&self.baggage, context, injector),
                (Format::TraceContext, Some(span)) => trace_context::inject(span, injector),
                (Format::B3, Some(span)) => b3::inject_single(span, injector),
                (Format::B3Multi, Some(span)) => b3::inject_multi(span, injector),
                (Format::Jaeger, Some(span)) => jaeger::inject(span, injector),
                (_, None) => {}
            }
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let parent = self.formats.iter().find_map(|format| match format {
            Format::TraceContext => trace_context::extract(extractor),
            Format::B3 | Format::B3Multi => b3::extract(extractor),
            Format::Jaeger => jaeger::extract(extractor),
            Format::Baggage => None,
        });
        let context = match parent {
            Some(parent) => context.with_remote_span_context(parent),
            None => context.clone(),
        };
        match self.formats.contains(&Format::Baggage) {
            true => baggage::extract(&self.baggage, context, extractor),
            false => context,
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

impl fmt::Debug for Propagation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Propagation")
            .field("formats", &self.formats)
            .field("baggage", &self.baggage)
            .finish_non_exhaustive()
    }
}
