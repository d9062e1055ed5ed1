//! New Relic: all three signals, over HTTP or gRPC.

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, ContentPolicy, Credentials, OtlpDestination, OtlpProtocol, Preset,
    Signals, Temporality,
};
use crate::error::InitError;

pub(super) static NEW_RELIC: Backend = Backend {
    name: "new-relic",
    facts: BackendFacts {
        product: "New Relic",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip, Compression::Zstd],
        signals: Signals::ALL,
        refusals: &[
            (
                401,
                "check NEW_RELIC_LICENSE_KEY: it is a licence key, not a user's, of an account in this region",
            ),
            (
                403,
                "check NEW_RELIC_LICENSE_KEY: it is a licence key, not a user's, of an account in this region",
            ),
        ],
    },
    variables: &[Variable::new("NEW_RELIC_LICENSE_KEY", "the account's licence key")
        .required()
        .secret()],
    read: NewRelic::boxed,
};

/// [New Relic](https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/) as a destination.
///
/// Sends all three signals to `https://otlp.nr-data.net`, or to the region that the key names, over HTTP and compressed
/// with gzip; metrics since the last export. Requests stay below the 1 MB that New Relic takes, and texts are cut to the
/// 4,095 characters that it keeps. Over gRPC the server is the same.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct NewRelic {
    host: Host,
    key: ApiKey,
}

from_env!(NewRelic);
host!(NewRelic);
regions! {
    NewRelic,
    /// A region of New Relic. Accounts and keys belong to one.
    pub enum NewRelicRegion {
        /// The United States:
        Us = "https://otlp.nr-data.net",
        /// The European Union:
        Eu = "https://otlp.eu01.nr-data.net",
        /// The United States, under FedRAMP:
        FedRamp = "https://gov-otlp.nr-data.net",
    }
}

/// What is left of 1 MB beside what wraps a request.
const MOST_BYTES: usize = 950_000;

impl NewRelic {
    /// The account of this licence key, in the region that the key names.
    pub fn new(key: impl Into<ApiKey>) -> Self {
        let key = key.into();
        let region = match key.fixed() {
            Some(key) if key.starts_with("eu") => NewRelicRegion::Eu,
            Some(key) if key.starts_with("gov") => NewRelicRegion::FedRamp,
            _ => NewRelicRegion::Us,
        };
        Self { host: Host::fixed(region.url()), key }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        Ok(Self::new(variables.key("NEW_RELIC_LICENSE_KEY", "the account's licence key")?))
    }
}

impl Preset for NewRelic {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let keys = [(&self.key, "licence key")];
        let destination =
            NEW_RELIC.keyed(NEW_RELIC.destination(&self.host, ""), keys, |[key]| {
                Credentials::default().header("api-key", key)
            })?;
        Ok(destination
            .temporality(Temporality::Delta)
            .max_request_bytes(MOST_BYTES)
            .max_item_bytes(MOST_BYTES)
            .content(ContentPolicy::default().max_attribute_characters(4_095)))
    }
}
