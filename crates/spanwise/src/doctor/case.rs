//! What was seen, and where: all that is needed to say what is likely wrong.

use std::fmt;

use crate::config::{BackendFacts, OtlpProtocol};
use crate::signal::Signal;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "some can be seen over HTTP alone"))]
pub(super) enum Symptom {
    /// A header holds something that is no key.
    Header(HeaderMistake),
    NameUnknown,
    /// Nothing listens there.
    Refused,
    /// No answer to the request for a connection.
    Unreachable,
    Tls(TlsMistake),
    /// Spoken to without TLS, it answers with TLS.
    WantsTls,
    /// Asked for HTTP/1 it speaks HTTP/2, as servers of gRPC alone do.
    SpeaksHttp2,
    /// Asked for HTTP/2 it speaks HTTP/1.
    SpeaksHttp1,
    /// It took the request, and said nothing in time.
    Silent,
    /// The connection ended without an answer.
    Hangs,
    /// It speaks something else.
    SpeaksSomethingElse,
    /// An HTTP status that is no success.
    Status(u16),
    /// A status of gRPC that is no success.
    Grpc(String),
    /// A page for people.
    Page,
    /// It is elsewhere: at this host.
    Moved(String),
    /// Its clock and ours are so many seconds apart; ours is ahead where this is more than 0.
    Skew(i64),
    /// There are no credentials to send.
    NoCredentials,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderMistake {
    Quotes,
    Unfilled,
    TwiceEncoded,
    NoBase64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "tls", any(feature = "grpc", feature = "http"))),
    allow(dead_code, reason = "they are seen where TLS is spoken")
)]
pub(super) enum TlsMistake {
    /// There is no TLS at the other end.
    NotSpoken,
    UnknownIssuer,
    WrongName,
    Expired,
    NotYetValid,
    ClientCertificate,
    Other,
}

/// What was seen, where.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) symptom: Symptom,
    pub(super) signal: Signal,
    pub(super) protocol: OtlpProtocol,
    pub(super) https: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    /// Whether anything is sent that could be a key.
    pub(super) has_key: bool,
    pub(super) backend: Option<&'static BackendFacts>,
    pub(super) in_container: bool,
    /// What to change: a variable, or the setting in code.
    pub(super) endpoint: String,
    pub(super) protocol_setting: String,
    pub(super) headers: String,
}

impl Case {
    pub(super) fn is_local(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]" | "::1")
    }

    /// Whether something is there that does not take OTLP as it is sent.
    pub(super) fn is_no_receiver(&self) -> bool {
        !matches!(
            self.symptom,
            Symptom::Header(_)
                | Symptom::NameUnknown
                | Symptom::Tls(_)
                | Symptom::Skew(_)
                | Symptom::NoCredentials
                | Symptom::Status(401 | 403 | 429)
        )
    }
}

/// What was seen, in words; the remedies add what it means.
impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(HeaderMistake::Quotes) => {
                f.write_str("a header's value begins with a quotation mark")
            }
            Self::Header(HeaderMistake::Unfilled) => {
                f.write_str("a header's value holds the name of a variable")
            }
            Self::Header(HeaderMistake::TwiceEncoded) => {
                f.write_str("a header's value is percent-encoded after decoding")
            }
            Self::Header(HeaderMistake::NoBase64) => f.write_str(
                "`authorization` is Basic, and what follows is no base64 of `user:password`",
            ),
            Self::NameUnknown => f.write_str("the host's name is not known"),
            Self::Refused => f.write_str("the connection was refused"),
            Self::Unreachable => f.write_str("no connection could be made in time"),
            Self::Tls(TlsMistake::NotSpoken) => f.write_str("what answers does not speak TLS"),
            Self::Tls(TlsMistake::UnknownIssuer) => {
                f.write_str("who issued the certificate is not known here")
            }
            Self::Tls(TlsMistake::WrongName) => f.write_str("the certificate is for another name"),
            Self::Tls(TlsMistake::Expired) => f.write_str("the certificate has expired"),
            Self::Tls(TlsMistake::NotYetValid) => f.write_str("the certificate is not valid yet"),
            Self::Tls(TlsMistake::ClientCertificate) => {
                f.write_str("the receiver wants a certificate of the client")
            }
            Self::Tls(TlsMistake::Other) => f.write_str("the TLS handshake failed"),
            Self::WantsTls => f.write_str("what answers speaks TLS"),
            Self::SpeaksHttp2 => f.write_str("what answers speaks HTTP/2 alone"),
            Self::SpeaksHttp1 => f.write_str("what answers speaks HTTP/1, and no gRPC"),
            Self::Silent => f.write_str("there was no answer in time"),
            Self::Hangs => f.write_str("the connection ended without an answer"),
            Self::SpeaksSomethingElse => f.write_str("what answers speaks no HTTP"),
            Self::Status(status) => write!(f, "the answer was {status}"),
            Self::Grpc(code) => write!(f, "the answer was {code}"),
            Self::Page => f.write_str("the answer was a page for people"),
            Self::Moved(host) => write!(f, "the answer was a redirect to {host}"),
            Self::Skew(seconds) => write!(f, "the clocks are {} s apart", seconds.unsigned_abs()),
            Self::NoCredentials => f.write_str("there were no credentials to send"),
        }
    }
}
