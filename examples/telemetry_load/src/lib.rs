//! Work of every kind: sessions of users, agents that ask models, stream, run tools, remember, fail and try again, and have
//! budgets.
//!
//! ```text
//! turn ─ workflow ─┬─ step recall: embeddings, cache
//!                  └─ agent ─┬─ chat, streamed or not, now and then refused or late, or beyond its budget
//!                            └─ tools
//! ```
//! The same numbers come every time; only the clock differs, and with it what a budget refuses.

mod budgets;
mod done;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

pub use budgets::budgets;
pub use done::{Done, Worked};

/// How much work.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How long new turns begin; those that have begun come to their end.
    pub duration: Duration,
    /// How many begin in a second.
    pub rate: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self { duration: Duration::from_secs(60), rate: 5.0 }
    }
}

impl Load {
    /// Does it, and says what was done.
    pub async fn run(self) -> Done {
        let done = Arc::new(std::sync::Mutex::new(Done::default()));
        let mut seeds = Rng::with_seed(7);
        let turns = (self.duration.as_secs_f64() * self.rate).ceil().max(1.0) as u64;
        let mut clock = tokio::time::interval(Duration::from_secs_f64(1.0 / self.rate));
        let mut running = tokio::task::JoinSet::new();
        for number in 0..turns {
            clock.tick().await;
            running.spawn(turn::turn(number, Rng::with_seed(seeds.u64(..)), done.clone()));
        }
        // A turn that panics is its own affair.
        while running.join_next().await.is_some() {}
        done.lock().map(|done| done.clone()).unwrap_or_default()
    }
}
