//! A value that is at hand and never shown.

use std::fmt;

use serde::{Serialize, Serializer};

/// A value that neither `Debug`, nor `Display`, nor serialisation shows.
///
/// Wherever it stands in a tool's arguments, a result or any other payload that is recorded, `[sensitive]`
/// is recorded in its place, at every level and at every destination.
///
/// ```
/// use serde::Serialize;
/// use spanwise_core::Sensitive;
///
/// #[derive(Debug, Serialize)]
/// struct Transfer { to: String, pin: Sensitive<String> }
///
/// let transfer = Transfer { to: "rent".into(), pin: Sensitive::new("1234".into()) };
/// assert_eq!(serde_json::to_string(&transfer).unwrap(), r#"{"to":"rent","pin":"[sensitive]"}"#);
/// assert_eq!(format!("{transfer:?}"), r#"Transfer { to: "rent", pin: [sensitive] }"#);
/// assert_eq!(transfer.pin.expose(), "1234");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sensitive<T>(T);

const SHOWN: &str = "[sensitive]";

impl<T> Sensitive<T> {
    /// Hides the value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, and hides it no more.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl<T> Serialize for Sensitive<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(SHOWN)
    }
}
