//! Pydantic Logfire: all three signals.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::{InitError, Source};

pub(super) static LOGFIRE: Backend = Backend {
    name: "logfire",
    facts: BackendFacts {
        product: "Logfire",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip],
        signals: Signals::ALL,
        refusals: &[
            (401, "check LOGFIRE_TOKEN: it is a write token of one project, in one region"),
            (403, "check LOGFIRE_TOKEN: it is a write token of one project, in one region"),
        ],
    },
    variables: &[
        Variable::new("LOGFIRE_TOKEN", "the project's write token").required().secret(),
        Variable::new(
            "LOGFIRE_BASE_URL",
            "the server; defaults to the region that the token names",
        ),
        Variable::new("LOGFIRE_ENVIRONMENT", "the environment, such as `production`"),
        Variable::new("LOGFIRE_SERVICE_NAME", "the service, as Logfire shows it"),
        Variable::new("LOGFIRE_SEND_TO_LOGFIRE", "`false`: nothing is sent"),
    ],
    read: Logfire::boxed,
};

/// [Pydantic Logfire](https://logfire.pydantic.dev/docs/) as a destination.
///
/// Sends all three signals to `https://logfire-us.pydantic.dev`, or to the region that the token names, over HTTP
/// and compressed with gzip.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Logfire {
    host: Host,
    token: ApiKey,
    environment: Option<String>,
    service_name: Option<String>,
    enabled: bool,
}

from_env!(Logfire);
host!(Logfire);
regions! {
    Logfire,
    /// A region of Logfire. A write token names its own.
    pub enum LogfireRegion {
        /// The United States:
        Us = "https://logfire-us.pydantic.dev",
        /// The European Union:
        Eu = "https://logfire-eu.pydantic.dev",
    }
}

/// `pylf_v1_eu_…`; earlier tokens name none.
fn region_of(token: &ApiKey) -> Option<LogfireRegion> {
    match token.fixed()?.strip_prefix("pylf_v")?.split('_').nth(1)? {
        "us" => Some(LogfireRegion::Us),
        "eu" => Some(LogfireRegion::Eu),
        _ => None,
    }
}

impl Logfire {
    /// The project of this write token, in the region that the token names.
    pub fn new(token: impl Into<ApiKey>) -> Self {
        let token = token.into();
        let region = region_of(&token).unwrap_or(LogfireRegion::Us);
        let host = Host::fixed(region.url());
        Self { host, token, environment: None, service_name: None, enabled: true }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let preset = Self::new(variables.key("LOGFIRE_TOKEN", "a write token of the project")?);
        let truth = |text: &str| match text.to_ascii_lowercase().as_str() {
            // Without a token nothing starts, so `if-token-present` is true.
            "true" | "1" | "t" | "if-token-present" => Some(true),
            "false" | "0" | "f" => Some(false),
            _ => None,
        };
        let enabled = variables.read("LOGFIRE_SEND_TO_LOGFIRE", "true or false", truth)?;
        let host = match variables.text("LOGFIRE_BASE_URL") {
            Some(url) => Host::checked(&url, &Source::env("LOGFIRE_BASE_URL"))?,
            None => preset.host.clone(),
        };
        Ok(Self {
            host,
            environment: variables.text("LOGFIRE_ENVIRONMENT"),
            service_name: variables.text("LOGFIRE_SERVICE_NAME"),
            enabled: enabled.unwrap_or(true),
            ..preset
        })
    }

    /// The environment, such as `production`, as Logfire shows it. Defaults to the resource's.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }
}

impl Preset for Logfire {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let of_others = [LogfireRegion::Us, LogfireRegion::Eu].into_iter().find(|region| {
            self.host.is(region.url()) && region_of(&self.token).is_some_and(|own| own != *region)
        });
        if let Some(region) = of_others {
            return Err(Source::code("the region of Logfire").invalid(
                format!("is {region:?}, and the token names another"),
                "leave the region out, or use a token of that region",
            ));
        }
        let keys = [(&self.token, "write token")];
        let mut destination = LOGFIRE
            .keyed(LOGFIRE.destination(&self.host, ""), keys, |[token]| {
                Credentials::default().header("authorization", token)
            })?
            .semconv_profile(SemconvProfile::V1_41);
        for (key, value) in [
            ("deployment.environment.name", &self.environment),
            ("service.name", &self.service_name),
        ] {
            if let Some(value) = value {
                destination = destination.resource_attribute(key, value.clone());
            }
        }
        Ok(if self.enabled { destination } else { destination.signals(Signals::NONE) })
    }
}
