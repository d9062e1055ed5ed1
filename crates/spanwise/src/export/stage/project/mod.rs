//! What a destination is told in words of its own.
//!
//! ```text
//! spans, as the content policy has left them ─► projections: attributes more ─► profile: the names of 1.41
//! ```
//! A projection looks at one span and adds to it what a backend reads: a pure function of the span and of what
//! it belongs to. It adds nothing that the span does not say already, so what was taken out stays out, and what
//! is there already stays as it is.

mod added;
mod gen_ai_system;
mod helicone;
mod langfuse;
mod messages;
mod openinference;
mod parameters;
mod told;
mod v1_41;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::filter::Kinship;
use crate::config::{Projection, View};
use crate::export::request::{Group, Item};

/// An item that can be translated.
pub(crate) trait Project: Item {
    /// Its attributes; metrics are recorded in the right words to begin with.
    fn attributes(&mut self) -> Option<&mut Vec<KeyValue>>;

    /// Itself, if it is a span.
    fn span(&mut self) -> Option<&mut Span> {
        None
    }
}

impl Project for Span {
    fn attributes(&mut self) -> Option<&mut Vec<KeyValue>> {
        Some(&mut self.attributes)
    }

    fn span(&mut self) -> Option<&mut Span> {
        Some(self)
    }
}

impl Project for LogRecord {
    fn attributes(&mut self) -> Option<&mut Vec<KeyValue>> {
        Some(&mut self.attributes)
    }
}

impl Project for Metric {
    fn attributes(&mut self) -> Option<&mut Vec<KeyValue>> {
        None
    }
}

/// What is known beside the spans.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) resource: &'a Resource,
    pub(crate) kinship: &'a Kinship,
}

/// Puts items into the words that a destination wants.
pub(crate) fn project<T: Project>(groups: &mut [Group<T>], around: Around<'_>, view: &View) {
    // The last moves what it would misread, where the others look for it.
    let order = [
        Projection::OpenInference,
        Projection::Helicone,
        Projection::GenAiSystem,
        Projection::Langfuse,
    ];
    for projection in order.iter().filter(|it| view.spans.projections.contains(it)) {
        let items = groups.iter_mut().flat_map(|group| &mut group.items);
        items.filter_map(Project::span).for_each(|span| match projection {
            Projection::OpenInference => openinference::project(span),
            Projection::Langfuse => langfuse::project(span, around),
            Projection::Helicone => helicone::project(span),
            Projection::GenAiSystem => gen_ai_system::project(span),
        });
    }
    v1_41::translate(groups, view.profile);
}

#[cfg(test)]
mod tests;
