//! A server of its own for metrics, on a thread of its own.

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::exporter::PrometheusExporter;
use super::handler::{PrometheusHandler, plain};
use crate::error::{InitError, Source};
use crate::export::thread::own_thread;

/// So many scrapers at once; others wait.
const MOST_CONNECTIONS: usize = 32;

/// How long a connection may take for the head of a request, and may rest between two.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves the process's metrics at `/metrics`, and `/healthz`, until telemetry is shut down.
///
/// Telemetry has been started with [`TelemetryConfig::prometheus`](crate::TelemetryConfig::prometheus) before. The
/// server has a thread of its own, with which the program's runtime has nothing to do. An address such as
/// `127.0.0.1:9568` is for this machine alone, `0.0.0.0:9568` for everyone who reaches it; port 0 is any that is
/// free.
///
/// # Errors
///
/// [`InitError::InvalidSetting`], where no metrics are kept; [`InitError::Address`], which names the address, where it
/// cannot be listened on; [`InitError::Thread`].
///
/// ```
/// use spanwise::TelemetryConfig;
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let telemetry = spanwise::init_telemetry(TelemetryConfig::new("bot").prometheus())?;
/// let server = spanwise::start_prometheus_server("127.0.0.1:0")?;
/// println!("metrics at http://{}/metrics", server.local_addr());
/// # drop(telemetry);
/// # Ok(()) }
/// ```
pub fn start_prometheus_server(
    address: impl ToSocketAddrs + fmt::Debug,
) -> Result<PrometheusServer, InitError> {
    let exporter = PrometheusExporter::of_process().ok_or_else(|| {
        Source::code("start_prometheus_server").invalid(
            "has no metrics to show",
            "start telemetry with `TelemetryConfig::prometheus()` before",
        )
    })?;
    Listening::on(&address)?.serve(exporter)
}

/// A server of metrics. It goes on when this is dropped.
#[derive(Debug)]
pub struct PrometheusServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
}

impl PrometheusServer {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops it before telemetry ends.
    pub fn stop(self) {
        // It may have stopped with telemetry.
        let _ = self.stop.send(());
    }
}

/// An address that is taken, and not served yet.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    pub(crate) fn on(address: &(impl ToSocketAddrs + fmt::Debug)) -> Result<Self, InitError> {
        let listen = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        listen().map_err(|error: std::io::Error| InitError::Address {
            address: format!("{address:?}").trim_matches('"').to_owned(),
            kind: error.kind(),
        })
    }

    pub(crate) fn serve(self, exporter: PrometheusExporter) -> Result<PrometheusServer, InitError> {
        let Self { listener, address } = self;
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        exporter.stop_with(end);
        own_thread("spanwise-prometheus", move |runtime| {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, exporter.into()) => {}
                    () = asked(stopped) => {}
                    _ = ended => {}
                }
            });
        })?;
        Ok(PrometheusServer { address, stop })
    }
}

/// Resolves when someone asks, and never when nobody can any more.
async fn asked(stopped: oneshot::Receiver<()>) {
    if stopped.await.is_err() {
        std::future::pending().await
    }
}

async fn accept(listener: TcpListener, handler: PrometheusHandler) {
    // Without a listener there is nothing to do; it was one a moment ago.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        // It is never closed.
        let Ok(place) = room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, handler.clone(), place));
            }
            // Such as too many open files: the next may succeed.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(stream: TcpStream, handler: PrometheusHandler, _place: OwnedSemaphorePermit) {
    let answer = |request: Request<Incoming>| {
        let answer = match request.uri().path() {
            "/metrics" | "/healthz" => handler.answer(&request),
            _ => plain(StatusCode::NOT_FOUND, "there are /metrics and /healthz\n"),
        };
        ready(Ok::<_, Infallible>(answer))
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    // A scraper that goes away is no event.
    let _ = connection.await;
}
