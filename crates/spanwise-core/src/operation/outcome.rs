//! How an operation ended.

use std::borrow::Cow;
use std::time::Duration;

use super::kind::Phase;
use crate::error_kind;
use crate::event::EventStatus;
use crate::semconv::value::spanwise_outcome;

/// How an operation ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Completed,
    Failed(Failure),
    Cancelled,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// `error.type`.
    pub(crate) kind: Cow<'static, str>,
    /// `exception.type`, where it is not the kind.
    pub(crate) exception: Option<&'static str>,
    /// What may be told of it.
    pub(crate) message: Option<String>,
}

impl Failure {
    /// A failure by the caller's own words.
    pub(crate) fn told(kind: impl Into<Cow<'static, str>>, message: Option<String>) -> Self {
        Self { kind: kind.into(), exception: None, message }
    }
}

impl Outcome {
    /// The value of `spanwise.outcome`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Completed => spanwise_outcome::COMPLETED,
            Self::Failed(_) => spanwise_outcome::FAILED,
            Self::Cancelled => spanwise_outcome::CANCELLED,
        }
    }

    /// The same, as events have it.
    pub(crate) fn status(&self) -> EventStatus {
        match self {
            Self::Completed => EventStatus::Completed,
            Self::Failed(_) => EventStatus::Failed,
            Self::Cancelled => EventStatus::Cancelled,
        }
    }

    /// What handlers hear of it.
    pub(crate) fn phase(&self) -> Phase {
        match self {
            Self::Completed | Self::Cancelled => Phase::Stop,
            Self::Failed(_) => Phase::Exception,
        }
    }

    /// What may be told of its error.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Failed(failure) => failure.message.as_deref(),
            Self::Completed | Self::Cancelled => None,
        }
    }

    pub(crate) fn error_type(&self) -> Option<&str> {
        match self {
            Self::Failed(failure) => Some(&failure.kind),
            Self::Completed | Self::Cancelled => None,
        }
    }
}

/// The end, as metrics see it.
pub(crate) struct End<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) duration: Duration,
}

/// What becomes of an operation whose owner goes away without a word.
pub(crate) fn abandoned() -> Outcome {
    if std::thread::panicking() {
        Outcome::Failed(Failure::told(error_kind::PANIC, None))
    } else {
        Outcome::Cancelled
    }
}
