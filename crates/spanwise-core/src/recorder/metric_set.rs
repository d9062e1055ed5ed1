//! Which metrics there are.

use std::fmt;
use std::str::FromStr;

use super::metrics::{Measurement, MetricRecorder, Series};
use crate::semconv::Metric;

/// Which metrics operations record. What exporting tells of itself is always there.
///
/// Defaults to [`All`](Self::All).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricSet {
    /// Every metric that there is.
    #[default]
    All,
    /// How often, how long, how many tokens and what it cost: durations of calls, tools, agents and workflows,
    /// input and output tokens, and what `spanwise.cost…` and `spanwise.budget…` say.
    Basic,
    /// What is paid for: tokens by their kind, and what `spanwise.cost…` and `spanwise.budget…` say.
    Cost,
}

impl MetricSet {
    /// Whether a metric is in it, by the conventions of today and by earlier ones.
    pub fn includes(self, metric: Metric) -> bool {
        use Metric::*;

        let name = metric.descriptor().name;
        let is_money = ["spanwise.cost", "spanwise.budget"].iter().any(|own| name.starts_with(own));
        match self {
            Self::All => true,
            Self::Basic => {
                is_money
                    || matches!(
                        metric,
                        GenAiClientInferenceDuration
                            | GenAiClientOperationDuration
                            | GenAiClientInferenceUsageInputTokens
                            | GenAiClientInferenceUsageOutputTokens
                            | GenAiClientTokenUsage
                            | GenAiExecuteToolDuration
                            | GenAiInvokeAgentDuration
                            | GenAiInvokeWorkflowDuration
                    )
            }
            Self::Cost => {
                is_money
                    || metric == GenAiClientTokenUsage
                    || name.starts_with("gen_ai.client.inference.usage.")
            }
        }
    }
}

/// A word that is none of `all`, `basic` and `cost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMetricSet;

impl fmt::Display for UnknownMetricSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not one of all, basic, cost")
    }
}

impl std::error::Error for UnknownMetricSet {}

impl FromStr for MetricSet {
    type Err = UnknownMetricSet;

    /// Reads `all`, `basic` or `cost`, in any case.
    fn from_str(word: &str) -> Result<Self, UnknownMetricSet> {
        match word.to_ascii_lowercase().as_str() {
            "all" => Ok(Self::All),
            "basic" => Ok(Self::Basic),
            "cost" => Ok(Self::Cost),
            _ => Err(UnknownMetricSet),
        }
    }
}

/// Passes on the measurements of a set.
pub(super) struct SelectedMetrics {
    inner: Box<dyn MetricRecorder>,
    included: [bool; Metric::COUNT],
}

impl SelectedMetrics {
    /// Nothing is in between where all are wanted.
    pub(super) fn wrap(inner: Box<dyn MetricRecorder>, set: MetricSet) -> Box<dyn MetricRecorder> {
        if set == MetricSet::All {
            return inner;
        }
        Box::new(Self { inner, included: Metric::ALL.map(|metric| set.includes(metric)) })
    }
}

impl MetricRecorder for SelectedMetrics {
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]) {
        let is_in = |one: &Measurement| self.included[one.metric as usize];
        // Runs of what is in pass as they are: most operations have one.
        for run in measurements.chunk_by(|one, next| is_in(one) == is_in(next)) {
            if is_in(&run[0]) {
                self.inner.record(series, run);
            }
        }
    }
}
