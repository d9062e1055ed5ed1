//! Backends by name.

mod langfuse;

pub use langfuse::Langfuse;
