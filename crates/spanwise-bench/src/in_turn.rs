//! Several ways in turn, round by round: what one costs more than another, on a machine whose speed comes and goes.

use std::time::Duration;

/// How often each is measured.
const ROUNDS: usize = 200;

/// Measures a round of each way after one of the others, again and again; none is always the first of them, or always
/// behind the same one. Each way says what one call took.
pub fn in_turn<const WAYS: usize>(ways: [&mut dyn FnMut() -> Duration; WAYS]) -> InTurn<WAYS> {
    let round = |number: usize| {
        let mut round = [0.0; WAYS];
        for step in 0..WAYS {
            let place = match number % 2 {
                0 => (number / 2 + step) % WAYS,
                _ => (number / 2 + WAYS - step) % WAYS,
            };
            round[place] = nanos(ways[place]());
        }
        round
    };
    InTurn { rounds: (0..ROUNDS).map(round).collect() }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// What the rounds took.
#[derive(Debug)]
pub struct InTurn<const WAYS: usize> {
    rounds: Vec<[f64; WAYS]>,
}

impl<const WAYS: usize> InTurn<WAYS> {
    /// The median of what this says of each round, whose times are in nanoseconds.
    pub fn median(&self, of: impl FnMut(&[f64; WAYS]) -> f64) -> f64 {
        let mut all: Vec<_> = self.rounds.iter().map(of).collect();
        all.sort_unstable_by(f64::total_cmp);
        all[all.len() / 2]
    }
}
