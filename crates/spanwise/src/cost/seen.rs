//! Models that were seen, and what they cost.

use std::hash::BuildHasher;
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use rustc_hash::{FxBuildHasher, FxHashMap};
use spanwise_core::{Cost, PricedCall};

use super::rates::Card;

/// What prices depend on, beside the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key<'a> {
    pub(crate) provider: Option<&'a str>,
    pub(crate) request_model: Option<&'a str>,
    /// Where it is another than the one that was asked for.
    pub(crate) response_model: Option<&'a str>,
    pub(crate) service_tier: Option<&'a str>,
    pub(crate) batch: bool,
}

impl<'a> Key<'a> {
    #[inline]
    pub(crate) fn of(call: &PricedCall<'a>) -> Self {
        Self {
            provider: call.provider,
            request_model: call.request_model,
            response_model: call.response_model.filter(|model| Some(*model) != call.request_model),
            // What is asked for by asking for nothing, and what is served then.
            service_tier: call
                .service_tier
                .filter(|tier| !matches!(*tier, "auto" | "default" | "standard")),
            batch: call.batch,
        }
    }

    pub(crate) fn hashed(&self) -> u64 {
        FxBuildHasher.hash_one(self)
    }

    pub(crate) fn to_owned(self) -> OwnedKey {
        let text = |text: Option<&str>| text.map(Box::from);
        OwnedKey {
            provider: text(self.provider),
            request_model: text(self.request_model),
            response_model: text(self.response_model),
            service_tier: text(self.service_tier),
            batch: self.batch,
        }
    }

    /// The model that answered, then the one that was asked for.
    pub(crate) fn models(&self) -> impl Iterator<Item = &'a str> {
        self.response_model.into_iter().chain(self.request_model)
    }
}

/// The same, to be kept.
#[derive(Clone, Debug)]
pub(crate) struct OwnedKey {
    provider: Option<Box<str>>,
    request_model: Option<Box<str>>,
    response_model: Option<Box<str>>,
    service_tier: Option<Box<str>>,
    batch: bool,
}

impl OwnedKey {
    fn is(&self, key: &Key<'_>) -> bool {
        self.request_model.as_deref() == key.request_model
            && self.response_model.as_deref() == key.response_model
            && self.provider.as_deref() == key.provider
            && self.service_tier.as_deref() == key.service_tier
            && self.batch == key.batch
    }

    pub(crate) fn as_key(&self) -> Key<'_> {
        Key {
            provider: self.provider.as_deref(),
            request_model: self.request_model.as_deref(),
            response_model: self.response_model.as_deref(),
            service_tier: self.service_tier.as_deref(),
            batch: self.batch,
        }
    }
}

/// What is known of a model for a while: its card, or that there is none.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) card: Option<Card>,
    pub(crate) from: SystemTime,
    /// `None` where it holds for good.
    pub(crate) until: Option<SystemTime>,
}

impl Found {
    fn holds(&self, at: SystemTime) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Models are few; what is sent in their place by mistake may be many.
const MOST_MODELS: usize = 4096;

/// What was found so far, by the hash of its key: what collides is compared, and there is no more of it than that.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    found: RwLock<FxHashMap<u64, Vec<(OwnedKey, Found)>>>,
}

impl Seen {
    /// What a call cost, where its model was seen; `None` where it was not.
    pub(crate) fn price(&self, key: &Key<'_>, call: &PricedCall<'_>) -> Option<Option<Cost>> {
        self.with(key, call.started_at, |found| found.card.as_ref()?.price(call))
    }

    /// Whether it was seen, for calls that begin then.
    pub(crate) fn knows(&self, key: &Key<'_>, at: SystemTime) -> bool {
        self.with(key, at, |_| ()).is_some()
    }

    #[inline]
    fn with<R>(&self, key: &Key<'_>, at: SystemTime, look: impl FnOnce(&Found) -> R) -> Option<R> {
        let all = self.found.read().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&key.hashed())?;
        let known = known.iter().find(|(known, found)| known.is(key) && found.holds(at));
        known.map(|(_, found)| look(found))
    }

    pub(crate) fn insert(&self, key: OwnedKey, new: Found) {
        let hash = key.as_key().hashed();
        let mut all = self.found.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_MODELS {
            all.clear();
        }
        let known = all.entry(hash).or_default();
        // What held until now is kept for the calls that are still under way; what held before is not.
        let same = |(known, _): &(OwnedKey, Found)| known.is(&key.as_key());
        if known.iter().filter(|one| same(one)).count() >= MOST_TIMES
            && let Some(oldest) = known.iter().position(same)
        {
            known.remove(oldest);
        }
        known.push((key, new));
    }
}

/// So many times are kept of each model: now, and a few of the past, for events that are told late.
const MOST_TIMES: usize = 4;
