//! Where a backend is: a region's URL, or one of the user's own.

use std::borrow::Cow;
use std::fmt;

use url::Url;

use crate::config::{EndpointUrl, check_url};
use crate::error::{InitError, Source};
use crate::signal::Signal;

/// The URL of a server, without the path at which it takes OTLP.
#[derive(Clone)]
pub(super) struct Host(Cow<'static, str>);

impl Host {
    pub(super) const fn fixed(url: &'static str) -> Self {
        Self(Cow::Borrowed(url))
    }

    /// As a variable says.
    pub(super) fn checked(url: &str, source: &Source) -> Result<Self, InitError> {
        check_url(url, source)?;
        Ok(Self(Cow::Owned(url.to_owned())))
    }

    /// The base of OTLP there. A path that the user wrote as well is not written twice.
    pub(super) fn base(&self, path: &str) -> String {
        let mut host = self.0.trim_end_matches('/');
        for signal in Signal::OTLP {
            let written = host.strip_suffix(signal.http_path());
            host = written.and_then(|host| host.strip_suffix('/')).unwrap_or(host);
        }
        let host = host.strip_suffix(path).unwrap_or(host).trim_end_matches('/');
        format!("{host}{path}")
    }

    /// What is before this path.
    pub(super) fn root(&self, path: &str) -> String {
        let base = self.base(path);
        base.strip_suffix(path).unwrap_or(&base).to_owned()
    }

    /// As the user wrote it.
    pub(super) fn as_text(&self) -> &str {
        &self.0
    }

    /// Whether it is this one.
    pub(super) fn is(&self, url: &str) -> bool {
        self.0.trim_end_matches('/') == url
    }

    /// The same server at this port and at the root.
    pub(super) fn at_port(&self, port: u16) -> String {
        let Ok(mut url) = Url::parse(&self.0) else { return self.0.clone().into_owned() };
        // Neither fails where there is a host, and without one the endpoint is refused.
        let _ = url.set_port(Some(port));
        url.set_path("");
        url.to_string()
    }
}

impl<S: Into<String>> From<S> for Host {
    fn from(url: S) -> Self {
        Self(Cow::Owned(url.into()))
    }
}

/// Neither user nor password nor query, and nothing of what is no URL.
impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Url::parse(&self.0) {
            Ok(url) if url.has_host() => EndpointUrl(url).fmt(f),
            _ => f.write_str("no URL"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_written_already_is_not_written_twice() {
        for url in [
            "https://h",
            "https://h/",
            "https://h/api/otel",
            "https://h/api/otel/",
            "https://h/api/otel/v1/traces",
            "https://h/v1/traces",
        ] {
            assert_eq!(Host::from(url).base("/api/otel"), "https://h/api/otel", "{url}");
        }
        assert_eq!(Host::from("https://h/sub/").base("/otel"), "https://h/sub/otel");
        assert_eq!(Host::from("https://h/sub/v1/logs").base(""), "https://h/sub");
    }

    #[test]
    fn debug_shows_no_secret() {
        let host = Host::from("https://user:canary@h:1/x?key=canary");
        assert_eq!(format!("{host:?} {:?}", Host::from("canary")), "https://h:1/x no URL");
    }
}
