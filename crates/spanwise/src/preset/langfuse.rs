//! Langfuse.
//!
//! Takes traces alone, over HTTP; keys travel as Basic authentication.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::{Compression, Destination, OtlpProtocol, Preset, Signals};
use crate::env::Environment;
use crate::error::{InitError, Source};

const DEFAULT_HOST: &str = "https://cloud.langfuse.com";

/// [Langfuse](https://langfuse.com/integrations/native/opentelemetry) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `{host}/api/public/otel/v1/traces`, compressed with gzip,
/// with the header `x-langfuse-ingestion-version: 4` for the direct write path. No variable of
/// OpenTelemetry's changes any of this, and the keys go to this host alone.
///
/// | Variable | Meaning |
/// |---|---|
/// | `LANGFUSE_PUBLIC_KEY`, `LANGFUSE_SECRET_KEY` | the project's keys |
/// | `LANGFUSE_BASE_URL`, else `LANGFUSE_HOST` | the server; defaults to `https://cloud.langfuse.com` |
///
/// ```no_run
/// use spanwise::{Langfuse, TelemetryConfig};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let config = TelemetryConfig::new("support-bot").preset(Langfuse::from_env()?);
/// let telemetry = spanwise::init_telemetry(config)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Langfuse {
    host: String,
    public_key: String,
    secret_key: String,
}

impl Langfuse {
    /// Langfuse's European cloud, with a project's keys.
    pub fn new(public_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            host: DEFAULT_HOST.to_owned(),
            public_key: public_key.into(),
            secret_key: secret_key.into(),
        }
    }

    /// As Langfuse's own variables say.
    ///
    /// # Errors
    ///
    /// [`InitError::InvalidEnv`], which names the variable that is missing.
    pub fn from_env() -> Result<Self, InitError> {
        Self::from_environment(&Environment::of_process())
    }

    /// The same, with the variables given.
    ///
    /// # Errors
    ///
    /// [`InitError::InvalidEnv`], which names the variable that is missing.
    pub fn from_environment(environment: &Environment) -> Result<Self, InitError> {
        let key = |variable: &'static str, begins: &str| {
            environment.get(variable).map(str::to_owned).ok_or_else(|| InitError::InvalidEnv {
                variable: variable.into(),
                problem: "is empty or missing".into(),
                remedy: format!("set it to the project's key, which begins with {begins}").into(),
            })
        };
        let host = environment
            .get("LANGFUSE_BASE_URL")
            .or_else(|| environment.get("LANGFUSE_HOST"))
            .unwrap_or(DEFAULT_HOST);
        Ok(Self {
            host: host.to_owned(),
            public_key: key("LANGFUSE_PUBLIC_KEY", "pk-lf-")?,
            secret_key: key("LANGFUSE_SECRET_KEY", "sk-lf-")?,
        })
    }

    /// The server: another region, or one of your own, such as `http://localhost:3000`.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }
}

impl Preset for Langfuse {
    fn destination(&self) -> Result<Destination, InitError> {
        let Self { host, public_key, secret_key } = self;
        if public_key.is_empty() || secret_key.is_empty() {
            let source = Source::code("Langfuse");
            return Err(source.invalid("has an empty key", "give both the project's keys"));
        }
        let credentials = STANDARD.encode(format!("{public_key}:{secret_key}"));
        let endpoint = format!("{}/api/public/otel", host.trim_end_matches('/'));
        Ok(Destination::otlp(endpoint)
            .name("langfuse")
            .protocol(OtlpProtocol::HttpProtobuf)
            .compression(Compression::Gzip)
            .signals(Signals::TRACES)
            .header("authorization", format!("Basic {credentials}"))
            .header("x-langfuse-ingestion-version", "4")
            .into())
    }
}

/// The host, and neither key.
impl fmt::Debug for Langfuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Langfuse").field("host", &self.host).finish_non_exhaustive()
    }
}
