//! The two servers.

use std::io;
use std::net::{SocketAddr, TcpListener};

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsServiceServer;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsServiceServer;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use tonic::codec::CompressionEncoding;
use tonic::service::InterceptorLayer;
use tonic::transport::Server;

use super::Receiver;
use super::certificates::ServerTls;

/// As the Collector's.
const MOST_HTTP_BYTES: usize = 20 << 20;

/// Serves until the process ends.
pub(super) fn serve(
    receiver: Receiver,
    grpc: TcpListener,
    http: TcpListener,
    tls: Option<ServerTls>,
) {
    // A subscriber of the test's must not see the receiver's own traffic.
    let _nobody = tracing::dispatcher::set_default(&tracing::Dispatch::none());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let (grpc_tls, https) = tls.map(|tls| (tls.grpc, tls.http)).unzip();
    runtime.block_on(async {
        tokio::join!(
            serve_http(receiver.clone(), http, https),
            serve_grpc(receiver, grpc, grpc_tls)
        )
    });
}

async fn serve_http(
    receiver: Receiver,
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
) {
    let app = axum::Router::new()
        .fallback(super::http::export)
        .layer(axum::extract::DefaultBodyLimit::max(MOST_HTTP_BYTES))
        .with_state(receiver);
    let listener = in_runtime(listener);
    let served = match tls {
        Some(acceptor) => axum::serve(TlsListener { listener, acceptor }, app).await,
        None => axum::serve(listener, app).await,
    };
    served.expect("HTTP is served");
}

async fn serve_grpc(
    receiver: Receiver,
    listener: TcpListener,
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
    let served = server
        .add_service(service!(TraceServiceServer))
        .add_service(service!(MetricsServiceServer))
        .add_service(service!(LogsServiceServer))
        .serve_with_incoming(tonic::transport::server::TcpIncoming::from(in_runtime(listener)))
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

fn in_runtime(listener: TcpListener) -> tokio::net::TcpListener {
    let ready = listener.set_nonblocking(true);
    let listener = ready.and_then(|()| tokio::net::TcpListener::from_std(listener));
    listener.expect("a bound listener can be served from")
}

struct TlsListener {
    listener: tokio::net::TcpListener,
    acceptor: tokio_rustls::TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // A client that is turned away is nobody's failure here.
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
