//! What is known of a backend, in one place: for its preset, for those who look it up by name, for its page.

use super::host::Host;
use super::key::ApiKey;
use crate::config::{
    BackendFacts, Compression, CredentialSource, Credentials, Destination, FeedbackApi,
    OtlpDestination, OtlpProtocol, Preset, Signals,
};
use crate::env::Environment;
use crate::error::{InitError, Source};

/// A backend that there is a preset for.
///
/// ```
/// use spanwise::{Environment, TelemetryConfig, preset};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// let backend = preset::by_name("honeycomb").expect("it is one of them");
/// assert_eq!(backend.product(), "Honeycomb");
/// let environment = Environment::from_iter([("HONEYCOMB_API_KEY", "hcaik_0")]);
/// let config = TelemetryConfig::new("bot").preset(backend.from_environment(&environment)?);
/// # let _ = config;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Backend {
    pub(super) name: &'static str,
    pub(super) facts: BackendFacts,
    pub(super) variables: &'static [Variable],
    pub(super) read: fn(&Environment) -> Result<Box<dyn Preset>, InitError>,
}

/// A variable that a preset reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Its name, as the product gave it.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// Whether there is no way without it.
    pub required: bool,
    /// Whether nobody must see it.
    pub secret: bool,
}

impl Variable {
    pub(super) const fn new(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, required: false, secret: false }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }
}

impl Backend {
    /// The name by which it is found, and by which reports call it: `honeycomb`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// As its makers call it: `Honeycomb`.
    pub fn product(&self) -> &'static str {
        self.facts.product
    }

    /// The variables that its preset reads.
    pub fn variables(&self) -> &'static [Variable] {
        self.variables
    }

    /// The signals that it takes, and is sent unless the program says otherwise.
    pub fn signals(&self) -> Signals {
        self.facts.signals
    }

    /// The protocols that it takes; the first is used unless the program says otherwise.
    pub fn protocols(&self) -> &'static [OtlpProtocol] {
        self.facts.protocols
    }

    /// Its preset, as the variables of the process say.
    ///
    /// # Errors
    ///
    /// [`InitError::InvalidEnv`], which names a variable that is missing or cannot be used.
    pub fn from_env(&self) -> Result<Box<dyn Preset>, InitError> {
        (self.read)(&Environment::of_process())
    }

    /// The same, with the variables given.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    #[allow(clippy::wrong_self_convention, reason = "the same word as for each preset")]
    pub fn from_environment(
        &self,
        environment: &Environment,
    ) -> Result<Box<dyn Preset>, InitError> {
        (self.read)(environment)
    }

    /// What all presets begin with: the first protocol, gzip, and the signals that it takes.
    pub(super) fn destination(&'static self, host: &Host, path: &str) -> OtlpDestination {
        let gzip = self.facts.compressions.contains(&Compression::Gzip);
        let mut destination = Destination::otlp(host.base(path))
            .name(self.name)
            .protocol(self.facts.protocols[0])
            .compression(if gzip { Compression::Gzip } else { Compression::None })
            .signals(self.facts.signals);
        destination.set_backend(&self.facts);
        destination
    }

    /// Adds the headers that are made from keys: once where the keys stay the same, else for every request.
    pub(super) fn keyed<const N: usize>(
        &self,
        destination: OtlpDestination,
        keys: [(&ApiKey, &'static str); N],
        headers: impl Fn([&str; N]) -> Credentials + Send + Sync + 'static,
    ) -> Result<OtlpDestination, InitError> {
        Ok(match self.known(keys, headers)? {
            Known::Fixed(fixed) => {
                let add = |it: OtlpDestination, (name, value)| it.header(name, value);
                fixed.iter().fold(destination, add)
            }
            Known::Asked(source) => destination.credential_source(source),
        })
    }

    /// The same for its API for feedback.
    pub(super) fn keyed_feedback<const N: usize>(
        &self,
        api: FeedbackApi,
        keys: [(&ApiKey, &'static str); N],
        headers: impl Fn([&str; N]) -> Credentials + Send + Sync + 'static,
    ) -> Result<FeedbackApi, InitError> {
        Ok(match self.known(keys, headers)? {
            Known::Fixed(fixed) => {
                let add = |api: FeedbackApi, (name, value)| api.header(name, value);
                fixed.iter().fold(api, add)
            }
            Known::Asked(source) => api.credential_source(source),
        })
    }

    fn known<const N: usize>(
        &self,
        keys: [(&ApiKey, &'static str); N],
        headers: impl Fn([&str; N]) -> Credentials + Send + Sync + 'static,
    ) -> Result<Known, InitError> {
        for (key, what) in keys {
            key.check(&Source::code(format!("the {what} of {}", self.facts.product)))?;
        }
        let keys = keys.map(|(key, _)| key.clone());
        let made = move |keys: &[ApiKey; N]| {
            let now: Option<Vec<_>> = keys.iter().map(ApiKey::now).collect();
            let now = now?;
            Some(headers(std::array::from_fn(|place| now[place].as_str())))
        };
        if keys.iter().any(|key| key.fixed().is_none()) {
            return Ok(Known::Asked(CredentialSource::new(move |_| made(&keys))));
        }
        Ok(Known::Fixed(made(&keys).unwrap_or_default()))
    }
}

/// What is known of keys.
enum Known {
    Fixed(Credentials),
    Asked(CredentialSource),
}

/// Sends over gRPC, to this port of the host, where one is given.
pub(super) fn over_grpc(
    destination: OtlpDestination,
    host: &Host,
    port: Option<u16>,
) -> OtlpDestination {
    match port {
        Some(port) => destination.endpoint(host.at_port(port)).protocol(OtlpProtocol::Grpc),
        None => destination,
    }
}

/// Adds a header where there is something to say.
pub(super) fn with_header(
    destination: OtlpDestination,
    name: &str,
    value: &Option<String>,
) -> OtlpDestination {
    match value {
        Some(value) => destination.header(name, value),
        None => destination,
    }
}

/// What every preset can do.
macro_rules! from_env {
    ($preset:ident) => {
        impl $preset {
            /// As the product's own variables say.
            ///
            /// # Errors
            ///
            /// [`InitError::InvalidEnv`](crate::InitError::InvalidEnv), which names a variable that is missing or
            /// cannot be used.
            pub fn from_env() -> Result<Self, crate::InitError> {
                Self::from_environment(&crate::Environment::of_process())
            }

            /// The same, with the variables given.
            ///
            /// # Errors
            ///
            /// As [`from_env`](Self::from_env).
            pub fn from_environment(
                environment: &crate::Environment,
            ) -> Result<Self, crate::InitError> {
                Self::read($crate::preset::variables::Variables(environment))
            }

            /// As a backend among others.
            pub(super) fn boxed(
                environment: &crate::Environment,
            ) -> Result<Box<dyn crate::Preset>, crate::InitError> {
                Ok(Box::new(Self::from_environment(environment)?))
            }
        }
    };
}
pub(super) use from_env;

/// What every preset of a backend at one URL can do.
macro_rules! host {
    ($preset:ident) => {
        impl $preset {
            /// The server, in place of the default: a proxy, or one of your own.
            pub fn host(mut self, url: impl Into<String>) -> Self {
                self.host = url.into().into();
                self
            }
        }
    };
}
pub(super) use host;

/// What a preset can do whose product takes gRPC at the port of OTLP; it keeps a `grpc_port`.
macro_rules! grpc {
    ($preset:ident) => {
        impl $preset {
            /// Sends over gRPC, to the port 4317 of the host.
            pub fn grpc(mut self) -> Self {
                self.grpc_port = Some(4317);
                self
            }
        }
    };
}
pub(super) use grpc;

/// The regions of a backend, and where they are.
macro_rules! regions {
    (
        $preset:ident, $(#[$doc:meta])* pub enum $region:ident {
            $($(#[$of:meta])* $name:ident = $url:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $region {
            $($(#[$of])* #[doc = concat!("<", $url, ">")] $name,)*
        }

        impl $region {
            pub(super) const fn url(self) -> &'static str {
                match self {
                    $(Self::$name => $url,)*
                }
            }
        }

        impl $preset {
            /// The region in which the key was issued.
            pub fn region(mut self, region: $region) -> Self {
                self.host = $crate::preset::host::Host::fixed(region.url());
                self
            }
        }
    };
}
pub(super) use regions;
