//! Events to a URL.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use spanwise_core::TelemetryEvent;
use url::Url;

use super::exporter::{ExportError, TelemetryExporter};
use crate::config::TlsFiles;
use crate::error::{InitError, Source};
use crate::export::lane;
use crate::secret::Headers;

/// Posts events to a URL, several at once, as an array of JSON objects.
///
/// What is answered with 429, 502, 503 or 504, and what does not reach its receiver, is tried again twice,
/// after a second and after two; anything but success loses the events. Redirects are not followed: headers would
/// go along.
///
/// ```
/// use spanwise::{ExporterSettings, WebhookExporter};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// # let token = "token";
/// let exporter = WebhookExporter::new("https://hooks.example.com/llm")?
///     .header("authorization", &format!("Bearer {token}"))?
///     .max_batch_size(50);
/// let id = spanwise::add_exporter_with(exporter, ExporterSettings::new("hook"));
/// # spanwise::remove_exporter(id);
/// # Ok(()) }
/// ```
pub struct WebhookExporter {
    client: reqwest::Client,
    url: Url,
    headers: Headers,
    at_once: usize,
}

const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
const TIMEOUT: Duration = Duration::from_secs(10);

impl WebhookExporter {
    /// Posts to this URL.
    ///
    /// # Errors
    ///
    /// [`InitError`], where it is no URL of `http` or `https`.
    pub fn new(url: &str) -> Result<Self, InitError> {
        let source = Source::code("webhook");
        let invalid = || {
            source
                .invalid("is no URL of http or https", "give one such as https://example.com/hook")
        };
        let url = Url::parse(url).map_err(|_| invalid())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(invalid());
        }
        let client = lane::http::client(url.scheme() == "https", &TlsFiles::default(), TIMEOUT)?;
        Ok(Self { client, url, headers: Headers::default(), at_once: 100 })
    }

    /// Adds a header, such as a key. It is never shown.
    ///
    /// # Errors
    ///
    /// [`InitError`], where name or value are not legal.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InitError> {
        self.headers.set(name, value, &Source::code("webhook"))?;
        Ok(self)
    }

    /// How many events are posted at once. Defaults to 100.
    #[must_use]
    pub fn max_batch_size(mut self, events: usize) -> Self {
        self.at_once = events;
        self
    }

    /// Says whether it may be tried again, where it failed.
    async fn post(&self, body: Vec<u8>) -> Result<(), (ExportError, bool)> {
        let mut headers: HeaderMap =
            self.headers.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let sent = self.client.post(self.url.clone()).headers(headers).body(body).send().await;
        let status = sent.map_err(|_| (ExportError::new("not reached"), true))?.status();
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err((ExportError::new("the receiver is busy"), true)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err((ExportError::new("the receiver wants another key"), false))
            }
            _ => Err((ExportError::new("the receiver refuses"), false)),
        }
    }
}

impl TelemetryExporter for WebhookExporter {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        self.export_batch(std::slice::from_ref(event)).await
    }

    fn batch_size(&self) -> usize {
        self.at_once
    }

    async fn export_batch(&self, events: &[TelemetryEvent]) -> Result<(), ExportError> {
        let body = serde_json::to_vec(events).map_err(|_| ExportError::new("no JSON"))?;
        let mut pauses = PAUSES.into_iter();
        loop {
            match (self.post(body.clone()).await, pauses.next()) {
                (Ok(()), _) => return Ok(()),
                (Err((_, true)), Some(pause)) => tokio::time::sleep(pause).await,
                (Err((reason, _)), _) => return Err(reason),
            }
        }
    }
}

/// Not the URL, which may hold a key.
impl fmt::Debug for WebhookExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookExporter")
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}
