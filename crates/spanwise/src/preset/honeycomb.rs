//! Honeycomb: all three signals, over HTTP or gRPC.

use super::backend::{Backend, Variable, from_env, host, regions};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, ContentPolicy, Credentials, OtlpDestination, OtlpProtocol, Preset,
    Signals,
};
use crate::error::{InitError, Source};
use crate::signal::Signal;

pub(super) static HONEYCOMB: Backend = Backend {
    name: "honeycomb",
    facts: BackendFacts {
        product: "Honeycomb",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip, Compression::Zstd],
        signals: Signals::ALL,
        refusals: &[
            (
                401,
                "check HONEYCOMB_API_KEY, and that its team is in this region (HONEYCOMB_API_ENDPOINT)",
            ),
            (403, "check HONEYCOMB_API_KEY: it must be one that may send events"),
        ],
    },
    variables: &[
        Variable::new("HONEYCOMB_API_KEY", "the key of the environment").required().secret(),
        Variable::new("HONEYCOMB_API_ENDPOINT", "the server; defaults to that in the US"),
        Variable::new("HONEYCOMB_DATASET", "the dataset of spans and logs, for Classic keys"),
        Variable::new("HONEYCOMB_METRICS_DATASET", "the dataset of metrics; defaults to `metrics`"),
    ],
    read: Honeycomb::boxed,
};

/// What the value of a field may have.
const MOST_BYTES: usize = 65_535;

/// [Honeycomb](https://docs.honeycomb.io/send-data/opentelemetry) as a destination.
///
/// Sends all three signals to `https://api.honeycomb.io`, over HTTP and compressed with gzip; texts are cut to the 65,535
/// bytes that a field may have. Over gRPC the server is the same. Spans go to the dataset that is called like the
/// service.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Honeycomb {
    host: Host,
    key: ApiKey,
    dataset: Option<String>,
    metrics_dataset: String,
}

from_env!(Honeycomb);
host!(Honeycomb);
regions! {
    Honeycomb,
    /// A region of Honeycomb. Teams and keys belong to one.
    pub enum HoneycombRegion {
        /// The United States, the default:
        Us = "https://api.honeycomb.io",
        /// The European Union:
        Eu = "https://api.eu1.honeycomb.io",
    }
}

impl Honeycomb {
    /// The environment of this key, in the US.
    pub fn new(key: impl Into<ApiKey>) -> Self {
        Self {
            host: Host::fixed(HoneycombRegion::Us.url()),
            key: key.into(),
            dataset: None,
            metrics_dataset: "metrics".to_owned(),
        }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let key = variables.key("HONEYCOMB_API_KEY", "a key that may send events")?;
        let preset = Self {
            host: variables.host(["HONEYCOMB_API_ENDPOINT"], HoneycombRegion::Us.url())?,
            dataset: variables.text("HONEYCOMB_DATASET"),
            ..Self::new(key)
        };
        Ok(match variables.text("HONEYCOMB_METRICS_DATASET") {
            Some(dataset) => preset.metrics_dataset(dataset),
            None => preset,
        })
    }

    /// The dataset of spans and logs, which Classic keys need.
    pub fn dataset(mut self, dataset: impl Into<String>) -> Self {
        self.dataset = Some(dataset.into());
        self
    }

    /// The dataset of metrics. Defaults to `metrics`.
    pub fn metrics_dataset(mut self, dataset: impl Into<String>) -> Self {
        self.metrics_dataset = dataset.into();
        self
    }

    /// Keys of before there were environments: 32 hexadecimal digits.
    fn is_classic(&self) -> bool {
        let is_hex = |key: &str| key.len() == 32 && key.bytes().all(|b| b.is_ascii_hexdigit());
        self.key.fixed().is_some_and(is_hex)
    }
}

impl Preset for Honeycomb {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        if self.is_classic() && self.dataset.is_none() {
            return Err(Source::code("the key of Honeycomb").invalid(
                "is a Classic one, and there is no dataset",
                "set HONEYCOMB_DATASET or `dataset`, or use a key of an environment",
            ));
        }
        let keys = [(&self.key, "key")];
        let mut destination =
            HONEYCOMB.keyed(HONEYCOMB.destination(&self.host, ""), keys, |[key]| {
                Credentials::default().header("x-honeycomb-team", key)
            })?;
        if let Some(dataset) = &self.dataset {
            destination = destination.header("x-honeycomb-dataset", dataset);
        }
        Ok(destination
            .signal_header(Signal::Metrics, "x-honeycomb-dataset", &self.metrics_dataset)
            .content(ContentPolicy::default().max_attribute_bytes(MOST_BYTES)))
    }
}
