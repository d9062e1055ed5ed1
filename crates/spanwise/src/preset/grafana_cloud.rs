//! Grafana Cloud: all three signals, over HTTP.

use super::backend::{Backend, Variable, from_env, host};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::InitError;

pub(super) static GRAFANA_CLOUD: Backend = Backend {
    name: "grafana-cloud",
    facts: BackendFacts {
        product: "Grafana Cloud",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[Compression::Gzip],
        signals: Signals::ALL,
        refusals: &[
            (
                401,
                "check GRAFANA_CLOUD_INSTANCE_ID and GRAFANA_CLOUD_API_KEY: both belong to one stack, in the zone \
                   GRAFANA_CLOUD_ZONE",
            ),
            (
                403,
                "check GRAFANA_CLOUD_API_KEY: its policy must let it write metrics, logs and traces",
            ),
            (404, "the path of the gateway begins with /otlp"),
        ],
    },
    variables: &[
        Variable::new("GRAFANA_CLOUD_ZONE", "the stack's zone, such as `prod-eu-west-2`")
            .required(),
        Variable::new("GRAFANA_CLOUD_INSTANCE_ID", "the stack's instance id").required(),
        Variable::new("GRAFANA_CLOUD_API_KEY", "a token that may write").required().secret(),
    ],
    read: GrafanaCloud::boxed,
};

/// [Grafana Cloud](https://grafana.com/docs/grafana-cloud/send-data/otlp/) as a destination.
///
/// Sends all three signals to `https://otlp-gateway-{zone}.grafana.net/otlp`, compressed with gzip; metrics cumulative.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct GrafanaCloud {
    host: Host,
    instance: ApiKey,
    token: ApiKey,
}

from_env!(GrafanaCloud);
host!(GrafanaCloud);

impl GrafanaCloud {
    /// A stack in a zone such as `prod-eu-west-2`, and a token of it that may write.
    pub fn new(
        zone: impl AsRef<str>,
        instance_id: impl Into<ApiKey>,
        token: impl Into<ApiKey>,
    ) -> Self {
        let host = format!("https://otlp-gateway-{}.grafana.net", zone.as_ref()).into();
        Self { host, instance: instance_id.into(), token: token.into() }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let is_zone = |text: &str| {
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
            text.chars().all(legal).then(|| text.to_owned())
        };
        variables.required("GRAFANA_CLOUD_ZONE", "the stack's zone, such as prod-eu-west-2")?;
        let zone =
            variables.read("GRAFANA_CLOUD_ZONE", "a zone, such as prod-eu-west-2", is_zone)?;
        let instance = variables.key("GRAFANA_CLOUD_INSTANCE_ID", "the stack's instance id")?;
        let token =
            variables.key("GRAFANA_CLOUD_API_KEY", "a token of the stack that may write")?;
        Ok(Self::new(zone.unwrap_or_default(), instance, token))
    }
}

impl Preset for GrafanaCloud {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let keys = [(&self.instance, "instance id"), (&self.token, "token")];
        GRAFANA_CLOUD.keyed(
            GRAFANA_CLOUD.destination(&self.host, "/otlp"),
            keys,
            |[instance, token]| Credentials::basic(instance, token),
        )
    }
}
