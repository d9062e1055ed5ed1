//! Environment variables: where they come from, and how their values are read.
//!
//! An empty value counts as unset. What cannot be read is one warning that names the variable and the
//! default in force, except where guessing would send data to the wrong place: see
//! [`Settings`](crate::config::Settings).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;

/// The variables that [`TelemetryConfig`](crate::TelemetryConfig) reads.
///
/// Defaults to those of the process; one made by hand makes a test independent of them.
///
/// ```
/// use spanwise::{Environment, TelemetryConfig};
///
/// let environment = Environment::from_iter([("OTEL_SERVICE_NAME", "support-bot")]);
/// let config = TelemetryConfig::default().environment(environment);
/// # let _ = config;
/// ```
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of the process, as they are now. Those that are no Unicode are left out.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os();
        Self(
            variables
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        )
    }

    /// No variables at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn get(&self, variable: &str) -> Option<&str> {
        #[cfg(test)]
        asked::remember(variable);
        self.0.get(variable).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same, with these in place of those of the same names.
    #[cfg(test)]
    pub(crate) fn with<'a>(
        mut self,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        self.0.extend(variables.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())));
        self
    }

    pub(crate) fn any_set(&self, variables: &[&str]) -> bool {
        variables.iter().any(|variable| self.get(variable).is_some())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Reads variables and gathers what to warn of.
pub(crate) struct Reader<'a> {
    environment: &'a Environment,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(environment: &'a Environment) -> Self {
        Self { environment, warnings: Vec::new() }
    }

    pub(crate) fn environment(&self) -> &'a Environment {
        self.environment
    }

    pub(crate) fn into_warnings(self) -> Vec<String> {
        self.warnings
    }

    /// Warns once, however many settings read the same variable.
    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Reads a variable with `read`; where that gives nothing, warns and counts it as unset.
    pub(crate) fn parsed<T>(
        &mut self,
        variable: &str,
        expected: &str,
        in_force: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.environment.get(variable)?;
        let parsed = read(value);
        if parsed.is_none() {
            self.warn(format!("{variable} is set but is not {expected}; {in_force} is in force"));
        }
        parsed
    }

    /// A number.
    pub(crate) fn number<T: FromStr + fmt::Display>(
        &mut self,
        variable: &str,
        default: &T,
    ) -> Option<T> {
        let in_force = format!("the default of {default}");
        self.parsed(variable, "a whole number", &in_force, |value| value.parse().ok())
    }

    /// A number that must not be zero.
    pub(crate) fn count(&mut self, variable: &str, default: usize) -> Option<usize> {
        let in_force = format!("the default of {default}");
        let read = |value: &str| value.parse().ok().filter(|number| *number > 0);
        self.parsed(variable, "a whole number above 0", &in_force, read)
    }

    /// A number of milliseconds.
    pub(crate) fn millis(&mut self, variable: &str, default: Duration) -> Option<Duration> {
        let in_force = format!("the default of {} ms", default.as_millis());
        let read = |value: &str| value.parse().ok().map(Duration::from_millis);
        self.parsed(variable, "a whole number of milliseconds", &in_force, read)
    }

    /// `true`, in any case; anything else is `false`, with a warning where it is not `false`.
    pub(crate) fn boolean(&mut self, variable: &str) -> Option<bool> {
        let value = self.environment.get(variable)?;
        if value.eq_ignore_ascii_case("true") {
            return Some(true);
        }
        if !value.eq_ignore_ascii_case("false") {
            self.warn(format!(
                "{variable} is set but is neither true nor false; false is in force"
            ));
        }
        Some(false)
    }
}

/// `key=value,key=value`, percent-encoded; `None` where something is no pair.
pub(crate) fn pairs(list: &str) -> Option<Vec<(String, String)>> {
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (key, value) = entry.split_once('=')?;
            let decoded = |text: &str| {
                percent_decode_str(text.trim()).decode_utf8().ok().map(|text| text.into_owned())
            };
            Some((decoded(key).filter(|key| !key.is_empty())?, decoded(value)?))
        })
        .collect()
}

/// Which variables are read, so that a test can compare them with what is documented.
#[cfg(test)]
pub(crate) mod asked {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        static ASKED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub(crate) fn remember(variable: &str) {
        ASKED.with_borrow_mut(|asked| asked.insert(variable.to_owned()));
    }

    pub(crate) fn take() -> BTreeSet<String> {
        ASKED.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_split_at_the_first_equals_sign_and_percent_decoded() {
        let read = pairs("a=1, b = x%20y ,auth=Basic Zm9v==,").unwrap();
        let expected = [("a", "1"), ("b", "x y"), ("auth", "Basic Zm9v==")];
        assert_eq!(read, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(pairs("a"), None);
        assert_eq!(pairs("=1"), None);
        assert_eq!(pairs("a=%FF"), None);
    }

    #[test]
    fn empty_means_unset_and_nonsense_is_one_warning() {
        let environment = Environment::from_iter([("EMPTY", " "), ("WORD", "many"), ("ZERO", "0")]);
        let mut reader = Reader::new(&environment);
        assert_eq!(reader.count("EMPTY", 5), None);
        assert_eq!(reader.count("WORD", 5), None);
        assert_eq!(reader.count("ZERO", 5), None);
        assert_eq!(
            reader.into_warnings(),
            [
                "WORD is set but is not a whole number above 0; the default of 5 is in force",
                "ZERO is set but is not a whole number above 0; the default of 5 is in force",
            ]
        );
    }

    #[test]
    fn debug_shows_no_values() {
        let environment = Environment::from_iter([("KEY", "canary")]);
        assert_eq!(format!("{environment:?}"), r#"{"KEY"}"#);
    }
}
