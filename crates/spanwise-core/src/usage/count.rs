//! A number of tokens that may not be known.

use std::fmt;

/// A number of tokens, or that it is not known. Usage has many of them and is copied about, so one is as large as the
/// number alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(u64);

impl Count {
    pub(super) const UNKNOWN: Self = Self(u64::MAX);

    /// No call has more.
    const MOST: u64 = u32::MAX as u64;

    /// Cut to what calls have at most.
    pub(super) const fn of(tokens: u64) -> Self {
        Self(if tokens > Self::MOST { Self::MOST } else { tokens })
    }

    pub(super) fn told(tokens: Option<u64>) -> Self {
        tokens.map_or(Self::UNKNOWN, Self::of)
    }

    pub(super) const fn known(self) -> Option<u64> {
        if self.0 == Self::UNKNOWN.0 { None } else { Some(self.0) }
    }

    /// Both together; what is known of one alone is known of both.
    pub(super) fn plus(self, other: Self) -> Self {
        match (self.known(), other.known()) {
            (Some(one), Some(other)) => Self(one.saturating_add(other).min(u64::MAX - 1)),
            (Some(_), None) => self,
            (None, _) => other,
        }
    }

    /// Cut to the whole that it is a part of, where both are known: what is unknown is larger than any number.
    pub(super) fn within(self, whole: Self) -> Self {
        if self == Self::UNKNOWN { self } else { Self(self.0.min(whole.0)) }
    }
}

impl Default for Count {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known().fmt(f)
    }
}

/// Cuts the parts, in order, to what is left of the whole.
pub(super) fn share_out(parts: &mut [Count], whole: Count) {
    let mut left = whole;
    for part in parts.iter_mut().filter(|part| **part != Count::UNKNOWN) {
        *part = part.within(left);
        if left != Count::UNKNOWN {
            left.0 -= part.0;
        }
    }
}
