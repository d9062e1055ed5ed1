//! When a destination that failed is tried again: its circuit breaker.
//!
//! ```text
//!            an attempt fails                     the pause is over
//!  closed ──────────────────────► open, for a pause ──────────────► one probe
//!    ▲                              ▲   (grows, with jitter,            │ │
//!    │                              │    or what the receiver asks)     │ │
//!    │                              └───────────── fails ───────────────┘ │
//!    └──────────────────────────────────────────── works ────────────────┘
//! ```
//! A failure says something about the destination, not about one request, so all of a lane waits for the
//! probe: a receiver that comes back is not met by everything at once.

use std::time::Duration;

use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(200);
/// Slow enough that a short outage is soon known to be over.
const GROWTH: f64 = 1.5;
const LONGEST: Duration = Duration::from_secs(5);
/// A receiver that asks for more has made a mistake, or will be asked again.
const LONGEST_ASKED: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(crate) struct Breaker {
    open_until: Option<Instant>,
    /// Since when it has been open, from the first failure on.
    open_since: Option<Instant>,
    /// When the destination last answered.
    answered: Option<Instant>,
    /// Whether the receiver asked for this pause.
    asked: bool,
    /// The next pause, before jitter.
    next: Duration,
    /// Grows when it opens, so that attempts from before are told apart.
    era: Era,
}

/// Between two openings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Era(u64);

impl Breaker {
    pub(crate) fn new() -> Self {
        Self {
            open_until: None,
            open_since: None,
            answered: None,
            asked: false,
            next: FIRST,
            era: Era(0),
        }
    }

    /// The era of an attempt that starts now.
    pub(crate) fn era(&self) -> Era {
        self.era
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open_until.is_some()
    }

    /// When the probe may go, if it is open.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        self.open_until
    }

    /// Since when there has been no answer, if it is open.
    pub(crate) fn open_since(&self) -> Option<Instant> {
        self.open_since
    }

    /// Whether the destination has answered since then.
    pub(crate) fn has_answered_since(&self, then: Instant) -> bool {
        self.answered.is_some_and(|answered| answered >= then)
    }

    /// Whether one more attempt may start beside those in flight: any number while closed, one when a
    /// pause is over.
    pub(crate) fn lets_through(&self, in_flight: usize) -> bool {
        self.open_until.is_none_or(|until| in_flight == 0 && Instant::now() >= until)
    }

    /// The destination answered, whatever it said.
    pub(crate) fn answered(&mut self, era: Era) {
        self.answered = Some(Instant::now());
        // Who left before it opened does not know what happened since.
        if era == self.era {
            (self.open_until, self.open_since) = (None, None);
            (self.asked, self.next) = (false, FIRST);
        }
    }

    /// There is little time left: pauses are short again, but for one that the receiver asked for.
    pub(crate) fn hurry(&mut self) {
        self.next = FIRST;
        if let Some(until) = self.open_until.filter(|_| !self.asked) {
            self.open_until = Some(until.min(Instant::now() + FIRST));
        }
    }

    /// An attempt failed in a way that may pass. Says when the next may start.
    pub(crate) fn failed(&mut self, era: Era, asked: Option<Duration>) -> Instant {
        let now = Instant::now();
        let asked = asked.map(|asked| now + asked.min(LONGEST_ASKED));
        let mut until = self.open_until.unwrap_or(now);
        if era == self.era {
            // Between half and the whole, so that clients do not come back all at once.
            until = now + self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
            self.asked = false;
            self.next = self.next.mul_f64(GROWTH).min(LONGEST);
            self.era = Era(self.era.0 + 1);
        }
        if let Some(asked) = asked.filter(|asked| *asked > until) {
            (until, self.asked) = (asked, true);
        }
        self.open_until = Some(until);
        self.open_since.get_or_insert(now);
        until
    }
}

/// How long a request that failed so often lets others go first: longer than the breaker's own pause, so
/// that the next probe is another's, and one that makes the receiver fail keeps nobody from it.
pub(crate) fn lets_others_go_first(times: u32) -> Duration {
    (FIRST * 2u32.pow(times.min(8))).min(LONGEST * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_up_to_a_limit_and_honour_what_is_asked() {
        let mut breaker = Breaker::new();
        for expected in [200, 300, 450, 675, 1012, 1518, 2278, 3417, 5000, 5000] {
            let until = breaker.failed(breaker.era(), None);
            let pause = (until - Instant::now()).as_millis();
            assert!((expected / 2..=expected).contains(&pause), "{pause} for {expected}");
        }
        let until = breaker.failed(breaker.era(), Some(Duration::from_secs(30)));
        assert_eq!(until - Instant::now(), Duration::from_secs(30));
        let until = breaker.failed(breaker.era(), Some(Duration::from_secs(1 << 40)));
        assert_eq!(until - Instant::now(), LONGEST_ASKED);
        breaker.answered(breaker.era());
        let until = breaker.failed(breaker.era(), None);
        assert!(until - Instant::now() <= FIRST, "after an answer it starts anew");
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_hurry_only_what_the_receiver_asked_for_is_waited_for() {
        let mut breaker = Breaker::new();
        for _ in 0..10 {
            breaker.failed(breaker.era(), None);
        }
        breaker.hurry();
        assert!(breaker.open_until().unwrap() - Instant::now() <= FIRST);
        breaker.failed(breaker.era(), Some(Duration::from_secs(9)));
        breaker.hurry();
        assert_eq!(breaker.open_until().unwrap() - Instant::now(), Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_one_probe_goes_when_the_pause_is_over() {
        let mut breaker = Breaker::new();
        assert!(breaker.lets_through(3));
        let until = breaker.failed(breaker.era(), None);
        assert!(breaker.is_open() && !breaker.lets_through(0));
        tokio::time::sleep_until(until).await;
        assert!(!breaker.lets_through(1), "one at a time");
        assert!(breaker.lets_through(0));
        breaker.answered(breaker.era());
        assert!(breaker.lets_through(3));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_of_attempts_from_before_it_opened_count_once() {
        let mut breaker = Breaker::new();
        let before = breaker.era();
        let until = breaker.failed(before, None);
        assert_eq!(breaker.failed(before, None), until, "they all failed for the same reason");
        breaker.answered(before);
        assert!(breaker.is_open(), "what was under way before closes nothing");
        let asked = breaker.failed(before, Some(Duration::from_secs(9)));
        assert_eq!(asked - Instant::now(), Duration::from_secs(9), "but what is asked is heard");
    }
}
