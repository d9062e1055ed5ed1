//! A connection that breaks on command.
//!
//! ```text
//! accept ─► Serve: read, write
//!        ├► Ignore: nothing is read, nothing is written
//!        ├► Reset: read so much, then RST
//!        └► FailHandshake: a fatal alert of TLS, and the end
//! ```

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::server::{Connected, TcpConnectInfo};

use super::Receiver;

/// What a [`Receiver`] does with the connections that it has, and with those that come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connections {
    /// Serves them.
    #[default]
    Serve,
    /// Takes them, reads nothing more, and never answers.
    Ignore,
    /// Resets each after it has read this many bytes more from it.
    Reset {
        /// In the middle of a body, if this is less than that.
        after: usize,
    },
    /// Ends them with a fatal alert of TLS, which fails the handshake of a client.
    FailHandshake,
}

/// `handshake_failure`, as TLS 1.2 and 1.3 write it.
const ALERT: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];

/// A listener whose connections break on command.
pub(super) struct Incoming {
    pub(super) listener: TcpListener,
    pub(super) receiver: Receiver,
}

impl Incoming {
    pub(super) async fn accept(&mut self) -> Connection {
        loop {
            // A client that is turned away is nobody's failure here.
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            match self.receiver.connections() {
                Connections::FailHandshake => drop(tokio::spawn(fail_handshake(stream))),
                Connections::Ignore => drop(tokio::spawn(async move {
                    let _open = stream;
                    pending::<()>().await;
                })),
                Connections::Serve | Connections::Reset { .. } => {
                    let receiver = self.receiver.clone();
                    return Connection { stream, address, receiver, read: 0 };
                }
            }
        }
    }
}

async fn fail_handshake(mut stream: TcpStream) -> io::Result<()> {
    // What is not read would make a reset of the close, and the alert may get lost.
    let mut hello = [0; 4096];
    let _ = stream.read(&mut hello).await?;
    stream.write_all(&ALERT).await?;
    stream.shutdown().await
}

/// A connection of a receiver that may change its mind.
pub(super) struct Connection {
    stream: TcpStream,
    pub(super) address: SocketAddr,
    receiver: Receiver,
    /// How much was read since it is to be reset.
    read: usize,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.receiver.connections() {
            Connections::Serve => {
                self.read = 0;
                Pin::new(&mut self.stream).poll_read(context, buffer)
            }
            Connections::Ignore => Poll::Pending,
            Connections::Reset { after } => {
                let before = buffer.filled().len();
                ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
                let read = buffer.filled().len() - before;
                self.read += read;
                if read > 0 && self.read >= after {
                    // Without a time to linger the close that follows is a reset.
                    self.stream.set_zero_linger()?;
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                }
                Poll::Ready(Ok(()))
            }
            Connections::FailHandshake => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.receiver.connections() {
            Connections::Ignore => Poll::Pending,
            _ => Pin::new(&mut self.stream).poll_write(context, buffer),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.receiver.connections() {
            // A reset is no orderly end.
            Connections::Reset { .. } => Poll::Ready(Ok(())),
            _ => Pin::new(&mut self.stream).poll_shutdown(context),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}
