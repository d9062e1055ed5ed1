//! The two servers, and how they go down and come up again.
//!
//! ```text
//! up ─► runtime { HTTP, gRPC } ─► down ─► runtime dropped: listeners and connections are gone ─► up ─► …
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsServiceServer;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsServiceServer;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use tokio::sync::mpsc::UnboundedReceiver;
use tonic::codec::CompressionEncoding;
use tonic::service::InterceptorLayer;
use tonic::transport::Server;

use super::Receiver;
use super::certificates::ServerTls;
use super::connection::{Connection, Incoming};
use super::port::Port;

/// As the Collector's.
const MOST_HTTP_BYTES: usize = 20 << 20;

/// Goes down, or comes up; says so when it is done.
pub(super) enum Command {
    Up(mpsc::Sender<()>),
    Down(mpsc::Sender<()>),
}

/// Serves between up and down, until the process ends.
pub(super) fn serve(
    receiver: Receiver,
    (grpc, http): (Port, Port),
    tls: Option<ServerTls>,
    mut commands: UnboundedReceiver<Command>,
) {
    // A subscriber of the test's must not see the receiver's own traffic.
    let _nobody = tracing::dispatcher::set_default(&tracing::Dispatch::none());
    while let Some(command) = commands.blocking_recv() {
        let is_up = match command {
            Command::Up(is_up) => is_up,
            // It is down.
            Command::Down(_) => continue,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let (grpc_tls, https) =
            tls.as_ref().map(|tls| (tls.grpc.clone(), tls.http.clone())).unzip();
        let is_down = runtime.block_on(async {
            let incoming = |port: &Port| Incoming {
                listener: port.listen().expect("the port is reserved"),
                receiver: receiver.clone(),
            };
            let http = serve_http(receiver.clone(), incoming(&http), https);
            let grpc = serve_grpc(receiver.clone(), incoming(&grpc), grpc_tls);
            let _ = is_up.send(());
            tokio::select! {
                () = http => None,
                () = grpc => None,
                is_down = down(&mut commands) => is_down,
            }
        });
        drop(runtime);
        // Only now nothing listens any more.
        drop(is_down);
    }
}

/// What to tell when it is down.
async fn down(commands: &mut UnboundedReceiver<Command>) -> Option<mpsc::Sender<()>> {
    loop {
        match commands.recv().await? {
            Command::Down(is_down) => return Some(is_down),
            // It is up.
            Command::Up(_) => {}
        }
    }
}

async fn serve_http(
    receiver: Receiver,
    incoming: Incoming,
    tls: Option<tokio_rustls::TlsAcceptor>,
) {
    let app = axum::Router::new()
        .fallback(super::http::export)
        .layer(axum::extract::DefaultBodyLimit::max(MOST_HTTP_BYTES))
        .with_state(receiver);
    let served = match tls {
        Some(acceptor) => axum::serve(TlsIncoming { incoming, acceptor }, app).await,
        None => axum::serve(incoming, app).await,
    };
    served.expect("HTTP is served");
}

async fn serve_grpc(
    receiver: Receiver,
    incoming: Incoming,
    tls: Option<tonic::transport::ServerTlsConfig>,
) {
    macro_rules! service {
        ($server:ident) => {
            $server::new(receiver.clone())
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .send_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Zstd)
        };
    }
    let mut server = Server::builder().layer(InterceptorLayer::new(answer_as_asked));
    if let Some(tls) = tls {
        server = server.tls_config(tls).expect("the certificates are of our own making");
    }
    let connections = futures_util::stream::unfold(incoming, |mut incoming| async {
        let connection = incoming.accept().await;
        Some((Ok::<_, io::Error>(connection), incoming))
    });
    let served = server
        .add_service(service!(TraceServiceServer))
        .add_service(service!(MetricsServiceServer))
        .add_service(service!(LogsServiceServer))
        .serve_with_incoming(connections)
        .await;
    served.expect("gRPC is served");
}

/// As servers in Go do: the answer is compressed like the request, whatever the client says that it takes.
#[allow(clippy::result_large_err, reason = "the shape of an interceptor")]
fn answer_as_asked(mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
    if let Some(encoding) = request.metadata().get("grpc-encoding").cloned() {
        request.metadata_mut().insert("grpc-accept-encoding", encoding);
    }
    Ok(request)
}

impl axum::serve::Listener for Incoming {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let connection = Incoming::accept(self).await;
        let address = connection.address;
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

struct TlsIncoming {
    incoming: Incoming,
    acceptor: tokio_rustls::TlsAcceptor,
}

impl axum::serve::Listener for TlsIncoming {
    type Io = tokio_rustls::server::TlsStream<Connection>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let connection = self.incoming.accept().await;
            let address = connection.address;
            // A client that is turned away is nobody's failure here.
            if let Ok(stream) = self.acceptor.accept(connection).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.incoming.listener.local_addr()
    }
}
