//! What the examples share: a small client for OpenAI's API, and a small local server that speaks it, for
//! those without a key.

mod chat;
mod client;
mod server;

pub use chat::{ChatCompletion, ChatRequest, Delta, Options, ToolCall};
pub use client::{Api, Client, Embedding, Error};
pub use reqwest::Method;
