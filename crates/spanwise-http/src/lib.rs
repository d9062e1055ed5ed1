//! See every model call without touching the code that makes it.
//!
//! One line where the client is built, and each of its model calls becomes a span with metrics, streamed or
//! not. What the caller sends and receives is passed on byte for byte, as it comes, unless
//! [`GenAi::include_usage`] asks for something else.
//!
//! | Client | Use |
//! |---|---|
//! | any tower client of `http::Request` | [`GenAiLayer`] |
//! | `reqwest-middleware`, with the feature of that name | `GenAiMiddleware` |
//! | `async-openai`, with the feature of that name | `async_openai` |
//! | the AWS SDK, with the feature `aws-sdk` | `GenAiInterceptor` |
//! | `genai`, with the feature of that name | `ExecTraced` |
//! | any other, by an adapter of one's own | [`GenAi::start`] |
//!
//! Services of one's own hand the trace's context on by [`ExtractContextLayer`] and [`InjectContextLayer`].
//!
//! Requests that are no model call pass untouched, at the price of one look at method and path. Whose API a
//! host serves is known for common providers, and else said with [`GenAi::host`].
//!
//! Inside a client that retries, each attempt is a span; outside, the whole is one, and shows its attempts where
//! an [`AttemptLayer`] or an `AttemptMiddleware` stands inside. `async_openai` is one with its retries.
//!
//! A budget that is a [hard stop](spanwise_core::BudgetBuilder::hard_stop) has calls refused before they leave, with a
//! [`BudgetExceeded`](spanwise_core::BudgetExceeded) that the caller can match: by `GenAiMiddleware` in
//! `reqwest_middleware::Error::Middleware`, by `async_openai` in `OpenAIError::Boxed`, by `GenAiInterceptor` among the sources
//! of the SDK's error; for tower clients by a [`BudgetLayer`] inside of [`GenAiLayer`].
//!
//! What answers say of rate limits becomes an event of the span and metrics; see
//! [`Generation::attempt`](spanwise_core::Generation::attempt).

// To whom what is said.
mod context;
pub mod helicone;
mod hosts;

// What is recorded.
mod genai;
mod recording;
mod target;

// How it is read on the way.
mod body;
mod framing;
mod hide_usage;
mod inflate;
mod open_call;
mod peek;

// Where it is hooked in.
#[cfg(feature = "async-openai")]
mod async_openai;
mod attempts;
#[cfg(feature = "aws-sdk")]
mod aws_sdk;
mod budget;
#[cfg(feature = "genai")]
mod exec_traced;
mod layer;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod model_call;
#[cfg(any(feature = "async-openai", feature = "reqwest-middleware"))]
mod reqwest_response;

#[cfg(feature = "async-openai")]
pub use async_openai::{AsyncOpenAi, async_openai};
pub use attempts::{AttemptLayer, AttemptService, Attempted};
#[cfg(feature = "aws-sdk")]
pub use aws_sdk::GenAiInterceptor;
pub use body::RecordedBody;
pub use budget::{BudgetError, BudgetLayer, BudgetService, WithinBudget};
#[cfg(feature = "reqwest-middleware")]
pub use context::InjectContextMiddleware;
pub use context::{ExtractContext, ExtractContextLayer, InjectContext, InjectContextLayer};
#[cfg(feature = "genai")]
pub use exec_traced::{ExecTraced, RecordedChatStream, RecordedChatStreamResponse};
pub use genai::GenAi;
pub use hosts::{TargetHost, TargetHostExt};
pub use layer::{GenAiLayer, GenAiService, RecordedCall};
#[cfg(feature = "reqwest-middleware")]
pub use middleware::{AttemptMiddleware, GenAiMiddleware};
pub use model_call::ModelCall;
pub use peek::PeekedBody;
