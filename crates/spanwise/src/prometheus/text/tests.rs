use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as OtlpNumber;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics,
    Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;

use super::*;

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn number(value: OtlpNumber, attributes: &[(&str, &str)]) -> NumberDataPoint {
    let attributes = attributes.iter().map(|(key, value)| attribute(key, value)).collect();
    NumberDataPoint { attributes, value: Some(value), ..NumberDataPoint::default() }
}

fn counter(name: &str, unit: &str, points: Vec<NumberDataPoint>) -> Metric {
    let sum = Sum { data_points: points, is_monotonic: true, aggregation_temporality: 2 };
    metric(name, unit, Data::Sum(sum))
}

fn gauge(name: &str, points: Vec<NumberDataPoint>) -> Metric {
    metric(name, "", Data::Gauge(Gauge { data_points: points }))
}

fn histogram(name: &str, unit: &str, point: HistogramDataPoint) -> Metric {
    metric(
        name,
        unit,
        Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 2 }),
    )
}

fn metric(name: &str, unit: &str, data: Data) -> Metric {
    Metric { name: name.to_owned(), unit: unit.to_owned(), data: Some(data), ..Metric::default() }
}

fn written(metrics: Vec<Metric>, format: ExpositionFormat) -> String {
    let scope = InstrumentationScope {
        name: "spanwise".into(),
        version: "0.1".into(),
        ..Default::default()
    };
    let scope = ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() };
    let attributes = vec![attribute("service.name", "bot")];
    let resource = Some(Resource { attributes, ..Resource::default() });
    let resource = ResourceMetrics { resource, scope_metrics: vec![scope], ..Default::default() };
    write(&Families::of(ExportMetricsServiceRequest { resource_metrics: vec![resource] }), format)
}

fn three_kinds() -> Vec<Metric> {
    let calls = |model: &str| number(OtlpNumber::AsInt(3), &[("gen_ai.request.model", model)]);
    let duration = HistogramDataPoint {
        explicit_bounds: vec![0.5, 1.0],
        bucket_counts: vec![2, 1, 1],
        count: 4,
        sum: Some(3.25),
        ..HistogramDataPoint::default()
    };
    let described = Metric {
        description: "How many\nwere \"asked\".".to_owned(),
        ..counter("calls", "{call}", vec![calls("a\"b\\c\nd"), calls("é")])
    };
    vec![
        described,
        histogram("duration", "s", duration),
        gauge("fill", vec![number(OtlpNumber::AsDouble(-0.25), &[])]),
    ]
}

#[test]
fn prometheus_own_text() {
    insta::assert_snapshot!(written(three_kinds(), ExpositionFormat::Text), @r#"
    # HELP target_info What the metrics are of.
    # TYPE target_info gauge
    target_info{service_name="bot"} 1
    # HELP calls_total How many\nwere "asked".
    # TYPE calls_total counter
    calls_total{gen_ai_request_model="a\"b\\c\nd",otel_scope_name="spanwise",otel_scope_version="0.1"} 3
    calls_total{gen_ai_request_model="é",otel_scope_name="spanwise",otel_scope_version="0.1"} 3
    # TYPE duration_seconds histogram
    duration_seconds_bucket{otel_scope_name="spanwise",otel_scope_version="0.1",le="0.5"} 2
    duration_seconds_bucket{otel_scope_name="spanwise",otel_scope_version="0.1",le="1"} 3
    duration_seconds_bucket{otel_scope_name="spanwise",otel_scope_version="0.1",le="+Inf"} 4
    duration_seconds_sum{otel_scope_name="spanwise",otel_scope_version="0.1"} 3.25
    duration_seconds_count{otel_scope_name="spanwise",otel_scope_version="0.1"} 4
    # TYPE fill gauge
    fill{otel_scope_name="spanwise",otel_scope_version="0.1"} -0.25
    "#);
}

#[test]
fn open_metrics() {
    insta::assert_snapshot!(written(three_kinds(), ExpositionFormat::OpenMetrics), @r#"
    # HELP target What the metrics are of.
    # TYPE target info
    target_info{service_name="bot"} 1
    # HELP calls How many\nwere \"asked\".
    # TYPE calls counter
    calls_total{gen_ai_request_model="a\"b\\c\nd",otel_scope_name="spanwise",otel_scope_version="0.1"} 3
    calls_total{gen_ai_request_model="é",otel_scope_name="spanwise",otel_scope_version="0.1"} 3
    # TYPE duration_seconds histogram
    # UNIT duration_seconds seconds
    duration_seconds_bucket{otel_scope_name="spanwise",otel_scope_version="0.1",le="0.5"} 2
    duration_seconds_bucket{otel_scope_name="spanwise",otel_scope_version="0.1",le="1.0"} 3
    duration_seconds_bucket{otel_scope_name="spanwise",otel_scope_version="0.1",le="+Inf"} 4
    duration_seconds_sum{otel_scope_name="spanwise",otel_scope_version="0.1"} 3.25
    duration_seconds_count{otel_scope_name="spanwise",otel_scope_version="0.1"} 4
    # TYPE fill gauge
    fill{otel_scope_name="spanwise",otel_scope_version="0.1"} -0.25
    # EOF
    "#);
}

#[test]
fn what_becomes_the_same_is_told_once_and_counts_together() {
    let one =
        |value| number(OtlpNumber::AsInt(value), &[("a.b", "2"), ("a_b", "3"), ("empty", "")]);
    let metrics = vec![
        counter("x.y", "", vec![one(1), one(7)]),
        counter("x_y", "", vec![one(2), number(OtlpNumber::AsInt(5), &[])]),
        // Another kind of the same name.
        gauge("x.y", vec![one(9)]),
    ];
    let text = written(metrics, ExpositionFormat::Text);
    let samples: Vec<_> = text.lines().filter(|line| line.starts_with("x_y")).collect();
    assert_eq!(
        samples,
        [
            r#"x_y_total{a_b="2;3",otel_scope_name="spanwise",otel_scope_version="0.1"} 10"#,
            r#"x_y_total{otel_scope_name="spanwise",otel_scope_version="0.1"} 5"#,
        ]
    );
    assert_eq!(text.matches("# TYPE x_y").count(), 1);

    let point = |counts: [u64; 2]| HistogramDataPoint {
        explicit_bounds: vec![0.5],
        bucket_counts: counts.to_vec(),
        count: counts[0] + counts[1],
        sum: Some(0.25),
        ..HistogramDataPoint::default()
    };
    let both = [point([2, 1]), point([3, 4])].map(|point| histogram("took", "s", point));
    let text = written(both.to_vec(), ExpositionFormat::Text);
    let sample = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).expect("it is told");
        line.rsplit(' ').next().map(str::to_owned)
    };
    assert_eq!(sample("took_seconds_bucket").as_deref(), Some("5"));
    assert_eq!(sample("took_seconds_count").as_deref(), Some("10"));
    assert_eq!(sample("took_seconds_sum").as_deref(), Some("0.5"));
}

#[test]
fn numbers_are_written_so_that_they_read_back() {
    for number in [0.0, 1.0, -1.5, 0.1, 1e-9, 1.5e300, f64::MAX, f64::MIN_POSITIVE, 123456789.125] {
        let mut text = String::new();
        double(&mut text, number);
        assert_eq!(text.parse(), Ok(number), "{text}");
    }
    for (number, told) in
        [(f64::INFINITY, "+Inf"), (f64::NEG_INFINITY, "-Inf"), (f64::NAN, "NaN"), (1e-9, "1e-9")]
    {
        let mut text = String::new();
        double(&mut text, number);
        assert_eq!(text, told);
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z._]{0,8}", "[a-zé \"\\\\{},=\n#1-9._-]{0,12}", any::<String>()]
}

/// Attributes and values.
type Points = Vec<(BTreeMap<String, String>, u32)>;

/// The other parser knows no escapes; those have their own tests, and Prometheus itself.
fn plain_text() -> impl Strategy<Value = String> {
    "([a-zé1-9][a-zé1-9#._-]{0,10})?"
}

fn any_counter() -> impl Strategy<Value = (String, Points)> {
    counter_of(any_text())
}

fn counter_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = (String, Points)> {
    let attributes = prop::collection::btree_map(any_text(), value, 0..4);
    (any_text(), prop::collection::vec((attributes, any::<u32>()), 1..5))
}

fn read(text: &str) -> prometheus_parse::Scrape {
    prometheus_parse::Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap()
}

proptest! {
    #[test]
    fn whatever_was_recorded_another_parser_reads_it_back((name, points) in counter_of(plain_text())) {
        let told: Vec<_> = points
            .iter()
            .map(|(attributes, value)| {
                let attributes: Vec<_> =
                    attributes.iter().map(|(key, value)| (&**key, &**value)).collect();
                number(OtlpNumber::AsInt(i64::from(*value)), &attributes)
            })
            .collect();
        let text = written(vec![counter(&name, "", told)], ExpositionFormat::Text);
        let scrape = read(&text);
        let told = scrape.samples.iter().filter(|sample| sample.metric != "target_info");
        let mut together: BTreeMap<Labels, f64> = BTreeMap::new();
        for (attributes, value) in &points {
            let mut labels = Labels::new();
            for (key, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
                let key = super::super::names::of_label(key);
                labels
                    .entry(key)
                    .and_modify(|known| { known.push(';'); known.push_str(value); })
                    .or_insert_with(|| value.clone());
            }
            *together.entry(labels).or_default() += f64::from(*value);
        }
        let read: BTreeMap<Labels, f64> = told
            .map(|sample| {
                let labels = sample.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
                let labels = labels.filter(|(key, _)| !key.starts_with("otel_scope_"));
                let prometheus_parse::Value::Counter(value) = sample.value else { panic!("{sample:?}") };
                (labels.collect(), value)
            })
            .collect();
        prop_assert_eq!(read, together);
    }

    #[test]
    fn buckets_add_up(counts in prop::collection::vec(0_u64..1000, 1..20)) {
        let bounds: Vec<f64> = (1..counts.len()).map(|bound| bound as f64 / 8.0).collect();
        let point = HistogramDataPoint {
            explicit_bounds: bounds.clone(),
            bucket_counts: counts.clone(),
            count: counts.iter().sum(),
            sum: Some(1.5),
            ..HistogramDataPoint::default()
        };
        let text = written(vec![histogram("h", "s", point)], ExpositionFormat::Text);
        let scrape = read(&text);
        let sample = scrape.samples.iter().find(|sample| sample.metric == "h_seconds").unwrap();
        let prometheus_parse::Value::Histogram(buckets) = &sample.value else { panic!("{sample:?}") };
        prop_assert_eq!(buckets.len(), counts.len());
        let mut below = 0;
        for (bucket, (place, count)) in buckets.iter().zip(counts.iter().enumerate()) {
            below += count;
            prop_assert_eq!(bucket.count, below as f64);
            prop_assert_eq!(bucket.less_than, bounds.get(place).copied().unwrap_or(f64::INFINITY));
        }
    }

    #[test]
    fn open_metrics_is_lines_that_end(( name, points) in any_counter()) {
        let told = points.iter().map(|(attributes, value)| {
            let attributes: Vec<_> = attributes.iter().map(|(key, value)| (&**key, &**value)).collect();
            number(OtlpNumber::AsInt(i64::from(*value)), &attributes)
        });
        let text = written(vec![counter(&name, "s", told.collect())], ExpositionFormat::OpenMetrics);
        prop_assert!(text.ends_with("# EOF\n"));
        prop_assert_eq!(text.matches("# TYPE ").count(), 2);
        for line in text.split_terminator('\n') {
            prop_assert!(!line.is_empty(), "{}", text);
        }
    }
}
