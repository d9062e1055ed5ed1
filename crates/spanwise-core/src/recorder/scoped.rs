//! What metrics say of the scope around an operation: a chosen few of its values, and not too many of each.

use std::collections::HashSet;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::{PoisonError, RwLock};

use opentelemetry::Context;

use super::fast_hash::FastHash;
use super::metrics::{Measurement, MetricRecorder, Series};
use crate::scope::{ActiveScope, ScopeField};

/// No more values of a scope fit on a metric.
pub(super) const MOST_FIELDS: usize = 4;

/// So many values of each are told apart; the others are one.
const MOST_VALUES: usize = 100;
const OTHER: &str = "_OTHER";

/// Which values metrics have.
pub(crate) struct ScopeLabels {
    chosen: Vec<(ScopeField, Values)>,
}

/// The values that were seen.
#[derive(Default)]
struct Values(RwLock<HashSet<Box<str>, BuildHasherDefault<FastHash>>>);

impl Values {
    fn told<'a>(&self, value: &'a str) -> &'a str {
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if known.contains(value) {
                return value;
            }
            if known.len() >= MOST_VALUES {
                return OTHER;
            }
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_VALUES {
            known.insert(value.into());
        }
        if known.contains(value) { value } else { OTHER }
    }
}

impl Default for ScopeLabels {
    fn default() -> Self {
        Self::new([ScopeField::Environment, ScopeField::Release])
    }
}

impl ScopeLabels {
    pub(crate) fn new(fields: impl IntoIterator<Item = ScopeField>) -> Self {
        let mut chosen: Vec<(ScopeField, Values)> = Vec::new();
        for field in fields {
            if chosen.len() < MOST_FIELDS && chosen.iter().all(|(known, _)| *known != field) {
                chosen.push((field, Values::default()));
            }
        }
        Self { chosen }
    }

    /// Records with what the scope of this context says.
    pub(crate) fn around<'a>(
        &self,
        context: &'a Context,
        metrics: &'a dyn MetricRecorder,
    ) -> ScopedMetrics<'a> {
        let mut labels = [None; MOST_FIELDS];
        if let Some(scope) = ActiveScope::of(context) {
            for (label, (field, values)) in labels.iter_mut().zip(&self.chosen) {
                let value = scope.get(*field);
                *label = value.map(|value| (field.key(), values.told(value)));
            }
        }
        ScopedMetrics { metrics, labels }
    }
}

impl fmt::Debug for ScopeLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.chosen.iter().map(|(field, _)| field)).finish()
    }
}

/// Metrics of one operation.
pub(crate) struct ScopedMetrics<'a> {
    metrics: &'a dyn MetricRecorder,
    labels: [Option<(&'static str, &'a str)>; MOST_FIELDS],
}

impl MetricRecorder for ScopedMetrics<'_> {
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]) {
        if self.labels.iter().all(Option::is_none) {
            return self.metrics.record(series, measurements);
        }
        let mut series = *series;
        for (key, value) in self.labels.into_iter().flatten() {
            series.push_label(key, value);
        }
        self.metrics.record(&series, measurements);
    }
}
