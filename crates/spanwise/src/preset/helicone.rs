//! Helicone's logging: calls of models alone, as JSON over HTTP.

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Credentials, FeedbackApi, OtlpDestination, OtlpProtocol, Preset, Projection,
    Signals, SpanFilter,
};
use crate::error::{InitError, Source};
use crate::signal::Signal;

pub(super) static HELICONE: Backend = Backend {
    name: "helicone",
    facts: BackendFacts {
        product: "Helicone",
        protocols: &[OtlpProtocol::HttpJson],
        compressions: &[],
        signals: Signals::TRACES,
        refusals: &[
            (401, "check HELICONE_API_KEY, and that it was issued in this region"),
            (403, "check HELICONE_API_KEY, and that it may write"),
        ],
    },
    variables: &[Variable::new("HELICONE_API_KEY", "the key").required().secret()],
    read: HeliconeLogging::boxed,
};

/// [Helicone's logging](https://docs.helicone.ai/getting-started/integration-method/openllmetry) as a destination, for calls
/// that do not go through its gateway; for those that do see `spanwise_http::helicone`.
///
/// Sends the spans of calls of models, and nothing else, to `https://api.helicone.ai/v1/trace/log` as JSON: Helicone makes
/// one request of every span, whatever it is.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct HeliconeLogging {
    host: Host,
    key: ApiKey,
    rating: Option<String>,
}

from_env!(HeliconeLogging);
host!(HeliconeLogging);
regions! {
    HeliconeLogging,
    /// A region of Helicone. Keys of the European one begin with `sk-helicone-eu-`.
    pub enum HeliconeRegion {
        /// The United States:
        Us = "https://api.helicone.ai",
        /// The European Union:
        Eu = "https://eu.api.helicone.ai",
    }
}

impl HeliconeLogging {
    /// The organisation of this key, in the region that the key names.
    pub fn new(key: impl Into<ApiKey>) -> Self {
        let key = key.into();
        let region = if is_european(&key) { HeliconeRegion::Eu } else { HeliconeRegion::Us };
        Self { host: Host::fixed(region.url()), key, rating: None }
    }

    /// Sends feedback as well, with the same key: the score of this name is a request's rating, all others are scores.
    ///
    /// What is logged has no id of Helicone's, so only calls that went through its gateway can be rated; see
    /// [`FeedbackApi::helicone`].
    pub fn feedback(mut self, rating: impl Into<String>) -> Self {
        self.rating = Some(rating.into());
        self
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new(variables.key("HELICONE_API_KEY", "a key, which begins with sk-helicone-")?))
    }
}

fn is_european(key: &ApiKey) -> bool {
    key.fixed().is_some_and(|key| key.starts_with("sk-helicone-eu-"))
}

impl Preset for HeliconeLogging {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        if is_european(&self.key) && self.host.is(HeliconeRegion::Us.url()) {
            return Err(Source::code("the region of Helicone").invalid(
                "is Us, and the key is of the Eu",
                "leave the region out, or use another key",
            ));
        }
        let url = format!("{}/v1/trace/log", self.host.base("").trim_end_matches("/v1/trace/log"));
        let destination = HELICONE
            .destination(&self.host, "")
            .signal_endpoint(Signal::Traces, url)
            .filter(SpanFilter::ModelCallsOnly)
            .projection(Projection::Helicone);
        let key = [(&self.key, "key")];
        let destination = HELICONE.keyed(destination, key, |[key]| Credentials::bearer(key))?;
        let Some(rating) = &self.rating else { return Ok(destination) };
        let api = FeedbackApi::helicone(self.host.root("/v1/trace/log"), rating);
        let api = HELICONE.keyed_feedback(api, key, |[key]| Credentials::bearer(key))?;
        Ok(destination.feedback(api))
    }
}
