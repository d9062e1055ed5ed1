//! What makes spans of every kind follow the scope around them: their attributes, the id of their trace,
//! and whether they are recorded.
//!
//! After [`init_telemetry`](crate::init_telemetry) all of it is in place; a program with providers of its own
//! gives them the three parts.

mod ids;
mod processor;
mod sampler;

pub use ids::ScopeIds;
pub use processor::ScopeProcessor;
pub(crate) use processor::describe;
pub use sampler::ScopeSampler;
pub(crate) use sampler::decide;
