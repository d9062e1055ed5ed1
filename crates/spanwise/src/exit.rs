//! Ends that are not the end of `main`: a signal, a panic.
//!
//! ```text
//! SIGTERM, Ctrl-C ─► a thread of ours ─► shutdown ─► the signal's own effect: the process ends
//! panic ─► the hook that was there ─► ours: flush
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::error::InitError;
use crate::export::blocking;
use crate::export::intake::Intake;
use crate::export::thread::{is_own, own_thread};
use crate::telemetry::Running;

/// Shuts down when the process is asked to end, and lets it end then.
pub(crate) fn shut_down_on_signals(running: Running) -> Result<(), InitError> {
    let (listening, is_listening) = std::sync::mpsc::channel();
    own_thread("spanwise-signals", move |runtime| {
        runtime.block_on(async {
            let signals = Signals::listen();
            // From now on a signal finds us; whoever starts telemetry waits for that.
            let _ = listening.send(());
            let Some(mut signals) = signals else { return };
            if let Some(signal) = signals.asked_to_end().await {
                let timeout = running.timeout;
                // However late the answer, the process was asked to end.
                let _ = tokio::time::timeout(timeout + SLACK, running.shutdown(timeout)).await;
                signal.take_effect();
            }
        });
    })?;
    // It says so, or is gone.
    let _ = is_listening.recv();
    Ok(())
}

/// Threads may be woken a moment late.
const SLACK: Duration = Duration::from_millis(100);

/// Flushes when something panics, after the hook that was there before has said so.
pub(crate) fn flush_on_panic(intake: Arc<Intake>, timeout: Duration) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        // Ours are those that flush: they would wait for themselves.
        if !is_own() {
            // Nobody is left to tell what did not arrive.
            let _ = blocking::flush(&intake, timeout);
        }
    }));
}

/// A request to end.
#[cfg(unix)]
struct Ending(i32);

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let terminate = signal(SignalKind::terminate()).ok()?;
        let interrupt = signal(SignalKind::interrupt()).ok()?;
        Some(Self { terminate, interrupt })
    }

    async fn asked_to_end(&mut self) -> Option<Ending> {
        use tokio::signal::unix::SignalKind;

        let kind = tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        };
        Some(Ending(kind.as_raw_value()))
    }
}

#[cfg(unix)]
impl Ending {
    /// What the signal does to a process that does not handle it, so that whoever sent it sees that.
    fn take_effect(self) {
        let _ = signal_hook::low_level::emulate_default_handler(self.0);
    }
}

#[cfg(not(unix))]
struct Ending;

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Option<Self> {
        Some(Self)
    }

    async fn asked_to_end(&mut self) -> Option<Ending> {
        tokio::signal::ctrl_c().await.ok().map(|()| Ending)
    }
}

#[cfg(not(unix))]
impl Ending {
    /// As a process ends that does not handle Ctrl-C.
    fn take_effect(self) {
        const STATUS_CONTROL_C_EXIT: i32 = 0xC000_013A_u32 as i32;
        std::process::exit(STATUS_CONTROL_C_EXIT);
    }
}
