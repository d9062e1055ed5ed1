//! OTLP over gRPC.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsService;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsService;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};

use super::http::{count, named, partial};
use super::{Answer, Arrived, Receiver};

fn arrived<T: prost::Message>(request: &tonic::Request<T>, signal: &str, spans: usize) -> Arrived {
    Arrived {
        headers: named(&request.metadata().clone().into_headers()),
        path: signal.to_owned(),
        bytes: request.get_ref().encoded_len(),
        spans,
    }
}

impl Receiver {
    async fn answer_grpc<T>(
        &self,
        accept: impl FnOnce(Option<i64>) -> T,
    ) -> Result<tonic::Response<T>, tonic::Status> {
        match self.next_answer() {
            Answer::Accept => Ok(tonic::Response::new(accept(None))),
            Answer::Partial(rejected) => Ok(tonic::Response::new(accept(Some(rejected)))),
            Answer::Hang => std::future::pending().await,
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
        self.arrived(arrived(&request, "traces", count(request.get_ref())));
        let request = request.into_inner();
        self.answer_grpc(|rejected| {
            self.keep(|log| log.traces.push(request));
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
        self.arrived(arrived(&request, "metrics", 0));
        let request = request.into_inner();
        self.answer_grpc(|_| {
            self.keep(|log| log.metrics.push(request));
            ExportMetricsServiceResponse::default()
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
        self.arrived(arrived(&request, "logs", 0));
        let request = request.into_inner();
        self.answer_grpc(|_| {
            self.keep(|log| log.logs.push(request));
            ExportLogsServiceResponse::default()
        })
        .await
    }
}
