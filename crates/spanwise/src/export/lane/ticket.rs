//! Whether everything that was submitted until some moment has its fate.
//!
//! ```text
//! submit ─► Ticket ─► goes along with the envelope and all its pieces ─► dropped: it has its fate
//! ```

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Hands out tickets, in order.
#[derive(Debug)]
pub(crate) struct Tickets {
    next: u64,
    open: Arc<Open>,
    changed: watch::Receiver<()>,
}

#[derive(Debug)]
struct Open {
    numbers: Mutex<BTreeSet<u64>>,
    changed: watch::Sender<()>,
}

/// Held as long as something of an envelope has no fate.
#[derive(Debug)]
pub(crate) struct Ticket {
    number: u64,
    open: Arc<Open>,
}

impl Tickets {
    pub(crate) fn new() -> Self {
        let (sender, changed) = watch::channel(());
        let open = Open { numbers: Mutex::default(), changed: sender };
        Self { next: 0, open: Arc::new(open), changed }
    }

    pub(crate) fn issue(&mut self) -> Ticket {
        let number = self.next;
        self.next += 1;
        self.open.with(|numbers| numbers.insert(number));
        Ticket { number, open: self.open.clone() }
    }

    /// Resolves when every ticket that was issued until now is back.
    pub(crate) fn returned(&self) -> impl Future<Output = ()> + Send + use<> {
        let (mut changed, open, bound) = (self.changed.clone(), self.open.clone(), self.next);
        async move {
            let returned = || open.with(|numbers| numbers.first().is_none_or(|it| *it >= bound));
            // The sender is in `open`, which is held here.
            let _ = changed.wait_for(|()| returned()).await;
        }
    }
}

impl Open {
    fn with<R>(&self, with: impl FnOnce(&mut BTreeSet<u64>) -> R) -> R {
        with(&mut self.numbers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.open.with(|numbers| numbers.remove(&self.number));
        self.open.changed.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn later_tickets_that_come_back_first_do_not_count_for_earlier_ones() {
        let mut tickets = Tickets::new();
        let (first, second) = (tickets.issue(), tickets.issue());
        let mut returned = std::pin::pin!(tickets.returned());
        let third = tickets.issue();
        drop((second, third));
        let moment = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(moment, &mut returned).await.is_err());
        drop(first);
        returned.await;
        tickets.returned().await;
    }
}
