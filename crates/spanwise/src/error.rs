//! The one error there is: telemetry could not start.

use std::borrow::Cow;

/// Why [`init_telemetry`](crate::init_telemetry) could not start.
///
/// This is the only fallible step: once started, recording never returns an error or panics. Nothing
/// global has changed when it is returned. The value of a setting is never shown, since it may hold a
/// secret; the setting is named, and what would be right.
///
/// ```
/// use spanwise::{InitError, TelemetryConfig};
///
/// let error = spanwise::init_telemetry(TelemetryConfig::new("bot").sample_rate(2.0)).unwrap_err();
/// assert!(matches!(error, InitError::InvalidSetting { .. }));
/// assert_eq!(error.to_string(), "sample_rate is not between 0 and 1: give the share of traces to keep, such as 0.1");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// An environment variable holds something that cannot be used.
    #[error("{variable} {problem}: {remedy}")]
    InvalidEnv {
        /// The variable.
        variable: Cow<'static, str>,
        /// What is wrong with it.
        problem: Cow<'static, str>,
        /// What would be right.
        remedy: Cow<'static, str>,
    },
    /// A setting made in code cannot be used.
    #[error("{setting} {problem}: {remedy}")]
    InvalidSetting {
        /// The setting.
        setting: Cow<'static, str>,
        /// What is wrong with it.
        problem: Cow<'static, str>,
        /// What would be right.
        remedy: Cow<'static, str>,
    },
    /// A setting needs a part of this crate that was not compiled in.
    #[error("{setting} needs the feature `{feature}` of spanwise: add it in Cargo.toml")]
    FeatureMissing {
        /// The setting.
        setting: Cow<'static, str>,
        /// The Cargo feature.
        feature: &'static str,
    },
    /// A file that a setting names cannot be read.
    #[error("{setting} names a file that cannot be read ({kind}): give the path of a PEM file")]
    UnreadableFile {
        /// The setting.
        setting: Cow<'static, str>,
        /// Why.
        kind: std::io::ErrorKind,
    },
    /// An address cannot be listened on.
    #[error(
        "{address} cannot be listened on ({kind}): give an address of this machine with a free port"
    )]
    Address {
        /// The address.
        address: String,
        /// Why.
        kind: std::io::ErrorKind,
    },
    /// Telemetry was started before in this process.
    #[error("telemetry is already initialised: call `init_telemetry` once, at the start of `main`")]
    AlreadyInitialized,
    /// The system refused the thread that exports.
    #[error("the export thread could not be started ({kind})")]
    Thread {
        /// Why.
        kind: std::io::ErrorKind,
    },
}

/// Where a setting came from, so that an error names what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Code(Cow<'static, str>),
    Env(Cow<'static, str>),
}

impl Source {
    pub(crate) fn code(setting: impl Into<Cow<'static, str>>) -> Self {
        Self::Code(setting.into())
    }

    pub(crate) fn env(variable: impl Into<Cow<'static, str>>) -> Self {
        Self::Env(variable.into())
    }

    pub(crate) fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Code(name) | Self::Env(name) => name.clone(),
        }
    }

    pub(crate) fn invalid(
        &self,
        problem: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> InitError {
        let (problem, remedy) = (problem.into(), remedy.into());
        match self {
            Self::Code(setting) => {
                InitError::InvalidSetting { setting: setting.clone(), problem, remedy }
            }
            Self::Env(variable) => {
                InitError::InvalidEnv { variable: variable.clone(), problem, remedy }
            }
        }
    }
}
