//! An evaluation, for those who have no use for log records: the feedback APIs of backends.
//!
//! ```text
//! TraceRef::score, evaluation ─► emit ─┬─► EventRecorder      gen_ai.evaluation.result
//!                                      └─► FeedbackRecorder   scores, annotations, ratings
//! ```

use std::fmt;

use opentelemetry::StringValue;

use crate::trace_ref::TraceRef;

/// Where feedback goes beside log records.
pub trait FeedbackRecorder: Send + Sync {
    /// Takes an evaluation. It must not block: it is called on the task of whoever evaluates.
    fn record(&self, feedback: Feedback);
}

/// What an evaluation says. `Debug` shows neither comment nor text: they may quote what was evaluated.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Feedback {
    /// What was looked at, such as `relevance`.
    pub name: StringValue,
    /// What came of it.
    pub value: ScoreValue,
    /// What the value means, as a word.
    pub label: Option<StringValue>,
    /// Why it is so.
    pub comment: Option<StringValue>,
    /// By what a later one replaces this one.
    pub id: Option<StringValue>,
    /// Who says so.
    pub evaluator: Evaluator,
    /// What it is said of.
    pub operation: TraceRef,
    /// Whether it is said of the whole trace.
    pub of_trace: bool,
    /// The session that it is said of as a whole, where it is.
    pub session: Option<StringValue>,
}

impl fmt::Debug for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feedback")
            .field("name", &self.name.as_str())
            .field("value", &self.value)
            .field("evaluator", &self.evaluator)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// What an evaluation came to. `Debug` shows no text.
///
/// Made from numbers, from `bool`, and from words; what a user wrote is [`text`](Self::text).
///
/// ```
/// use spanwise_core::ScoreValue;
///
/// assert_eq!(ScoreValue::from(0.92), ScoreValue::Number(0.92));
/// assert_eq!(ScoreValue::from(true), ScoreValue::Boolean(true));
/// assert_eq!(ScoreValue::from("relevant"), ScoreValue::Category("relevant".into()));
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ScoreValue {
    /// A number. NaN and infinity are left out.
    Number(f64),
    /// A word of low cardinality.
    Category(StringValue),
    /// Yes or no.
    Boolean(bool),
    /// What someone wrote.
    Text(StringValue),
}

impl ScoreValue {
    /// What someone wrote, in words of their own.
    pub fn text(text: impl Into<StringValue>) -> Self {
        Self::Text(text.into())
    }

    /// Itself, unless it is no number though it says so.
    pub(crate) fn if_finite(self) -> Option<Self> {
        match self {
            Self::Number(number) if !number.is_finite() => None,
            value => Some(value),
        }
    }
}

impl fmt::Debug for ScoreValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.debug_tuple("Number").field(number).finish(),
            Self::Category(word) => f.debug_tuple("Category").field(&word.as_str()).finish(),
            Self::Boolean(yes) => f.debug_tuple("Boolean").field(yes).finish(),
            Self::Text(_) => f.write_str("Text"),
        }
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl From<$number> for ScoreValue {
            fn from(number: $number) -> Self {
                Self::Number(number as f64)
            }
        }
    )*};
}
numbers!(f64 f32 i32 u32 i64 u64 usize);

impl From<bool> for ScoreValue {
    fn from(yes: bool) -> Self {
        Self::Boolean(yes)
    }
}

macro_rules! words {
    ($($word:ty)*) => {$(
        impl From<$word> for ScoreValue {
            fn from(word: $word) -> Self {
                Self::Category(word.into())
            }
        }
    )*};
}
words!(&'static str String StringValue);

/// Who evaluates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Evaluator {
    /// A person.
    #[default]
    Human,
    /// A model that judges.
    Model,
    /// Code.
    Code,
}
