//! Hosts: those that are named, and the one that a request goes to.

use opentelemetry::Context;

/// Hosts by name: exactly these, in any case, whatever their port. An address of IPv6 may stand in brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    pub(crate) fn with(mut self, host: &str) -> Self {
        self.0.push(plain(host));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contain(&self, host: &str) -> bool {
        self.0.contains(&plain(host))
    }
}

/// A host as it is compared.
fn plain(host: &str) -> String {
    host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}

/// The host that a request goes to, in an OpenTelemetry [`Context`]: what propagators need that write for one
/// host alone, such as
/// [`HeliconePropagator`](crate::helicone::HeliconePropagator).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHost(String);

impl TargetHost {
    /// The host, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one of this context.
    pub fn of(context: &Context) -> Option<&Self> {
        context.get::<Self>()
    }

    /// The host of a URL, or a host itself; `None` where there is none to see.
    fn parse(url: &str) -> Option<Self> {
        let uri: http::Uri = url.trim().parse().ok()?;
        // A user's name before the host is not the host.
        let host = plain(uri.host()?);
        (!host.is_empty()).then_some(Self(host))
    }
}

/// Saying where a request goes.
pub trait TargetHostExt {
    /// The context with the host of this URL as the target; a bare host is one, too. What is neither leaves
    /// no target.
    ///
    /// Set by the layers and middleware of this crate; by hand for clients that have none.
    ///
    /// ```
    /// use opentelemetry::Context;
    /// use spanwise_http::{TargetHost, TargetHostExt};
    ///
    /// let context = Context::current().with_target_host("https://oai.helicone.ai/v1");
    /// assert_eq!(TargetHost::of(&context).unwrap().as_str(), "oai.helicone.ai");
    /// ```
    #[must_use]
    fn with_target_host(&self, url: &str) -> Context;
}

impl TargetHostExt for Context {
    fn with_target_host(&self, url: &str) -> Context {
        self.with_value(TargetHost::parse(url).unwrap_or_else(|| TargetHost(String::new())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_and_nothing_else_is_taken_for_it() {
        for (url, host) in [
            ("https://oai.helicone.ai/v1", "oai.helicone.ai"),
            ("http://LOCALHOST:8585/v1", "localhost"),
            ("oai.helicone.ai", "oai.helicone.ai"),
            ("oai.helicone.ai:443", "oai.helicone.ai"),
            ("https://oai.helicone.ai.:443/", "oai.helicone.ai"),
            ("https://oai.helicone.ai@evil.example/", "evil.example"),
            ("https://[::1]:8080/", "::1"),
            ("/v1/oai.helicone.ai", ""),
            ("", ""),
            ("not a host", ""),
        ] {
            let context = Context::new().with_target_host(url);
            assert_eq!(TargetHost::of(&context).map(TargetHost::as_str), Some(host), "{url}");
        }
    }

    #[test]
    fn hosts_are_the_same_in_any_case_and_no_part_of_another() {
        let hosts = Hosts::default().with("Gateway.internal").with("[::1]");
        assert!(hosts.contain("gateway.INTERNAL.") && hosts.contain("::1"));
        for other in ["evil-gateway.internal", "x.gateway.internal", "gateway.internal.evil", ""] {
            assert!(!hosts.contain(other), "{other}");
        }
    }
}
