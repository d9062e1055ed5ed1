//! What happens in a moment, beside or inside of operations: caches, credentials, limits, retries, guards,
//! routers, checks. *Extension.*
//!
//! ```text
//! cache_hit(key) ──► a span of no length under the active one, a metric, `cache.hit` for handlers, an event
//! ```

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, StringValue};
use rust_decimal::Decimal;

use super::draft::Draft;
use super::kind::{Kind, Phase};
use super::outcome::{End, Outcome};
use crate::budget::Budget;
use crate::cost::nearest;
use crate::event::cost_threshold_exceeded;
use crate::recorder::{self, Measurement, MetricRecorder, MetricValue, Series};
use crate::semconv::value::{
    spanwise_cache_outcome as cache, spanwise_guard_verdict, spanwise_validation_outcome,
};
use crate::semconv::{Attribute, Metric, attribute as key};

/// What a guard said: `spanwise.guard.verdict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuardVerdict {
    /// It had nothing against it.
    Passed,
    /// It changed it, such as by redacting.
    Changed,
    /// It stopped it.
    Blocked,
}

impl GuardVerdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => spanwise_guard_verdict::PASSED,
            Self::Changed => spanwise_guard_verdict::CHANGED,
            Self::Blocked => spanwise_guard_verdict::BLOCKED,
        }
    }
}

/// Something was found in a cache: `cache.hit`, and `spanwise.cache.operations` (`{operation}`).
///
/// Handlers are told the key, as `cache.key`; it is recorded nowhere, since it may quote a prompt.
///
/// ```
/// # fn look_up(key: &str) -> Option<String> { None }
/// # let key = "prompt-1";
/// match look_up(key) {
///     Some(_) => spanwise_core::cache_hit(key),
///     None => spanwise_core::cache_miss(key),
/// }
/// ```
pub fn cache_hit(key: &str) {
    cached("cache.hit", cache::HIT, key, None);
}

/// Something was not found in a cache: `cache.miss`; otherwise like [`cache_hit`].
pub fn cache_miss(key: &str) {
    cached("cache.miss", cache::MISS, key, None);
}

/// Something of so many bytes was put into a cache: `cache.put`, with `spanwise.cache.item_size` (int, bytes);
/// otherwise like [`cache_hit`].
pub fn cache_put(key: &str, bytes: u64) {
    cached("cache.put", cache::PUT, key, Some(bytes));
}

/// Something of so many bytes had to leave a cache: `cache.evicted`; otherwise like [`cache_put`].
pub fn cache_evicted(key: &str, bytes: u64) {
    cached("cache.evicted", cache::EVICTED, key, Some(bytes));
}

fn cached(name: &'static str, outcome: &'static str, item: &str, bytes: Option<u64>) {
    happened(name, || {
        let labels = vec![(key::SPANWISE_CACHE_OUTCOME, outcome.into())];
        let size = bytes.map(|bytes| key::SPANWISE_CACHE_ITEM_SIZE.of(int(bytes)));
        Moment {
            also: size.into_iter().collect(),
            told: Some(KeyValue::new("cache.key", item.to_owned())),
            ..Moment::counted(Metric::SpanwiseCacheOperations, labels)
        }
    });
}

/// How many bytes a cache holds now: the gauge `spanwise.cache.size` (`By`), and nothing else.
pub fn cache_size(bytes: u64) {
    if !recorder::any() {
        return;
    }
    let context = Context::current();
    if let Some(recorder) = recorder::of(&context) {
        let metrics = recorder.scope_labels.around(&context, &*recorder.metrics);
        metrics.record(&Series::new(), &[Measurement::count(Metric::SpanwiseCacheSize, bytes)]);
    }
}

/// Credentials for a provider were renewed: `provider.auth.refresh`, and `spanwise.auth.refreshes` (`{refresh}`).
pub fn auth_refreshed(provider: impl Into<crate::Provider>) {
    happened("provider.auth.refresh", || {
        let labels = vec![(key::GEN_AI_PROVIDER_NAME, StringValue::from(&provider.into()))];
        Moment::counted(Metric::SpanwiseAuthRefreshes, labels)
    });
}

/// A provider's limit was met: `provider.rate_limit`, and `spanwise.rate_limits` (`{answer}`).
///
/// For limits that the program meets itself; [`Generation::attempt`](crate::Generation::attempt) and the layers
/// of HTTP clients tell those that answers name.
pub fn rate_limited(
    provider: impl Into<crate::Provider>,
    model: impl Into<StringValue>,
    retry_after: Option<Duration>,
) {
    happened("provider.rate_limit", || {
        let provider = (key::GEN_AI_PROVIDER_NAME, StringValue::from(&provider.into()));
        let labels = vec![provider, (key::GEN_AI_REQUEST_MODEL, model.into())];
        let pause = retry_after.map(|pause| key::SPANWISE_RETRY_AFTER.of(pause.as_secs_f64()));
        Moment {
            also: pause.into_iter().collect(),
            ..Moment::counted(Metric::SpanwiseRateLimits, labels)
        }
    });
}

/// Something is tried again: `retry`, and `spanwise.retries` (`{retry}`). `attempt` is 1 for the first retry
/// (`http.request.resend_count`, int), `cause` a word of low cardinality (`error.type`).
pub fn retried(attempt: u32, cause: impl Into<Cow<'static, str>>) {
    happened("retry", || Moment {
        also: vec![key::HTTP_REQUEST_RESEND_COUNT.of(i64::from(attempt))],
        measured: vec![("attempt", f64::from(attempt))],
        ..Moment::counted(Metric::SpanwiseRetries, vec![(key::ERROR_TYPE, cause.into().into())])
    });
}

/// Another model, provider or way is tried: `fallback`, and `spanwise.fallbacks` (`{fallback}`), with
/// `spanwise.fallback.target` (string) and `error.type`.
pub fn fell_back(
    target: impl Into<StringValue>,
    attempt: u32,
    cause: impl Into<Cow<'static, str>>,
) {
    happened("fallback", || {
        let target = (key::SPANWISE_FALLBACK_TARGET, target.into());
        let labels = vec![target, (key::ERROR_TYPE, cause.into().into())];
        Moment {
            also: vec![key::HTTP_REQUEST_RESEND_COUNT.of(i64::from(attempt))],
            measured: vec![("attempt", f64::from(attempt))],
            ..Moment::counted(Metric::SpanwiseFallbacks, labels)
        }
    });
}

/// A conversation was shortened to fit the model: `context.truncated`, and `spanwise.context.truncations`
/// (`{truncation}`), with `spanwise.context.dropped_messages` and `spanwise.context.dropped_tokens` (int).
pub fn context_truncated(dropped_messages: u64, dropped_tokens: u64) {
    happened("context.truncated", || Moment {
        also: vec![
            key::SPANWISE_CONTEXT_DROPPED_MESSAGES.of(int(dropped_messages)),
            key::SPANWISE_CONTEXT_DROPPED_TOKENS.of(int(dropped_tokens)),
        ],
        measured: vec![
            ("dropped_messages", dropped_messages as f64),
            ("dropped_tokens", dropped_tokens as f64),
        ],
        ..Moment::counted(Metric::SpanwiseContextTruncations, Vec::new())
    });
}

/// A guard looked at what goes in or comes out: `guard.check`, and `spanwise.guard.checks` (`{check}`).
pub fn guard_checked(name: impl Into<StringValue>, verdict: GuardVerdict) {
    happened("guard.check", || {
        let verdict = (key::SPANWISE_GUARD_VERDICT, verdict.as_str().into());
        let labels = vec![(key::SPANWISE_GUARD_NAME, name.into()), verdict];
        Moment::counted(Metric::SpanwiseGuardChecks, labels)
    });
}

/// A router of a workflow decided where to go: `workflow.route`, and `spanwise.router.decisions` (`{decision}`).
/// Both names must be of low cardinality.
pub fn routed(router: impl Into<StringValue>, choice: impl Into<StringValue>) {
    happened("workflow.route", || {
        let choice = (key::SPANWISE_ROUTER_CHOICE, choice.into());
        let labels = vec![(key::SPANWISE_ROUTER_NAME, router.into()), choice];
        Moment::counted(Metric::SpanwiseRouterDecisions, labels)
    });
}

/// Something was checked, such as whether an answer is JSON: `validation`, and `spanwise.validations`
/// (`{validation}`), with `spanwise.validation.name` and `spanwise.validation.outcome` (string).
///
/// How good an answer is, by a score, says [`evaluation`](crate::evaluation).
pub fn validation(name: impl Into<StringValue>, passed: bool) {
    happened("validation", || {
        let outcome = match passed {
            true => spanwise_validation_outcome::PASSED,
            false => spanwise_validation_outcome::FAILED,
        };
        let outcome = (key::SPANWISE_VALIDATION_OUTCOME, outcome.into());
        let labels = vec![(key::SPANWISE_VALIDATION_NAME, name.into()), outcome];
        Moment::counted(Metric::SpanwiseValidations, labels)
    });
}

/// So many items of a checklist passed, of so many: `validation.checklist`, and the histogram
/// `spanwise.checklist.pass_rate` (`1`). A list without items says nothing.
pub fn checklist(name: impl Into<StringValue>, passed: u32, items: u32) {
    if items == 0 {
        return;
    }
    happened("validation.checklist", || {
        let rate = f64::from(passed.min(items)) / f64::from(items);
        Moment {
            labels: vec![(key::SPANWISE_VALIDATION_NAME, name.into())],
            measurement: Some(Measurement {
                metric: Metric::SpanwiseChecklistPassRate,
                value: MetricValue::Double(rate),
                tokens: None,
            }),
            measured: vec![("pass_rate", rate)],
            ..Moment::default()
        }
    });
}

/// So many percent of a budget are used: `budget.threshold`, and `spanwise.budget.thresholds` (`{threshold}`); of money
/// handlers hear `cost.threshold_exceeded`, too.
pub(crate) fn budget_reached(budget: &Budget, percent: u32, spent: Decimal) {
    let (spent, limit) = (nearest(spent), nearest(budget.limit()));
    happened("budget.threshold", || Moment {
        numbers: vec![(key::SPANWISE_BUDGET_THRESHOLD, i64::from(percent))],
        also: vec![
            key::SPANWISE_BUDGET_BY.of(budget.by().name()),
            key::SPANWISE_BUDGET_SPENT.of(spent),
            key::SPANWISE_BUDGET_LIMIT.of(limit),
            key::SPANWISE_BUDGET_UNIT.of(budget.unit().to_owned()),
        ],
        measured: vec![("spent", spent), ("limit", limit), ("percent", f64::from(percent))],
        ..Moment::counted(
            Metric::SpanwiseBudgetThresholds,
            vec![(key::SPANWISE_BUDGET_NAME, budget.name().to_owned().into())],
        )
    });
    if budget.currency().is_some() {
        cost_threshold_exceeded(spent, limit * f64::from(percent) / 100.0);
    }
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn happened(name: &'static str, moment: impl FnOnce() -> Moment) {
    let Some(draft) = Draft::new(|| Moment { name, ..moment() }) else { return };
    if let Some(live) = draft.start() {
        live.end(Outcome::Completed);
    }
}

type Labelled = (Attribute<StringValue>, StringValue);

/// What happened.
#[derive(Default)]
struct Moment {
    name: &'static str,
    /// What span and metric say.
    labels: Vec<Labelled>,
    /// The same, in whole numbers.
    numbers: Vec<(Attribute<i64>, i64)>,
    /// What the span alone says.
    also: Vec<KeyValue>,
    measurement: Option<Measurement>,
    /// Numbers for handlers.
    measured: Vec<(&'static str, f64)>,
    /// What nobody but handlers is told.
    told: Option<KeyValue>,
}

impl Moment {
    fn counted(metric: Metric, labels: Vec<Labelled>) -> Self {
        Self { labels, measurement: Some(Measurement::count(metric, 1)), ..Self::default() }
    }
}

impl Kind for Moment {
    const PHASES: [&'static str; 3] = ["", "", ""];

    /// There is no beginning to hear of.
    fn phase(&self, phase: Phase) -> Cow<'static, str> {
        Cow::Borrowed(if let Phase::Start = phase { "" } else { self.name })
    }

    fn span_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.name)
    }

    fn span_kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    fn measured(&self) -> &[(&'static str, f64)] {
        &self.measured
    }

    fn told(&self) -> Option<&KeyValue> {
        self.told.as_ref()
    }

    fn start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.labels.iter().map(|(key, value)| key.of(value.clone())));
        attributes.extend(self.numbers.iter().map(|(key, value)| key.of(*value)));
    }

    fn end_attributes(&mut self, _: &Outcome, attributes: &mut Vec<KeyValue>) {
        attributes.append(&mut self.also);
    }

    fn measure(&self, _: &End<'_>, metrics: &dyn MetricRecorder) {
        if let Some(measurement) = self.measurement {
            let mut series = Series::new();
            for (key, value) in &self.labels {
                series.push_text(*key, Some(value.as_str()));
            }
            for (key, value) in &self.numbers {
                series.push_int(*key, Some(*value));
            }
            metrics.record(&series, &[measurement]);
        }
    }
}
