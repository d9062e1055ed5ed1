//! What providers' bytes say, as the GenAI conventions record it.
//!
//! Pure functions: request bytes become a [`Request`], answers and the events of streams an [`Answer`].
//! Fields that are not known pass, those that are missing or broken are absent, and a body that breaks off
//! yields what could be read of it; nothing here fails. Content is not parsed unless it is asked for.
//!
//! | Wire format | Codec |
//! |---|---|
//! | OpenAI Chat Completions, and whoever speaks it | [`OpenAiChat`] |
//! | OpenAI Responses, and whoever speaks it; fetching a stored one | [`OpenAiResponses`] |
//! | OpenAI Embeddings | [`OpenAiEmbeddings`] |
//! | Anthropic Messages | [`AnthropicMessages`] |
//! | Amazon Bedrock: Converse, and Anthropic's models by InvokeModel | [`Bedrock`] |
//! | The Gemini API, and Gemini on Vertex AI | [`Gemini`] |
//! | Ollama's own API | [`Ollama`] |
//! | Cohere: chat, embed, rerank | [`Cohere`] |
//! | Mistral: chat completions, embeddings | [`Mistral`] |
//!
//! What headers say of rate limits is read by [`answered`].
//!
//! An [`Exchange`] turns both into an operation of `spanwise-core`; a [`Recogniser`] tells which codec a request
//! needs, and whose API it goes to. Programs that have a provider's JSON record it by hand with
//! [`RecordAnswer`].

// What is read.
mod answer;
mod codec;
mod rate_limits;
mod request;

// How it is recorded.
mod exchange;
mod record;

// Which of them it is.
mod recogniser;

// The wire formats.
mod anthropic;
mod bedrock;
mod cohere;
mod gemini;
mod include_usage;
mod indexed;
mod json;
mod mistral;
mod ollama;
mod openai_chat;
mod openai_embeddings;
mod openai_responses;

pub use answer::{Answer, ErrorAnswer};
pub use anthropic::AnthropicMessages;
pub use bedrock::Bedrock;
pub use codec::{Codec, Decoder, Event};
pub use cohere::Cohere;
pub use exchange::Exchange;
pub use gemini::Gemini;
pub use mistral::Mistral;
pub use ollama::Ollama;
pub use openai_chat::OpenAiChat;
pub use openai_embeddings::OpenAiEmbeddings;
pub use openai_responses::OpenAiResponses;
pub use rate_limits::answered;
pub use recogniser::{Recognised, Recogniser};
pub use record::{AnswerBody, RecordAnswer};
pub use request::{Operation, Request, RequestContent};
