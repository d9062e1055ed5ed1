//! What is sent: one span, or no metric and no log record.

use std::time::SystemTime;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use spanwise_core::SCOPE_NAME;

use super::{Look, PROBE};
#[cfg(feature = "http")]
use crate::config::OtlpProtocol;
use crate::export::request::{Form, Request};
use crate::signal::Signal;

impl Look {
    pub(super) fn body(&self) -> Bytes {
        let form = match self.way.endpoint.protocol {
            #[cfg(feature = "http")]
            OtlpProtocol::HttpJson => Form::Json,
            _ => Form::Protobuf,
        };
        let request = match self.way.signal {
            Signal::Traces => Request::Traces(one_span(&self.way.service)),
            Signal::Metrics => Request::Metrics(ExportMetricsServiceRequest::default()),
            Signal::Logs | Signal::Feedback => Request::Logs(ExportLogsServiceRequest::default()),
        };
        request.encode_as(form).unwrap_or_default()
    }
}

fn one_span(service: &str) -> ExportTraceServiceRequest {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_nanos()).unwrap_or_default();
    let span = Span {
        trace_id: fastrand::u128(1..).to_be_bytes().to_vec(),
        span_id: fastrand::u64(1..).to_be_bytes().to_vec(),
        name: PROBE.to_owned(),
        // Internal.
        kind: 1,
        start_time_unix_nano: now,
        end_time_unix_nano: now,
        ..Span::default()
    };
    let service = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(service.to_owned())) }),
        ..KeyValue::default()
    };
    let scope = InstrumentationScope { name: SCOPE_NAME.to_owned(), ..Default::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: vec![service], ..Resource::default() }),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: vec![span],
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}
