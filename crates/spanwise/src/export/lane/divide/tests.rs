use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Gauge, NumberDataPoint, Sum};
use proptest::prelude::*;

use super::*;
use crate::export::request::ExportedResource;

fn text(size: usize) -> AnyValue {
    AnyValue { value: Some(Value::StringValue("x".repeat(size))) }
}

fn scope(name: usize) -> InstrumentationScope {
    InstrumentationScope { name: format!("scope {name}"), ..Default::default() }
}

/// Spans of these sizes, in scopes of so many.
fn request<T: Item>(sizes: &[usize], in_scope: usize, item: impl Fn(usize, usize) -> T) -> Request {
    let items: Vec<T> = sizes.iter().enumerate().map(|(n, size)| item(n, *size)).collect();
    let groups = items.chunks(in_scope).enumerate().map(|(n, items)| Group {
        scope: scope(n),
        schema_url: "https://schema".into(),
        items: items.to_vec(),
    });
    let resource =
        ExportedResource { resource: Default::default(), schema_url: "https://r".into() };
    T::request(&resource, groups.collect())
}

fn span(number: usize, size: usize) -> Span {
    let attribute =
        KeyValue { key: "content".into(), value: Some(text(size)), ..KeyValue::default() };
    Span { name: number.to_string(), attributes: vec![attribute], ..Span::default() }
}

fn log(number: usize, size: usize) -> LogRecord {
    LogRecord { event_name: number.to_string(), body: Some(text(size)), ..LogRecord::default() }
}

fn sum(number: usize, points: usize) -> Metric {
    let point = |n| NumberDataPoint { time_unix_nano: n as u64, ..NumberDataPoint::default() };
    let sum =
        Sum { data_points: (0..points).map(point).collect(), is_monotonic: true, ..Sum::default() };
    Metric { name: number.to_string(), data: Some(Data::Sum(sum)), ..Metric::default() }
}

const FORMS: &[Form] = &[
    Form::Protobuf,
    #[cfg(feature = "http")]
    Form::Json,
];

/// Every item with its scope, in order, over all pieces.
fn items<T: Item>(signal: Signal, form: Form, bodies: &[Bytes]) -> Vec<(String, T)> {
    let requests = bodies.iter().map(|body| Request::decode(body, signal, form).unwrap());
    let groups = requests.flat_map(T::groups).flat_map(|(resource, groups)| {
        assert_eq!(resource.schema_url, "https://r");
        groups
    });
    let items = groups.flat_map(|group| {
        assert_eq!(group.schema_url, "https://schema");
        let name = group.scope.name;
        group.items.into_iter().map(move |item| (name.clone(), item))
    });
    items.collect()
}

fn nothing_is_lost_or_changed<T: Item + PartialEq + std::fmt::Debug>(
    request: &Request,
    into: super::Into,
) {
    for form in FORMS {
        let whole = request.encode_as(*form).unwrap();
        let before = items::<T>(T::SIGNAL, *form, std::slice::from_ref(&whole));
        let Some(pieces) = divide(&whole, T::SIGNAL, *form, into) else {
            assert!(before.len() < 2, "{} items could be divided", before.len());
            continue;
        };
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.body.len() < whole.len()));
        let count = before.iter().map(|(_, item)| item.count()).sum::<u64>();
        assert_eq!(pieces.iter().map(|piece| piece.items).sum::<u64>(), count);
        let bodies: Vec<_> = pieces.into_iter().map(|piece| piece.body).collect();
        assert_eq!(items::<T>(T::SIGNAL, *form, &bodies), before);
    }
}

proptest! {
    #[test]
    fn pieces_hold_together_what_the_whole_holds(
        sizes in prop::collection::vec(0..3000usize, 1..40),
        in_scope in 1..9usize,
        halves in any::<bool>(),
    ) {
        for signal in [Signal::Traces, Signal::Logs] {
            let whole = match signal {
                Signal::Traces => request(&sizes, in_scope, span),
                _ => request(&sizes, in_scope, log),
            };
            let half = super::Into::Bytes(whole.encoded_len() / 2);
            let into = if halves { super::Into::Halves } else { half };
            match signal {
                Signal::Traces => nothing_is_lost_or_changed::<Span>(&whole, into),
                _ => nothing_is_lost_or_changed::<LogRecord>(&whole, into),
            }
        }
    }

    #[test]
    fn what_is_no_request_is_left_alone(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        for form in FORMS {
            for signal in Signal::OTLP {
                if let Some(pieces) = divide(&bytes, signal, *form, super::Into::Halves) {
                    prop_assert!(pieces.len() > 1);
                }
                let _ = shrink(&bytes, signal, *form);
            }
        }
    }
}

#[test]
fn a_request_is_halved_by_number() {
    let whole = request(&[10; 5], 3, span).encode_as(Form::Protobuf).unwrap();
    let pieces = divide(&whole, Signal::Traces, Form::Protobuf, super::Into::Halves).unwrap();
    assert_eq!(pieces.iter().map(|piece| piece.items).collect::<Vec<_>>(), [3, 2]);
}

#[test]
fn one_metric_is_halved_by_its_points() {
    let points = |request: &Request| -> Vec<u64> {
        let of = |metric: &Metric| match &metric.data {
            Some(Data::Sum(Sum { data_points, is_monotonic: true, .. })) => data_points.clone(),
            other => panic!("{other:?}"),
        };
        let metrics = Metric::groups(request.clone()).remove(0).1.remove(0).items;
        metrics.iter().flat_map(of).map(|point| point.time_unix_nano).collect()
    };
    for form in FORMS {
        let whole = request(&[5], 1, sum).encode_as(*form).unwrap();
        let pieces = divide(&whole, Signal::Metrics, *form, super::Into::Bytes(10)).unwrap();
        let decoded = pieces.iter().map(|it| Request::decode(&it.body, Signal::Metrics, *form));
        let told: Vec<_> = decoded.map(|request| points(&request.unwrap())).collect();
        assert_eq!(told, [vec![0, 1, 2], vec![3, 4]]);
        assert_eq!(pieces.iter().map(|piece| piece.items).collect::<Vec<_>>(), [3, 2]);
    }
    let single = request(&[1], 1, sum).encode_as(Form::Protobuf).unwrap();
    assert_eq!(divide(&single, Signal::Metrics, Form::Protobuf, super::Into::Halves), None);
    assert_eq!(shrink(&single, Signal::Metrics, Form::Protobuf), None);
}

#[test]
fn every_kind_of_metric_can_be_halved() {
    use opentelemetry_proto::tonic::metrics::v1::{ExponentialHistogram, Histogram, Summary};
    let metrics = [
        Data::Gauge(Gauge { data_points: vec![Default::default(); 3] }),
        Data::Histogram(Histogram {
            data_points: vec![Default::default(); 3],
            ..Default::default()
        }),
        Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![Default::default(); 3],
            ..Default::default()
        }),
        Data::Summary(Summary { data_points: vec![Default::default(); 3] }),
    ];
    for data in metrics {
        let halves = Metric { data: Some(data), ..Metric::default() }.halves();
        assert_eq!(halves.iter().map(Item::count).collect::<Vec<_>>(), [2, 1]);
    }
}

#[test]
fn an_item_alone_loses_its_largest_content_and_nothing_else() {
    for form in FORMS {
        let whole = request(&[5000], 1, span).encode_as(*form).unwrap();
        let small = shrink(&whole, Signal::Traces, *form).unwrap();
        assert!(small.len() < 1000);
        let (_, span) =
            items::<Span>(Signal::Traces, *form, std::slice::from_ref(&small)).remove(0);
        assert_eq!((span.name.as_str(), span.attributes.len()), ("0", 1));
        assert_eq!(shrink(&small, Signal::Traces, *form), None, "nothing large is left");
        let whole = request(&[5000], 1, log).encode_as(*form).unwrap();
        assert!(shrink(&whole, Signal::Logs, *form).unwrap().len() < 1000);
    }
}
