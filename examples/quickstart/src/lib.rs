//! What the example needs beside spanwise: a client for OpenAI's API, and a small local server that
//! speaks it, for those without a key.

mod client;
mod server;

pub use client::{ChatCompletion, ChatRequest, Client, Delta, Embedding, Error, ToolCall};
