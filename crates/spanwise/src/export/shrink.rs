//! Items that are too large alone: the largest content gives way to a marker with its length and hash.

use std::fmt::Write as _;

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::request::{Group, Item};

/// What is shorter than this is no content that anyone would miss the room of.
const WORTH_IT: usize = 256;

/// Replaces the largest values until a quarter of the item is gone; says whether any was.
pub(crate) fn by_a_quarter<T: Item>(item: &mut T) -> bool {
    let whole = item.encoded_len();
    shrink(item, whole - whole / 4)
}

/// Shrinks every item that is larger than this many bytes; says how many were.
pub(crate) fn to_fit<T: Item>(groups: &mut [Group<T>], most: usize) -> u64 {
    let items = groups.iter_mut().flat_map(|group| &mut group.items);
    let shrunk = items.filter_map(|item| shrink(item, most).then(|| item.count()));
    shrunk.sum()
}

/// Replaces the largest values until the item has no more than this many bytes, as far as it can.
fn shrink<T: Item>(item: &mut T, most: usize) -> bool {
    let mut shrunk = false;
    while item.encoded_len() > most {
        let values = item.values();
        let largest = values.into_iter().max_by_key(|value| value.encoded_len());
        let Some(value) = largest.filter(|value| value.encoded_len() > WORTH_IT) else { break };
        *value = AnyValue { value: Some(Value::StringValue(marker(value))) };
        shrunk = true;
    }
    shrunk
}

/// The length and hash of a text; of anything else those of its encoding as protobuf.
fn marker(value: &AnyValue) -> String {
    let encoded;
    let bytes = match &value.value {
        Some(Value::StringValue(text)) => text.as_bytes(),
        Some(Value::BytesValue(bytes)) => bytes,
        _ => {
            encoded = value.encode_to_vec();
            &encoded
        }
    };
    let mut marker = format!("[too large to send: {} bytes, sha256 ", bytes.len());
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        let _ = write!(marker, "{byte:02x}");
    }
    marker.push(']');
    marker
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::KeyValue;
    use opentelemetry_proto::tonic::trace::v1::Span;

    use super::*;

    fn span(sizes: &[usize]) -> Span {
        let attribute = |(n, size): (usize, &usize)| KeyValue {
            key: format!("key {n}"),
            value: Some(AnyValue { value: Some(Value::StringValue("x".repeat(*size))) }),
            ..KeyValue::default()
        };
        Span { attributes: sizes.iter().enumerate().map(attribute).collect(), ..Default::default() }
    }

    fn lengths(span: &Span) -> Vec<usize> {
        let text = |attribute: &KeyValue| match &attribute.value.as_ref().unwrap().value {
            Some(Value::StringValue(text)) => text.len(),
            _ => 0,
        };
        span.attributes.iter().map(text).collect()
    }

    #[test]
    fn the_largest_value_gives_way_to_its_length_and_hash() {
        let mut span = span(&[10, 5000, 300]);
        assert!(by_a_quarter(&mut span));
        let Some(Value::StringValue(text)) = &span.attributes[1].value.as_ref().unwrap().value
        else {
            panic!("a text");
        };
        // As `printf 'x%.0s' $(seq 5000) | sha256sum` says.
        let hash: String =
            Sha256::digest("x".repeat(5000)).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(*text, format!("[too large to send: 5000 bytes, sha256 {hash}]"));
        assert_eq!(lengths(&span), [10, text.len(), 300], "the others stay");
    }

    #[test]
    fn an_item_is_shrunk_as_far_as_it_must_be_and_can_be() {
        let mut groups = vec![Group {
            scope: Default::default(),
            schema_url: String::new(),
            items: vec![span(&[100; 3]), span(&[4000, 3000, 200]), span(&[200; 30])],
        }];
        assert_eq!(to_fit(&mut groups, 4000), 1, "what is small is left, however much there is");
        let [small, shrunk, many] = groups.remove(0).items.try_into().unwrap();
        assert_eq!(lengths(&small), [100; 3]);
        assert_eq!(lengths(&shrunk)[1..], [3000, 200]);
        assert_eq!(lengths(&many), [200; 30]);
    }
}
