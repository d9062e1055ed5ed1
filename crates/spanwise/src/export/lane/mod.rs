//! One signal's way to one destination: envelopes wait, are sent, and have their fate entered.
//!
//! ```text
//! dispatch ─► Envelope ─► queue ─┬─► Traffic ─► Transport ─► OTLP receiver      ─┐
//!                                └─► Deliver ─► console, exporter of the SDK    ─┴─► Fate ─► books
//! ```

#[cfg(any(feature = "grpc", feature = "http"))]
mod authorize;
pub(crate) mod breaker;
#[cfg(feature = "http")]
mod compress;
pub(crate) mod disk;
pub(crate) mod divide;
#[cfg(feature = "http")]
pub(crate) mod feedback;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
#[cfg(feature = "http")]
pub(crate) mod http;
pub(crate) mod otlp;
mod parcel;
mod ticket;
#[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
pub(crate) mod tls;
mod traffic;
pub(crate) mod transport;
#[cfg_attr(
    not(any(feature = "grpc", feature = "http")),
    allow(dead_code, reason = "without a transport nobody gives a verdict")
)]
pub(crate) mod verdict;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::disk::Disk;
use super::intake::Intake;
use super::ledger::{Fate, LaneId};
use super::request::{Form, Request};
use super::split::Bounds;
use crate::report::DropReason;
use ticket::{Ticket, Tickets};

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

/// The payload, and how many bytes it counts for.
fn payload(form: Form, request: Request) -> (Payload, usize) {
    match request.encode_as(form) {
        Some(bytes) => {
            let size = bytes.len();
            (Payload::Encoded(bytes), size)
        }
        None => {
            let size = request.encoded_len();
            (Payload::Message(request), size)
        }
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
    queue: mpsc::UnboundedSender<Submitted>,
    tickets: Tickets,
    closing: watch::Sender<Option<Instant>>,
}

/// An envelope in the queue.
#[derive(Debug)]
struct Submitted {
    envelope: Envelope,
    /// How many bytes it counts for.
    bytes: usize,
    ticket: Ticket,
}

/// The far end of a lane, to be run where the destination lives.
pub(crate) struct Lane {
    id: LaneId,
    queue: mpsc::UnboundedReceiver<Submitted>,
    /// Changes when nothing more will come: to when all must be over.
    closing: watch::Receiver<Option<Instant>>,
    disk: Option<Disk>,
    /// How much may wait in memory where there is a disk for the rest.
    most_items: usize,
    most_bytes: usize,
    intake: Arc<Intake>,
}

/// Which lane, in which form, and how much of it.
pub(crate) struct LaneSettings {
    pub(crate) id: LaneId,
    pub(crate) form: Form,
    pub(crate) bounds: Bounds,
    pub(crate) most_items: usize,
    pub(crate) most_bytes: usize,
    pub(crate) disk: Option<Disk>,
    /// How many bytes more may wait, in any number: on their way to disk, or let in knowingly.
    pub(crate) spare_bytes: Option<usize>,
}

/// Both ends of a new lane.
pub(crate) fn lane(settings: LaneSettings, intake: Arc<Intake>) -> (LaneHandle, Lane) {
    let LaneSettings { id, form, bounds, most_items, most_bytes, disk, spare_bytes } = settings;
    // Unbounded here, because the books bound it: `submit` asks them first.
    let (sender, queue) = mpsc::unbounded_channel();
    let (closing, is_closing) = watch::channel(None);
    let handle = LaneHandle {
        id,
        form,
        bounds,
        most_items: if spare_bytes.is_some() { usize::MAX } else { most_items },
        most_bytes: most_bytes.saturating_add(spare_bytes.unwrap_or_default()),
        queue: sender,
        tickets: Tickets::new(),
        closing,
    };
    let closing = is_closing;
    (handle, Lane { id, queue, closing, disk, most_items, most_bytes, intake })
}

impl LaneHandle {
    /// Puts a request into the lane, or drops it where there is no room.
    pub(crate) fn submit(&mut self, intake: &Intake, request: Request, items: u64) {
        let (payload, bytes) = payload(self.form, request);
        self.put(intake, payload, (items, bytes));
    }

    /// The same with what is encoded already.
    pub(crate) fn submit_encoded(&mut self, intake: &Intake, body: Bytes, items: u64) {
        let bytes = body.len();
        self.put(intake, Payload::Encoded(body), (items, bytes));
    }

    fn put(&mut self, intake: &Intake, payload: Payload, (items, bytes): (u64, usize)) {
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
        let ticket = self.tickets.issue();
        let envelope = Envelope { items, payload };
        if self.queue.send(Submitted { envelope, bytes, ticket }).is_err() {
            // The far end is gone without a word, which only a panic does.
            intake.ledger(|ledger| {
                ledger.abandon(self.id.destination, DropReason::ExporterPanicked);
            });
        }
    }

    /// Resolves when everything that was submitted until now has its fate, or never will have.
    pub(crate) fn settled(&self) -> impl Future<Output = ()> + Send + use<> {
        self.tickets.returned()
    }

    /// Nothing more will come: the lane delivers what it has until then, and is done.
    pub(crate) fn close(self, deadline: Instant) {
        self.closing.send_replace(Some(deadline));
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
            let Some(Submitted { envelope, bytes, ticket }) = received else { break };
            let items = envelope.items;
            self.intake.ledger(|ledger| ledger.depart(self.id, items));
            let fate = destination.deliver(envelope).await;
            self.intake.ledger(|ledger| ledger.settle(self.id, bytes, fate));
            drop(ticket);
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
