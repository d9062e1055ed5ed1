//! Record LLM work as OpenTelemetry spans, metrics and events.
//!
//! | To record | Start from | Span name |
//! |---|---|---|
//! | one model call | [`Generation`] | `chat {model}` |
//! | one request for embeddings | [`Embeddings`] | `embeddings {model}` |
//! | one tool run | [`Tool`] | `execute_tool {tool}` |
//! | one invocation of an agent | [`Agent`], [`Agent::remote`] | `invoke_agent {agent}` |
//! | a process of several of these | [`Workflow`] | `invoke_workflow {workflow}` |
//! | one step of a process | [`Step`] | `step {step}` |
//! | work of the program's own | [`OwnSpan`] | its name |
//! | one look-up in a data source | [`Retrieval`] | `retrieval {data source}` |
//! | one operation on a memory store | [`Memory`] | `search_memory`, … |
//! | an agent's planning | [`Plan`] | `plan {agent}` |
//! | the making of a remote agent | [`Agent::create`] | `create_agent {agent}` |
//! | the fetching of a stored response | [`FetchResponse`] | `fetch_response` |
//!
//! How good an answer was is said by [`evaluation`] and [`TraceRef::score`], whose call it is by [`scope`](scope()).
//!
//! Each is built, then run around work: `run(future)`, `run_with(async |operation| …)` for work that
//! records what it learns, `run_sync(closure)`, or `start()` for a guard that is ended by hand.
//!
//! An operation ends once, by whichever comes first: `finish`, `fail`, or being dropped, which is
//! recorded as cancelled. A second end does not compile:
//!
//! ```compile_fail,E0382
//! let tool = spanwise_core::Tool::new("lookup_order").start();
//! drop(tool);
//! tool.finish();
//! ```
//!
//! Names, types and levels follow the OpenTelemetry [GenAI semantic conventions]; what is added to them
//! begins with `spanwise.` and is marked *extension*.
//!
//! Without a [`Recorder`] every call is a no-op. Applications install one with the `spanwise` crate;
//! libraries need only this crate.
//!
//! [GenAI semantic conventions]: https://github.com/open-telemetry/semantic-conventions-genai

// What ran.
mod operation;

// What the program records itself, beside operations.
mod own;

// What clients answer.
#[cfg(feature = "async-openai")]
mod async_openai;
#[cfg(feature = "genai")]
mod genai;

// What it is said about.
mod budget;
mod cost;
mod document;
mod evaluation;
mod feedback;
mod memory_record;
mod message;
mod provider;
mod response;
mod trace_ref;
mod usage;

// Whose it is, and to whom it may be said.
pub mod propagation;
mod scope;

// How it becomes telemetry.
mod capture;
mod clock;
mod content;
mod error_kind;
mod event;
mod recorder;
mod redact;
pub mod semconv;
mod sensitive;

// What the attributes of `spanwise-macros` expand to.
#[doc(hidden)]
pub mod macro_support;

pub use budget::{
    Budget, BudgetBuilder, BudgetBy, BudgetExceeded, BudgetPeriod, BudgetUse, InvalidBudget,
    check_budgets,
};
pub use capture::{
    CapturePolicy, ContentCapture, ContentLevel, UnknownContentCapture, UnknownContentLevel,
};
pub use clock::Clock;
pub use content::{Content, ContentItem, ForeignContent};
pub use cost::{
    BilledUnits, Cost, CostSource, CostTotals, Currency, PricedCall, Pricing, TokenEstimator,
    UnknownCurrency,
};
pub use document::Document;
pub use error_kind::register_error_kind;
pub use evaluation::{Evaluation, evaluation};
pub use event::{
    AlreadyAttached, AttachedHandler, EventDetails, EventError, EventHub, EventKind, EventPlace,
    EventSink, EventStatus, GenerationEvent, GivenIds, Inside, Measurements, Metadata,
    OrchestratorEvent, RecordedOperation, SinkId, SpanEvent, TelemetryEvent, ToolExecutionEvent,
    attach, attach_many, cost_calculated, cost_threshold_exceeded, detach, emit_at, execute,
    list_handlers, warn_by,
};
pub use feedback::{Evaluator, Feedback, FeedbackRecorder, ScoreValue};
pub use memory_record::MemoryRecord;
pub use message::{GenericPart, Message, Part, Role, ToMessages, ToolDefinition};
pub use operation::{
    Agent, AgentBuilder, Attempt, CreateAgent, CreateAgentBuilder, Embeddings, EmbeddingsBuilder,
    Entered, FetchResponse, FetchResponseBuilder, FutureExt, GatewayAnswer, Generation,
    GenerationBuilder, GuardVerdict, InOperation, Memory, MemoryBuilder, OpenAiApiType, Operation,
    OperationPath, OutputType, OwnSpan, OwnSpanBuilder, Plan, PlanBuilder, RateLimit, RateLimits,
    RecordedStream, RemoteAgent, RemoteAgentBuilder, ResponseStatus, Retrieval, RetrievalBuilder,
    Step, StepBuilder, StreamedResponse, Surroundings, Tool, ToolBuilder, TryRecordedStream,
    Workflow, WorkflowBuilder, auth_refreshed, cache_evicted, cache_hit, cache_miss, cache_put,
    cache_size, checklist, context_truncated, fell_back, guard_checked, rate_limited, retried,
    routed, span, validation,
};
pub use own::{MetricsRecorder, SpanBuilder, context_with_span, meter, record_exception, tracer};
pub use propagation::{
    BaggageItem, extract_from_headers, get_baggage, inject_into_headers, propagate_closure,
    propagate_context, with_baggage, with_context,
};
pub use provider::Provider;
pub use recorder::{
    AlreadyInstalled, Completion, CompletionHook, ContentRecorder, Event, EventRecorder, Kept,
    Label, Measurement, MetricRecorder, MetricSet, MetricValue, ModelNames, PerSeries,
    PlainInstrument, PlainMetrics, RecordedAttributes, Recorder, RecorderBuilder, SCOPE_NAME,
    Series, TokenLabel, UnknownMetricSet, captures_content, install, instrumentation_scope,
    is_recorded, tells_error_messages,
};
pub use redact::{Redactor, TextPlace, redact_value};
pub use response::{ModelResponse, Response};
pub use scope::{ActiveScope, EnteredScope, InScope, Scope, ScopeField, ScopeSampling, scope};
pub use sensitive::Sensitive;
pub use trace_ref::{InvalidTraceRef, TraceRef};
pub use usage::{Modality, Usage};

pub use opentelemetry;
pub use rust_decimal::Decimal;
