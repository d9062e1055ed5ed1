//! What carries requests to an OTLP receiver.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use super::verdict::Verdict;
use crate::signal::Signal;

#[cfg(any(feature = "grpc", feature = "http"))]
pub(super) const USER_AGENT: &str = concat!("spanwise/", env!("CARGO_PKG_VERSION"));

/// Sends encoded requests.
pub(crate) trait Transport: Send + Sync {
    /// Makes one attempt.
    fn send(&self, signal: Signal, body: Bytes) -> Attempt<'_>;
}

/// The answer to come.
pub(crate) type Attempt<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// Makes a transport; to be called in the runtime in which it is used.
pub(crate) type Connect = Box<dyn FnOnce() -> Box<dyn Transport> + Send>;
