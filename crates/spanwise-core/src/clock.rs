//! Where operations read the time.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// A source of time, for tests that must not depend on it.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time of day.
    fn now(&self) -> SystemTime;

    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;
}

/// When an operation began. The end is the start plus what a monotonic clock measured, so that a
/// system clock that is set back makes no negative duration, and span and metric agree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) at: SystemTime,
    monotonic: Monotonic,
}

#[derive(Clone, Copy, Debug)]
enum Monotonic {
    System(Instant),
    Clock(Duration),
}

impl Started {
    pub(crate) fn now(clock: Option<&dyn Clock>) -> Self {
        match clock {
            None => Self { at: SystemTime::now(), monotonic: Monotonic::System(Instant::now()) },
            Some(clock) => Self { at: clock.now(), monotonic: Monotonic::Clock(clock.elapsed()) },
        }
    }

    pub(crate) fn elapsed(&self, clock: Option<&dyn Clock>) -> Duration {
        match (self.monotonic, clock) {
            (Monotonic::System(started), _) => started.elapsed(),
            (Monotonic::Clock(started), Some(clock)) => clock.elapsed().saturating_sub(started),
            (Monotonic::Clock(_), None) => Duration::ZERO,
        }
    }
}
