//! What sets one kind of operation apart from the others.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};

use super::call::Call;
use super::charge::Charge;
use super::outcome::{End, Outcome};
use crate::content::ContentItem;
use crate::event::EventKind;
use crate::recorder::MetricRecorder;
use crate::scope::ActiveScope;
use crate::usage::Usage;

/// What sets one kind of operation apart from the others.
pub(crate) trait Kind: Send + 'static {
    /// The event that repeats the span's attributes, for the kinds that have one.
    const DETAILS_EVENT: Option<&'static str> = None;

    /// Whether it is a call to a service, whose failure is an event.
    const CALLS_A_SERVICE: bool = false;

    /// What handlers hear of it: that it starts, stops, fails.
    const PHASES: [&'static str; 3];

    /// What handlers hear in this phase of it.
    fn phase(&self, phase: Phase) -> Cow<'static, str> {
        Cow::Borrowed(Self::PHASES[phase as usize])
    }

    /// Numbers of its own, which handlers are told.
    fn measured(&self) -> &[(&'static str, f64)] {
        &[]
    }

    /// What handlers are told, and nothing records.
    fn told(&self) -> Option<&KeyValue> {
        None
    }

    /// Which event it becomes.
    const EVENT: EventKind = EventKind::Span;

    /// The same, where that depends on what is known of it when it is over.
    fn event(&self) -> EventKind {
        Self::EVENT
    }

    /// How many attributes it mostly has at most.
    const ATTRIBUTES: usize = 12;

    /// The span's name.
    fn span_name(&self) -> Cow<'static, str>;

    /// The span's kind.
    fn span_kind(&self) -> SpanKind;

    /// Attributes that samplers may read.
    fn start_attributes(&self, attributes: &mut Vec<KeyValue>);

    /// The same, after those of the scope around it, and with room for all others.
    fn all_start_attributes(&self, scope: Option<&ActiveScope>) -> Vec<KeyValue> {
        let of_scope = scope.map(ActiveScope::attributes).unwrap_or_default();
        let mut attributes = Vec::with_capacity(of_scope.len() + Self::ATTRIBUTES);
        attributes.extend_from_slice(of_scope);
        self.start_attributes(&mut attributes);
        attributes
    }

    /// All other attributes.
    fn end_attributes(&mut self, outcome: &Outcome, attributes: &mut Vec<KeyValue>);

    /// Metrics; recorded whatever the sampler said.
    fn measure(&self, end: &End<'_>, metrics: &dyn MetricRecorder);

    /// Takes from the scope around it what is not said, as soon as that is known.
    fn learn_from_scope(&mut self, _around: &Context) {}

    /// Looks at the operations around it, once, before it starts.
    fn start_under(&mut self, _parent: &Context) {}

    /// Adds what operations inside it look for.
    fn context(&self, context: Context) -> Context {
        context
    }

    /// The response that it made or fetched, where that is known.
    fn response_id(&self) -> Option<&StringValue> {
        None
    }

    /// The tokens that it used itself, where that is known.
    fn usage(&self) -> Option<Usage> {
        None
    }

    /// What there is to charge for, for the kinds that providers charge for.
    fn charge(&self) -> Option<Charge<'_>> {
        None
    }

    /// Content that the scopes around it give.
    fn content_of_scope(&self, _parent: &Context) -> impl Iterator<Item = ContentItem> {
        std::iter::empty()
    }

    /// Content that was gathered piece by piece.
    fn gathered(&mut self) -> Option<ContentItem> {
        None
    }

    /// The call that it is, for the kinds whose attempts are told.
    fn call(&mut self) -> Option<&mut Call> {
        None
    }
}

/// A kind whose request may become known when the operation runs already.
pub(crate) trait Asks: Kind {
    /// Takes over what is asked.
    fn asks(&mut self, asked: Self);
}

/// Something that happened during an operation.
pub(crate) struct SpanEvent {
    pub(crate) name: &'static str,
    /// When, since the operation began.
    pub(crate) at: Duration,
    pub(crate) attributes: Vec<KeyValue>,
}

/// When handlers hear of an operation.
#[derive(Clone, Copy)]
pub(crate) enum Phase {
    Start,
    Stop,
    Exception,
}

/// The names of the phases of a component.
macro_rules! phases {
    ($component:literal) => {
        [
            concat!($component, ".start"),
            concat!($component, ".stop"),
            concat!($component, ".exception"),
        ]
    };
}

pub(crate) use phases;
