//! The kinds of work that are recorded, a file each, and the life that they share.

mod agent;
mod current_agent;
mod embeddings;
mod generation;
mod live;
mod methods;
mod remote_agent;
mod request;
mod scope;
mod step;
mod stream;
mod streamed;
mod tool;
mod workflow;

pub use agent::{Agent, AgentBuilder};
pub use embeddings::{Embeddings, EmbeddingsBuilder};
pub use generation::{Generation, GenerationBuilder};
pub use remote_agent::{RemoteAgent, RemoteAgentBuilder};
pub use request::OutputType;
pub use scope::{Entered, FutureExt, InOperation, Operation};
pub use step::{Step, StepBuilder};
pub use stream::{RecordedStream, TryRecordedStream};
pub use streamed::StreamedResponse;
pub use tool::{Tool, ToolBuilder};
pub use workflow::{Workflow, WorkflowBuilder};
