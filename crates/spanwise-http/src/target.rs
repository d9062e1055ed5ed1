//! Where a request goes.

use http::Uri;

/// Where a request goes, as far as that tells whether it is a model call. It does not outlive the request.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// An address of IPv6 stands in brackets.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// `None` where the host is not said.
    pub(crate) fn of(uri: &'a Uri) -> Option<Self> {
        let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        let port = uri.port_u16().unwrap_or(default);
        Some(Self { host: uri.host()?, port, path: uri.path(), query: uri.query() })
    }

    /// The path with its query, as it is written.
    pub(crate) fn path_and_query(self) -> String {
        match self.query {
            Some(query) => [self.path, "?", query].concat(),
            None => self.path.to_owned(),
        }
    }
}

#[cfg(any(feature = "async-openai", feature = "reqwest-middleware"))]
impl<'a> Target<'a> {
    /// `None` where the host is not said.
    pub(crate) fn of_url(url: &'a reqwest::Url) -> Option<Self> {
        let port = url.port_or_known_default()?;
        Some(Self { host: url.host_str()?, port, path: url.path(), query: url.query() })
    }
}
