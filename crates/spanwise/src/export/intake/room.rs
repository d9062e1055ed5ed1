//! Waiting for room, for those who want no loss.

use std::sync::{MutexGuard, Once, PoisonError};

use tokio::runtime::RuntimeFlavor;

use super::super::thread;
use super::Intake;
use super::queues::{Phase, State};
use crate::config::OverflowPolicy;
use crate::diagnostics::Diagnostics;
use crate::signal::Signal;

impl Intake {
    /// The state, once there is room for so many bytes, or no time or reason to wait for it.
    pub(super) fn room_for(&self, signal: Signal, bytes: usize) -> MutexGuard<'_, State> {
        let state = self.lock();
        let OverflowPolicy::Block(timeout) = self.queues.overflow else { return state };
        let full = |state: &mut State| !state.has_room(&self.queues, signal, bytes);
        let mut state = state;
        if !full(&mut state) {
            state.waited_in_vain = false;
            return state;
        }
        if state.phase != Phase::Open || state.waited_in_vain || !may_wait() {
            return state;
        }
        // What makes room may be waiting for its batch to be full.
        state.hurry = true;
        self.wake.notify_one();
        let open_and_full = |state: &mut State| state.phase == Phase::Open && full(state);
        let waited = self.room.wait_timeout_while(state, timeout, open_and_full);
        let (mut state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waited_in_vain = result.timed_out();
        state
    }

    /// There may be room: what was in a queue has gone.
    pub(super) fn tell_room(&self) {
        if let OverflowPolicy::Block(_) = self.queues.overflow {
            self.room.notify_all();
        }
    }
}

/// Whether this thread may wait for room: not one of ours, which make it, and not the only one of a runtime,
/// on which the program would stand still.
fn may_wait() -> bool {
    static SAID: Once = Once::new();
    if thread::is_own() {
        return false;
    }
    let runtime = tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor());
    let may = runtime.is_err() || runtime.is_ok_and(|it| it != RuntimeFlavor::CurrentThread);
    if !may {
        SAID.call_once(|| {
            Diagnostics::default().warn(
                "block",
                "the queue is full, and recording cannot wait on the thread of a current-thread \
                 runtime: the newest is dropped"
                    .into(),
            );
        });
    }
    may
}
