//! Ids that others gave, as OpenTelemetry has them.

use opentelemetry::trace::{SpanId, TraceId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A trace id in hexadecimal as it is, a UUID byte for byte, anything else by the beginning of its SHA-256. Never
/// zero.
pub(super) fn trace_id(text: &str) -> TraceId {
    let known = Uuid::try_parse(text).ok().filter(|uuid| !uuid.is_nil());
    TraceId::from_bytes(match known {
        Some(uuid) => uuid.into_bytes(),
        None => hashed(text),
    })
}

/// A span id in hexadecimal as it is, the second half of a UUID whose second half is drawn at random, anything
/// else by the beginning of its SHA-256. Never zero.
pub(super) fn span_id(text: &str) -> SpanId {
    let hex = |text: &str| {
        let digits = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        digits.then(|| u64::from_str_radix(text, 16).ok()).flatten()
    };
    let random = |uuid: &Uuid| matches!(uuid.get_version_num(), 4 | 7);
    let half = || Uuid::try_parse(text).ok().filter(random).map(|uuid| uuid.as_u64_pair().1);
    let known = hex(text).or_else(half).filter(|id| *id != 0);
    SpanId::from_bytes(known.map_or_else(|| hashed(text), u64::to_be_bytes))
}

fn hashed<const N: usize>(text: &str) -> [u8; N] {
    let hash = Sha256::digest(text.as_bytes());
    let mut id = [0; N];
    id.copy_from_slice(&hash[..N]);
    if id == [0; N] {
        id[N - 1] = 1;
    }
    id
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_of_others_have_theirs_by_hash() {
        // printf gen-123 | sha256sum
        let trace = trace_id("gen-123").to_string();
        let span = span_id("gen-123").to_string();
        assert!(trace.starts_with(&span), "{trace} {span}");
        assert_ne!(trace_id("gen-124"), trace_id("gen-123"));
    }

    #[test]
    fn a_uuid_with_times_and_places_in_it_is_no_span_id() {
        let v1 = |first: &str| format!("{first}-9dad-11d1-80b4-00c04fd430c8");
        assert_ne!(span_id(&v1("6ba7b810")), span_id(&v1("6ba7b811")));
    }

    proptest! {
        #[test]
        fn an_id_that_is_one_stays(trace: [u8; 16], span: [u8; 8]) {
            let (trace, span) = (TraceId::from_bytes(trace), SpanId::from_bytes(span));
            prop_assume!(trace != TraceId::INVALID && span != SpanId::INVALID);
            prop_assert_eq!(trace_id(&trace.to_string()), trace);
            prop_assert_eq!(span_id(&span.to_string()), span);
        }

        #[test]
        fn a_uuid_is_taken_byte_for_byte(bytes: [u8; 16], upper: bool) {
            prop_assume!(bytes != [0; 16]);
            let uuid = Uuid::from_bytes(bytes);
            let text = uuid.hyphenated().to_string();
            let text = if upper { text.to_uppercase() } else { text };
            prop_assert_eq!(trace_id(&text).to_bytes(), bytes);
            let random = uuid::Builder::from_random_bytes(bytes).into_uuid();
            let half = random.into_bytes()[8..].to_vec();
            prop_assert_eq!(span_id(&random.to_string()).to_bytes().to_vec(), half);
        }

        #[test]
        fn no_text_has_no_id(text in ".{0,40}|0{16}|0{32}|0{8}-0{4}-0{4}-0{4}-0{12}") {
            prop_assert_ne!(trace_id(&text), TraceId::INVALID);
            prop_assert_ne!(span_id(&text), SpanId::INVALID);
        }

        #[test]
        fn other_texts_have_the_beginning_of_their_hash(text in "[g-z]{1,40}") {
            let hash = Sha256::digest(text.as_bytes());
            prop_assert_eq!(&trace_id(&text).to_bytes()[..], &hash[..16]);
            prop_assert_eq!(&span_id(&text).to_bytes()[..], &hash[..8]);
        }
    }
}
