//! What we tell the operator: rarely, on one line, without content or secrets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
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
    /// How many are being said.
    open: watch::Sender<usize>,
    #[cfg(test)]
    heard: Arc<Mutex<Vec<String>>>,
}

impl Diagnostics {
    /// Warns, unless the same kind of warning was said a short while ago; says whether it did.
    pub(crate) fn warn(&self, kind: &str, message: String) -> bool {
        let now = Instant::now();
        {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.get(kind).is_some_and(|last| now.duration_since(*last) < EVERY) {
                return false;
            }
            if said.len() >= MOST_KINDS {
                said.clear();
            }
            said.insert(kind.to_owned(), now);
        }
        #[cfg(test)]
        self.heard.lock().unwrap().push(message.clone());
        self.open.send_modify(|open| *open += 1);
        let end = Said(self.open.clone());
        // Without a thread to say it, it stays unsaid; the report still counts what was lost.
        let _ = std::thread::Builder::new().name("spanwise-warning".into()).spawn(move || {
            let _end = end;
            warn_here(&message);
        });
        true
    }

    /// What was said, in order.
    #[cfg(test)]
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Resolves when all has been said, since a program that ends takes its threads along.
    pub(crate) async fn settled(&self) {
        // It fails where there is no sender, and here is one.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }
}

/// Whatever becomes of the thread, its warning is not waited for any more.
struct Said(watch::Sender<usize>);

impl Drop for Said {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_kind_is_said_once_a_minute_and_kinds_do_not_silence_each_other() {
        let diagnostics = Diagnostics::default();
        let warn = |kind| diagnostics.warn(kind, kind.to_owned());
        assert!(warn("a"));
        tokio::time::advance(EVERY - Duration::from_millis(1)).await;
        assert!(!warn("a") && warn("b"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(warn("a") && !warn("b"));
        assert_eq!(diagnostics.heard(), ["a", "b", "a"]);
    }
}
