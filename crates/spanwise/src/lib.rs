//! OpenTelemetry-native instrumentation for programs that call language models.
//!
//! Every generation, tool, agent and workflow with its tokens, timing and errors, by the GenAI semantic
//! conventions: in the terminal at once, and in any OTLP backend as soon as an endpoint is set.
//!
//! Start telemetry once, and wrap what you do in operations:
//!
//! ```no_run
//! use spanwise::{Agent, Generation, Message, Provider, Response, TelemetryConfig, Tool, Usage};
//!
//! type Error = Box<dyn std::error::Error + Send + Sync>;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let telemetry =
//!         spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("support-bot"))?;
//!
//!     let order = Agent::new("triage")
//!         .run_with(async |_agent| {
//!             let reply = Generation::chat(Provider::OpenAi, "gpt-4o-mini")
//!                 .max_tokens(256)
//!                 .input("Where is my order A-17?")
//!                 .run(ask_the_model())
//!                 .await?;
//!             Tool::new("lookup_order").run(lookup(&reply)).await
//!         })
//!         .await?;
//!     eprintln!("{order}");
//!
//!     eprintln!("{}", telemetry.shutdown().await);
//!     Ok(())
//! }
//!
//! /// Whatever client you use: its answer, or what is to be recorded of it.
//! async fn ask_the_model() -> Result<Response, Error> {
//!     Ok(Response::new().usage(Usage::new(120, 48)).output(Message::assistant("Let me look it up.")))
//! }
//!
//! async fn lookup(_reply: &Response) -> Result<String, Error> {
//!     Ok("A-17 arrives tomorrow.".to_owned())
//! }
//! ```
//!
//! Or change one line, where the client is built: the crates `spanwise-http` (`async-openai`,
//! `reqwest-middleware`, tower, the AWS SDK, `genai`) and `spanwise-rig` record every model call by itself,
//! streamed or not.
//!
//! Nothing that records returns an error, waits or panics: only [`init_telemetry`] can fail, and says which
//! setting and what would be right.
//!
//! | To | Use |
//! |---|---|
//! | start, and say where telemetry goes | [`init_telemetry`], [`TelemetryConfig`], [`Destination`] |
//! | start with providers of your own | [`attach_providers`] |
//! | record | [`Generation`], [`Embeddings`], [`Tool`], [`Agent`], [`Workflow`], [`Step`], [`Retrieval`], [`Memory`], [`Plan`], [`FetchResponse`] |
//! | record functions as they are | [`#[tool]`](macro@tool), [`#[agent]`](macro@agent), [`#[generation]`](macro@generation), [`#[workflow]`](macro@workflow), [`#[step]`](macro@step), [`#[retrieval]`](macro@retrieval) |
//! | record spans and metrics of your own | [`SpanBuilder`], [`MetricsRecorder`], [`tracer`], [`meter`] |
//! | say how good an answer was | [`TraceRef::score`], [`evaluation`]; [`FeedbackApi`] |
//! | say whose call it is | [`scope`](scope()) |
//! | go on in tasks, threads and other processes | [`propagate_context`], [`inject_into_headers`], [`extract_from_headers`] |
//! | end, and know what arrived | [`Telemetry`], [`Report`] |
//! | send to a backend by its name | [`preset`] |
//! | let Prometheus scrape | [`TelemetryConfig::prometheus`], [`start_prometheus_server`], [`prometheus_handler`] |
//! | get what happens as events, to send them anywhere | [`add_exporter`], [`TelemetryExporter`], [`TelemetryEvent`] |
//! | be called when something happens, and log it | [`attach`], [`attach_default_logger`] |
//! | say what a cache, a guard, a router or a check did | [`cache_hit`], [`guard_checked`], [`routed`], [`validation`], … |
//! | record what happened elsewhere | [`emit`] |
//! | limit what is spent | [`Budget`], [`TelemetryConfig::budget`] |
//! | keep what calls cost, and sum it up | `Ledger`, `cost_report`, with the feature `ledger` |
//! | look at what is spooled on disk, and send it | [`spool`] |
//! | find out why nothing arrives | [`Telemetry::doctor`], [`TelemetryConfig::doctor`] |
//!
//! Content (prompts, completions, tool payloads) stays in the process unless it is asked for:
//! [`TelemetryConfig::content_capture`].

// Starting.
mod attach;
mod config;
mod env;
mod error;
mod init;
pub mod preset;
mod resource;
mod secret;

// Running.
mod cost;
mod error_kinds;
mod exit;
mod metrics;
mod scope;
mod self_metrics;
mod signal;
mod telemetry;
#[cfg(feature = "tracing")]
mod tracing_bridge;

// Exporting.
mod diagnostics;
pub mod doctor;
mod event;
mod export;
#[cfg(feature = "ledger")]
mod ledger;
mod offload;
#[cfg(feature = "prometheus")]
mod prometheus;
mod redact;
mod report;
pub mod spool;

pub use attach::attach_providers;
pub use config::{
    BatchConfiguration, Compression, ContentPolicy, Credentials, Destination, ExportConfig,
    ExportMode, FeedbackApi, InForce, MainAgent, Origin, OtlpDestination, OtlpProtocol,
    OutgoingRequest, OverflowPolicy, Preset, Projection, SamplingRule, SamplingStrategy, Signals,
    SpanFilter, SpoolSettings, SpoolSync, TelemetryConfig, Temporality,
};
#[cfg(feature = "tiktoken")]
pub use cost::TiktokenEstimator;
pub use cost::{PriceTable, PriceTableError, Prices};
pub use env::Environment;
pub use error::InitError;
#[cfg(feature = "statsd")]
pub use event::StatsdExporter;
#[cfg(feature = "http")]
pub use event::WebhookExporter;
pub use event::{
    ChannelExporter, EventReceiver, ExportError, ExporterId, ExporterReport, ExporterSettings,
    JsonLinesExporter, TelemetryExporter, add_exporter, add_exporter_with, attach_default_logger,
    attach_json_logger, clear_exporters, detach_loggers, emit, exporters, flush_exporters,
    is_enabled, remove_exporter,
};
pub use export::{ForLogs, ForMetrics, ForSpans, IntoSdkExporter, OperationView, truncate_json};
pub use init::init_telemetry;
#[cfg(feature = "ledger")]
pub use ledger::{
    CostBy, CostReport, CostRow, CostSum, Ledger, LedgerCounts, LedgerError, LedgerReader,
    LedgerSettings, UnknownCostBy, cost_report,
};
#[cfg(feature = "offload")]
pub use offload::ObjectStorage;
pub use offload::{
    ContentStore, Offload, OffloadCounts, StoreError, StoredObject, UploadFormat, UploadHook,
};
#[doc(no_inline)]
pub use preset::{
    ArizeAx, Aws, AzureMonitor, Braintrust, Datadog, DatadogAgent, GoogleCloud, GrafanaCloud,
    Guide, HeliconeLogging, Honeycomb, Jaeger, Laminar, LangSmith, Langfuse, Logfire, MlFlow,
    NewRelic, OpenLit, Opik, Phoenix, Prometheus, SigNoz, Traceloop, VictoriaMetrics, Weave,
};
#[cfg(feature = "prometheus")]
pub use prometheus::{
    ExpositionFormat, PrometheusExporter, PrometheusHandler, PrometheusServer, prometheus_handler,
    start_prometheus_server,
};
pub use redact::{
    HashKey, Pattern, PatternRedactor, PatternRedactorBuilder, Replacement, redact_json,
};
pub use report::{Counts, DestinationReport, DropReason, Report};
pub use scope::{ScopeIds, ScopeProcessor, ScopeSampler};
pub use signal::Signal;
pub use telemetry::Telemetry;
#[cfg(feature = "tracing")]
pub use tracing_bridge::TracingMode;

pub use spanwise_core::{
    ActiveScope, Agent, AgentBuilder, AlreadyAttached, AttachedHandler, Attempt, BaggageItem,
    CapturePolicy, Completion, CompletionHook, Content, ContentCapture, ContentItem, ContentLevel,
    CreateAgent, CreateAgentBuilder, Document, Embeddings, EmbeddingsBuilder, Entered,
    EnteredScope, Evaluation, Evaluator, EventDetails, EventError, EventHub, EventKind, EventSink,
    EventStatus, FetchResponse, FetchResponseBuilder, ForeignContent, FutureExt, GatewayAnswer,
    Generation, GenerationBuilder, GenerationEvent, GenericPart, GuardVerdict, InOperation,
    InScope, Inside, InvalidTraceRef, Measurements, Memory, MemoryBuilder, MemoryRecord, Message,
    Metadata, Modality, ModelResponse, OpenAiApiType, Operation, OrchestratorEvent, OutputType,
    OwnSpan, OwnSpanBuilder, Part, Plan, PlanBuilder, Provider, RateLimit, RateLimits,
    RecordedAttributes, RecordedOperation, RecordedStream, Recorder, Redactor, RemoteAgent,
    RemoteAgentBuilder, Response, ResponseStatus, Retrieval, RetrievalBuilder, Role, Scope,
    ScopeField, ScopeSampling, ScoreValue, Sensitive, SinkId, SpanEvent, Step, StepBuilder,
    StreamedResponse, TelemetryEvent, TextPlace, ToMessages, Tool, ToolBuilder, ToolDefinition,
    ToolExecutionEvent, TraceRef, TryRecordedStream, Usage, Workflow, WorkflowBuilder, attach,
    attach_many, auth_refreshed, cache_evicted, cache_hit, cache_miss, cache_put, cache_size,
    checklist, context_truncated, cost_calculated, cost_threshold_exceeded, detach, evaluation,
    execute, extract_from_headers, fell_back, get_baggage, guard_checked, inject_into_headers,
    list_handlers, propagate_closure, propagate_context, propagation, rate_limited, redact_value,
    register_error_kind, retried, routed, scope, semconv, span, validation, with_baggage,
    with_context,
};

/// What calls cost.
pub use spanwise_core::{
    BilledUnits, Cost, CostSource, CostTotals, Currency, Decimal, PricedCall, Pricing,
    TokenEstimator, UnknownCurrency,
};

/// Which metrics there are, and by which names.
pub use spanwise_core::{MetricSet, ModelNames};

/// Where calls happen, and how much they may spend.
pub use spanwise_core::{
    Budget, BudgetBuilder, BudgetBy, BudgetExceeded, BudgetPeriod, BudgetUse, InvalidBudget,
    Surroundings, check_budgets,
};

/// Spans and metrics of the program's own.
pub use spanwise_core::{
    MetricsRecorder, SpanBuilder, context_with_span, meter, record_exception, tracer,
};

#[cfg(feature = "macros")]
pub use spanwise_macros::{agent, generation, retrieval, step, tool, workflow};

#[doc(hidden)]
pub use spanwise_core::macro_support;

/// The version of OpenTelemetry's API that everything here is made for.
pub use opentelemetry;

/// The exporters of OpenTelemetry, for [`Destination::exporter_from`].
#[cfg(feature = "opentelemetry-otlp")]
pub use opentelemetry_otlp;
