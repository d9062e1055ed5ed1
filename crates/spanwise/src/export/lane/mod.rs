//! One signal's way to one destination: envelopes wait, are sent, and have their fate entered.
//!
//! ```text
//! dispatch ─► Envelope ─► queue ─► Deliver ─► Fate ─► books
//!                                  (OTLP with retries, console, SDK exporter)
//! ```

#[cfg(feature = "http")]
mod compress;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "http")]
mod http;
pub(crate) mod otlp;
mod retry;
#[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
pub(crate) mod tls;
mod transport;
#[cfg_attr(
    not(any(feature = "grpc", feature = "http")),
    allow(dead_code, reason = "without a transport nobody gives a verdict")
)]
mod verdict;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::intake::Intake;
use super::ledger::{Fate, LaneId};
use super::request::Request;
use super::split::Bounds;
use crate::report::DropReason;

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) items: u64,
    pub(crate) payload: Payload,
}

/// What a lane carries: bytes as they go out, or messages for those who look at them here.
#[derive(Debug)]
pub(crate) enum Payload {
    Encoded(Bytes),
    Message(Request),
}

/// In which form a lane wants its payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Protobuf,
    #[cfg(feature = "http")]
    Json,
    Message,
}

impl Form {
    /// The payload, and how many bytes it counts for.
    pub(crate) fn payload(self, request: Request) -> (Payload, usize) {
        let bytes = match self {
            Self::Protobuf => request.encode(),
            #[cfg(feature = "http")]
            Self::Json => request.encode_json(),
            Self::Message => {
                let size = request.encoded_len();
                return (Payload::Message(request), size);
            }
        };
        let size = bytes.len();
        (Payload::Encoded(bytes), size)
    }
}

/// What stands at the end of a lane.
pub(crate) trait Deliver: Send + 'static {
    /// Delivers an envelope, and says what became of its items.
    fn deliver(&mut self, envelope: Envelope) -> impl Future<Output = Fate> + Send;

    /// When it wants to be called though nothing came.
    fn wants_tick(&self) -> Option<Instant> {
        None
    }

    /// The time it wanted to be called at has come.
    fn tick(&mut self) {}

    /// Nothing more will come.
    fn finish(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// The worker's end of a lane.
#[derive(Debug)]
pub(crate) struct LaneHandle {
    pub(crate) id: LaneId,
    pub(crate) form: Form,
    pub(crate) bounds: Bounds,
    /// How much may wait.
    pub(crate) most_items: usize,
    pub(crate) most_bytes: usize,
    queue: mpsc::UnboundedSender<(Envelope, usize)>,
    submitted: u64,
    completed: watch::Receiver<u64>,
}

/// The far end of a lane, to be run where the destination lives.
pub(crate) struct Lane {
    id: LaneId,
    queue: mpsc::UnboundedReceiver<(Envelope, usize)>,
    completed: watch::Sender<u64>,
    intake: Arc<Intake>,
}

/// Which lane, in which form, and how much of it.
pub(crate) struct LaneSettings {
    pub(crate) id: LaneId,
    pub(crate) form: Form,
    pub(crate) bounds: Bounds,
    pub(crate) most_items: usize,
    pub(crate) most_bytes: usize,
}

/// Both ends of a new lane.
pub(crate) fn lane(settings: LaneSettings, intake: Arc<Intake>) -> (LaneHandle, Lane) {
    let LaneSettings { id, form, bounds, most_items, most_bytes } = settings;
    // Unbounded here, because the books bound it: `submit` asks them first.
    let (sender, queue) = mpsc::unbounded_channel();
    let (completed, watch) = watch::channel(0);
    let handle = LaneHandle {
        id,
        form,
        bounds,
        most_items,
        most_bytes,
        queue: sender,
        submitted: 0,
        completed: watch,
    };
    (handle, Lane { id, queue, completed, intake })
}

impl LaneHandle {
    /// Puts a request into the lane, or drops it where there is no room.
    pub(crate) fn submit(&mut self, intake: &Intake, request: Request, items: u64) {
        let (payload, bytes) = self.form.payload(request);
        let fits = intake.ledger(|ledger| {
            let fits = ledger.has_room(self.id, self.most_items, self.most_bytes, (items, bytes));
            if fits {
                ledger.enqueue(self.id, bytes);
            } else {
                ledger.drop_queued(self.id, items, DropReason::QueueFull);
            }
            fits
        });
        if !fits {
            return;
        }
        self.submitted += 1;
        if self.queue.send((Envelope { items, payload }, bytes)).is_err() {
            // The far end is gone without a word, which only a panic does.
            intake.ledger(|ledger| {
                ledger.abandon(self.id.destination, DropReason::ExporterPanicked);
            });
        }
    }

    /// Resolves when everything that was submitted until now has its fate, or never will have.
    pub(crate) fn settled(&self) -> impl Future<Output = ()> + Send + use<> {
        let (mut completed, submitted) = (self.completed.clone(), self.submitted);
        async move {
            // An error means that the lane is no more.
            let _ = completed.wait_for(|completed| *completed >= submitted).await;
        }
    }
}

impl Lane {
    /// Delivers until there is nothing more to come.
    pub(crate) async fn run(mut self, mut destination: impl Deliver) {
        loop {
            let tick = destination.wants_tick();
            let received = tokio::select! {
                received = self.queue.recv() => received,
                () = until(tick) => {
                    destination.tick();
                    continue;
                }
            };
            let Some((envelope, bytes)) = received else { break };
            let items = envelope.items;
            self.intake.ledger(|ledger| ledger.depart(self.id, items));
            let fate = destination.deliver(envelope).await;
            self.intake.ledger(|ledger| ledger.settle(self.id, bytes, fate));
            self.completed.send_modify(|completed| *completed += 1);
        }
        destination.finish().await;
    }
}

async fn until(tick: Option<Instant>) {
    match tick {
        Some(tick) => tokio::time::sleep_until(tick).await,
        None => std::future::pending().await,
    }
}
