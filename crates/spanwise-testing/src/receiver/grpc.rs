//! OTLP over gRPC.

use std::time::Instant;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsService;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsService;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};

use tonic::metadata::AsciiMetadataValue;

use super::http::{REJECTED, named, partial};
use super::{Answer, Arrived, Message, Receiver};

impl Receiver {
    /// Takes one request, whatever its signal, and makes the answer from how much was rejected.
    async fn answer_grpc<T: prost::Message, R>(
        &self,
        request: tonic::Request<T>,
        (signal, message): (&str, impl FnOnce(T) -> Message),
        answer: impl FnOnce(Option<i64>) -> R,
    ) -> Result<tonic::Response<R>, tonic::Status> {
        let headers = named(&request.metadata().clone().into_headers());
        let bytes = request.get_ref().encoded_len();
        let message = message(request.into_inner());
        let spans = message.spans().count();
        let arrived = Arrived {
            method: "POST".to_owned(),
            headers,
            path: signal.to_owned(),
            bytes,
            spans,
            at: Instant::now(),
        };
        match self.receive(arrived, message).await {
            Answer::Accept | Answer::AcceptAs(..) | Answer::Hang => {
                Ok(tonic::Response::new(answer(None)))
            }
            Answer::AcceptWith(name, says) => {
                let mut response = tonic::Response::new(answer(None));
                response.metadata_mut().insert(name, AsciiMetadataValue::from_static(says));
                Ok(response)
            }
            Answer::Partial(rejected) => Ok(tonic::Response::new(answer(Some(rejected)))),
            Answer::Grpc(status) => Err(status),
            Answer::Http(..) => Err(tonic::Status::internal("an answer for HTTP")),
        }
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        self.answer_grpc(request, ("traces", Message::Traces), |rejected| {
            ExportTraceServiceResponse { partial_success: rejected.map(partial) }
        })
        .await
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        let partial = |rejected_data_points| ExportMetricsPartialSuccess {
            rejected_data_points,
            error_message: REJECTED.to_owned(),
        };
        self.answer_grpc(request, ("metrics", Message::Metrics), |rejected| {
            ExportMetricsServiceResponse { partial_success: rejected.map(partial) }
        })
        .await
    }
}

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> Result<tonic::Response<ExportLogsServiceResponse>, tonic::Status> {
        let partial = |rejected_log_records| ExportLogsPartialSuccess {
            rejected_log_records,
            error_message: REJECTED.to_owned(),
        };
        self.answer_grpc(request, ("logs", Message::Logs), |rejected| ExportLogsServiceResponse {
            partial_success: rejected.map(partial),
        })
        .await
    }
}
