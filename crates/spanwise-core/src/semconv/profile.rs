//! Which version of the conventions a receiver is spoken to in.

use std::str::FromStr;

use super::Metric;

/// Which version of the conventions is sent.
///
/// Spans and events are recorded by the conventions of today and translated for the destinations that
/// ask for earlier ones; metrics are recorded in every version that some destination asks for.
///
/// The names are those of `SPANWISE_SEMCONV_PROFILE`, in any case.
///
/// ```
/// use spanwise_core::semconv::SemconvProfile;
///
/// assert_eq!("v1_41".parse(), Ok(SemconvProfile::V1_41));
/// assert_eq!(SemconvProfile::default(), SemconvProfile::Latest);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SemconvProfile {
    /// `latest`: the conventions that [`SCHEMA_URL`](super::SCHEMA_URL) names.
    #[default]
    Latest,
    /// `v1_41`: the core conventions, version 1.41, for backends that have not followed yet.
    /// [`v1_41::ATTRIBUTES`](super::v1_41::ATTRIBUTES) lists what is called otherwise.
    V1_41,
    /// `both`: every attribute and metric under both names, while dashboards move.
    Both,
}

impl SemconvProfile {
    /// Whether the names of today are sent.
    pub const fn has_latest(self) -> bool {
        matches!(self, Self::Latest | Self::Both)
    }

    /// Whether the names of 1.41 are sent.
    pub const fn has_v1_41(self) -> bool {
        matches!(self, Self::V1_41 | Self::Both)
    }

    /// What serves receivers of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Latest, Self::Latest) => Self::Latest,
            (Self::V1_41, Self::V1_41) => Self::V1_41,
            _ => Self::Both,
        }
    }
}

/// Why a word is no [`SemconvProfile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownProfile;

impl std::fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected latest, v1_41 or both")
    }
}

impl std::error::Error for UnknownProfile {}

impl FromStr for SemconvProfile {
    type Err = UnknownProfile;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word.trim().to_ascii_lowercase().as_str() {
            "latest" => Ok(Self::Latest),
            "v1_41" => Ok(Self::V1_41),
            "both" => Ok(Self::Both),
            _ => Err(UnknownProfile),
        }
    }
}

/// An attribute that had another key or type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The key of today.
    pub key: &'static str,
    /// The key of then.
    pub earlier: &'static str,
    /// Whether the number was a double.
    pub double: bool,
}

/// The metric that an earlier version had instead of one of today.
pub(crate) struct EarlierMetric {
    pub(crate) metric: Metric,
    /// `gen_ai.token.type`, where one metric held what several do today.
    pub(crate) token_type: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_variable_are_understood_in_any_case() {
        assert_eq!("Latest".parse(), Ok(SemconvProfile::Latest));
        assert_eq!(" V1_41 ".parse(), Ok(SemconvProfile::V1_41));
        assert_eq!("BOTH".parse(), Ok(SemconvProfile::Both));
        assert_eq!("v2".parse::<SemconvProfile>(), Err(UnknownProfile));
    }

    #[test]
    fn receivers_of_different_versions_need_both() {
        use SemconvProfile::{Both, Latest, V1_41};
        assert_eq!(Latest.union(Latest), Latest);
        assert_eq!(V1_41.union(V1_41), V1_41);
        assert_eq!(Latest.union(V1_41), Both);
        assert_eq!(Both.union(Latest), Both);
    }
}
