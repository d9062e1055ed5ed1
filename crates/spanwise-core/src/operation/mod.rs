//! The kinds of work that are recorded, a file each, and the life that they share.

mod active;
mod agent;
mod attempt;
mod attempted;
mod call;
mod charge;
mod create_agent;
mod current_agent;
mod draft;
mod embeddings;
mod ending;
mod fetch_response;
mod gateway;
mod generation;
mod heard;
mod kind;
mod live;
mod memory;
mod methods;
mod moment;
mod outcome;
mod own_span;
mod path;
mod plan;
mod provider_details;
mod remote_agent;
mod request;
mod retrieval;
mod skill;
mod step;
mod stream;
mod streamed;
mod surroundings;
mod tool;
mod workflow;

pub(crate) use active::sealed;
pub use active::{Entered, FutureExt, InOperation, Operation};
pub use agent::{Agent, AgentBuilder};
pub use attempt::{Attempt, RateLimit, RateLimits};
pub use create_agent::{CreateAgent, CreateAgentBuilder};
pub use embeddings::{Embeddings, EmbeddingsBuilder};
pub(crate) use ending::EmittedEnd;
pub use fetch_response::{FetchResponse, FetchResponseBuilder, ResponseStatus};
pub use gateway::GatewayAnswer;
pub use generation::{Generation, GenerationBuilder};
pub use memory::{Memory, MemoryBuilder};
pub(crate) use moment::budget_reached;
pub use moment::{
    GuardVerdict, auth_refreshed, cache_evicted, cache_hit, cache_miss, cache_put, cache_size,
    checklist, context_truncated, fell_back, guard_checked, rate_limited, retried, routed,
    validation,
};
pub use own_span::{OwnSpan, OwnSpanBuilder, span};
pub use path::OperationPath;
pub use plan::{Plan, PlanBuilder};
pub use provider_details::OpenAiApiType;
pub use remote_agent::{RemoteAgent, RemoteAgentBuilder};
pub use request::OutputType;
pub use retrieval::{Retrieval, RetrievalBuilder};
pub use step::{Step, StepBuilder};
pub use stream::{RecordedStream, TryRecordedStream};
pub(crate) use stream::{end_of_stream, poll_inside};
pub use streamed::StreamedResponse;
pub use surroundings::Surroundings;
pub use tool::{Tool, ToolBuilder};
pub use workflow::{Workflow, WorkflowBuilder};
