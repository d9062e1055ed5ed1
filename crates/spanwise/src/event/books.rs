//! What became of events in all, by the name of their exporter: it stays when an exporter is removed, since
//! metrics only grow.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::queue::Fate;

static BOOKS: Mutex<BTreeMap<String, Arc<Book>>> = Mutex::new(BTreeMap::new());

/// The events of all exporters of one name, by their fate.
#[derive(Default)]
pub(super) struct Book([AtomicU64; Fate::ALL.len()]);

impl Book {
    pub(super) fn of(exporter: &str) -> Arc<Self> {
        let mut books = BOOKS.lock().unwrap_or_else(PoisonError::into_inner);
        books.entry(exporter.to_owned()).or_default().clone()
    }

    pub(super) fn add(&self, fate: Fate, events: u64) {
        self.0[fate as usize].fetch_add(events, Ordering::Relaxed);
    }

    fn count(&self, fate: Fate) -> u64 {
        self.0[fate as usize].load(Ordering::Relaxed)
    }
}

/// Tells of each exporter how many events were exported, and how many were lost for which reason, where any were.
pub(crate) fn each(mut tell: impl FnMut(&str, Option<&'static str>, u64)) {
    let books = BOOKS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (exporter, book) in &books {
        for fate in Fate::ALL {
            let (lost, count) = (fate.lost(), book.count(fate));
            if count > 0 || lost.is_none() {
                tell(exporter, lost, count);
            }
        }
    }
}
