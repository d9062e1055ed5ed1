//! The key of a backend: fixed, or asked for with every request.

use std::fmt;
use std::sync::Arc;

use crate::error::{InitError, Source};

/// A backend's key. `Debug` does not show it.
///
/// Text is a key that stays; a function is asked with every request, so that the key may rotate, under the terms
/// of [`OtlpDestination::credentials`](crate::OtlpDestination::credentials).
///
/// ```
/// use spanwise::preset::{ApiKey, Honeycomb};
///
/// let fixed = Honeycomb::new("hcaik_…");
/// let rotating = Honeycomb::new(ApiKey::from_fn(|| std::fs::read_to_string("/run/secrets/key").ok()));
/// # let _ = (fixed, rotating);
/// ```
#[derive(Clone)]
pub struct ApiKey(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(String),
    Asked(Arc<dyn Fn() -> Option<String> + Send + Sync>),
}

impl ApiKey {
    /// A key that is asked for with every request. `None` where there is none now.
    pub fn from_fn<K: Into<Option<String>>>(ask: impl Fn() -> K + Send + Sync + 'static) -> Self {
        Self(Kind::Asked(Arc::new(move || ask().into())))
    }

    /// The key, if it stays the same.
    pub(super) fn fixed(&self) -> Option<&str> {
        match &self.0 {
            Kind::Fixed(key) => Some(key),
            Kind::Asked(_) => None,
        }
    }

    /// The key of the moment. What is read from a file ends with a line break.
    pub(super) fn now(&self) -> Option<String> {
        let key = match &self.0 {
            Kind::Fixed(key) => Some(key.clone()),
            Kind::Asked(ask) => ask(),
        };
        key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty())
    }

    /// Whether it can be a key at all.
    pub(super) fn check(&self, source: &Source) -> Result<(), InitError> {
        const REMEDY: &str = "give the key as it was issued, and nothing else";
        let Some(key) = self.fixed() else { return Ok(()) };
        let problem = match key {
            "" => "is empty",
            key if key.starts_with("Bearer ") || key.starts_with("Basic ") => {
                "begins with the word for its kind of authentication, which is added here"
            }
            key if key.starts_with(['"', '\'']) => "stands in quotes",
            key if key.starts_with(['<', '$', '{']) => "is a placeholder that nobody has filled in",
            key if !key.chars().all(|c| c.is_ascii_graphic()) => {
                "holds white space, or something else that no key has"
            }
            _ => return Ok(()),
        };
        Err(source.invalid(problem, REMEDY))
    }
}

impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        Self(Kind::Fixed(key.trim().to_owned()))
    }
}

impl From<&str> for ApiKey {
    fn from(key: &str) -> Self {
        key.to_owned().into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Fixed(_) => "ApiKey(***)",
            Kind::Asked(_) => "ApiKey(asked)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_key_is_told_without_showing_it() {
        for (key, problem) in [
            (" ", "is empty"),
            ("Bearer canary", "begins with the word for its kind of authentication"),
            ("\"canary\"", "stands in quotes"),
            ("${CANARY}", "is a placeholder"),
            ("canary canary", "holds white space"),
            ("canàry", "holds white space, or something else"),
        ] {
            let error = ApiKey::from(key).check(&Source::env("X_API_KEY")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("X_API_KEY {problem}")), "{error}");
            assert!(!error.contains("anary"), "{error}");
        }
        ApiKey::from("sk-lf-0_1.2/3+4==\n").check(&Source::env("X")).unwrap();
    }

    #[test]
    fn a_key_that_is_asked_for_is_the_one_of_the_moment() {
        let key = ApiKey::from_fn(|| Some("canary\n".to_owned()));
        assert_eq!(key.now().as_deref(), Some("canary"));
        assert_eq!(ApiKey::from_fn(String::new).now(), None);
        assert_eq!(format!("{key:?} {:?}", ApiKey::from("canary")), "ApiKey(asked) ApiKey(***)");
    }
}
