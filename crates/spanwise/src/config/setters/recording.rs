//! What is recorded, and by which names.

use spanwise_core::propagation::BaggageKeys;
use spanwise_core::semconv::SemconvProfile;
use spanwise_core::{
    Budget, CompletionHook, ContentCapture, MetricSet, ModelNames, Pricing, ScopeField,
    TokenEstimator,
};

use crate::config::{ContentPolicy, Estimated, Priced, SamplingStrategy, TelemetryConfig};
use crate::offload::Hook;

impl TelemetryConfig {
    /// By which version of the conventions spans, events and metrics are sent. Defaults to
    /// `SPANWISE_SEMCONV_PROFILE`, then to `OTEL_SEMCONV_STABILITY_OPT_IN`, then to today's. The terminal
    /// is always drawn from today's.
    ///
    /// Where destinations differ, see
    /// [`OtlpDestination::semconv_profile`](crate::OtlpDestination::semconv_profile); metrics then have the names of
    /// all of them.
    pub fn semconv_profile(mut self, profile: SemconvProfile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Which traces are recorded. Defaults to `OTEL_TRACES_SAMPLER`, then to all, parent-based.
    /// Metrics do not depend on it.
    pub fn sampling(mut self, sampling: SamplingStrategy) -> Self {
        self.sampling = Some(sampling);
        self.sample_rate = None;
        self
    }

    /// Keeps this share of traces, from 0 to 1, by trace id and parent-based.
    pub fn sample_rate(mut self, rate: f64) -> Self {
        let root = SamplingStrategy::TraceIdRatio { ratio: rate };
        self.sampling = Some(SamplingStrategy::parent_based(root));
        self.sample_rate = Some(rate);
        self
    }

    /// Which prompts, completions and tool payloads may leave the process.
    ///
    /// Defaults to [`ContentCapture::NoContent`]. No crate feature or preset changes this; only this
    /// call, [`record_inputs`](Self::record_inputs), [`record_outputs`](Self::record_outputs) or
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` do.
    pub fn content_capture(mut self, content: ContentCapture) -> Self {
        self.content = Some(content);
        self
    }

    /// What of the content that is captured may leave the process, and in which form, whatever the
    /// destination: a [`ContentPolicy`], or a [`ContentLevel`](crate::ContentLevel) alone. Defaults to what
    /// the `SPANWISE_CONTENT_*` variables say, then to all of it, as it is.
    ///
    /// It captures nothing by itself. Where a destination has a policy of its own
    /// ([`Destination::content`](crate::Destination::content)), the stricter of the two is in force.
    pub fn content(mut self, policy: impl Into<ContentPolicy>) -> Self {
        self.content_policy = Some(policy.into());
        self
    }

    /// Asks this for what calls cost: [`Prices`](crate::Prices), or a [`Pricing`] of the program's own. Defaults to what
    /// `SPANWISE_PRICES` names, and else to nobody: then only costs are recorded that providers, gateways or the
    /// program itself tell.
    ///
    /// ```
    /// use spanwise::{Prices, TelemetryConfig};
    ///
    /// # #[cfg(feature = "cost")]
    /// let config = TelemetryConfig::new("bot").pricing(Prices::published());
    /// ```
    pub fn pricing(mut self, pricing: impl Pricing + 'static) -> Self {
        self.pricing = Some(Priced::by(pricing));
        self
    }

    /// Asks this how many tokens a call used that does not tell, such as a stream that was cut, so that it can be priced:
    /// `spanwise.cost.source` is then `estimated`. Defaults to nobody.
    ///
    /// With one, content of calls is kept in memory until they end, whether it is captured or not; it goes nowhere else.
    pub fn token_estimator(mut self, estimator: impl TokenEstimator + 'static) -> Self {
        self.token_estimator = Some(Estimated(std::sync::Arc::new(estimator)));
        self
    }

    /// Hands the whole content of every operation to this hook when it ends, whatever is sampled and
    /// captured: see [`CompletionHook`], and [`UploadHook`](crate::UploadHook) for one that is ready.
    ///
    /// Defaults to what `OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK` names, then to none; then operations
    /// keep no content that is not captured.
    pub fn completion_hook(mut self, hook: impl CompletionHook + 'static) -> Self {
        self.completion_hook = Some(Hook::new(hook));
        self
    }

    /// Whether instructions, input messages, tool definitions and tool arguments are captured.
    ///
    /// Where nothing else says where content goes, `true` alone puts these, and nothing else, on
    /// spans. Defaults to what [`content_capture`](Self::content_capture) says.
    pub fn record_inputs(mut self, record: bool) -> Self {
        self.record_inputs = Some(record);
        self
    }

    /// Whether output messages and tool results are captured.
    ///
    /// Where nothing else says where content goes, `true` alone puts these, and nothing else, on
    /// spans. Defaults to what [`content_capture`](Self::content_capture) says.
    pub fn record_outputs(mut self, record: bool) -> Self {
        self.record_outputs = Some(record);
        self
    }

    /// Whether attributes and span events of the program's own are recorded. Defaults to yes.
    pub fn record_metadata(mut self, record: bool) -> Self {
        self.record_metadata = Some(record);
        self
    }

    /// Whether captured tool definitions keep description and parameters. Defaults to no.
    pub fn record_tool_schemas(mut self, record: bool) -> Self {
        self.record_tool_schemas = Some(record);
        self
    }

    /// Whether a failed operation's status says the error's own text, which may quote a prompt or a
    /// key. Defaults to yes where content is captured, else no.
    pub fn record_error_messages(mut self, record: bool) -> Self {
        self.record_error_messages = Some(record);
        self
    }

    /// Cuts string attributes, and what is in the JSON of content, to this many characters. Defaults to
    /// `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then to never.
    pub fn value_length_limit(mut self, characters: usize) -> Self {
        self.value_length_limit = Some(characters);
        self
    }

    /// Which metrics operations record. Defaults to `SPANWISE_METRIC_SET`, then to all of them.
    pub fn metric_set(mut self, set: MetricSet) -> Self {
        self.metric_set = Some(set);
        self
    }

    /// By which names metrics tell models apart. Defaults to `SPANWISE_METRIC_MODEL_NAMES`, then to the models'
    /// own. Spans and events always have these.
    pub fn model_names_on_metrics(mut self, names: ModelNames) -> Self {
        self.model_names = Some(names);
        self
    }

    /// What metrics say of the [`scope`](crate::scope()) around an operation: four values of it at most, of
    /// which 100 each are told apart, and all others are `_OTHER`. Defaults to `SPANWISE_METRIC_SCOPE`, then to
    /// environment and release.
    pub fn scope_on_metrics(mut self, fields: impl IntoIterator<Item = ScopeField>) -> Self {
        self.scope_on_metrics = Some(fields.into_iter().collect());
        self
    }

    /// Charges model calls to this budget, and tells when it is used up by half, four fifths and all, or as it says; see
    /// [`Budget`]. Defaults to none; there may be several.
    ///
    /// With a ledger (`TelemetryConfig::ledger`) what stands there is carried over at the start, whichever process wrote it, so
    /// that a restart forgets nothing.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budgets.push(budget);
        self
    }

    /// Keeps a row for each model call in this file, with its tokens and its cost, for
    /// [`cost_report`](crate::cost_report) and the command `spanwise cost`. Defaults to `SPANWISE_LEDGER`, then to none.
    ///
    /// It is an exporter of events, named `ledger`: it has a queue and a thread of its own, and the report of
    /// [`Telemetry::shutdown`](crate::Telemetry::shutdown) says what became of its events.
    ///
    /// ```no_run
    /// use spanwise::TelemetryConfig;
    ///
    /// # fn main() -> Result<(), spanwise::InitError> {
    /// let config = TelemetryConfig::new("bot").ledger("/var/lib/bot/costs.db");
    /// let telemetry = spanwise::init_telemetry(config)?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "ledger")]
    pub fn ledger(mut self, ledger: impl Into<crate::LedgerSettings>) -> Self {
        self.ledger = Some(ledger.into());
        self
    }

    /// What of the baggage, and of the [`scope`](crate::scope()), goes along with requests, and what of a
    /// caller's scope is taken over. Defaults to `SPANWISE_BAGGAGE_KEYS`, then to nothing.
    ///
    /// It knows no host: requests carry it wherever context is injected.
    pub fn baggage(mut self, keys: BaggageKeys) -> Self {
        self.baggage = Some(keys);
        self
    }
}
