//! MLflow: traces alone, over HTTP.

use spanwise_core::semconv::SemconvProfile;

use super::backend::{Backend, Variable, from_env, host};
use super::host::Host;
use super::key::ApiKey;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, Credentials, OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::error::InitError;

pub(super) static MLFLOW: Backend = Backend {
    name: "mlflow",
    facts: BackendFacts {
        product: "MLflow",
        protocols: &[OtlpProtocol::HttpProtobuf],
        compressions: &[Compression::Gzip],
        signals: Signals::TRACES,
        refusals: &[
            (
                401,
                "check MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
            ),
            (
                403,
                "check MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
            ),
            (
                404,
                "MLflow takes OTLP from version 3.6, and best from 3.7: check MLFLOW_TRACKING_URI and \
                   MLFLOW_EXPERIMENT_ID",
            ),
            (
                501,
                "this MLflow keeps its data in files: start it with --backend-store-uri of a database",
            ),
        ],
    },
    variables: &[
        Variable::new("MLFLOW_TRACKING_URI", "the server; defaults to one on this machine"),
        Variable::new("MLFLOW_EXPERIMENT_ID", "the experiment that traces belong to").required(),
        Variable::new("MLFLOW_TRACKING_TOKEN", "the token, where the server asks for one").secret(),
        Variable::new("MLFLOW_TRACKING_USERNAME", "the user, where the server asks for one"),
        Variable::new("MLFLOW_TRACKING_PASSWORD", "the user's password").secret(),
    ],
    read: MlFlow::boxed,
};

const LOCAL: &str = "http://localhost:5000";

/// [MLflow](https://mlflow.org/docs/latest/genai/tracing/opentelemetry/) as a destination.
///
/// Sends spans, and neither metrics nor logs, to `{host}/v1/traces`, compressed with gzip, for one experiment.
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct MlFlow {
    host: Host,
    experiment: String,
    auth: Auth,
}

#[derive(Clone, Debug)]
enum Auth {
    None,
    Token(ApiKey),
    Password(ApiKey, ApiKey),
}

from_env!(MlFlow);
host!(MlFlow);

impl MlFlow {
    /// An experiment of a server on this machine that asks for no token.
    pub fn new(experiment_id: impl Into<String>) -> Self {
        Self { host: Host::fixed(LOCAL), experiment: experiment_id.into(), auth: Auth::None }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let host = variables.host(["MLFLOW_TRACKING_URI"], LOCAL)?;
        let experiment = variables.required("MLFLOW_EXPERIMENT_ID", "the experiment's id")?;
        let token = variables.optional_key("MLFLOW_TRACKING_TOKEN")?;
        let user = variables.optional_key("MLFLOW_TRACKING_USERNAME")?;
        let password = variables.optional_key("MLFLOW_TRACKING_PASSWORD")?;
        let auth = match (token, user, password) {
            // As MLflow's own client decides.
            (_, Some(user), Some(password)) => Auth::Password(user, password),
            (Some(token), ..) => Auth::Token(token),
            _ => Auth::None,
        };
        Ok(Self { host, experiment, auth })
    }

    /// The token, where the server asks for one.
    pub fn token(mut self, token: impl Into<ApiKey>) -> Self {
        self.auth = Auth::Token(token.into());
        self
    }

    /// User and password, where the server asks for them.
    pub fn password(mut self, user: impl Into<ApiKey>, password: impl Into<ApiKey>) -> Self {
        self.auth = Auth::Password(user.into(), password.into());
        self
    }
}

impl Preset for MlFlow {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination = MLFLOW
            .destination(&self.host, "")
            .header("x-mlflow-experiment-id", &self.experiment)
            .semconv_profile(SemconvProfile::V1_41);
        match &self.auth {
            Auth::None => Ok(destination),
            Auth::Token(token) => {
                MLFLOW.keyed(destination, [(token, "token")], |[token]| Credentials::bearer(token))
            }
            Auth::Password(user, password) => {
                let keys = [(user, "user"), (password, "password")];
                MLFLOW
                    .keyed(destination, keys, |[user, password]| Credentials::basic(user, password))
            }
        }
    }
}
