//! Why settings cannot be sent.

use std::borrow::Cow;

/// Why [`Helicone::build`](super::Helicone::build) refuses: the header, what is wrong with its value, and what
/// would be right. Never the value, which may be a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeliconeError {
    header: Cow<'static, str>,
    problem: &'static str,
}

impl HeliconeError {
    pub(super) fn new(header: impl Into<Cow<'static, str>>, problem: &'static str) -> Self {
        Self { header: header.into(), problem }
    }

    /// The header that cannot be sent.
    pub fn header(&self) -> &str {
        &self.header
    }
}

impl std::fmt::Display for HeliconeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.header, self.problem)
    }
}

impl std::error::Error for HeliconeError {}
