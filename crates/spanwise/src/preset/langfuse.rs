//! Langfuse: traces alone, over HTTP; keys travel as Basic authentication.

use std::time::Duration;

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, FeedbackApi, OtlpDestination, OtlpProtocol, Preset,
    Projection, Signals,
};
use crate::error::{InitError, Source};
use crate::signal::Signal;

pub(super) static LANGFUSE: Backend = Backend {
    name: "langfuse",
    facts: BackendFacts {
        product: "Langfuse",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (
                401,
                "check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY: both belong to one project, in one region, \
                 and to no other",
            ),
            (
                403,
                "the keys are an organisation's, or Langfuse has suspended ingestion: use a project's keys",
            ),
            (404, "Langfuse takes OTLP from version 3.22: check LANGFUSE_BASE_URL"),
        ],
    },
    variables: &[
        Variable::new("LANGFUSE_PUBLIC_KEY", "the project's public key, `pk-lf-…`").required(),
        Variable::new("LANGFUSE_SECRET_KEY", "the project's secret key, `sk-lf-…`")
            .required()
            .secret(),
        Variable::new("LANGFUSE_BASE_URL", "the server; defaults to Langfuse's cloud in the EU"),
        Variable::new("LANGFUSE_HOST", "the same, by its earlier name"),
        Variable::new(PATH, "where the server takes traces"),
        Variable::new("LANGFUSE_TRACING_ENVIRONMENT", "the environment, such as `production`"),
        Variable::new("LANGFUSE_RELEASE", "the release"),
        Variable::new("LANGFUSE_TIMEOUT", "how many seconds a request may take"),
        Variable::new("LANGFUSE_TRACING_ENABLED", "`false`: nothing is sent"),
        Variable::new("LANGFUSE_SAMPLE_RATE", "the share of traces that is sent, from 0 to 1"),
        Variable::new("LANGFUSE_FLUSH_AT", "how many spans a request has at most"),
        Variable::new("LANGFUSE_FLUSH_INTERVAL", "how many seconds spans wait at most"),
    ],
    read: Langfuse::boxed,
};

const PATH: &str = "LANGFUSE_OTEL_TRACES_EXPORT_PATH";

/// [Langfuse](https://langfuse.com/integrations/native/opentelemetry) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `{host}/api/public/otel/v1/traces`, compressed with gzip, with
/// the header `x-langfuse-ingestion-version: 4` for the direct write path.
///
/// | Variable | Meaning |
/// |---|---|
/// | `LANGFUSE_PUBLIC_KEY`, `LANGFUSE_SECRET_KEY` | the project's keys |
/// | `LANGFUSE_BASE_URL`, else `LANGFUSE_HOST` | the server; defaults to `https://cloud.langfuse.com` |
/// | `LANGFUSE_TRACING_ENVIRONMENT`, `LANGFUSE_RELEASE` | said of the resource, for Langfuse alone |
/// | `LANGFUSE_TIMEOUT`, `LANGFUSE_OTEL_TRACES_EXPORT_PATH`, `LANGFUSE_TRACING_ENABLED`, `LANGFUSE_SAMPLE_RATE`, `LANGFUSE_FLUSH_AT`, `LANGFUSE_FLUSH_INTERVAL` | as in Langfuse's own SDKs |
///
/// ```no_run
/// use spanwise::{Langfuse, TelemetryConfig};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let config = TelemetryConfig::new("support-bot").preset(Langfuse::from_env()?);
/// let telemetry = spanwise::init_telemetry(config)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Langfuse {
    host: Host,
    public_key: ApiKey,
    secret_key: ApiKey,
    path: Option<String>,
    environment: Option<String>,
    release: Option<String>,
    timeout: Option<Duration>,
    sample_rate: Option<f64>,
    flush_at: Option<usize>,
    flush_interval: Option<Duration>,
    enabled: bool,
}

from_env!(Langfuse);
host!(Langfuse);
regions! {
    Langfuse,
    /// A region of Langfuse's cloud. Projects and keys belong to one.
    pub enum LangfuseRegion {
        /// The European Union, the default:
        Eu = "https://cloud.langfuse.com",
        /// The United States:
        Us = "https://us.cloud.langfuse.com",
        /// Japan:
        Jp = "https://jp.cloud.langfuse.com",
        /// The United States, under HIPAA:
        Hipaa = "https://hipaa.cloud.langfuse.com",
    }
}

impl Langfuse {
    /// Langfuse's cloud in the EU, with a project's keys.
    pub fn new(public_key: impl Into<ApiKey>, secret_key: impl Into<ApiKey>) -> Self {
        Self {
            host: Host::fixed(LangfuseRegion::Eu.url()),
            public_key: public_key.into(),
            secret_key: secret_key.into(),
            path: None,
            environment: None,
            release: None,
            timeout: None,
            sample_rate: None,
            flush_at: None,
            flush_interval: None,
            enabled: true,
        }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let seconds =
            |text: &str| text.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
        let share = |text: &str| text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        let spans = |text: &str| text.parse().ok().filter(|spans| *spans > 0);
        let truth = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        let key = |name, begins: &str, not: &str| {
            let what = format!("the project's key, which begins with {begins}");
            let key = variables.key(name, &what)?;
            // They are side by side, and often confused.
            match key.fixed().is_some_and(|key| key.starts_with(not)) {
                true => Err(Source::env(name)
                    .invalid("is the project's other key", format!("set it to {what}"))),
                false => Ok(key),
            }
        };
        let enabled = variables.read("LANGFUSE_TRACING_ENABLED", "true or false", truth)?;
        Ok(Self {
            host: variables
                .host(["LANGFUSE_BASE_URL", "LANGFUSE_HOST"], LangfuseRegion::Eu.url())?,
            path: variables.text(PATH),
            environment: variables.text("LANGFUSE_TRACING_ENVIRONMENT"),
            release: variables.text("LANGFUSE_RELEASE"),
            timeout: variables.read("LANGFUSE_TIMEOUT", "a number of seconds", seconds)?,
            sample_rate: variables.read("LANGFUSE_SAMPLE_RATE", "a share from 0 to 1", share)?,
            flush_at: variables.read("LANGFUSE_FLUSH_AT", "a number of spans", spans)?,
            flush_interval: variables.read(
                "LANGFUSE_FLUSH_INTERVAL",
                "a number of seconds",
                seconds,
            )?,
            enabled: enabled.unwrap_or(true),
            ..Self::new(
                key("LANGFUSE_PUBLIC_KEY", "pk-lf-", "sk-lf-")?,
                key("LANGFUSE_SECRET_KEY", "sk-lf-", "pk-lf-")?,
            )
        })
    }

    /// The environment, such as `production`, as Langfuse shows it. Defaults to the resource's
    /// `deployment.environment.name`.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// The release, as Langfuse shows it.
    pub fn release(mut self, release: impl Into<String>) -> Self {
        self.release = Some(release.into());
        self
    }
}

impl Preset for Langfuse {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let keys = [(&self.public_key, "public key"), (&self.secret_key, "secret key")];
        let mut destination = LANGFUSE
            .keyed(
                LANGFUSE.destination(&self.host, "/api/public/otel"),
                keys,
                |[user, password]| Credentials::basic(user, password),
            )?
            .header("x-langfuse-ingestion-version", "4")
            .projection(Projection::Langfuse)
            .semconv_profile(SemconvProfile::V1_41);
        if let Some(path) = &self.path {
            let url = format!("{}/{}", self.host.base(""), path.trim_start_matches('/'));
            destination = destination.signal_endpoint(Signal::Traces, url);
        }
        for (key, value) in
            [("langfuse.environment", &self.environment), ("langfuse.release", &self.release)]
        {
            if let Some(value) = value {
                destination = destination.resource_attribute(key, value.clone());
            }
        }
        if let Some(timeout) = self.timeout {
            destination = destination.timeout(timeout);
        }
        if let Some(share) = self.sample_rate {
            destination = destination.sample_rate(share);
        }
        if let Some(spans) = self.flush_at {
            destination = destination.max_request_items(spans);
        }
        if let Some(delay) = self.flush_interval {
            destination = destination.scheduled_delay(delay);
        }
        if !self.enabled {
            return Ok(destination.signals(Signals::NONE));
        }
        let scores = FeedbackApi::langfuse(self.host.root("/api/public/otel"));
        let scores = LANGFUSE
            .keyed_feedback(scores, keys, |[user, password]| Credentials::basic(user, password))?;
        Ok(destination.feedback(scores))
    }
}
