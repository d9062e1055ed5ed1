//! What the examples share: which provider's server they talk to, and a small local one that speaks every
//! provider's API, for those without a key.
//!
//! The local one asks for a tool first, where there are tools, and answers when it has the tool's result.

// Which server.
mod api;

// The local one.
mod answer;
mod server;

// How each provider speaks.
mod anthropic;
mod bedrock;
mod cohere;
mod gemini;
mod ollama;
mod openai;

pub use api::{Api, Provider, SetupError};
