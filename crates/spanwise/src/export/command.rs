//! What the worker is asked to do.

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::report::Report;

/// What the worker is asked.
pub(crate) enum Command {
    /// Send everything that is here now.
    Flush(Request),
    /// Send everything, and stop.
    Shutdown(Request),
}

/// The terms of a command.
pub(crate) struct Request {
    /// Resolves when the metrics of this moment are here.
    pub(crate) metrics: Option<oneshot::Receiver<()>>,
    pub(crate) deadline: Instant,
    pub(crate) reply: oneshot::Sender<Report>,
}
