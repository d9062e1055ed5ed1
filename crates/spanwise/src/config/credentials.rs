//! Credentials that are asked for with every request.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::Mutex;

use super::OtlpDestination;
use crate::signal::Signal;

/// Headers by which a receiver knows who sends. `Debug` shows their names.
///
/// ```
/// use spanwise::Credentials;
///
/// let credentials = Credentials::bearer("canary").header("x-team", "support");
/// assert!(!format!("{credentials:?}").contains("canary"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use = "give it to `OtlpDestination::credentials`"]
pub struct Credentials(Vec<(String, String)>);

impl Credentials {
    /// `authorization: Bearer …`.
    pub fn bearer(token: impl fmt::Display) -> Self {
        Self::default().header("authorization", format!("Bearer {token}"))
    }

    /// `authorization: Basic …`.
    pub fn basic(user: impl fmt::Display, password: impl fmt::Display) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        Self::default().header("authorization", format!("Basic {pair}"))
    }

    /// Adds a header, in place of one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.0.push((name, value.into()));
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, _)| (name, "***"))).finish()
    }
}

/// A request that is about to leave, for whoever signs it.
///
/// Its method is always `POST`. `Debug` shows neither headers' values nor the body.
#[derive(Clone)]
pub struct OutgoingRequest {
    pub(crate) signal: Signal,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl OutgoingRequest {
    /// The signal that it carries.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The full URL, over gRPC with the method's path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers that are set already; those of the connection (`host`, `content-length`) are not.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body: over HTTP as it goes out, compressed; over gRPC the message before it is framed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for OutgoingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingRequest")
            .field("signal", &self.signal)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

type Ask = dyn Fn(&OutgoingRequest) -> Option<Credentials> + Send + Sync;

/// Who is asked for credentials.
#[derive(Clone)]
pub(crate) struct CredentialSource {
    pub(crate) ask: Arc<Ask>,
    /// One is asked at a time, so that one that hangs takes one thread.
    #[cfg_attr(
        not(any(feature = "grpc", feature = "http")),
        allow(dead_code, reason = "without a transport nobody asks")
    )]
    pub(crate) turn: Arc<Mutex<()>>,
}

impl CredentialSource {
    pub(crate) fn new<C>(ask: impl Fn(&OutgoingRequest) -> C + Send + Sync + 'static) -> Self
    where
        C: Into<Option<Credentials>>,
    {
        Self { ask: Arc::new(move |request| ask(request).into()), turn: Arc::default() }
    }
}

impl PartialEq for CredentialSource {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ask, &other.ask)
    }
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialSource")
    }
}

impl OtlpDestination {
    /// Asks for credentials with every request, so that they may rotate, and sets the headers that it is given.
    ///
    /// It is asked beside the thread that exports, one request at a time, never on the task of a caller, and may
    /// read a file or ask a server. `None` where there are none now: the request is tried again later, as when
    /// the receiver is away, and so it is when asking takes longer than
    /// [`timeout`](Self::timeout) or panics. When the receiver does not accept what was given, it is asked
    /// again, once, and the request is sent again where the answer is another.
    ///
    /// ```
    /// use spanwise::{Credentials, Destination, TelemetryConfig};
    ///
    /// let collector = Destination::otlp("https://collector.example.com:4318").credentials(|_| {
    ///     let token = std::fs::read_to_string("/var/run/secrets/token").ok()?;
    ///     Some(Credentials::bearer(token.trim()))
    /// });
    /// let config = TelemetryConfig::new("bot").destination(collector);
    /// # let _ = config;
    /// ```
    ///
    /// What signs a request finds its body there, as it goes out.
    pub fn credentials<C>(
        mut self,
        ask: impl Fn(&OutgoingRequest) -> C + Send + Sync + 'static,
    ) -> Self
    where
        C: Into<Option<Credentials>>,
    {
        self.options.credentials = Some(CredentialSource::new(ask));
        self
    }

    /// The same, by who is asked already.
    pub(crate) fn credential_source(mut self, source: CredentialSource) -> Self {
        self.options.credentials = Some(source);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_header_replaces_an_earlier_one_whatever_its_case() {
        let credentials = Credentials::bearer("one").header("Authorization", "two");
        assert_eq!(credentials.iter().collect::<Vec<_>>(), [("Authorization", "two")]);
    }

    #[test]
    fn basic_authentication_is_in_base64() {
        let credentials = Credentials::basic("pk", "sk");
        assert_eq!(credentials.iter().next(), Some(("authorization", "Basic cGs6c2s=")));
    }
}
