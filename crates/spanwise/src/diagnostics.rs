//! What we tell the operator: rarely, on one line, without content or secrets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::subscriber::NoSubscriber;

/// The target of our own log lines.
pub(crate) const TARGET: &str = "spanwise";

/// One line of a kind within this time.
const EVERY: Duration = Duration::from_secs(60);

/// Beyond this many kinds the memory of them starts anew.
const MOST_KINDS: usize = 256;

/// Warnings from the export side. They leave by a thread of their own: exporting runs without a `tracing`
/// subscriber, so that its own traffic is never recorded, and here the program's is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diagnostics {
    said: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Diagnostics {
    /// Warns, unless the same kind of warning was said a short while ago.
    pub(crate) fn warn(&self, kind: &str, message: String) {
        let now = Instant::now();
        {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.get(kind).is_some_and(|last| now.duration_since(*last) < EVERY) {
                return;
            }
            if said.len() >= MOST_KINDS {
                said.clear();
            }
            said.insert(kind.to_owned(), now);
        }
        // Without a thread to say it, it stays unsaid; the report still counts what was lost.
        let _ = std::thread::Builder::new()
            .name("spanwise-warning".into())
            .spawn(move || warn_here(&message));
    }
}

/// Warns through `tracing`, or on stderr where nobody listens to that.
pub(crate) fn warn_here(message: &str) {
    // That a dispatcher was ever set says nothing: our own threads set one that hears nothing.
    let heard = tracing::dispatcher::get_default(|dispatch| !dispatch.is::<NoSubscriber>());
    if heard {
        tracing::warn!(target: TARGET, "{message}");
    } else {
        eprintln!("spanwise: {message}");
    }
}
