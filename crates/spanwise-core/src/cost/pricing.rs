//! Who knows prices.

use std::time::SystemTime;

use super::{BilledUnits, Cost};
use crate::usage::Usage;

/// Says what calls cost, for those of which nobody else does: [`RecorderBuilder::pricing`].
///
/// It is asked once, when a call is over, on the task of the call: so it must neither wait nor take long. What it
/// does not know has no cost, and is counted by `spanwise.cost.calls` as a miss. One that panics knows nothing.
///
/// ```
/// use spanwise_core::{Cost, CostSource, Currency, Decimal, PricedCall, Pricing};
///
/// /// Half a cent for every call of our own model.
/// struct Flat;
///
/// impl Pricing for Flat {
///     fn price(&self, call: &PricedCall<'_>) -> Option<Cost> {
///         (call.request_model == Some("house-7b"))
///             .then(|| Cost::new(Decimal::new(5, 3), Currency::USD, CostSource::Own))
///     }
/// }
///
/// let call = PricedCall::new("chat", "house-7b");
/// assert_eq!(Flat.price(&call).unwrap().amount_f64(), 0.005);
/// ```
///
/// [`RecorderBuilder::pricing`]: crate::RecorderBuilder::pricing
pub trait Pricing: Send + Sync {
    /// What this call cost, where that is known.
    fn price(&self, call: &PricedCall<'_>) -> Option<Cost>;

    /// A call begins, of which as much is known as can be: time to find elsewhere what its model costs. It is told on
    /// the task of the call as well. Defaults to nothing.
    fn prepare(&self, _call: &PricedCall<'_>) {}
}

impl<P: Pricing + ?Sized> Pricing for Box<P> {
    fn price(&self, call: &PricedCall<'_>) -> Option<Cost> {
        (**self).price(call)
    }

    fn prepare(&self, call: &PricedCall<'_>) {
        (**self).prepare(call);
    }
}

impl<P: Pricing + ?Sized> Pricing for std::sync::Arc<P> {
    fn price(&self, call: &PricedCall<'_>) -> Option<Cost> {
        (**self).price(call)
    }

    fn prepare(&self, call: &PricedCall<'_>) {
        (**self).prepare(call);
    }
}

/// A call that is over, as prices see it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PricedCall<'a> {
    /// `gen_ai.operation.name`: `chat`, `embeddings`, `retrieval`, …
    pub operation: &'a str,
    /// `gen_ai.provider.name`.
    pub provider: Option<&'a str>,
    /// The model that was asked for.
    pub request_model: Option<&'a str>,
    /// The model that answered.
    pub response_model: Option<&'a str>,
    /// The tokens that it used: totals contain their details, which never exceed them.
    pub usage: Option<Usage>,
    /// What it is charged by beside tokens.
    pub units: BilledUnits,
    /// The tier that it was served in, or else asked for: `priority`, `flex`.
    pub service_tier: Option<&'a str>,
    /// Whether it went through the provider's API for batches.
    pub batch: bool,
    /// The host that was called.
    pub server_address: Option<&'a str>,
    /// When it began.
    pub started_at: SystemTime,
}

impl<'a> PricedCall<'a> {
    /// A call of this operation to this model, of which nothing else is known, and which began now.
    pub fn new(operation: &'a str, model: &'a str) -> Self {
        Self {
            operation,
            provider: None,
            request_model: Some(model),
            response_model: None,
            usage: None,
            units: BilledUnits::default(),
            service_tier: None,
            batch: false,
            server_address: None,
            started_at: SystemTime::now(),
        }
    }

    /// The model that answered, or else the one that was asked for.
    pub fn model(&self) -> Option<&'a str> {
        self.response_model.or(self.request_model)
    }
}
