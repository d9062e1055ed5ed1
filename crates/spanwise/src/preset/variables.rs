//! A product's own variables.

use super::host::Host;
use super::key::ApiKey;
use crate::env::{Environment, pairs};
use crate::error::{InitError, Source};

/// Reads the variables of one product. What cannot be used is an error: there is nothing to fall back to.
#[derive(Clone, Copy)]
pub(super) struct Variables<'e>(pub(super) &'e Environment);

impl Variables<'_> {
    /// The text of a variable that is set and not empty.
    pub(super) fn text(self, name: &'static str) -> Option<String> {
        self.0.get(name).map(str::to_owned)
    }

    /// The same, where there is no way without.
    pub(super) fn required(self, name: &'static str, what: &str) -> Result<String, InitError> {
        self.text(name).ok_or_else(|| {
            Source::env(name).invalid("is empty or missing", format!("set it to {what}"))
        })
    }

    /// A key, where there is no way without.
    pub(super) fn key(self, name: &'static str, what: &str) -> Result<ApiKey, InitError> {
        checked(name, self.required(name, what)?)
    }

    /// A key that may be missing.
    pub(super) fn optional_key(self, name: &'static str) -> Result<Option<ApiKey>, InitError> {
        self.text(name).map(|key| checked(name, key)).transpose()
    }

    /// The URL of the first of these that is set.
    pub(super) fn host<const N: usize>(
        self,
        names: [&'static str; N],
        default: &'static str,
    ) -> Result<Host, InitError> {
        let set = names.into_iter().find_map(|name| Some((name, self.text(name)?)));
        match set {
            Some((name, url)) => Host::checked(&url, &Source::env(name)),
            None => Ok(Host::fixed(default)),
        }
    }

    /// `key=value,key=value`, percent-encoded.
    pub(super) fn headers(self, name: &'static str) -> Result<Vec<(String, String)>, InitError> {
        let Some(list) = self.text(name) else { return Ok(Vec::new()) };
        pairs(&list).ok_or_else(|| {
            Source::env(name).invalid(
                "holds something that is no `key=value`",
                "write key=value,key=value, with special characters percent-encoded",
            )
        })
    }

    /// What a variable says, as this reads it.
    pub(super) fn read<T>(
        self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, InitError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = || {
            Source::env(name).invalid(format!("is not {expected}"), format!("set it to {expected}"))
        };
        read(&text).map(Some).ok_or_else(wrong)
    }
}

fn checked(name: &'static str, key: String) -> Result<ApiKey, InitError> {
    let key = ApiKey::from(key);
    key.check(&Source::env(name))?;
    Ok(key)
}
