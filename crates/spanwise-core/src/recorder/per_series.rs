//! Something kept for each set of attributes, found without making the attributes.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use super::fast_hash::FastHash;
use super::metrics::{Label, Series};

/// Keeps a `T` for each set of attributes, and for so many sets at most.
pub struct PerSeries<T> {
    known: RwLock<ByHash<T>>,
    most: usize,
}

/// Sets whose hashes are equal are told apart by looking at them.
type ByHash<T> = HashMap<u64, Vec<Arc<Kept<T>>>, BuildHasherDefault<Hashed>>;

/// What is kept for one set of attributes.
#[derive(Debug)]
pub struct Kept<T> {
    labels: Vec<(&'static str, OwnedLabel)>,
    value: T,
}

#[derive(Debug)]
enum OwnedLabel {
    Text(Box<str>),
    Int(i64),
}

impl<T> PerSeries<T> {
    /// Keeps at most `most`.
    pub fn new(most: usize) -> Self {
        Self { known: RwLock::default(), most }
    }

    /// What is kept for these attributes, made where they are new; `None` where there are too many sets of
    /// them.
    pub fn get(&self, series: &Series<'_>, make: impl FnOnce() -> T) -> Option<Arc<Kept<T>>> {
        let hash = hash_of(series);
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            let same = known.get(&hash).and_then(|all| all.iter().find(|one| one.is_of(series)));
            if let Some(same) = same {
                return Some(same.clone());
            }
            if known.len() >= self.most {
                return None;
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let all = known.entry(hash).or_default();
        if let Some(same) = all.iter().find(|one| one.is_of(series)) {
            return Some(same.clone());
        }
        let new = Arc::new(Kept::new(series, make()));
        all.push(new.clone());
        Some(new)
    }
}

impl<T> fmt::Debug for PerSeries<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerSeries").field("most", &self.most).finish_non_exhaustive()
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Kept<T> {
    fn new(series: &Series<'_>, value: T) -> Self {
        let labels = series.labels().map(|(key, label)| match label {
            Label::Text(text) => (key, OwnedLabel::Text(text.into())),
            Label::Int(number) => (key, OwnedLabel::Int(number)),
        });
        Self { labels: labels.collect(), value }
    }

    fn is_of(&self, series: &Series<'_>) -> bool {
        let mut known = self.labels.iter();
        for (key, label) in series.labels() {
            let same = known.next().is_some_and(|(known_key, known)| {
                same_key(known_key, key)
                    && match (known, label) {
                        (OwnedLabel::Text(known), Label::Text(text)) => **known == *text,
                        (OwnedLabel::Int(known), Label::Int(number)) => *known == number,
                        _ => false,
                    }
            });
            if !same {
                return false;
            }
        }
        known.next().is_none()
    }
}

/// Keys are constants: mostly one and the same text in memory.
fn same_key(one: &'static str, other: &'static str) -> bool {
    std::ptr::eq(one, other) || one == other
}

fn hash_of(series: &Series<'_>) -> u64 {
    let mut hash = FastHash::default();
    for (key, label) in series.labels() {
        // Keys are few and differ in length or place; values tell series apart.
        hash.add(key.len() as u64);
        match label {
            Label::Text(text) => hash.add_text(text.as_bytes()),
            Label::Int(number) => hash.add(number.cast_unsigned()),
        }
    }
    hash.finish()
}

/// The keys of the map are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
