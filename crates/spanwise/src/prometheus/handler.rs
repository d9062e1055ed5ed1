//! Answers to those who scrape, for any server.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service;

use super::accept::ExpositionFormat;
use super::exporter::PrometheusExporter;

/// Answers with the process's metrics, as the `Accept` of the request wants them; a path that ends in `/healthz` with
/// `ok`.
///
/// It may be made before telemetry starts; until then, without
/// [`TelemetryConfig::prometheus`](crate::TelemetryConfig::prometheus), and once telemetry is shut down, metrics are
/// `503 Service Unavailable`. It collects on the task that asks.
///
/// ```
/// # fn main() {
/// let app: axum::Router = axum::Router::new()
///     .route_service("/metrics", spanwise::prometheus_handler())
///     .route_service("/healthz", spanwise::prometheus_handler());
/// # let _ = app; }
/// ```
///
/// With hyper alone it is a function of the request: see [`PrometheusHandler::answer`].
pub fn prometheus_handler() -> PrometheusHandler {
    PrometheusHandler { exporter: None }
}

/// Answers with metrics: a tower service, for axum and others, and a function for hyper.
///
/// Made by [`prometheus_handler`], or from an exporter.
#[derive(Clone, Debug)]
pub struct PrometheusHandler {
    /// Else the process's, as soon as there is one.
    exporter: Option<PrometheusExporter>,
}

impl From<PrometheusExporter> for PrometheusHandler {
    fn from(exporter: PrometheusExporter) -> Self {
        Self { exporter: Some(exporter) }
    }
}

impl PrometheusHandler {
    /// The answer to a request.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # async fn serve<B>(request: http::Request<B>) -> Result<http::Response<String>, Infallible> {
    /// // In `hyper::service::service_fn`:
    /// Ok(spanwise::prometheus_handler().answer(&request))
    /// # }
    /// ```
    pub fn answer<B>(&self, request: &Request<B>) -> Response<String> {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        if request.uri().path().ends_with("/healthz") {
            return plain(StatusCode::OK, "ok\n");
        }
        let accept =
            request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let format = ExpositionFormat::of_accept(&accept.collect::<Vec<_>>().join(","));
        let exporter = self.exporter.clone().or_else(PrometheusExporter::of_process);
        match exporter.and_then(|exporter| exporter.render(format)) {
            Some(metrics) => told(StatusCode::OK, format.content_type(), metrics),
            None => plain(StatusCode::SERVICE_UNAVAILABLE, "no metrics are kept to be scraped\n"),
        }
    }
}

pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<String> {
    told(status, "text/plain; charset=utf-8", text.to_owned())
}

fn told(status: StatusCode, content_type: &'static str, body: String) -> Response<String> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

impl<B> Service<Request<B>> for PrometheusHandler {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(&request)))
    }
}
