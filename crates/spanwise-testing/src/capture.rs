//! A recorder in a context of its own.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::logs::LoggerProvider as _;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{FutureExt as _, Span as _, TracerProvider as _};
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{
    Sampler, SdkTracerProvider, ShouldSample, Span, SpanData, SpanProcessor,
};
use spanwise_core::{
    ActiveScope, Budget, CapturePolicy, ContentCapture, EventHub, Pricing, Recorder,
    RecorderBuilder, ScopeField, TokenEstimator, instrumentation_scope,
};

use crate::captured::Captured;
use crate::fixed::{CountingIds, TickingClock};

/// Captures what a closure records, without content.
pub fn capture<T>(work: impl FnOnce() -> T) -> Captured {
    let capture = Capture::builder().build();
    capture.run(work);
    capture.finish()
}

/// Captures what a future records, without content.
pub async fn capture_async<F: Future>(work: F) -> Captured {
    let capture = Capture::builder().build();
    capture.run_async(work).await;
    capture.finish()
}

/// A recorder that keeps what it gets, in a context of its own.
///
/// ```
/// use spanwise_core::{ContentCapture, Generation, Provider};
/// use spanwise_testing::Capture;
///
/// let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
/// let answer = capture.run(|| {
///     let generation = Generation::chat(Provider::OpenAi, "gpt-4o").input("Hello!").start();
///     generation.finish();
///     42
/// });
/// assert_eq!(answer, 42);
/// let captured = capture.finish();
/// assert!(captured.span("chat gpt-4o").text("gen_ai.input.messages").contains("Hello!"));
/// ```
pub struct Capture {
    recorder: Arc<Recorder>,
    context: Context,
    spans: Spans,
    logs: Logs,
    metrics: InMemoryMetricExporter,
    tracer_provider: SdkTracerProvider,
    meter_provider: SdkMeterProvider,
    logger_provider: SdkLoggerProvider,
}

/// Makes a [`Capture`].
#[must_use = "call `build`"]
pub struct CaptureBuilder {
    policy: CapturePolicy,
    sampler: Box<dyn ShouldSample>,
    scope_on_metrics: Option<Vec<ScopeField>>,
    hub: Option<Arc<EventHub>>,
    pricing: Option<Box<dyn Pricing>>,
    estimator: Option<Arc<dyn TokenEstimator>>,
    budgets: Vec<Budget>,
    fixed: bool,
}

impl fmt::Debug for CaptureBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureBuilder").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl CaptureBuilder {
    /// Captures content as well; error messages then too, and the details event where content goes to
    /// events. Defaults to none.
    pub fn content(self, content: ContentCapture) -> Self {
        self.policy(CapturePolicy::new(content))
    }

    /// The whole policy for content.
    pub fn policy(mut self, policy: CapturePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Decides which spans are recorded. Defaults to all.
    pub fn sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.sampler = Box::new(sampler);
        self
    }

    /// What metrics say of scopes; see
    /// [`RecorderBuilder::scope_on_metrics`](spanwise_core::RecorderBuilder::scope_on_metrics).
    pub fn scope_on_metrics(mut self, fields: impl IntoIterator<Item = ScopeField>) -> Self {
        self.scope_on_metrics = Some(fields.into_iter().collect());
        self
    }

    /// Tells those who listen to this hub of operations. Defaults to one to which nobody listens.
    pub fn event_hub(mut self, hub: Arc<EventHub>) -> Self {
        self.hub = Some(hub);
        self
    }

    /// Asks this for what calls cost. Defaults to none.
    pub fn pricing(mut self, pricing: impl Pricing + 'static) -> Self {
        self.pricing = Some(Box::new(pricing));
        self
    }

    /// Asks this how many tokens calls used that do not tell. Defaults to none.
    pub fn token_estimator(mut self, estimator: impl TokenEstimator + 'static) -> Self {
        self.estimator = Some(Arc::new(estimator));
        self
    }

    /// Charges calls to this budget as well.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budgets.push(budget);
        self
    }

    /// Uses the real clock and random ids. Defaults to fixed ones.
    pub fn real_time_and_ids(mut self) -> Self {
        self.fixed = false;
        self
    }

    /// The capture.
    pub fn build(self) -> Capture {
        let (spans, logs) = (Spans::default(), Logs::default());
        let metrics = InMemoryMetricExporter::default();
        let tracers = SdkTracerProvider::builder()
            .with_sampler(self.sampler)
            .with_span_processor(spans.clone());
        let tracer_provider = if self.fixed {
            tracers.with_id_generator(CountingIds::default()).build()
        } else {
            tracers.build()
        };
        let meter_provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(metrics.clone()).build())
            .build();
        let logger_provider = SdkLoggerProvider::builder().with_log_processor(logs.clone()).build();
        let scope = instrumentation_scope();
        let recorder = Recorder::builder(tracer_provider.tracer_with_scope(scope.clone()))
            .meter(&meter_provider.meter_with_scope(scope.clone()))
            .logger(logger_provider.logger_with_scope(scope))
            .event_hub(self.hub.unwrap_or_default())
            .policy(self.policy);
        let recorder = self.budgets.into_iter().fold(recorder, RecorderBuilder::budget);
        let recorder = match self.scope_on_metrics {
            Some(fields) => recorder.scope_on_metrics(fields),
            None => recorder,
        };
        let recorder = match self.pricing {
            Some(pricing) => recorder.pricing(pricing),
            None => recorder,
        };
        let recorder = match self.estimator {
            Some(estimator) => recorder.token_estimator(estimator),
            None => recorder,
        };
        let recorder = if self.fixed { recorder.clock(TickingClock::default()) } else { recorder };
        let recorder = Arc::new(recorder.build());
        Capture {
            context: recorder.clone().shared_in_context(&Context::new()),
            recorder,
            spans,
            logs,
            metrics,
            tracer_provider,
            meter_provider,
            logger_provider,
        }
    }
}

impl Capture {
    /// Starts from: no content, every span, fixed ids and time.
    pub fn builder() -> CaptureBuilder {
        CaptureBuilder {
            policy: CapturePolicy::default(),
            sampler: Box::new(Sampler::AlwaysOn),
            scope_on_metrics: None,
            hub: None,
            pricing: None,
            estimator: None,
            budgets: Vec::new(),
            fixed: true,
        }
    }

    /// The context to capture in: attach it, or run futures in it.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// The provider behind the capture, for spans of other instrumentations that belong to it.
    pub fn tracer_provider(&self) -> &SdkTracerProvider {
        &self.tracer_provider
    }

    /// The same for metrics.
    pub fn meter_provider(&self) -> &SdkMeterProvider {
        &self.meter_provider
    }

    /// The same for events.
    pub fn logger_provider(&self) -> &SdkLoggerProvider {
        &self.logger_provider
    }

    /// Runs a closure in the capture.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let _guard = self.context.clone().attach();
        work()
    }

    /// Runs a future in the capture.
    pub fn run_async<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.with_context(self.context.clone())
    }

    /// Ends the operations that are still open, as the shutdown of telemetry does.
    pub fn end_open_operations(&self) -> usize {
        self.recorder.end_open_operations()
    }

    /// What was recorded. Operations that are still open are not in it.
    pub fn finish(self) -> Captured {
        // The reader only hands over; nothing here can fail but a missing reader thread.
        let _ = self.meter_provider.force_flush();
        let metrics = self.metrics.get_finished_metrics().unwrap_or_default();
        let _ = self.meter_provider.shutdown_with_timeout(Duration::from_secs(1));
        Captured::new(self.spans.take(), &metrics, self.logs.take())
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Default)]
struct Spans(Arc<Mutex<Vec<SpanData>>>);

impl Spans {
    fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SpanProcessor for Spans {
    fn on_start(&self, span: &mut Span, context: &Context) {
        ActiveScope::attributes_of_span(context)
            .for_each(|attribute| span.set_attribute(attribute));
    }

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[derive(Clone, Debug, Default)]
struct Logs(Arc<Mutex<Vec<(SdkLogRecord, InstrumentationScope)>>>);

impl Logs {
    fn take(&self) -> Vec<(SdkLogRecord, InstrumentationScope)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LogProcessor for Logs {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let logged = (record.clone(), scope.clone());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(logged);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
