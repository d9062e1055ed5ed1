//! The variables of systems that users come from.
//!
//! Their names are too general to be read by themselves: `OTLP_ENDPOINT` may be meant for anyone, and must not
//! choose where data goes. They are read where it is asked for, and by nothing else.

use super::Logfire;
use super::variables::Variables;
use crate::config::{Destination, OtlpProtocol, Signals, TelemetryConfig};
use crate::env::Environment;
use crate::error::InitError;

/// A system whose variables are understood; see [`TelemetryConfig::from_env_of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guide {
    /// flujo: `TELEMETRY_EXPORT_ENABLED`, `OTLP_EXPORT_ENABLED`, `OTLP_ENDPOINT`, `LOGFIRE_API_KEY`.
    Flujo,
    /// flo_ai: `FLO_ENV`, `FLO_OTLP_ENDPOINT`.
    FloAi,
}

impl TelemetryConfig {
    /// What the variables of another system say, read and checked now, for programs that move from there.
    ///
    /// | Of | Variable | Meaning here |
    /// |---|---|---|
    /// | flujo | `TELEMETRY_EXPORT_ENABLED` (`false`) | whether anything leaves the process; else traces are drawn in the terminal |
    /// | flujo | `LOGFIRE_API_KEY` | where to: [`Logfire`](crate::preset::Logfire), with this key |
    /// | flujo | `OTLP_EXPORT_ENABLED` (`false`) | where to: `OTLP_ENDPOINT` |
    /// | flujo | `OTLP_ENDPOINT` (`http://localhost:4318`) | a receiver of OTLP |
    /// | flo_ai | `FLO_ENV` (`development`) | `deployment.environment.name` |
    /// | flo_ai | `FLO_OTLP_ENDPOINT` | a receiver of OTLP; without it, traces are drawn in the terminal |
    ///
    /// Endpoints are spoken to by gRPC where their port is 4317, and by HTTP else. Everything else is settled as
    /// for every configuration, and setters win.
    ///
    /// # Errors
    ///
    /// [`InitError`], where an endpoint or a key cannot be used, or a switch is neither on nor off.
    pub fn from_env_of(guide: Guide) -> Result<Self, InitError> {
        Self::from_environment_of(guide, Environment::of_process())
    }

    /// The same, with the variables given.
    ///
    /// # Errors
    ///
    /// [`InitError`], where an endpoint or a key cannot be used, or a switch is neither on nor off.
    ///
    /// ```
    /// use spanwise::{Environment, Guide, TelemetryConfig};
    ///
    /// # fn main() -> Result<(), spanwise::InitError> {
    /// let environment = Environment::from_iter([("FLO_OTLP_ENDPOINT", "http://localhost:4317")]);
    /// let config = TelemetryConfig::from_environment_of(Guide::FloAi, environment)?;
    /// # let _ = config; Ok(()) }
    /// ```
    pub fn from_environment_of(guide: Guide, environment: Environment) -> Result<Self, InitError> {
        let config = match guide {
            Guide::Flujo => flujo(&environment)?,
            Guide::FloAi => flo_ai(&environment),
        };
        let config = config.environment(environment);
        config.settings()?;
        Ok(config)
    }
}

fn flujo(environment: &Environment) -> Result<TelemetryConfig, InitError> {
    let leaves = switch(environment, "TELEMETRY_EXPORT_ENABLED")?;
    let by_otlp = switch(environment, "OTLP_EXPORT_ENABLED")?;
    let key = Variables(environment).optional_key("LOGFIRE_API_KEY")?.filter(|_| leaves);
    let by_otlp = leaves && by_otlp;
    let mut config = TelemetryConfig::default();
    if by_otlp {
        let endpoint = environment.get("OTLP_ENDPOINT").unwrap_or("http://localhost:4318");
        config = config.destination(otlp(endpoint));
    }
    Ok(match key {
        Some(key) => config.preset(Logfire::new(key)),
        None if by_otlp => config,
        None => in_the_terminal(),
    })
}

/// On or off, in the words that flujo takes. A word that is not known must not count as either.
fn switch(environment: &Environment, variable: &'static str) -> Result<bool, InitError> {
    let word = environment.get(variable).unwrap_or("false").to_ascii_lowercase();
    match word.as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(InitError::InvalidEnv {
            variable: variable.into(),
            problem: "is neither true nor false".into(),
            remedy: "set it to true or to false".into(),
        }),
    }
}

fn flo_ai(environment: &Environment) -> TelemetryConfig {
    let config = match environment.get("FLO_OTLP_ENDPOINT") {
        Some(endpoint) => TelemetryConfig::default().destination(otlp(endpoint)),
        None => in_the_terminal(),
    };
    config.deployment_environment(environment.get("FLO_ENV").unwrap_or("development").to_owned())
}

/// Where nothing else is said: never what OpenTelemetry's variables say as well.
fn in_the_terminal() -> TelemetryConfig {
    TelemetryConfig::default().destination(Destination::console(Signals::TRACES))
}

fn otlp(endpoint: &str) -> Destination {
    let grpc = url::Url::parse(endpoint).is_ok_and(|url| url.port() == Some(4317));
    let destination = Destination::otlp(endpoint);
    let protocol = if grpc { OtlpProtocol::Grpc } else { OtlpProtocol::HttpProtobuf };
    destination.protocol(protocol).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Route;

    /// Where traces go: a name and an address each.
    fn goes(guide: Guide, variables: &[(&str, &str)]) -> Result<Vec<String>, InitError> {
        let environment = Environment::from_iter(variables.iter().copied());
        let config = TelemetryConfig::from_environment_of(guide, environment)?;
        let routes = config.settings()?.routes.into_iter();
        Ok(routes
            .map(|route| match route.route {
                Route::Otlp(signals, _) => {
                    let (_, endpoint) = &signals[0];
                    format!("{} {:?} {}", route.name, endpoint.protocol, endpoint.url.0)
                }
                _ => route.name,
            })
            .collect())
    }

    #[test]
    fn flujos_switches_and_endpoint_decide_where_to() {
        let all = [
            ("TELEMETRY_EXPORT_ENABLED", "true"),
            ("OTLP_EXPORT_ENABLED", "True"),
            ("OTLP_ENDPOINT", "https://otlp.example"),
            ("LOGFIRE_API_KEY", "pylf_v1_eu_canary"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://other.example"),
        ];
        assert_eq!(
            goes(Guide::Flujo, &all).unwrap(),
            [
                "otlp HttpProtobuf https://otlp.example/v1/traces",
                "logfire HttpProtobuf https://logfire-eu.pydantic.dev/v1/traces",
            ]
        );
        assert_eq!(goes(Guide::Flujo, &all[1..]).unwrap(), ["console"]);
        assert_eq!(goes(Guide::Flujo, &[]).unwrap(), ["console"]);
    }

    #[test]
    fn flo_ai_has_an_endpoint_and_an_environment() {
        let grpc = [("FLO_OTLP_ENDPOINT", "http://localhost:4317"), ("FLO_ENV", "staging")];
        assert_eq!(goes(Guide::FloAi, &grpc).unwrap(), ["otlp Grpc http://localhost:4317/"]);
        let http = [("FLO_OTLP_ENDPOINT", "http://localhost:4318")];
        assert_eq!(
            goes(Guide::FloAi, &http).unwrap(),
            ["otlp HttpProtobuf http://localhost:4318/v1/traces"]
        );
        assert_eq!(goes(Guide::FloAi, &[]).unwrap(), ["console"]);
        for (variables, expected) in [(&grpc[..], "staging"), (&http[..], "development")] {
            let environment = Environment::from_iter(variables.iter().copied());
            let config = TelemetryConfig::from_environment_of(Guide::FloAi, environment).unwrap();
            let resource = config.settings().unwrap().resource;
            let name = resource.get(&"deployment.environment.name".into());
            assert_eq!(name.map(|name| name.to_string()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_and_never_shown() {
        for (variable, value) in
            [("OTLP_EXPORT_ENABLED", "canary"), ("LOGFIRE_API_KEY", "Bearer canary")]
        {
            let error = goes(Guide::Flujo, &[(variable, value)]).unwrap_err();
            assert!(error.to_string().starts_with(variable), "{error}");
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }

    #[test]
    fn no_variable_of_a_guide_is_read_by_itself() {
        let variables = [
            ("TELEMETRY_EXPORT_ENABLED", "true"),
            ("OTLP_EXPORT_ENABLED", "true"),
            ("OTLP_ENDPOINT", "https://otlp.example"),
            ("LOGFIRE_API_KEY", "pylf_v1_us_canary"),
            ("FLO_OTLP_ENDPOINT", "https://flo.example"),
            ("FLO_ENV", "staging"),
        ];
        let environment = Environment::from_iter(variables);
        let settings = TelemetryConfig::default().environment(environment).settings().unwrap();
        assert!(settings.routes.iter().all(|route| matches!(route.route, Route::Console(_))));
        assert!(settings.resource.get(&"deployment.environment.name".into()).is_none());
    }
}
