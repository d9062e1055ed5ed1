//! Whose call it is: set once at the edge, seen on every span below.
//!
//! ```text
//! scope() ──► .session("s-1").user("u-9").tag("beta") ──► .run(future) | .enter() | .context()
//!                                                            │
//!   the scope around it ── inherited, value by value ───────►│ ActiveScope, in the OpenTelemetry Context
//!                                                            ├─► operations: their spans, events and content
//!                                                            ├─► spans of other crates, by a span processor
//!                                                            └─► other processes, by baggage that is allowed
//! ```

mod active;
mod field;
mod run;
mod switches;
mod values;

use std::fmt;

use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry::{Context, StringValue, TraceId};

pub use active::ActiveScope;
pub(crate) use active::{operation_starts, scope_in};
pub use field::ScopeField;
pub use run::{EnteredScope, InScope};
pub(crate) use switches::Switches;
pub(crate) use values::Values;

use crate::capture::ContentLevel;
use crate::trace_ref::TraceRef;

/// Says whose call it is and what it belongs to, for everything that runs inside.
///
/// | Setter | Attribute | On |
/// |---|---|---|
/// | [`session`](Scope::session) | `session.id` | every span |
/// | [`user`](Scope::user) | `user.id` | every span |
/// | [`tenant`](Scope::tenant) | `spanwise.tenant.id` | every span |
/// | [`tag`](Scope::tag), [`tags`](Scope::tags) | `spanwise.tags` (string[]) | every span |
/// | [`metadata`](Scope::metadata) | `spanwise.metadata.<key>` | every span |
/// | [`environment`](Scope::environment) | `deployment.environment.name` | every span |
/// | [`release`](Scope::release) | `spanwise.release` | every span |
/// | [`request_id`](Scope::request_id) | `spanwise.request.id` | every span |
/// | [`conversation_id`](Scope::conversation_id) | `gen_ai.conversation.id` | the operations that have one, spans of other crates |
/// | [`agent_name`](Scope::agent_name) | `gen_ai.agent.name` | tools and plans, where no agent around them says more |
/// | [`prompt_name`](Scope::prompt_name), [`prompt_version`](Scope::prompt_version) | `gen_ai.prompt.name`, `gen_ai.prompt.version` | generations |
/// | [`prompt_variable`](Scope::prompt_variable) | `gen_ai.prompt.variable.<name>` | generations; content, only where captured |
///
/// Every span means those that start inside, of other crates too: theirs by the span processor of
/// `spanwise`, which is there after `init_telemetry`. What an operation says for itself wins.
///
/// Scopes nest. An inner one inherits what it does not say itself; tags are added up. A value is cut to
/// 256 characters, one of metadata to 1,024; there are at most 64 tags, 64 entries of metadata and 64
/// variables, and empty values count as not given. How many did not fit stands in `spanwise.scope.dropped`.
///
/// ```
/// use spanwise_core::{Tool, scope};
///
/// # async fn lookup() -> Result<u32, std::io::Error> { Ok(1) }
/// # async fn example() -> Result<(), std::io::Error> {
/// let order = scope()
///     .session("s-1")
///     .user("u-9")
///     .tag("beta")
///     .run(Tool::new("lookup_order").run(lookup()))
///     .await?;
/// # let _ = order; Ok(()) }
/// ```
pub fn scope() -> Scope {
    Scope::default()
}

/// What a [`scope`] says; in force inside [`run`](Self::run), [`enter`](Self::enter) and
/// [`context`](Self::context).
#[derive(Clone, Default)]
#[must_use = "nothing is inside it until it is run or entered"]
pub struct Scope {
    values: Values,
    content: ContentLevel,
    switches: Switches,
    sampling: Option<ScopeSampling>,
    start: Start,
}

/// What a scope says about sampling, over the sampler's head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScopeSampling {
    /// Every span inside is recorded.
    Keep,
    /// No span inside is recorded. Metrics are all the same.
    Drop,
    /// Spans inside are recorded as the sampler says, in this share of all traces, from 0 to 1; in the others
    /// none is. By trace id, so that all scopes with the same share choose the same traces.
    Share(f64),
}

/// Where the spans of a scope begin.
#[derive(Clone, Debug, Default)]
enum Start {
    /// Under what is active around it.
    #[default]
    Here,
    /// Under a span of another process, or one that is over.
    Under(TraceRef),
    /// As roots of the trace with this id.
    Trace(TraceId),
}

impl Scope {
    /// The session: `session.id` (string).
    pub fn session(self, id: impl Into<StringValue>) -> Self {
        self.set(ScopeField::Session, id)
    }

    /// The user: `user.id` (string). An id, not a name or an address.
    pub fn user(self, id: impl Into<StringValue>) -> Self {
        self.set(ScopeField::User, id)
    }

    /// The tenant, organisation or account: `spanwise.tenant.id` (string). *Extension.*
    pub fn tenant(self, id: impl Into<StringValue>) -> Self {
        self.set(ScopeField::Tenant, id)
    }

    /// Where it is deployed: `deployment.environment.name` (string), over the resource's.
    pub fn environment(self, name: impl Into<StringValue>) -> Self {
        self.set(ScopeField::Environment, name)
    }

    /// The release that serves it: `spanwise.release` (string). *Extension.*
    pub fn release(self, release: impl Into<StringValue>) -> Self {
        self.set(ScopeField::Release, release)
    }

    /// The id of the request that is served: `spanwise.request.id` (string). *Extension.*
    pub fn request_id(self, id: impl Into<StringValue>) -> Self {
        self.set(ScopeField::RequestId, id)
    }

    /// The conversation, by an id that it really has: `gen_ai.conversation.id` (string). Never a new UUID,
    /// a trace id or a hash; it is not derived from the session.
    pub fn conversation_id(self, id: impl Into<StringValue>) -> Self {
        self.set(ScopeField::ConversationId, id)
    }

    /// The agent at work, where no [`Agent`](crate::Agent) is: `gen_ai.agent.name` (string).
    pub fn agent_name(self, name: impl Into<StringValue>) -> Self {
        self.set(ScopeField::AgentName, name)
    }

    /// The prompt template in use: `gen_ai.prompt.name` (string). Version and variables of a scope around
    /// this one are not inherited then.
    pub fn prompt_name(self, name: impl Into<StringValue>) -> Self {
        self.set(ScopeField::PromptName, name)
    }

    /// The version of the named prompt template: `gen_ai.prompt.version` (string).
    pub fn prompt_version(self, version: impl Into<StringValue>) -> Self {
        self.set(ScopeField::PromptVersion, version)
    }

    /// A variable of the prompt template: `gen_ai.prompt.variable.<name>` (string).
    ///
    /// Content: recorded only where inputs are captured.
    pub fn prompt_variable(mut self, name: &str, value: impl Into<StringValue>) -> Self {
        self.values.set_variable(name, &value.into());
        self
    }

    /// Adds a tag: `spanwise.tags` (string[]). One that is there already is not added again. *Extension.*
    pub fn tag(mut self, tag: impl Into<StringValue>) -> Self {
        self.values.add_tag(&tag.into());
        self
    }

    /// Adds tags; see [`tag`](Self::tag).
    pub fn tags<T: Into<StringValue>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        tags.into_iter().fold(self, Self::tag)
    }

    /// Adds an entry of metadata: `spanwise.metadata.<key>` (string). The last one of a key wins.
    /// *Extension.*
    pub fn metadata(mut self, key: &str, value: impl Into<StringValue>) -> Self {
        self.values.set_metadata(key, &value.into());
        self
    }

    /// Sets one value by its name; see the setter that is called so.
    pub fn set(mut self, field: ScopeField, value: impl Into<StringValue>) -> Self {
        self.values.set(field, &value.into());
        self
    }

    /// How much content may leave the process from inside. The lowest level is in force: of the scopes
    /// around a place, of the operation, of the process and of a destination. What is not captured at all
    /// stays so. Below [`ContentLevel::Full`] errors' own texts are not told either.
    ///
    /// ```
    /// use spanwise_core::{ContentLevel, scope};
    ///
    /// scope().content(ContentLevel::Off).run_sync(|| { /* nothing said here leaves */ });
    /// ```
    pub fn content(mut self, level: ContentLevel) -> Self {
        self.content = self.content.min(level);
        self
    }

    /// Records every span inside, whatever the sampler would say. Where its parent is not recorded, the
    /// trace begins here for whoever looks at it.
    ///
    /// Followed by samplers of `spanwise`; providers of the program's own are given a `ScopeSampler`.
    pub fn force_keep(mut self) -> Self {
        self.sampling = Some(ScopeSampling::Keep);
        self
    }

    /// Records no span inside; see [`force_keep`](Self::force_keep). Metrics stay whole.
    pub fn force_drop(mut self) -> Self {
        self.sampling = Some(ScopeSampling::Drop);
        self
    }

    /// Records the spans inside in this share of traces only, from 0 to 1, and as the sampler says there; see
    /// [`force_keep`](Self::force_keep). Metrics stay whole. What is below 0, or no number, is 0.
    pub fn sample_rate(mut self, rate: f64) -> Self {
        let rate = if rate.is_nan() { 0.0 } else { rate.clamp(0.0, 1.0) };
        self.sampling = Some(ScopeSampling::Share(rate));
        self
    }

    /// Starts a trace of its own, with this id: what starts inside is its roots, and no child of what is
    /// active around it. An invalid id changes nothing.
    ///
    /// Followed by the ids of `spanwise`; providers of the program's own are given `ScopeIds`.
    pub fn trace_id(mut self, id: TraceId) -> Self {
        if id != TraceId::INVALID {
            self.start = Start::Trace(id);
        }
        self
    }

    /// Goes on where another process, or an earlier time, left off: spans inside are children of this
    /// span. An invalid reference changes nothing.
    pub fn under(mut self, parent: &TraceRef) -> Self {
        if parent.is_valid() {
            self.start = Start::Under(parent.clone());
        }
        self
    }

    /// The current context with this scope in it.
    pub fn context(self) -> Context {
        self.context_in(&Context::current())
    }

    /// A context with this scope in it; what it has of another scope is inherited.
    pub fn context_in(self, context: &Context) -> Context {
        let (span, trace_id) = match &self.start {
            Start::Here => (None, None),
            Start::Under(parent) => (Some(parent.span_context()), None),
            Start::Trace(id) => (Some(SpanContext::NONE), Some(*id)),
        };
        let silent = (!self.switches.enabled).then(|| context.with_telemetry_suppressed());
        let context = silent.as_ref().unwrap_or(context);
        let inner = ActiveScope::inside(ActiveScope::of(context), self, trace_id);
        match span {
            Some(span) => context.with_remote_span_context(span).with_value(inner),
            None => context.with_value(inner),
        }
    }
}

/// What is said, but for the values, which may be private.
impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("values", &self.values)
            .field("content", &self.content)
            .field("switches", &self.switches)
            .field("sampling", &self.sampling)
            .finish_non_exhaustive()
    }
}
