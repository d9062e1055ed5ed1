//! What a receiver says to a request.

use std::fmt;
use std::time::Duration;

/// The answer to one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All of it was taken.
    Accepted,
    /// Some of it was taken; the rest must not be sent again.
    Partial { rejected: u64, message: String },
    /// It is larger than the receiver takes.
    TooLarge(Cause),
    /// It may work later: after this time, if the receiver named one.
    Retry { after: Option<Duration>, cause: Cause },
    /// Something in it is not what the receiver takes; without that it might work.
    Malformed(Cause),
    /// It will never work.
    Refused(Cause),
}

/// The mistake where a receiver knows nothing of us.
pub(crate) const WRONG_KEY: &str = "the receiver does not accept the key: check the headers";

/// Why, in words that show no content and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// A word for it, to tell kinds apart: a status code or `timeout`.
    pub(crate) kind: String,
    pub(crate) message: String,
    /// The mistake in the settings that this looks like.
    pub(crate) hint: Option<&'static str>,
}

impl Cause {
    pub(crate) fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        // What a receiver writes is shown to operators: one line, and not endless.
        let message: String = message
            .into()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(200)
            .collect();
        Self { kind: kind.into(), message, hint: None }
    }

    pub(crate) fn hint(mut self, hint: Option<&'static str>) -> Self {
        self.hint = hint;
        self
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.message.is_empty() {
            write!(f, " ({})", self.message)?;
        }
        if let Some(hint) = self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// The answer of every OTLP service has this shape.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(crate) rejected: i64,
    #[prost(string, tag = "2")]
    pub(crate) error_message: String,
}

impl Verdict {
    /// Whether the receiver does not know us.
    pub(crate) fn is_wrong_key(&self) -> bool {
        matches!(self, Self::Refused(cause) if cause.hint == Some(WRONG_KEY))
    }
}

impl From<ExportResponse> for Verdict {
    fn from(response: ExportResponse) -> Self {
        match response.partial_success {
            Some(partial) if partial.rejected > 0 || !partial.error_message.is_empty() => {
                Self::Partial {
                    rejected: u64::try_from(partial.rejected).unwrap_or(0),
                    message: partial.error_message,
                }
            }
            _ => Self::Accepted,
        }
    }
}
