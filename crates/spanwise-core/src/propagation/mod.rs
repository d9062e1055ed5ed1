//! How context travels: to tasks and threads of this process, and to other processes by headers.
//!
//! ```text
//!  here                                                        there
//!  Context ── inject_into_headers ──► traceparent, tracestate ──► extract_from_headers ──► Context
//!   ├ span                            baggage: allowed keys                                 ├ remote parent
//!   ├ ActiveScope ─ allowed keys ──►    of baggage and scope   ──►                          ├ ActiveScope
//!   └ Baggage ───── allowed keys ──►                                                        └ Baggage
//! ```
//! Follows [W3C Trace Context] and [W3C Baggage]; B3 and Jaeger's header where they are asked for.
//!
//! [W3C Trace Context]: https://www.w3.org/TR/trace-context/
//! [W3C Baggage]: https://www.w3.org/TR/baggage/

mod b3;
mod baggage;
mod headers;
mod hex;
mod jaeger;
mod local;
mod percent;
mod propagator;
mod trace_context;

pub use baggage::{BaggageItem, BaggageKeys, get_baggage, with_baggage};
pub use headers::Headers;
pub use local::{InContext, propagate_closure, propagate_context, with_context};
pub use propagator::{Format, Propagation, extract_from_headers, inject_into_headers, install};
