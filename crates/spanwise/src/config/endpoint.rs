//! One signal's OTLP endpoint, settled: code, then the environment, then the default.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::credentials::CredentialSource;
use super::destination::OtlpOptions;
use super::in_force::{EndpointOrigins, Origin};
use super::values::{Compression, OtlpProtocol};
use crate::env::{Reader, pairs};
use crate::error::{InitError, Source};
use crate::secret::{Headers, Pem};
use crate::signal::Signal;

pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where one signal goes, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) url: EndpointUrl,
    pub(crate) protocol: OtlpProtocol,
    pub(crate) headers: Headers,
    pub(crate) credentials: Option<CredentialSource>,
    pub(crate) timeout: Duration,
    pub(crate) compression: Compression,
    pub(crate) tls: TlsFiles,
    /// Where all of this came from.
    pub(crate) origins: EndpointOrigins,
}

/// A URL that shows neither user nor password nor query.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct EndpointUrl(pub(crate) Url);

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // Neither fails on a URL with a host, and endpoints have one.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.set_query(None);
        shown.set_fragment(None);
        shown.fmt(f)
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What TLS is made from; empty means the roots of the system and of Mozilla, and no client identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) roots: Option<PemFile>,
    /// Certificate and key.
    pub(crate) identity: Option<(PemFile, PemFile)>,
}

/// What a file holds, and the setting that named it, for errors that only show when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PemFile {
    pub(crate) pem: Pem,
    pub(crate) source: Source,
}

/// Reads one signal's settings.
pub(crate) struct EndpointReader<'a, 'e> {
    pub(crate) name: &'a str,
    pub(crate) options: &'a OtlpOptions,
    pub(crate) reader: &'a mut Reader<'e>,
}

impl EndpointReader<'_, '_> {
    /// The endpoint of `signal`.
    pub(crate) fn read(&mut self, signal: Signal) -> Result<Endpoint, InitError> {
        let protocol = self.protocol(signal)?;
        let (url, source) = self.url(signal, protocol)?;
        let tls = self.tls(signal)?;
        if url.0.scheme() == "https" && cfg!(not(feature = "tls")) {
            return Err(InitError::FeatureMissing { setting: source.name(), feature: "tls" });
        }
        Ok(Endpoint {
            url,
            protocol,
            headers: self.headers(signal)?,
            credentials: self.options.credentials.clone(),
            timeout: self.timeout(signal)?,
            compression: self.compression(signal)?,
            tls,
            origins: self.origins(signal),
        })
    }

    /// Code, else the signal's own variable, else the one for all signals, else nobody.
    fn origins(&self, signal: Signal) -> EndpointOrigins {
        let options = self.options;
        let of = |in_code: bool, name: &str| match (in_code, options.backend) {
            (true, Some(backend)) => Origin::Preset(backend.product),
            (true, None) => Origin::Code,
            (false, _) => match self.variable(signal, name) {
                Some((_, source)) => Origin::Variable(source.name().into_owned()),
                None => Origin::Default,
            },
        };
        let own = options.signal_endpoints[signal as usize].is_some();
        EndpointOrigins {
            endpoint: of(own || options.endpoint.is_some(), "ENDPOINT"),
            protocol: of(options.protocol.is_some(), "PROTOCOL"),
            headers: of(!options.headers.is_empty() || options.credentials.is_some(), "HEADERS"),
            compression: of(options.compression.is_some(), "COMPRESSION"),
            timeout: of(options.timeout.is_some(), "TIMEOUT"),
            from_env: options.from_env,
        }
    }

    fn code(&self, setting: &str) -> Source {
        Source::code(format!("{setting} of destination `{}`", self.name))
    }

    /// The signal's own variable, else the one for all signals, with its name.
    fn variable(&self, signal: Signal, name: &str) -> Option<(String, Source)> {
        if !self.options.from_env {
            return None;
        }
        let own = format!("OTEL_EXPORTER_OTLP_{}_{name}", signal.variable());
        let shared = format!("OTEL_EXPORTER_OTLP_{name}");
        [own, shared].into_iter().find_map(|variable| {
            let value = self.reader.environment().get(&variable)?.to_owned();
            Some((value, Source::env(variable)))
        })
    }

    fn protocol(&self, signal: Signal) -> Result<OtlpProtocol, InitError> {
        let (protocol, source) = match self.options.protocol {
            Some(protocol) => (protocol, self.code("protocol")),
            None => match self.variable(signal, "PROTOCOL") {
                Some((word, source)) => match OtlpProtocol::from_str(&word) {
                    Ok(protocol) => (protocol, source),
                    Err(()) => {
                        let problem = "is no protocol that is known";
                        let remedy = format!("set it to {}", OtlpProtocol::WORDS);
                        return Err(source.invalid(problem, remedy));
                    }
                },
                None => (OtlpProtocol::default(), self.code("the default protocol")),
            },
        };
        let missing = |feature| InitError::FeatureMissing { setting: source.name(), feature };
        match protocol {
            OtlpProtocol::Grpc if cfg!(not(feature = "grpc")) => Err(missing("grpc")),
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson if cfg!(not(feature = "http")) => {
                Err(missing("http"))
            }
            protocol => Ok(protocol),
        }
    }

    fn url(
        &mut self,
        signal: Signal,
        protocol: OtlpProtocol,
    ) -> Result<(EndpointUrl, Source), InitError> {
        let own = self.options.signal_endpoints[signal as usize].clone();
        let own = own.map(|url| (url, self.code("endpoint"), false));
        let base = self.options.endpoint.clone().map(|url| (url, self.code("endpoint"), true));
        let own_variable = format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.variable());
        let from_env = || {
            let (url, source) = self.variable(signal, "ENDPOINT")?;
            let is_base = source.name() != own_variable;
            Some((url, source, is_base))
        };
        let default = || {
            let port = if protocol == OtlpProtocol::Grpc { 4317 } else { 4318 };
            (format!("http://localhost:{port}"), self.code("the default endpoint"), true)
        };
        let (text, source, is_base) = own.or(base).or_else(from_env).unwrap_or_else(default);
        let mut url = self.parse(signal, protocol, &text, &source)?;
        match protocol {
            OtlpProtocol::Grpc => {
                if !matches!(url.path(), "" | "/") {
                    self.reader.warn(format!(
                        "{} names a path, which gRPC does not use; for a receiver of OTLP over HTTP \
                         set the protocol to http/protobuf",
                        source.name()
                    ));
                    url.set_path("/");
                }
            }
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => {
                if is_base {
                    let path = url.path().trim_end_matches('/');
                    url.set_path(&format!("{path}/{}", signal.http_path()));
                }
            }
        }
        Ok((EndpointUrl(url), source))
    }

    fn parse(
        &self,
        signal: Signal,
        protocol: OtlpProtocol,
        text: &str,
        source: &Source,
    ) -> Result<Url, InitError> {
        if protocol == OtlpProtocol::Grpc && !text.contains("://") {
            let scheme = if self.insecure(signal) { "http" } else { "https" };
            return check_url(&format!("{scheme}://{text}"), source);
        }
        check_url(text, source)
    }

    fn insecure(&self, signal: Signal) -> bool {
        let from_env = || {
            let (value, _) = self.variable(signal, "INSECURE")?;
            Some(value.eq_ignore_ascii_case("true"))
        };
        self.options.insecure.or_else(from_env).unwrap_or(false)
    }

    fn headers(&self, signal: Signal) -> Result<Headers, InitError> {
        let mut headers = Headers::default();
        if let Some((list, source)) = self.variable(signal, "HEADERS") {
            let pairs = pairs(&list).ok_or_else(|| {
                source.invalid(
                    "holds something that is no `key=value`",
                    "write key=value,key=value, with special characters percent-encoded",
                )
            })?;
            for (name, value) in pairs {
                headers.set(&name, &value, &source)?;
            }
        }
        let source = self.code("header");
        for (name, value) in &self.options.headers {
            headers.set(name, value, &source)?;
        }
        let source = self.code("signal_header");
        let own = self.options.signal_headers.iter().filter(|(of, ..)| *of == signal);
        for (_, name, value) in own {
            headers.set(name, value, &source)?;
        }
        Ok(headers)
    }

    fn timeout(&mut self, signal: Signal) -> Result<Duration, InitError> {
        if let Some(timeout) = self.options.timeout {
            if timeout.is_zero() {
                return Err(self.code("timeout").invalid("is 0", "give requests some time"));
            }
            return Ok(timeout);
        }
        let Some((text, source)) = self.variable(signal, "TIMEOUT") else {
            return Ok(DEFAULT_TIMEOUT);
        };
        match text.parse().ok().filter(|millis: &u64| *millis > 0) {
            Some(millis) => Ok(Duration::from_millis(millis)),
            None => {
                self.reader.warn(format!(
                    "{} is set but is not a whole number of milliseconds above 0; the default of \
                     {} ms is in force",
                    source.name(),
                    DEFAULT_TIMEOUT.as_millis()
                ));
                Ok(DEFAULT_TIMEOUT)
            }
        }
    }

    fn compression(&mut self, signal: Signal) -> Result<Compression, InitError> {
        let (compression, source) = match self.options.compression {
            Some(compression) => (compression, self.code("compression")),
            None => match self.variable(signal, "COMPRESSION") {
                Some((word, source)) => match Compression::from_str(&word) {
                    Ok(compression) => (compression, source),
                    Err(()) => {
                        self.reader.warn(format!(
                            "{} is set but is not one of none, gzip, zstd; none is in force",
                            source.name()
                        ));
                        return Ok(Compression::None);
                    }
                },
                None => return Ok(Compression::None),
            },
        };
        let missing = |feature| InitError::FeatureMissing { setting: source.name(), feature };
        match compression {
            Compression::Gzip if cfg!(not(feature = "gzip")) => Err(missing("gzip")),
            Compression::Zstd if cfg!(not(feature = "zstd")) => Err(missing("zstd")),
            compression => Ok(compression),
        }
    }

    fn tls(&self, signal: Signal) -> Result<TlsFiles, InitError> {
        let roots = self.file(&self.options.certificate, signal, "CERTIFICATE", "certificate")?;
        let certificate = self.file(
            &self.options.client_certificate,
            signal,
            "CLIENT_CERTIFICATE",
            "client_identity",
        )?;
        let key = self.file(&self.options.client_key, signal, "CLIENT_KEY", "client_identity")?;
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(half), None) | (None, Some(half)) => {
                return Err(half.source.invalid(
                    "is one half of a client's identity",
                    "give both the client's certificate and its key",
                ));
            }
        };
        Ok(TlsFiles { roots, identity })
    }

    fn file(
        &self,
        path: &Option<PathBuf>,
        signal: Signal,
        variable: &str,
        setting: &str,
    ) -> Result<Option<PemFile>, InitError> {
        let (path, source) = match path {
            Some(path) => (path.clone(), self.code(setting)),
            None => match self.variable(signal, variable) {
                Some((path, source)) => (PathBuf::from(path), source),
                None => return Ok(None),
            },
        };
        PemFile::read(&path, source).map(Some)
    }
}

impl PemFile {
    pub(crate) fn read(path: &Path, source: Source) -> Result<Self, InitError> {
        let pem = std::fs::read(path).map_err(|error| InitError::UnreadableFile {
            setting: source.name(),
            kind: error.kind(),
        })?;
        if !pem.windows(10).any(|window| window == b"-----BEGIN") {
            return Err(source.invalid(
                "names a file that holds no PEM",
                "give a file whose parts begin with -----BEGIN",
            ));
        }
        Ok(Self { pem: Pem(pem), source })
    }
}

/// A URL that something can be sent to.
pub(crate) fn check_url(text: &str, source: &Source) -> Result<Url, InitError> {
    const REMEDY: &str = "give a URL such as http://localhost:4318";
    if !text.contains("://") {
        let remedy = "begin it with http:// or https://, as in http://localhost:4318";
        return Err(source.invalid("has no scheme", remedy));
    }
    let url = Url::parse(text).map_err(|error| {
        // The parser's own words hold nothing of what it parsed.
        source.invalid(format!("is no URL ({error})"), REMEDY)
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(source.invalid("has a scheme that is neither http nor https", REMEDY));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(source.invalid("names no host", REMEDY));
    }
    Ok(url)
}
