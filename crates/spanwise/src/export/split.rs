//! Items into requests that a receiver takes: bounded by number and by encoded size.

use super::request::{ExportedResource, Group, Item, Request};

/// What one request may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
    /// What an item may have; it is shrunk to that before it is put into a request.
    pub(crate) item_bytes: usize,
}

impl Bounds {
    pub(crate) const NONE: Self =
        Self { items: usize::MAX, bytes: usize::MAX, item_bytes: usize::MAX };
}

/// A request, and how many items it counts for.
pub(crate) struct Part {
    pub(crate) request: Request,
    pub(crate) items: u64,
}

/// Splits groups of items into requests within bounds. An item that is larger alone goes alone.
pub(crate) fn split<T: Item>(
    resource: &ExportedResource,
    groups: Vec<Group<T>>,
    bounds: Bounds,
) -> Vec<Part> {
    // Wrapping costs at most this much a level: a tag and a length.
    const WRAP: usize = 11;
    let fixed =
        prost::Message::encoded_len(&resource.resource) + resource.schema_url.len() + 4 * WRAP;
    let mut parts = Vec::new();
    let mut open = Open { groups: Vec::new(), bytes: fixed, items: 0, count: 0 };
    for Group { scope, schema_url, items } in groups {
        let scope_bytes = prost::Message::encoded_len(&scope) + schema_url.len() + 3 * WRAP;
        let mut in_open = false;
        for item in items {
            let bytes = item.encoded_len() + WRAP;
            let needed = if in_open { bytes } else { bytes + scope_bytes };
            if open.items > 0
                && (open.items >= bounds.items || open.bytes.saturating_add(needed) > bounds.bytes)
            {
                parts.push(open.close(resource, fixed));
                in_open = false;
            }
            if !in_open {
                let (scope, schema_url) = (scope.clone(), schema_url.clone());
                open.groups.push(Group { scope, schema_url, items: Vec::new() });
                open.bytes += scope_bytes;
                in_open = true;
            }
            open.bytes += bytes;
            open.items += 1;
            open.count += item.count();
            if let Some(group) = open.groups.last_mut() {
                group.items.push(item);
            }
        }
    }
    if open.items > 0 {
        parts.push(open.close(resource, fixed));
    }
    parts
}

/// The request that is being filled.
struct Open<T> {
    groups: Vec<Group<T>>,
    bytes: usize,
    items: usize,
    count: u64,
}

impl<T: Item> Open<T> {
    fn close(&mut self, resource: &ExportedResource, fixed: usize) -> Part {
        let groups = std::mem::take(&mut self.groups);
        let items = std::mem::take(&mut self.count);
        self.bytes = fixed;
        self.items = 0;
        Part { request: T::request(resource, groups), items }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::Span;

    use super::*;

    fn group(name: &str, sizes: &[usize]) -> Group<Span> {
        let span = |size: &usize| Span { name: "x".repeat(*size), ..Span::default() };
        Group {
            scope: opentelemetry_proto::tonic::common::v1::InstrumentationScope {
                name: name.to_owned(),
                ..Default::default()
            },
            schema_url: String::new(),
            items: sizes.iter().map(span).collect(),
        }
    }

    fn resource() -> ExportedResource {
        ExportedResource { resource: Default::default(), schema_url: "https://schema".to_owned() }
    }

    /// For each request: its items, and the names of its scopes.
    fn shapes(parts: &[Part]) -> Vec<(u64, Vec<String>)> {
        let scopes = |part: &Part| match &part.request {
            Request::Traces(request) => request.resource_spans[0]
                .scope_spans
                .iter()
                .map(|spans| spans.scope.as_ref().map(|s| s.name.clone()).unwrap_or_default())
                .collect(),
            _ => Vec::new(),
        };
        parts.iter().map(|part| (part.items, scopes(part))).collect()
    }

    #[test]
    fn a_request_holds_no_more_items_than_it_may() {
        let groups = vec![group("a", &[1; 3]), group("b", &[1; 2])];
        let parts = split(&resource(), groups, Bounds { items: 2, bytes: 1 << 20, ..Bounds::NONE });
        let expected =
            [(2, vec!["a"]), (2, vec!["a", "b"]), (1, vec!["b"])].map(|(items, scopes)| {
                (items, scopes.into_iter().map(str::to_owned).collect::<Vec<_>>())
            });
        assert_eq!(shapes(&parts), expected);
    }

    #[test]
    fn a_request_holds_no_more_bytes_than_it_may_unless_one_item_does() {
        let groups = vec![group("a", &[400, 400, 400, 5000, 10])];
        let bounds = Bounds { items: 512, bytes: 1200, ..Bounds::NONE };
        let parts = split(&resource(), groups, bounds);
        assert_eq!(parts.iter().map(|part| part.items).collect::<Vec<_>>(), [2, 1, 1, 1]);
        for part in parts.iter().filter(|part| part.request.encoded_len() < 5000) {
            assert!(part.request.encoded_len() <= bounds.bytes);
        }
    }

    #[test]
    fn nothing_makes_no_request() {
        let parts = split::<Span>(
            &resource(),
            vec![group("a", &[])],
            Bounds { items: 1, bytes: 1, ..Bounds::NONE },
        );
        assert!(parts.is_empty());
    }
}
