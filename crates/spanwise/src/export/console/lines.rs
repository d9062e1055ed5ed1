//! Metrics and logs, a line each.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point};

use super::style::{Ink, Style, clean, fitted};

/// Every point: name, value, unit, attributes.
pub(super) fn metrics(request: &ExportMetricsServiceRequest, style: &Style) -> String {
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    let lines = scopes.flat_map(|scope| &scope.metrics).flat_map(points);
    lines.map(|line| fitted(line.trim_end(), style.width) + "\n").collect()
}

fn points(metric: &Metric) -> Vec<String> {
    let line = |value: String, attributes: &[KeyValue]| {
        format!("{} = {value} {}  {}", clean(&metric.name), clean(&metric.unit), shown(attributes))
    };
    let number = |value: Option<number_data_point::Value>| match value {
        Some(number_data_point::Value::AsInt(number)) => number.to_string(),
        Some(number_data_point::Value::AsDouble(number)) => number.to_string(),
        None => "?".to_owned(),
    };
    let distribution = |count: u64, sum: Option<f64>| {
        format!("{count} values, sum {:.3}", sum.unwrap_or_default())
    };
    match &metric.data {
        Some(Data::Sum(sum)) => {
            sum.data_points.iter().map(|p| line(number(p.value), &p.attributes)).collect()
        }
        Some(Data::Gauge(gauge)) => {
            gauge.data_points.iter().map(|p| line(number(p.value), &p.attributes)).collect()
        }
        Some(Data::Histogram(histogram)) => histogram
            .data_points
            .iter()
            .map(|p| line(distribution(p.count, p.sum), &p.attributes))
            .collect(),
        Some(Data::ExponentialHistogram(histogram)) => histogram
            .data_points
            .iter()
            .map(|p| line(distribution(p.count, p.sum), &p.attributes))
            .collect(),
        Some(Data::Summary(_)) | None => Vec::new(),
    }
}

/// Every record: severity, name, and the text of the program's own log lines. Attributes are not shown:
/// those of events may be content.
pub(super) fn logs(request: &ExportLogsServiceRequest, style: &Style) -> String {
    let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    let mut text = String::new();
    for record in scopes.flat_map(|scope| &scope.log_records) {
        let is_event = record.event_name.starts_with("gen_ai.");
        let body = record.body.as_ref().and_then(|body| body.value.as_ref());
        let told = match body {
            Some(Value::StringValue(body)) if !is_event => body.as_str(),
            _ => &record.event_name,
        };
        let ink = if record.severity_number >= 17 { Ink::Failed } else { Ink::Dim };
        let severity = style.paint(ink, &format!("{:>5}", clean(&record.severity_text)));
        let room = style.width.saturating_sub(6);
        text.push_str(&format!("{severity} {}\n", fitted(&clean(told), room)));
    }
    text
}

fn shown(attributes: &[KeyValue]) -> String {
    let pairs = attributes.iter().map(|kv| {
        let value = match kv.value.as_ref().and_then(|any| any.value.as_ref()) {
            Some(Value::StringValue(text)) => clean(text),
            Some(Value::IntValue(number)) => number.to_string(),
            Some(Value::DoubleValue(number)) => number.to_string(),
            Some(Value::BoolValue(flag)) => flag.to_string(),
            _ => "…".to_owned(),
        };
        format!("{}={value}", clean(&kv.key))
    });
    pairs.collect::<Vec<_>>().join(" ")
}
