//! What the examples share: a small client for OpenAI's API.

mod chat;
mod client;

pub use chat::{ChatCompletion, ChatRequest, Delta, Options, ToolCall};
pub use client::{Client, Embedding, Error};
pub use reqwest::Method;
