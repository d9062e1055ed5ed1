//! Times as people write them, in UTC.

use std::time::SystemTime;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// When it begins: a date does at midnight.
pub(super) fn begin(text: &str) -> anyhow::Result<SystemTime> {
    match text.parse::<Date>().ok().filter(|_| is_date(text)) {
        Some(date) => midnight(date),
        None => time(text),
    }
}

/// When it is over: a date is when the next one begins.
pub(super) fn end(text: &str) -> anyhow::Result<SystemTime> {
    match text.parse::<Date>().ok().filter(|_| is_date(text)) {
        Some(date) => midnight(date.checked_add(1.day())?),
        None => time(text),
    }
}

/// When this month began.
pub(super) fn this_month() -> anyhow::Result<SystemTime> {
    midnight(Timestamp::now().to_zoned(TimeZone::UTC).date().first_of_month())
}

pub(super) fn text(time: SystemTime) -> String {
    Timestamp::try_from(time).map(|time| time.to_string()).unwrap_or_default()
}

/// A date can also be read from the beginning of a time.
fn is_date(text: &str) -> bool {
    text.len() == "2026-11-22".len()
}

fn midnight(date: Date) -> anyhow::Result<SystemTime> {
    Ok(date.to_zoned(TimeZone::UTC)?.timestamp().into())
}

fn time(text: &str) -> anyhow::Result<SystemTime> {
    let time: Timestamp = text.parse().with_context(|| {
        format!("`{text}` is no time: give a date such as 2026-11-22, or a time such as 2026-11-22T08:00:00Z")
    })?;
    Ok(time.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_from_its_midnight_to_the_next() {
        assert_eq!(text(begin("2026-02-28").unwrap()), "2026-02-28T00:00:00Z");
        assert_eq!(text(end("2026-02-28").unwrap()), "2026-03-01T00:00:00Z");
        assert_eq!(text(end("2026-02-28T12:00:00Z").unwrap()), "2026-02-28T12:00:00Z");
        assert_eq!(text(begin("2026-02-28T12:00:00+02:00").unwrap()), "2026-02-28T10:00:00Z");
    }

    #[test]
    fn this_month_begins_on_its_first_day() {
        assert!(text(this_month().unwrap()).ends_with("-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_time_is_named_with_what_would_be() {
        let error = begin("yesterday").unwrap_err().to_string();
        assert!(error.contains("`yesterday` is no time: give a date such as"), "{error}");
        assert!(end("2026-02-30").is_err());
    }
}
