//! The disk, as lanes see it: a thread of its own does what they ask, in order, and keeps the books of it.
//!
//! ```text
//! Traffic ── Ask ──► thread: Spool ──► Told ──► Traffic
//!                      └─► ledger: queued ◄─► spooled ──► dropped(reason)
//! ```
//! So a disk that is slow, or stands still, holds up neither sending nor recording.

use std::sync::Arc;
#[cfg(test)]
use std::sync::mpsc::TryRecvError;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::parcel::Parcel;
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::export::intake::Intake;
use crate::export::ledger::LaneId;
use crate::export::request::Form;
use crate::export::thread::is_own_from_now_on;
use crate::spool::{Encoding, Losses, Position, Record, Spool, SpoolError};

/// How often spools are looked after: what is too old goes, and what other processes left is adopted.
const UPKEEP: Duration = Duration::from_secs(30);

/// The thread, and the spools of all lanes in it.
pub(crate) struct DiskThread {
    asks: Sender<(usize, Ask)>,
    inbox: Receiver<(usize, Ask)>,
    shelves: Vec<Option<Shelf>>,
    diagnostics: Diagnostics,
    intake: Arc<Intake>,
}

/// One lane's spool, and whom to tell.
struct Shelf {
    id: LaneId,
    spool: Spool,
    form: Form,
    told: mpsc::UnboundedSender<Told>,
}

/// A lane's own end of it.
#[derive(Debug)]
pub(crate) struct Disk {
    index: usize,
    asks: Sender<(usize, Ask)>,
    pub(super) told: mpsc::UnboundedReceiver<Told>,
    pub(super) write_ahead: bool,
}

/// What a lane asks of the disk.
#[derive(Debug)]
pub(super) enum Ask {
    /// Keep this, so that it need not be kept in memory.
    Store(Parcel),
    /// Keep this as well as in memory: it is about to be sent.
    StoreAhead(Parcel),
    /// The oldest that waits.
    Next,
    /// What was handed out, or stored ahead, has its answer.
    Done(Position),
    /// What was handed out, or stored ahead, is on disk alone again.
    PutBack(Parcel, Position),
    /// Nothing more will be asked: make it safe.
    Close(oneshot::Sender<()>),
}

/// What a lane is told by the disk.
#[derive(Debug)]
pub(super) enum Told {
    /// The parcel is stored, and no longer in memory.
    Stored { bytes: usize },
    /// The parcel is stored, and can be sent.
    StoredAhead(Parcel),
    /// The disk does not take it.
    NotStored(Parcel),
    /// The oldest that waited, or nothing.
    Next(Option<Parcel>),
    /// There is more than there was: adopted from processes that are no more.
    Adopted,
}

impl DiskThread {
    pub(crate) fn new(intake: Arc<Intake>, diagnostics: Diagnostics) -> Self {
        let (asks, inbox) = channel();
        Self { asks, inbox, shelves: Vec::new(), diagnostics, intake }
    }

    /// Adds the spool of a lane.
    pub(crate) fn add(&mut self, id: LaneId, spool: Spool, form: Form, write_ahead: bool) -> Disk {
        let (told, is_told) = mpsc::unbounded_channel();
        let index = self.shelves.len();
        self.shelves.push(Some(Shelf { id, spool, form, told }));
        Disk { index, asks: self.asks.clone(), told: is_told, write_ahead }
    }

    /// Starts it, unless there is nothing to do. It ends when no lane is left.
    pub(crate) fn start(self) -> Result<(), InitError> {
        if self.shelves.is_empty() {
            return Ok(());
        }
        let Self { asks, inbox, shelves, diagnostics, intake } = self;
        // Only lanes keep it going.
        drop(asks);
        let mut keeper = Keeper { shelves, diagnostics, intake };
        let body = move || {
            is_own_from_now_on();
            let _nobody = tracing::dispatcher::set_default(&tracing::Dispatch::none());
            keeper.run(&inbox);
        };
        let thread = std::thread::Builder::new().name("spanwise-spool".into()).spawn(body);
        thread.map(drop).map_err(|error| InitError::Thread { kind: error.kind() })
    }
}

#[cfg(test)]
impl DiskThread {
    /// The same without a thread, on the clock of a test.
    pub(super) async fn run_here(self) {
        let Self { asks, inbox, shelves, diagnostics, intake } = self;
        drop(asks);
        let mut keeper = Keeper { shelves, diagnostics, intake };
        loop {
            let asked = inbox.try_recv();
            match asked {
                Ok((index, ask)) => keeper.answer(index, ask),
                Err(TryRecvError::Empty) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(TryRecvError::Disconnected) => return,
            }
        }
    }
}

impl Disk {
    pub(super) fn ask(&self, ask: Ask) {
        // The thread ends after its lanes, unless it panicked: then what it was given is dropped, and
        // counted with all that has no answer at the end.
        let _ = self.asks.send((self.index, ask));
    }
}

/// What runs on the thread.
struct Keeper {
    shelves: Vec<Option<Shelf>>,
    diagnostics: Diagnostics,
    intake: Arc<Intake>,
}

impl Keeper {
    fn run(&mut self, inbox: &Receiver<(usize, Ask)>) {
        for shelf in self.shelves.iter_mut().flatten() {
            let prepared = shelf.spool.prepare();
            shelf.say(prepared.err(), &self.diagnostics);
        }
        let mut upkeep = Instant::now();
        loop {
            if upkeep <= Instant::now() {
                upkeep = Instant::now() + UPKEEP;
                for shelf in self.shelves.iter_mut().flatten() {
                    shelf.look_after(&self.intake, &self.diagnostics);
                }
            }
            match inbox.recv_timeout(upkeep.saturating_duration_since(Instant::now())) {
                Ok((index, ask)) => self.answer(index, ask),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn answer(&mut self, index: usize, ask: Ask) {
        if let Ask::Close(done) = ask {
            // Dropping it closes its files and gives up its lock.
            self.shelves[index] = None;
            let _ = done.send(());
        } else if let Some(shelf) = &mut self.shelves[index] {
            shelf.answer(ask, &self.intake, &self.diagnostics);
            shelf.enter_losses(&self.intake, &self.diagnostics);
        }
    }
}

impl Shelf {
    fn answer(&mut self, ask: Ask, intake: &Intake, diagnostics: &Diagnostics) {
        let now = SystemTime::now();
        match ask {
            Ask::Store(parcel) => match self.spool.append(&self.record(&parcel), now) {
                Ok(_) => {
                    // What it is a piece of may be over with it.
                    if let Some(whole) = parcel.is_over() {
                        self.spool.done(whole);
                    }
                    let (items, bytes) = (parcel.items, parcel.charged);
                    intake.ledger(|ledger| ledger.spool(self.id, items, bytes));
                    drop(parcel);
                    self.tell(Told::Stored { bytes });
                }
                Err(error) => {
                    self.say(Some(error), diagnostics);
                    self.tell(Told::NotStored(parcel));
                }
            },
            Ask::StoreAhead(parcel) => match self.spool.append_out(&self.record(&parcel), now) {
                Ok(position) => {
                    parcel.is_stored_at(position);
                    self.tell(Told::StoredAhead(parcel));
                }
                Err(error) => {
                    self.say(Some(error), diagnostics);
                    self.tell(Told::NotStored(parcel));
                }
            },
            Ask::Next => {
                let next = self.spool.next(now).unwrap_or_else(|error| {
                    self.say(Some(error), diagnostics);
                    None
                });
                let parcel = next.map(|taken| {
                    let body = self.as_sent(taken.encoding, taken.payload);
                    let parcel = Parcel::from_disk(body, taken.items, taken.position);
                    let (items, bytes) = (parcel.items, parcel.charged);
                    intake.ledger(|ledger| ledger.unspool(self.id, items, bytes));
                    parcel
                });
                self.tell(Told::Next(parcel));
            }
            Ask::Done(position) => self.spool.done(position),
            Ask::PutBack(parcel, position) => {
                let (items, bytes) = (parcel.items, parcel.charged);
                intake.ledger(|ledger| ledger.spool(self.id, items, bytes));
                self.spool.put_back(position);
                drop(parcel);
                self.tell(Told::Stored { bytes });
            }
            // Answered where the shelf can be taken away.
            Ask::Close(_) => {}
        }
    }

    fn record<'a>(&self, parcel: &'a Parcel) -> Record<'a> {
        let encoding = match self.form {
            #[cfg(feature = "http")]
            Form::Json => Encoding::Json,
            _ => Encoding::Protobuf,
        };
        Record { encoding, items: parcel.items, payload: &parcel.body }
    }

    /// The body in the form in which the lane sends.
    fn as_sent(&self, encoding: Encoding, body: Bytes) -> Bytes {
        let stored = match encoding {
            #[cfg(feature = "http")]
            Encoding::Json => Form::Json,
            _ => Form::Protobuf,
        };
        if stored == self.form {
            return body;
        }
        let request = crate::export::request::Request::decode(&body, self.id.signal, stored);
        request.and_then(|request| request.encode_as(self.form)).unwrap_or(body)
    }

    fn look_after(&mut self, intake: &Intake, diagnostics: &Diagnostics) {
        match self.spool.adopt(SystemTime::now()) {
            Ok(adopted) if adopted.items > 0 => {
                intake.ledger(|ledger| ledger.adopt(self.id, adopted.items));
                self.tell(Told::Adopted);
            }
            Ok(_) => {}
            Err(error) => self.say(Some(error), diagnostics),
        }
        self.enter_losses(intake, diagnostics);
    }

    /// What the spool lost on its own: no room, no time, no way to read it.
    fn enter_losses(&mut self, intake: &Intake, diagnostics: &Diagnostics) {
        let trouble = self.spool.take_trouble();
        self.say(trouble, diagnostics);
        let Losses { full, expired, unreadable, damaged } = self.spool.take_losses();
        if full + expired + unreadable + damaged == 0 {
            return;
        }
        intake.ledger(|ledger| {
            use crate::report::DropReason::{SpoolExpired, SpoolFull, SpoolUnreadable};
            let lost = [(SpoolFull, full), (SpoolExpired, expired), (SpoolUnreadable, unreadable)];
            for (reason, count) in lost {
                ledger.drop_spooled(self.id, count, reason);
            }
        });
        let signal = self.id.signal;
        let lost = [
            ("there was no room for", full),
            ("too old were", expired),
            ("damaged were", unreadable),
        ];
        for (what, count) in lost.into_iter().filter(|(_, count)| *count > 0) {
            let kind = format!("spool {} {} {what}", self.id.destination, signal.name());
            diagnostics.warn(&kind, format!("spool: {what} {}", signal.counted(count)));
        }
        if damaged > 0 {
            let kind = format!("spool {} {} damage", self.id.destination, signal.name());
            let what = format!("spool: {damaged} places of {} cannot be read", signal.name());
            diagnostics.warn(&kind, what);
        }
    }

    fn tell(&self, told: Told) {
        // A lane that is gone wants to know nothing.
        let _ = self.told.send(told);
    }

    fn say(&self, error: Option<SpoolError>, diagnostics: &Diagnostics) {
        if let Some(error) = error {
            let kind = format!("spool {} {}", self.id.destination, self.id.signal.name());
            diagnostics.warn(&kind, format!("spool: {error}"));
        }
    }
}
