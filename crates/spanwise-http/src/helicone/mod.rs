//! Headers of Helicone: what a gateway of Helicone is asked to do with a model call, and whose call it is.
//!
//! ```text
//! Helicone::new(key).cache(..).retry(..).build()? ─► HeliconeSettings ─► HeliconePropagator
//!                                                        │                  ├ only where the Context has a
//!   for one request: settings.in_context(&cx) ───────────┘                  │ TargetHost that is Helicone's
//!   scope(): user, session, tags, metadata, prompt ────────────────────────►└► Helicone-*, Cache-Control
//! ```
//! Given to [`GenAi::propagator`](crate::GenAi::propagator), which knows where requests go. It is never made
//! global: a propagator that knows no target writes nothing.
//!
//! Source: [header directory](https://docs.helicone.ai/helicone-headers/header-directory)

mod answer;
mod error;
mod fallback;
mod propagator;
mod rate_limit;
mod route;
mod settings;
mod switches;
mod text;

pub(crate) use answer::answer;
pub use error::HeliconeError;
pub use fallback::HeliconeFallback;
pub use propagator::HeliconePropagator;
pub use rate_limit::RateLimitPolicy;
pub use route::HeliconeRoute;
pub use settings::{Helicone, HeliconeSettings};
pub use switches::{HeliconeCache, HeliconeRetry, TokenLimitHandler};
