use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};

use super::*;

fn span(id: u64, parent: u64, attributes: &[(&str, &str)]) -> Span {
    let attribute = |(key, value): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue((*value).to_owned())) }),
        ..KeyValue::default()
    };
    Span {
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: parent.to_be_bytes().to_vec(),
        flags: 0x301,
        attributes: attributes.iter().map(attribute).collect(),
        ..Span::default()
    }
}

fn group(scope: &str, items: Vec<Span>) -> Group<Span> {
    let scope = InstrumentationScope { name: scope.to_owned(), ..Default::default() };
    Group { scope, schema_url: String::new(), items }
}

fn kin<const N: usize>(known: [(u64, bool, Above); N]) -> Kinship {
    let known = known.into_iter();
    known
        .map(|(id, of_models, above)| (SpanId::from(id), Kin { of_models, above, root: None }))
        .collect()
}

/// Ids, parents and flags of what is left.
fn left(groups: &[Group<Span>]) -> Vec<(u64, Vec<u8>, u32)> {
    let spans = groups.iter().flat_map(|group| &group.items);
    spans
        .map(|span| {
            let id = span.span_id.as_slice().try_into().map(u64::from_be_bytes).unwrap();
            (id, span.parent_span_id.clone(), span.flags)
        })
        .collect()
}

#[test]
fn all_means_all_and_nothing_is_changed() {
    let mut groups = vec![group("http", vec![span(1, 9, &[])])];
    assert_eq!(filter(&mut groups, &only(SpanFilter::All), &Kinship::default()), 0);
    assert_eq!(left(&groups), [(1, 9u64.to_be_bytes().to_vec(), 0x301)]);
}

#[test]
fn what_is_left_goes_below_what_is_sent_and_says_whether_that_is_elsewhere() {
    let spans = vec![span(1, 9, &[]), span(2, 1, &[]), span(3, 1, &[]), span(4, 1, &[])];
    let mut groups = vec![group("http", spans), group("sql", vec![span(5, 2, &[])])];
    let kinship = kin([
        (1, false, Above::Elsewhere(SpanId::from(9))),
        (2, true, Above::Elsewhere(SpanId::from(9))),
        (3, true, Above::Here(SpanId::from(2))),
        (4, true, Above::Nothing),
        (5, false, Above::Here(SpanId::from(2))),
    ]);
    assert_eq!(filter(&mut groups, &only(SpanFilter::LlmOnly), &kinship), 2);
    assert_eq!(groups.len(), 1, "no group is empty");
    assert_eq!(
        left(&groups),
        [
            (2, 9u64.to_be_bytes().to_vec(), 0x301),
            (3, 2u64.to_be_bytes().to_vec(), 0x101),
            (4, vec![], 0x101),
        ]
    );
}

#[test]
fn a_call_of_a_model_is_known_by_whoevers_conventions() {
    let calls = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.operation.name", "text_completion"),
        ("gen_ai.operation.name", "generate_content"),
        ("gen_ai.operation.name", "embeddings"),
        ("openinference.span.kind", "LLM"),
        ("openinference.span.kind", "EMBEDDING"),
        ("llm.request.type", "chat"),
    ];
    let others = [
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.operation.name", "invoke_agent"),
        ("gen_ai.operation.name", "fetch_response"),
        ("openinference.span.kind", "CHAIN"),
        ("http.request.method", "POST"),
    ];
    let spans = calls.iter().chain(&others).zip(1..).map(|(it, id)| span(id, 99, &[*it]));
    let mut groups = vec![group("any", spans.collect())];
    let left_out = filter(&mut groups, &only(SpanFilter::ModelCallsOnly), &Kinship::default());
    assert_eq!(left_out, others.len() as u64);
    let expected: Vec<_> = (1..=calls.len() as u64).map(|id| (id, vec![], 0x101)).collect();
    assert_eq!(left(&groups), expected, "each the only span of its tree");
}

fn only(filter: SpanFilter) -> SpanView {
    SpanView { filter, ..SpanView::default() }
}

#[test]
fn a_share_of_traces_is_that_share_and_the_same_for_all_spans_of_a_trace() {
    let of = |share: f64| {
        let kept = |trace: &u128| {
            let span = Span { trace_id: trace.to_be_bytes().to_vec(), ..Span::default() };
            is_within(&span, share)
        };
        // Evenly spread over all ids.
        (1..=1000_u128).map(|step| step * (u128::MAX / 1000)).filter(kept).count()
    };
    assert_eq!((of(0.0), of(1.0)), (0, 1000));
    assert!((240..=260).contains(&of(0.25)), "{}", of(0.25));
    assert!(of(0.5) < of(0.75));
}
