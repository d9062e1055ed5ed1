//! Times as RFC 3339, in UTC, to the nanosecond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serializer, de};

/// The last second that has a text: the end of the year 9999.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// A time that has a text: what lies before 1970 or after 9999 becomes the nearest that does.
fn text_of(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(LAST);
    humantime::format_rfc3339_nanos(UNIX_EPOCH + since).to_string()
}

pub(super) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text_of(*time))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_rfc3339_weak(&text).map_err(de::Error::custom)
}

/// A time that may be missing.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Serializer, SystemTime, de, text_of};

    pub(in super::super) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_some(&text_of(*time)),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let read = |text: String| humantime::parse_rfc3339_weak(&text).map_err(de::Error::custom);
        text.map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_panics() {
        let long_ago = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(text_of(long_ago), "1970-01-01T00:00:00.000000000Z");
        let far_away = UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX) * 1000);
        assert_eq!(text_of(far_away), "9999-12-31T23:59:59.000000000Z");
    }
}
