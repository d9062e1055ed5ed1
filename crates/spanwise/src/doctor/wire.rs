//! Names, connections, TLS, and what is spoken at the other end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::case::Symptom;

/// A name, a connection, a handshake and a first word may each take so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Something that bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The addresses of a host.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Symptom> {
    // IPv6 stands in brackets in a URL.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match timeout(PATIENCE, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            if addresses.is_empty() { Err(Symptom::NameUnknown) } else { Ok(addresses) }
        }
        Ok(Err(_)) | Err(_) => Err(Symptom::NameUnknown),
    }
}

/// A connection to the first address that takes one.
pub(super) async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Symptom> {
    let mut refused = false;
    for address in addresses {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => refused |= error.kind() == io::ErrorKind::ConnectionRefused,
            Err(_) => {}
        }
    }
    Err(if refused { Symptom::Refused } else { Symptom::Unreachable })
}

/// What is spoken at the other end of a fresh connection, by what it says to the first words of HTTP/2.
pub(super) async fn spoken(mut stream: impl Stream) -> Spoken {
    // The preface of HTTP/2, which servers of HTTP/1 take for a request of another version, and empty settings.
    const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const SETTINGS: u8 = 4;
    if stream.write_all(HELLO).await.is_err() {
        return Spoken::Nothing;
    }
    let mut begin = [0; 9];
    let mut length = 0;
    let read = async {
        while length < begin.len() {
            match stream.read(&mut begin[length..]).await {
                Ok(0) => return Some(String::new()),
                Err(error) => return Some(error.to_string()),
                Ok(more) => length += more,
            }
        }
        None
    };
    let ended = timeout(PATIENCE, read).await.ok().flatten();
    match &begin[..length] {
        // With TLS 1.3 it says so only after the handshake.
        [] if ended.as_ref().is_some_and(|why| why.contains("CertificateRequired")) => {
            Spoken::WantsCertificate
        }
        [] if ended.is_some() => Spoken::Nothing,
        [] => Spoken::Silence,
        [0x15, 0x03, ..] => Spoken::Tls,
        text if text.starts_with(b"HTTP/1") => Spoken::Http1,
        [_, _, _, SETTINGS, ..] => Spoken::Http2,
        _ => Spoken::SomethingElse,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Http1,
    Http2,
    Tls,
    SomethingElse,
    /// TLS, with a certificate of the client.
    WantsCertificate,
    /// It ended the connection.
    Nothing,
    /// It waits for something else.
    Silence,
}

#[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
pub(super) use self::tls::shake_hands;

#[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
mod tls {
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{AlertDescription, CertificateError, Error};
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::config::Endpoint;
    use crate::doctor::case::TlsMistake;
    use crate::export::lane::tls::client_config;

    /// TLS over a connection, as the endpoint is spoken to.
    pub(in crate::doctor) async fn shake_hands(
        stream: TcpStream,
        endpoint: &Endpoint,
        http2: bool,
    ) -> Result<Box<dyn Stream>, Symptom> {
        // It was made once already, when the configuration was checked.
        let Ok(mut config) = client_config(&endpoint.tls) else {
            return Err(Symptom::Tls(TlsMistake::Other));
        };
        config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let host = endpoint.url.0.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let Ok(name) = ServerName::try_from(host) else {
            return Err(Symptom::Tls(TlsMistake::WrongName));
        };
        let connector = TlsConnector::from(Arc::new(config));
        match timeout(PATIENCE, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(Symptom::Tls(mistake(&error))),
            Err(_) => Err(Symptom::Tls(TlsMistake::NotSpoken)),
        }
    }

    fn mistake(error: &io::Error) -> TlsMistake {
        let rustls = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
        match rustls {
            Some(Error::InvalidCertificate(certificate)) => match certificate {
                CertificateError::UnknownIssuer => TlsMistake::UnknownIssuer,
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => TlsMistake::WrongName,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    TlsMistake::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    TlsMistake::NotYetValid
                }
                _ => TlsMistake::Other,
            },
            Some(Error::AlertReceived(AlertDescription::CertificateRequired)) => {
                TlsMistake::ClientCertificate
            }
            Some(Error::InvalidMessage(_)) => TlsMistake::NotSpoken,
            Some(_) => TlsMistake::Other,
            // It ended the connection, as servers do that cannot read the first word.
            None => TlsMistake::NotSpoken,
        }
    }
}
