//! How long to wait before the next attempt.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// Pauses that double, each between half and the whole of itself, so that clients do not come back all at
/// once.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The pause before the next attempt: what the receiver asked for, at least.
    pub(crate) fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self.next;
        self.next = (self.next * 2).min(LONGEST);
        let pause = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        asked.map_or(pause, |asked| asked.max(pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_honour_what_is_asked() {
        let mut backoff = Backoff::new();
        for expected in [200, 400, 800, 1600, 3200, 5000, 5000] {
            let pause = backoff.pause(None).as_millis();
            assert!((expected / 2..=expected).contains(&pause), "{pause} for {expected}");
        }
        assert_eq!(backoff.pause(Some(Duration::from_secs(30))), Duration::from_secs(30));
    }
}
