//! `error.type`: a word of low cardinality for what went wrong, never the error's own text.

use std::any::{Any, TypeId, type_name};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::budget::BudgetExceeded;

/// The conventions' word for an error of which nothing better is known.
pub(crate) const OTHER: &str = "_OTHER";

/// `error.type` of an operation whose task panicked.
pub(crate) const PANIC: &str = "panic";

type Classify = Box<dyn Fn(&dyn Any) -> Option<Cow<'static, str>> + Send + Sync>;

fn registered() -> &'static RwLock<HashMap<TypeId, Classify>> {
    static KINDS: OnceLock<RwLock<HashMap<TypeId, Classify>>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let mut kinds = HashMap::new();
        kinds.insert(TypeId::of::<io::Error>(), classify(|e: &io::Error| io_kind(e.kind())));
        kinds.insert(
            TypeId::of::<serde_json::Error>(),
            classify(|e: &serde_json::Error| match e.classify() {
                serde_json::error::Category::Io => "json_io",
                serde_json::error::Category::Syntax => "json_syntax",
                serde_json::error::Category::Data => "json_data",
                serde_json::error::Category::Eof => "json_eof",
            }),
        );
        kinds.insert(
            TypeId::of::<BudgetExceeded>(),
            classify(|_: &BudgetExceeded| BudgetExceeded::ERROR_TYPE),
        );
        RwLock::new(kinds)
    })
}

fn classify<E: 'static, K: Into<Cow<'static, str>>>(
    kind: impl Fn(&E) -> K + Send + Sync + 'static,
) -> Classify {
    Box::new(move |error| error.downcast_ref::<E>().map(|error| kind(error).into()))
}

/// Teaches every operation of the process what `error.type` errors of type `E` have.
///
/// The word must be of low cardinality: an error code or a variant's name, never a message. A later
/// registration for the same type replaces an earlier one.
///
/// Known without it: `std::io::Error` by its kind (`connection_refused`, `timed_out`, …) and
/// `serde_json::Error` (`json_syntax`, `json_data`, …). Other types are called by their path without
/// generics; boxed errors, strings and `anyhow::Error`, whose type says nothing, are `_OTHER`.
///
/// Source: [error.type](https://github.com/open-telemetry/semantic-conventions/blob/main/docs/registry/attributes/error.md)
///
/// ```
/// # enum ApiError { RateLimited, Status(u16) }
/// spanwise_core::register_error_kind(|error: &ApiError| match error {
///     ApiError::RateLimited => "rate_limited".to_owned(),
///     ApiError::Status(code) => code.to_string(),
/// });
/// ```
pub fn register_error_kind<E: 'static, K: Into<Cow<'static, str>>>(
    kind: impl Fn(&E) -> K + Send + Sync + 'static,
) {
    let mut kinds = registered().write().unwrap_or_else(PoisonError::into_inner);
    kinds.insert(TypeId::of::<E>(), classify(kind));
}

/// An operation's own word for its errors.
pub(crate) struct OwnKind(Classify);

impl OwnKind {
    pub(crate) fn new<E: 'static, K: Into<Cow<'static, str>>>(
        kind: impl Fn(&E) -> K + Send + Sync + 'static,
    ) -> Self {
        Self(classify(kind))
    }
}

/// What `error.type` says of this error.
pub(crate) fn error_kind<E: 'static>(error: &E, own: Option<&OwnKind>) -> Cow<'static, str> {
    let by_operation = own.and_then(|own| (own.0)(error));
    let by_type = || {
        let kinds = registered().read().unwrap_or_else(PoisonError::into_inner);
        kinds.get(&TypeId::of::<E>()).and_then(|kind| kind(error))
    };
    by_operation.or_else(by_type).unwrap_or_else(|| Cow::Borrowed(name_of::<E>()))
}

/// The path of an error's type, without generics.
pub(crate) fn type_of<E>() -> &'static str {
    let name = type_name::<E>();
    name.split('<').next().unwrap_or(name).trim_start_matches('&')
}

fn name_of<E>() -> &'static str {
    let name = type_of::<E>();
    let says_nothing =
        name.starts_with("alloc::") || name.starts_with("dyn ") || !name.contains("::");
    if says_nothing || name == "anyhow::Error" { OTHER } else { name }
}

/// `ConnectionRefused` as `connection_refused`.
fn io_kind(kind: io::ErrorKind) -> String {
    let mut word = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;
    struct Generic<T>(T);
    struct Known;

    #[test]
    fn each_kind_of_error_has_a_word_of_low_cardinality() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(error_kind(&refused, None), "connection_refused");
        let json = serde_json::from_str::<Vec<i32>>("[").unwrap_err();
        assert_eq!(error_kind(&json, None), "json_eof");
        assert_eq!(error_kind(&Plain, None), "spanwise_core::error_kind::tests::Plain");
        assert_eq!(error_kind(&Generic(1), None), "spanwise_core::error_kind::tests::Generic");
        assert_eq!(error_kind(&String::from("secret"), None), OTHER);
        assert_eq!(error_kind(&"secret", None), OTHER);
        let boxed: Box<dyn std::error::Error + Send + Sync> = "secret".into();
        assert_eq!(error_kind(&boxed, None), OTHER);
    }

    #[test]
    fn what_is_registered_wins_over_the_name_and_the_operation_over_both() {
        register_error_kind(|_: &Known| "known");
        assert_eq!(error_kind(&Known, None), "known");
        let own = OwnKind::new(|_: &Known| "own");
        assert_eq!(error_kind(&Known, Some(&own)), "own");
        assert_eq!(error_kind(&Plain, Some(&own)), "spanwise_core::error_kind::tests::Plain");
    }
}
