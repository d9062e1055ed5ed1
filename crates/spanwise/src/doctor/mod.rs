//! What is wrong, and what to do: the settings in force, and each destination tried step by step.
//!
//! ```text
//! settings ─► Checkup ─► for each signal's way: name ─► TCP ─► TLS ─► a request ─► Symptom
//!                                                                                    │
//!                                 Diagnosis ◄─ mistake and remedy, from a table ◄─ Case
//! ```
//! What is likely wrong is said by a table, `remedies`, which knows no network; the network is looked at by
//! `probe`, which knows no remedies.

mod case;
mod headers;
#[cfg_attr(
    not(any(feature = "grpc", feature = "http")),
    allow(dead_code, reason = "without a transport nobody is asked")
)]
mod probe;
mod remedies;
mod report;
#[cfg_attr(
    not(any(feature = "grpc", feature = "http")),
    allow(dead_code, reason = "without a transport nobody is asked")
)]
mod wire;

pub use report::{
    Check, CheckResult, DestinationDiagnosis, Diagnosis, Finding, Outcome, WayDiagnosis,
};

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::config::{
    BackendFacts, Endpoint, EndpointOrigins, FeedbackEndpoint, InForce, Route, Settings,
    TelemetryConfig,
};
use crate::error::InitError;
use crate::export::thread::own_thread;
use crate::signal::Signal;
use crate::telemetry::Telemetry;

/// What is to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Checkup {
    in_force: Vec<InForce>,
    warnings: Vec<String>,
    /// What the settings alone say.
    findings: Vec<Finding>,
    destinations: Vec<CheckedDestination>,
}

#[derive(Debug)]
struct CheckedDestination {
    name: String,
    in_force: Vec<InForce>,
    ways: Vec<Way>,
}

/// One signal's way to one destination.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    signal: Signal,
    endpoint: Endpoint,
    origins: EndpointOrigins,
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "APIs for feedback speak HTTP"))]
    feedback: Option<FeedbackEndpoint>,
    backend: Option<&'static BackendFacts>,
    #[cfg_attr(
        not(any(feature = "grpc", feature = "http")),
        allow(dead_code, reason = "without a transport nobody is told")
    )]
    service: String,
}

impl Checkup {
    pub(crate) fn of(settings: &Settings) -> Self {
        let service = settings.resource.get(&opentelemetry::Key::from_static_str("service.name"));
        let service = service.map(|name| name.as_str().into_owned()).unwrap_or_default();
        let destinations = settings.routes.iter().map(|destination| {
            let ways = match &destination.route {
                Route::Otlp(endpoints, feedback) => {
                    let otlp = endpoints.iter().map(|(signal, endpoint)| Way {
                        signal: *signal,
                        origins: endpoint.origins.clone(),
                        endpoint: endpoint.clone(),
                        feedback: None,
                        backend: destination.backend,
                        service: service.clone(),
                    });
                    let feedback = feedback.iter().map(|api| Way {
                        signal: Signal::Feedback,
                        origins: api.endpoint.origins.clone(),
                        endpoint: api.endpoint.clone(),
                        feedback: Some((**api).clone()),
                        backend: destination.backend,
                        service: service.clone(),
                    });
                    otlp.chain(feedback).collect()
                }
                Route::Console(_) | Route::Sdk(_) => Vec::new(),
            };
            let in_force = match (&destination.route, ways.first()) {
                (Route::Console(_), _) => vec![InForce::of_code("to", "the terminal")],
                (Route::Sdk(_), _) => vec![InForce::of_code("to", "an exporter of the SDK")],
                (_, Some(_)) => endpoints_in_force(&ways),
                _ => Vec::new(),
            };
            CheckedDestination { name: destination.name.clone(), in_force, ways }
        });
        Self {
            in_force: settings.in_force.clone(),
            warnings: settings.warnings.clone(),
            findings: remedies::of_settings(settings),
            destinations: destinations.collect(),
        }
    }

    /// Looks at all of it, on a thread of its own.
    async fn run(self: Arc<Self>) -> Diagnosis {
        let (done, is_done) = oneshot::channel();
        let checkup = self.clone();
        let started = own_thread("spanwise-doctor", move |runtime| {
            // Whoever asked may be gone.
            let _ = done.send(runtime.block_on(checkup.look()));
        });
        let looked = match started {
            Ok(()) => is_done.await.ok(),
            Err(_) => None,
        };
        // Without a thread there is nothing to say but what the settings say.
        looked.unwrap_or_else(|| self.diagnosis(Vec::new()))
    }

    async fn look(&self) -> Diagnosis {
        let mut tasks = Vec::new();
        for destination in &self.destinations {
            let ways = destination.ways.iter().cloned();
            tasks.push(ways.map(|way| tokio::spawn(probe::probe(way))).collect::<Vec<_>>());
        }
        let mut looked = Vec::new();
        for tasks in tasks {
            let mut ways = Vec::new();
            for task in tasks {
                // A probe that panicked says nothing; the others do.
                ways.extend(task.await);
            }
            looked.push(ways);
        }
        self.diagnosis(looked)
    }

    fn diagnosis(&self, looked: Vec<Vec<WayDiagnosis>>) -> Diagnosis {
        let mut looked = looked.into_iter();
        let destinations = self.destinations.iter().map(|destination| DestinationDiagnosis {
            name: destination.name.clone(),
            settings: destination.in_force.clone(),
            ways: looked.next().unwrap_or_default(),
        });
        Diagnosis {
            settings: self.in_force.clone(),
            warnings: self.warnings.clone(),
            findings: self.findings.clone(),
            destinations: destinations.collect(),
        }
    }
}

/// The settings of a destination's endpoints, each once however many signals share it.
fn endpoints_in_force(ways: &[Way]) -> Vec<InForce> {
    let mut all: Vec<InForce> = Vec::new();
    for Way { endpoint, origins, .. } in ways {
        let headers: Vec<_> =
            endpoint.headers.iter().map(|(name, _)| format!("{name}=***")).collect();
        let headers = if headers.is_empty() { "none".to_owned() } else { headers.join(", ") };
        let those = [
            ("endpoint", endpoint.url.to_string(), &origins.endpoint),
            ("protocol", endpoint.protocol.name().to_owned(), &origins.protocol),
            ("headers", headers, &origins.headers),
            ("compression", endpoint.compression.name().to_owned(), &origins.compression),
            ("timeout", format!("{} ms", endpoint.timeout.as_millis()), &origins.timeout),
        ];
        for (setting, value, origin) in those {
            let it = InForce { setting, value, origin: origin.clone() };
            if !all.contains(&it) {
                all.push(it);
            }
        }
    }
    all
}

impl TelemetryConfig {
    /// Checks this configuration without starting anything: what is in force and where it came from, and, for
    /// each destination, whether its name resolves, it can be reached, by TLS where that is asked for, speaks
    /// the protocol, knows the path, accepts the key, has the time that it is here, and takes a span named
    /// `spanwise doctor`.
    ///
    /// Metrics and logs are tried with a request that holds none. Works in any runtime and in none.
    ///
    /// # Errors
    ///
    /// [`InitError`], where the configuration itself cannot be used.
    ///
    /// ```no_run
    /// # async fn check() -> Result<(), spanwise::InitError> {
    /// let diagnosis = spanwise::TelemetryConfig::from_env()?.doctor().await?;
    /// println!("{diagnosis}");
    /// assert!(diagnosis.is_healthy());
    /// # Ok(()) }
    /// ```
    pub async fn doctor(&self) -> Result<Diagnosis, InitError> {
        let settings = self.settings()?;
        Ok(Arc::new(Checkup::of(&settings)).run().await)
    }
}

impl Telemetry {
    /// Checks the configuration in force: see [`TelemetryConfig::doctor`]. What is recorded goes on meanwhile.
    ///
    /// Empty where telemetry is disabled, but for saying so.
    pub async fn doctor(&self) -> Diagnosis {
        self.checkup().run().await
    }
}
