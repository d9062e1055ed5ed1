//! Metrics by the names that their receivers know.

use super::metrics::{Measurement, MetricRecorder, Series, TokenLabel};
use crate::semconv::{SemconvProfile, v1_41};

/// Records measurements by the conventions of 1.41, beside those of today or instead of them.
pub(crate) struct ProfiledMetrics {
    inner: Box<dyn MetricRecorder>,
    with_latest: bool,
}

impl ProfiledMetrics {
    /// What is recorded for a profile; nothing is in between where that is today's.
    pub(crate) fn wrap(
        inner: Box<dyn MetricRecorder>,
        profile: SemconvProfile,
    ) -> Box<dyn MetricRecorder> {
        if profile.has_v1_41() {
            Box::new(Self { inner, with_latest: profile.has_latest() })
        } else {
            inner
        }
    }
}

impl MetricRecorder for ProfiledMetrics {
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]) {
        let mut translated = Vec::with_capacity(2 * measurements.len());
        if self.with_latest {
            translated.extend_from_slice(measurements);
        }
        translated.extend(
            measurements
                .iter()
                .filter_map(earlier)
                // What is called the same is recorded once.
                .filter(|earlier| !(self.with_latest && measurements.contains(earlier))),
        );
        self.inner.record(series, &translated);
    }
}

fn earlier(measurement: &Measurement) -> Option<Measurement> {
    let earlier = v1_41::metric(measurement.metric)?;
    let tokens = match earlier.token_type {
        Some(value) => Some(TokenLabel { key: v1_41::TOKEN_TYPE, value }),
        None => measurement.tokens,
    };
    Some(Measurement { metric: earlier.metric, tokens, ..*measurement })
}
