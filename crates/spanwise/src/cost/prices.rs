//! Prices in the order in which they count.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use spanwise_core::{Cost, PricedCall, Pricing, Usage};

#[cfg(feature = "cost")]
use super::published::Published;
use super::seen::{Found, Key, Seen};
use super::table::PriceTable;

/// What models cost: by tables of the program's own, then by published prices.
///
/// Handed to [`TelemetryConfig::pricing`](crate::TelemetryConfig::pricing). The first own table with an entry for a
/// call counts; the published prices are those of the `genai-prices` crate, which are read and looked through on a
/// thread of their own. A call that is over before its model was found there has no number, and is counted by
/// `spanwise.cost.calls` with `spanwise.cost.source` = `none`: a call takes longer than that, except for the first
/// moments of a process ([`look_up`](Self::look_up)).
///
/// ```
/// use spanwise::{PriceTable, Prices, TelemetryConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let own = PriceTable::from_toml("[[prices]]\nmodel = \"house-7b\"\ninput = 0.1\noutput = 0.4")?;
/// let config = TelemetryConfig::new("bot").pricing(Prices::none().own(own));
/// # let _ = config; Ok(()) }
/// ```
#[must_use = "give it to `TelemetryConfig::pricing`"]
pub struct Prices {
    own: Vec<PriceTable>,
    #[cfg(feature = "cost")]
    published: Option<Published>,
    seen: Arc<Seen>,
}

impl Prices {
    /// No prices, until [`own`](Self::own) adds some.
    pub fn none() -> Self {
        Self {
            own: Vec::new(),
            #[cfg(feature = "cost")]
            published: None,
            seen: Arc::default(),
        }
    }

    /// The published prices of more than 40 providers, by the `genai-prices` crate; `spanwise.cost.source` is `table`.
    ///
    /// Nothing is fetched: the prices are those of the crate's release, `spanwise.cost.table_version`. They are read
    /// from here on, on a thread of their own, which takes some tens of milliseconds.
    #[cfg(feature = "cost")]
    pub fn published() -> Self {
        let seen: Arc<Seen> = Arc::default();
        Self { own: Vec::new(), published: Published::start(seen.clone()), seen }
    }

    /// Adds a table of the program's own, behind those that were added before; `spanwise.cost.source` is `own`.
    pub fn own(mut self, table: PriceTable) -> Self {
        self.own.push(table);
        self
    }

    /// Finds out what a model costs now, and says whether anyone knows: so that even its first call is priced, however
    /// soon it is over. It waits for the published prices to be read.
    pub fn look_up(&self, provider: &str, model: &str) -> bool {
        let mut call = PricedCall::new("chat", model);
        (call.provider, call.usage) = (Some(provider), Some(Usage::new(1, 1)));
        self.find(&call).is_some()
    }

    /// What this call costs, where anyone knows. Unlike [`price`](Pricing::price) it waits for the published prices to be
    /// read and looked through: for reckoning beforehand, not for calls that end.
    pub fn find(&self, call: &PricedCall<'_>) -> Option<Cost> {
        let key = Key::of(call);
        if !self.seen.knows(&key, call.started_at) && !self.find_own(key, call) {
            #[cfg(feature = "cost")]
            if let Some(published) = &self.published {
                published.find_and_wait(key, call.started_at);
            }
        }
        self.seen.price(&key, call).flatten()
    }

    /// Looks through the program's own tables; says whether that settles it.
    fn find_own(&self, key: Key<'_>, call: &PricedCall<'_>) -> bool {
        let at = call.started_at;
        let card = self.own.iter().find_map(|table| table.card(key, at));
        if card.is_none() && self.has_published() {
            return false;
        }
        let mut found = Found { card, from: SystemTime::UNIX_EPOCH, until: None };
        self.own.iter().for_each(|table| table.steady(at, &mut found));
        self.seen.insert(key.to_owned(), found);
        true
    }

    fn has_published(&self) -> bool {
        #[cfg(feature = "cost")]
        return self.published.is_some();
        #[cfg(not(feature = "cost"))]
        false
    }
}

impl Pricing for Prices {
    fn price(&self, call: &PricedCall<'_>) -> Option<Cost> {
        let key = Key::of(call);
        if let Some(cost) = self.seen.price(&key, call) {
            return cost;
        }
        if self.find_own(key, call) {
            return self.seen.price(&key, call).flatten();
        }
        #[cfg(feature = "cost")]
        if let Some(published) = &self.published {
            published.find(key, call.started_at);
        }
        // The answer names a dated version of what was asked for; the first time, its price is that of the name.
        let (asked, answered) = (key.request_model?, key.response_model?);
        answered
            .starts_with(asked)
            .then(|| self.seen.price(&Key { response_model: None, ..key }, call).flatten())?
    }

    fn prepare(&self, call: &PricedCall<'_>) {
        #[cfg(feature = "cost")]
        if let Some(published) = &self.published
            && call.request_model.is_some()
        {
            let key = Key::of(call);
            if !self.seen.knows(&key, call.started_at) && !self.find_own(key, call) {
                published.find(key, call.started_at);
            }
        }
        #[cfg(not(feature = "cost"))]
        let _ = call;
    }
}

impl fmt::Debug for Prices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prices")
            .field("own", &self.own.len())
            .field("published", &self.has_published())
            .finish()
    }
}
