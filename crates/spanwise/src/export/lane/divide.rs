//! Encoded requests into smaller ones, and an item that is too large alone into a smaller one.
//!
//! ```text
//! too large: body ─► decode ─► pieces by size ─► encode       one item: its largest content goes
//! malformed: body ─► decode ─► halves by number ─► encode     one item: nothing to be done
//! ```

use bytes::Bytes;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::export::request::{Form, Group, Item, Request};
use crate::export::shrink;
use crate::export::split::{Bounds, Part, split};
use crate::signal::Signal;

/// How a request is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Into {
    /// Pieces of about this many bytes at most, unless one item alone has more.
    Bytes(usize),
    /// Two pieces with half of the items each.
    Halves,
}

/// A piece, encoded as the whole was, and how many items it counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) body: Bytes,
    pub(crate) items: u64,
}

/// The pieces; `None` where there is one item, or nothing that can be read.
pub(crate) fn divide(body: &Bytes, signal: Signal, form: Form, into: Into) -> Option<Vec<Piece>> {
    let request = Request::decode(body, signal, form)?;
    let into = match into {
        // JSON is longer than what is measured.
        Into::Bytes(bytes) => Into::Bytes(share(bytes, request.encoded_len(), body.len())),
        Into::Halves => Into::Halves,
    };
    let parts = match signal {
        Signal::Traces => parts::<Span>(request, into),
        Signal::Metrics => parts::<Metric>(request, into),
        Signal::Logs => parts::<LogRecord>(request, into),
        // Each is a request of its own.
        Signal::Feedback => return None,
    };
    let pieces = parts.into_iter().map(|Part { request, items }| {
        let body = request.encode_as(form)?;
        Some(Piece { body, items })
    });
    pieces.collect::<Option<Vec<_>>>().filter(|pieces| pieces.len() > 1)
}

fn parts<T: Item>(request: Request, into: Into) -> Vec<Part> {
    let resources = T::groups(request);
    let groups = resources.iter().flat_map(|(_, groups)| groups);
    let number: usize = groups.map(|group| group.items.len()).sum();
    let bounds = match into {
        Into::Bytes(bytes) => Bounds { bytes, ..Bounds::NONE },
        Into::Halves => Bounds { items: number.div_ceil(2), ..Bounds::NONE },
    };
    let parts = resources.into_iter().flat_map(|(resource, groups)| {
        if number > 1 {
            return split(&resource, groups, bounds);
        }
        let halves = groups.into_iter().flat_map(|Group { scope, schema_url, items }| {
            let alone = move |item| {
                let (scope, schema_url) = (scope.clone(), schema_url.clone());
                vec![Group { scope, schema_url, items: vec![item] }]
            };
            items.into_iter().flat_map(Item::halves).map(alone)
        });
        halves.flat_map(|half| split(&resource, half, Bounds::NONE)).collect()
    });
    parts.collect()
}

/// The request of one item with its largest content replaced by a marker; `None` where nothing large is
/// left, or nothing can be read.
pub(crate) fn shrink(body: &Bytes, signal: Signal, form: Form) -> Option<Bytes> {
    fn shrink<T: Item>(request: Request) -> Option<Request> {
        let (resource, mut groups) = T::groups(request).pop()?;
        let items = groups.iter_mut().flat_map(|group| &mut group.items);
        let shrunk = items.filter_map(|item| shrink::by_a_quarter(item).then_some(())).count();
        (shrunk > 0).then(|| T::request(&resource, groups))
    }
    let request = Request::decode(body, signal, form)?;
    let request = match signal {
        Signal::Traces => shrink::<Span>(request),
        Signal::Metrics => shrink::<Metric>(request),
        Signal::Logs => shrink::<LogRecord>(request),
        Signal::Feedback => None,
    };
    request?.encode_as(form)
}

/// `part` in `of`, taken of `whole`.
fn share(whole: usize, part: usize, of: usize) -> usize {
    (whole as u128 * part as u128 / (of as u128).max(1)) as usize
}

#[cfg(test)]
mod tests;
