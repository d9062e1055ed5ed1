//! What a call cost, when it is over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

use super::kind::Kind;
use super::live::Live;
use super::outcome::Outcome;
use crate::content::Content;
use crate::cost::{Cost, PricedCall, estimate};
use crate::recorder::{Measurement, MetricRecorder, Recorder, Series};
use crate::semconv::value::spanwise_cost_source as source;
use crate::semconv::{Metric, attribute as key};

/// What there is to charge for.
pub(crate) struct Charge<'a> {
    pub(super) call: PricedCall<'a>,
    /// What it cost, where that was told.
    pub(super) told: Option<&'a Cost>,
}

/// Tells who knows prices that a call begins.
pub(super) fn prepare<K: Kind>(kind: &K, recorder: &Recorder, started_at: SystemTime) {
    if let Some(pricing) = recorder.pricing.as_deref()
        && let Some(Charge { call, told: None }) = kind.charge()
    {
        let call = PricedCall { started_at, ..call };
        let _ = catch_unwind(AssertUnwindSafe(|| pricing.prepare(&call)));
    }
}

impl<K: Kind> Live<K> {
    /// What it cost, if anyone knows; and counts that, or that nobody does.
    pub(super) fn charge(&self, kind: &K, outcome: &Outcome, content: &Content) -> Option<Cost> {
        let Charge { mut call, told } = kind.charge()?;
        let pricing = self.recorder.pricing.as_deref();
        if told.is_none() && pricing.is_none() {
            return None;
        }
        call.started_at = self.started.at;
        let cost = told.cloned().or_else(|| {
            let (pricing, estimator) = (pricing?, self.recorder.estimator.as_deref());
            let completed = matches!(outcome, Outcome::Completed);
            let price = || {
                let estimated = estimator
                    .is_some_and(|estimator| estimate(&mut call, content, completed, estimator));
                // Nothing is known to have been used, and a price of the call itself is that of an answer.
                if !is_used(&call) && matches!(outcome, Outcome::Failed(_)) {
                    return None;
                }
                let cost = pricing.price(&call);
                if estimated { cost.map(Cost::estimated) } else { cost }
            };
            // Recording goes on, whatever others' code does.
            catch_unwind(AssertUnwindSafe(price)).unwrap_or_default()
        });
        // Nothing is known to have been used by a call that failed.
        let charged = is_used(&call) || !matches!(outcome, Outcome::Failed(_));
        if cost.is_some() || charged {
            measure(&call, cost.as_ref(), &self.metrics());
        }
        cost
    }
}

fn is_used(call: &PricedCall<'_>) -> bool {
    call.usage.is_some() || !call.units.is_nothing()
}

fn measure(call: &PricedCall<'_>, cost: Option<&Cost>, metrics: &dyn MetricRecorder) {
    let currency = cost.map(Cost::currency);
    let mut series = Series::new();
    series.push_text(key::GEN_AI_OPERATION_NAME, Some(call.operation));
    series.push_text(key::GEN_AI_PROVIDER_NAME, call.provider);
    series.push_text(key::GEN_AI_REQUEST_MODEL, call.request_model);
    series.push_text(key::GEN_AI_RESPONSE_MODEL, call.response_model);
    let known = cost.map_or(source::NONE, |cost| cost.source().as_str());
    series.push_text(key::SPANWISE_COST_SOURCE, Some(known));
    series.push_text(key::SPANWISE_COST_CURRENCY, currency.as_ref().map(|it| it.as_str()));
    let calls = Measurement::count(Metric::SpanwiseCostCalls, 1);
    match cost {
        Some(cost) => {
            let amount = Measurement::amount(Metric::SpanwiseCost, cost.amount_f64());
            metrics.record(&series, &[calls, amount]);
        }
        None => metrics.record(&series, &[calls]),
    }
}
