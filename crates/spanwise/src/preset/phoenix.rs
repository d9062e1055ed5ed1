//! Arize Phoenix: traces alone, over HTTP or gRPC.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host, over_grpc};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, FeedbackApi, OtlpDestination, OtlpProtocol, Preset,
    Projection, Signals,
};
use crate::error::InitError;

pub(super) static PHOENIX: Backend = Backend {
    name: "phoenix",
    facts: BackendFacts {
        product: "Phoenix",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (401, "check PHOENIX_API_KEY, and that it was issued by this server"),
            (403, "check PHOENIX_API_KEY, and that it was issued by this server"),
            (
                404,
                "check PHOENIX_COLLECTOR_ENDPOINT: Phoenix's cloud has a space in it, as in \
                   https://app.phoenix.arize.com/s/your-space",
            ),
            (405, "Phoenix takes traces alone"),
            (415, "Phoenix takes protobuf alone, and of compressions gzip and deflate"),
        ],
    },
    variables: &[
        Variable::new("PHOENIX_COLLECTOR_ENDPOINT", "the server; defaults to one on this machine"),
        Variable::new("PHOENIX_API_KEY", "the key, where the server asks for one").secret(),
        Variable::new("PHOENIX_CLIENT_HEADERS", "more headers, `key=value,key=value`").secret(),
        Variable::new("PHOENIX_PROJECT", "the project; defaults to `default`"),
        Variable::new("PHOENIX_PROJECT_NAME", "the same, by its earlier name"),
        Variable::new("PHOENIX_GRPC_PORT", "the port for gRPC; defaults to 4317"),
    ],
    read: Phoenix::boxed,
};

const LOCAL: &str = "http://localhost:6006";

/// [Phoenix](https://arize.com/docs/phoenix) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `{host}/v1/traces`, or by [`grpc`](Self::grpc), compressed with
/// gzip. Phoenix from 15.10 reads `gen_ai.*` by itself.
///
/// | Variable | Meaning |
/// |---|---|
/// | `PHOENIX_COLLECTOR_ENDPOINT` | the server; defaults to `http://localhost:6006` |
/// | `PHOENIX_API_KEY` | the key, where the server asks for one |
/// | `PHOENIX_CLIENT_HEADERS` | more headers, percent-encoded: `key=value,key=value` |
/// | `PHOENIX_PROJECT`, else `PHOENIX_PROJECT_NAME` | the project; defaults to `default` |
/// | `PHOENIX_GRPC_PORT` | the port for gRPC; defaults to 4317 |
///
/// ```no_run
/// use spanwise::{Phoenix, TelemetryConfig};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let config = TelemetryConfig::new("support-bot").preset(Phoenix::new().project("support"));
/// let telemetry = spanwise::init_telemetry(config)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Phoenix {
    host: Host,
    key: Option<ApiKey>,
    headers: Credentials,
    project: Option<String>,
    grpc: bool,
    grpc_port: u16,
}

from_env!(Phoenix);
host!(Phoenix);

impl Default for Phoenix {
    fn default() -> Self {
        Self::new()
    }
}

impl Phoenix {
    /// A server on this machine that asks for no key.
    pub fn new() -> Self {
        Self {
            host: Host::fixed(LOCAL),
            key: None,
            headers: Credentials::default(),
            project: None,
            grpc: false,
            grpc_port: 4317,
        }
    }

    /// A space of Phoenix's cloud.
    pub fn cloud(space: impl AsRef<str>, key: impl Into<ApiKey>) -> Self {
        let host = format!("https://app.phoenix.arize.com/s/{}", space.as_ref());
        Self::new().host(host).api_key(key)
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let port = |text: &str| text.parse().ok().filter(|port| *port > 0);
        let headers = variables.headers("PHOENIX_CLIENT_HEADERS")?;
        let headers = headers
            .into_iter()
            .fold(Credentials::default(), |headers, (name, value)| headers.header(name, value));
        let project = variables.text("PHOENIX_PROJECT");
        Ok(Self {
            host: variables.host(["PHOENIX_COLLECTOR_ENDPOINT"], LOCAL)?,
            key: variables.optional_key("PHOENIX_API_KEY")?,
            headers,
            project: project.or_else(|| variables.text("PHOENIX_PROJECT_NAME")),
            grpc: false,
            grpc_port: variables.read("PHOENIX_GRPC_PORT", "a port", port)?.unwrap_or(4317),
        })
    }

    /// The key, where the server asks for one.
    pub fn api_key(mut self, key: impl Into<ApiKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The project that traces belong to. Defaults to `default`.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = Some(name.into());
        self
    }

    /// Sends over gRPC, to the port 4317 of the host, or that of `PHOENIX_GRPC_PORT`.
    pub fn grpc(mut self) -> Self {
        self.grpc = true;
        self
    }
}

impl Preset for Phoenix {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let mut destination = PHOENIX
            .destination(&self.host, "")
            .projection(Projection::OpenInference)
            .semconv_profile(SemconvProfile::V1_41);
        destination = over_grpc(destination, &self.host, self.grpc.then_some(self.grpc_port));
        if let Some(key) = &self.key {
            let key = [(key, "key")];
            destination = PHOENIX.keyed(destination, key, |[key]| Credentials::bearer(key))?;
        }
        let mut annotations = FeedbackApi::phoenix(self.host.base(""));
        if let Some(key) = &self.key {
            let key = [(key, "key")];
            annotations =
                PHOENIX.keyed_feedback(annotations, key, |[key]| Credentials::bearer(key))?;
        }
        for (name, value) in self.headers.iter() {
            destination = destination.header(name, value);
            annotations = annotations.header(name, value);
        }
        destination = destination.feedback(annotations);
        if let Some(project) = &self.project {
            // Servers before 15.5 look at the resource.
            destination = destination
                .header("x-project-name", project)
                .resource_attribute("openinference.project.name", project.clone());
        }
        Ok(destination)
    }
}
