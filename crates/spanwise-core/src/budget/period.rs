//! In which time a budget counts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// In which time a [`Budget`](crate::Budget) counts. Windows follow one another without a gap, and are those of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BudgetPeriod {
    /// Each call by itself.
    Call,
    /// Each of the windows of this length, the first of which began with the year 1970.
    Every(Duration),
    /// Each hour.
    Hour,
    /// Each day.
    Day,
    /// Each month of the calendar.
    Month,
    /// All time: for as long as the process runs, or longer where what was spent is carried over.
    #[default]
    Total,
}

/// One window, from its beginning until just before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: SystemTime,
    /// `None` where it never ends.
    pub(super) until: Option<SystemTime>,
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Window {
    /// That in which this time lies.
    pub(super) fn of(period: BudgetPeriod, at: SystemTime) -> Self {
        match period {
            BudgetPeriod::Call | BudgetPeriod::Total => Self::ALL,
            BudgetPeriod::Every(length) => Self::every(length, at),
            BudgetPeriod::Hour => Self::every(HOUR, at),
            BudgetPeriod::Day => Self::every(DAY, at),
            BudgetPeriod::Month => Self::month(at).unwrap_or(Self::ALL),
        }
    }

    const ALL: Self = Self { from: UNIX_EPOCH, until: None };

    fn every(length: Duration, at: SystemTime) -> Self {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let begun = since - since % length.as_nanos().max(1);
        let from = UNIX_EPOCH + duration(begun);
        Self { from, until: from.checked_add(length) }
    }

    /// The first of this month, and of the next.
    fn month(at: SystemTime) -> Option<Self> {
        // Years beyond 9999 have no text.
        let text = humantime::format_rfc3339_seconds(at.max(UNIX_EPOCH)).to_string();
        let (year, month): (u16, u8) =
            (text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?);
        let first = |year: u16, month: u8| {
            humantime::parse_rfc3339_weak(&format!("{year:04}-{month:02}-01 00:00:00")).ok()
        };
        let next = if month == 12 { first(year + 1, 1) } else { first(year, month + 1) };
        Some(Self { from: first(year, month)?, until: next })
    }

    /// Whether it is over by then.
    pub(super) fn is_over(&self, at: SystemTime) -> bool {
        self.until.is_some_and(|until| until <= at)
    }
}

fn duration(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    let seconds = u64::try_from(nanos / SECOND).unwrap_or(u64::MAX);
    Duration::new(seconds, u32::try_from(nanos % SECOND).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_month_is_that_of_the_calendar() {
        let month = |time: &str| Window::of(BudgetPeriod::Month, at(time));
        let window = |from, until| Window { from: at(from), until: Some(at(until)) };
        let february = window("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z");
        assert_eq!(month("2028-02-29T23:59:59.9Z"), february);
        let december = window("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
        assert_eq!(month("2026-12-01T00:00:00Z"), december);
    }

    #[test]
    fn a_day_and_an_hour_begin_with_the_clock() {
        let noon = at("2026-11-22T12:34:56.789Z");
        let day = Window::of(BudgetPeriod::Day, noon);
        assert_eq!(
            (day.from, day.until),
            (at("2026-11-22T00:00:00Z"), Some(at("2026-11-23T00:00:00Z")))
        );
        assert_eq!(Window::of(BudgetPeriod::Hour, noon).from, at("2026-11-22T12:00:00Z"));
    }

    proptest! {
        #[test]
        fn every_time_lies_in_its_window_and_the_next_begins_where_it_ends(
            milliseconds in 0_u64..200_000_000_000_000,
            period in prop_oneof![
                Just(BudgetPeriod::Hour), Just(BudgetPeriod::Day), Just(BudgetPeriod::Month),
                (1_u64..10_000_000).prop_map(|ms| BudgetPeriod::Every(Duration::from_millis(ms))),
            ],
        ) {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            let window = Window::of(period, time);
            let until = window.until.unwrap();
            prop_assert!(window.from <= time && time < until && !window.is_over(time));
            prop_assert_eq!(Window::of(period, until).from, until);
        }
    }
}
