//! Whether the clock of this machine agrees with that of the receiver, by the `date` of its answer.
//!
//! Every server of HTTP gives one; over gRPC some do, in the metadata of the answer.

use std::time::{Duration, SystemTime};

use super::super::case::Symptom;
use super::super::remedies;
use super::super::report::{Check, CheckResult, Outcome};
use super::Look;

/// Clocks that are further apart are worth a word.
const SKEW: i64 = 120;

impl Look {
    /// Says it, where the receiver told the time.
    pub(super) fn compare_clocks(&mut self, skew: Option<i64>) {
        match skew {
            Some(seconds) if seconds.abs() > SKEW => {
                let finding = remedies::finding(&self.case(Symptom::Skew(seconds)));
                let outcome = Outcome::Doubtful(finding);
                self.checks.push(CheckResult { check: Check::Clock, outcome });
            }
            Some(_) => self.passed(Check::Clock, "agrees with the receiver's"),
            None => {}
        }
    }
}

/// By how many seconds our clock is ahead of the receiver's.
pub(super) fn skew(headers: &http::HeaderMap) -> Option<i64> {
    let date = headers.get(http::header::DATE)?.to_str().ok()?;
    let theirs = httpdate::parse_http_date(date).ok()?;
    let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
    Some(match SystemTime::now().duration_since(theirs) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    })
}
