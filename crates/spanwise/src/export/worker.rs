//! The thread that exports: one runtime of its own, whatever the program has or has not.
//!
//! ```text
//! intake ──full, due, or asked──► convert ─► stages ─► for each destination: split ─► lane
//! ```
//! It never waits for a receiver: lanes do. So a command is heard during an export, too, and between the
//! pieces of what has piled up.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::command::{Command, Request};
use super::convert;
use super::feedback::FeedbackEnd;
use super::intake::{Fill, Intake};
use super::lane::LaneHandle;
use super::losses::Losses;
use super::queued::{Drained, QueuedFeedback};
use super::request::{ExportedResource, Group, Item};
use super::shrink;
use super::split::split;
use super::stage::content::carried::Carried;
use super::stage::content::{ContentStages, Staged};
use super::stage::filter::{Kinship, filter};
use super::stage::limits;
use super::stage::project::{Around, Project, project};
use super::thread::{FarEnd, own_thread};
use crate::config::{Limits, View};
use crate::diagnostics::Diagnostics;
use crate::error::InitError;
use crate::report::{DropReason, Report};
use crate::signal::Signal;

/// Where shutdown's time is over, what that costs is said nevertheless, which takes a moment.
const TO_SAY_SO: Duration = Duration::from_millis(50);

/// What the worker works with.
pub(crate) struct Pipeline {
    /// What content goes through, for the destinations of equal policies.
    pub(crate) stages: Vec<ContentStages>,
    pub(crate) limits: Limits,
    pub(crate) lanes: Vec<PipelineLane>,
    pub(crate) span_delay: Duration,
    pub(crate) log_delay: Duration,
    pub(crate) diagnostics: Diagnostics,
}

/// A lane, as dispatching sees it.
pub(crate) struct PipelineLane {
    pub(crate) handle: LaneHandle,
    /// For metrics: the reader whose collections go here.
    pub(crate) reader: usize,
    pub(crate) view: View,
    /// For feedback: the API at its end.
    pub(crate) feedback: Option<FeedbackEnd>,
    pub(crate) far_end: FarEnd,
}

/// Starts the thread. `make` runs on it, in its runtime.
pub(crate) fn spawn<F>(intake: Arc<Intake>, make: F) -> Result<(), InitError>
where
    F: FnOnce() -> Pipeline + Send + 'static,
{
    own_thread("spanwise-export", move |runtime| {
        let guard = StopAtEnd(intake.clone());
        runtime.block_on(async {
            let pipeline = make();
            Worker::new(intake, pipeline).run().await;
        });
        drop(guard);
    })
}

/// However the worker ends, commands are answered from then on.
struct StopAtEnd(Arc<Intake>);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.stop(DropReason::ExporterPanicked);
    }
}

struct Worker {
    intake: Arc<Intake>,
    pipeline: Pipeline,
    losses: Losses,
    spans_due: Instant,
    logs_due: Instant,
    /// Flushes whose answers wait for what was there when they were heard.
    flushes: Vec<oneshot::Sender<Settled>>,
    /// Telemetry shall end.
    end: Option<Request>,
}

/// Resolves when all that lanes have is answered.
type Settled = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Worker {
    fn new(intake: Arc<Intake>, pipeline: Pipeline) -> Self {
        let now = Instant::now();
        let (spans_due, logs_due) = (now + pipeline.span_delay, now + pipeline.log_delay);
        let losses = Losses::new(pipeline.diagnostics.clone());
        Self { intake, pipeline, losses, spans_due, logs_due, flushes: Vec::new(), end: None }
    }

    async fn run(mut self) {
        loop {
            tokio::select! {
                () = self.intake.woken() => {}
                () = tokio::time::sleep_until(self.spans_due.min(self.logs_due)) => {}
            }
            self.hear();
            self.dispatch_due().await;
            while self.end.is_none() && !self.flushes.is_empty() {
                let flushes = std::mem::take(&mut self.flushes);
                self.dispatch_all().await;
                self.tell(flushes);
            }
            if let Some(Request { deadline, reply, .. }) = self.end.take() {
                return self.shutdown(deadline, reply).await;
            }
            self.losses.look(&self.intake);
        }
    }

    /// Takes up what was asked for.
    fn hear(&mut self) {
        for command in self.intake.take_commands() {
            match command {
                Command::Flush(Request { metrics: None, deadline, reply }) => {
                    self.answer_when_settled(deadline, reply);
                }
                Command::Shutdown(request @ Request { metrics: None, .. }) => {
                    self.end = Some(request);
                }
                waits => self.ask_again_with_metrics(waits),
            }
        }
    }

    /// A command that wants metrics waits for them beside the loop, and then comes back.
    fn ask_again_with_metrics(&self, command: Command) {
        let intake = self.intake.clone();
        tokio::spawn(async move {
            let (mut request, again): (Request, fn(Request) -> Command) = match command {
                Command::Flush(request) => (request, Command::Flush),
                Command::Shutdown(request) => (request, Command::Shutdown),
            };
            if let Some(metrics) = request.metrics.take() {
                // An instrument that hangs while it is observed must not cost the spans their time.
                let now = Instant::now();
                let half = request.deadline.saturating_duration_since(now) / 2;
                let _ = tokio::time::timeout(half, metrics).await;
            }
            intake.command(again(request));
        });
    }

    async fn dispatch_due(&mut self) {
        let now = Instant::now();
        let mut which = self.intake.fill();
        if now >= self.spans_due {
            which.spans = true;
        }
        if now >= self.logs_due {
            which.logs = true;
        }
        if which.spans {
            self.spans_due = now + self.pipeline.span_delay;
        }
        if which.logs {
            self.logs_due = now + self.pipeline.log_delay;
        }
        self.dispatch(which).await;
    }

    async fn dispatch_all(&mut self) {
        self.dispatch(Fill { spans: true, logs: true, metrics: true }).await;
    }

    /// Piece by piece: those who ask for something meanwhile, and lanes, have their turn in between.
    async fn dispatch(&mut self, which: Fill) {
        let drained = self.intake.drain(which);
        let most = [Signal::Traces, Signal::Logs].map(|signal| self.intake.piece(signal));
        for piece in drained.pieces(most) {
            self.pipeline.dispatch(&self.intake, piece);
            tokio::task::yield_now().await;
            self.hear();
            if self.end.as_ref().is_some_and(|end| end.deadline <= Instant::now()) {
                // What is left is dropped, and counted as such at the end.
                break;
            }
        }
        self.intake.ledger(|ledger| {
            ledger.dispatched(Signal::Traces);
            ledger.dispatched(Signal::Logs);
            ledger.dispatched(Signal::Feedback);
        });
    }

    /// Those who flush wait for lanes from now on.
    fn tell(&self, flushes: Vec<oneshot::Sender<Settled>>) {
        for flush in flushes {
            // Its time may be over.
            let _ = flush.send(self.settled());
        }
    }

    fn settled(&self) -> Settled {
        let lanes: Vec<_> = self.pipeline.lanes.iter().map(|lane| lane.handle.settled()).collect();
        Box::pin(async {
            for lane in lanes {
                lane.await;
            }
        })
    }

    /// Answers when all that is here has been dispatched and is settled, or time is over.
    fn answer_when_settled(&mut self, deadline: Instant, reply: oneshot::Sender<Report>) {
        let (flush, dispatched) = oneshot::channel::<Settled>();
        self.flushes.push(flush);
        let intake = self.intake.clone();
        tokio::spawn(async move {
            let stored = intake.stores().settled();
            let settled = async {
                match dispatched.await {
                    Ok(settled) => settled.await,
                    // Telemetry ends before; that is no answer.
                    Err(_) => std::future::pending().await,
                }
                stored.await;
            };
            let complete = tokio::time::timeout_at(deadline, settled).await.is_ok();
            // What was recorded after the flush was asked for may be on its way; that is another flush's.
            let report = Report { complete, ..intake.report() };
            // Nobody may be waiting any more.
            let _ = reply.send(report);
        });
    }

    async fn shutdown(mut self, deadline: Instant, reply: oneshot::Sender<Report>) {
        self.intake.close();
        // Lanes need time as well, for the wire or for the disk.
        let now = Instant::now();
        let quarter = deadline.saturating_duration_since(now) / 4;
        let _ = tokio::time::timeout_at(deadline - quarter, self.dispatch_all()).await;
        let flushes = std::mem::take(&mut self.flushes);
        self.tell(flushes);
        let mut far_ends = Vec::new();
        let Pipeline { lanes, diagnostics, .. } = self.pipeline;
        for PipelineLane { handle, far_end, .. } in lanes {
            handle.close(deadline);
            far_ends.push(far_end);
        }
        for lane in &mut far_ends {
            let _ = tokio::time::timeout_at(deadline, &mut lane.done).await;
        }
        let stores = self.intake.stores();
        let _ = tokio::time::timeout_at(deadline, stores.settled()).await;
        stores.close();
        for abort in far_ends.into_iter().filter_map(|lane| lane.abort) {
            abort.abort();
        }
        // Let aborted tasks go before their books are closed.
        tokio::task::yield_now().await;
        self.intake.stop(DropReason::ShutdownTimeout);
        self.losses.look(&self.intake);
        let said_by = deadline.max(Instant::now() + TO_SAY_SO);
        let _ = tokio::time::timeout_at(said_by, diagnostics.settled()).await;
        let _ = reply.send(self.intake.report());
    }
}

impl Pipeline {
    fn dispatch(&mut self, intake: &Intake, drained: Drained) {
        if drained.is_empty() {
            return;
        }
        let Drained { mut spans, logs, feedback, metrics } = drained;
        if !spans.is_empty() {
            let known = spans
                .iter()
                .filter_map(|it| Some((it.span.span_context.span_id(), it.kin.clone()?)));
            let kinship = known.collect();
            let mut groups = convert::spans(&mut spans);
            intake.refill(spans);
            limits::spans(&mut groups, &self.limits);
            self.fan_out(intake, groups, &kinship, |_| true);
        }
        if !logs.is_empty() {
            let mut groups = convert::logs(logs);
            limits::logs(&mut groups, &self.limits);
            self.fan_out(intake, groups, &Kinship::default(), |_| true);
        }
        if !feedback.is_empty() {
            self.tell(intake, &feedback);
        }
        for collection in metrics {
            let groups = convert::metrics(collection.request);
            let points = groups.iter().flat_map(|group| &group.items);
            let points = points.map(|carried| carried.item.count()).sum();
            let reader = collection.reader;
            for lane in self.lanes.iter().filter(|lane| lane.takes_metrics_of(reader)) {
                intake.ledger(|ledger| ledger.accept_for(lane.handle.id, points));
            }
            self.fan_out(intake, groups, &Kinship::default(), |lane| lane.reader == reader);
        }
    }

    /// Gives feedback to every lane of it, in the words of the API at its end.
    fn tell(&mut self, intake: &Intake, feedback: &[QueuedFeedback]) {
        for stages in &self.stages {
            let lanes = self.lanes.iter_mut().filter(|lane| {
                let id = lane.handle.id;
                id.signal == Signal::Feedback && stages.serve(id.signal, id.destination)
            });
            let mut lanes: Vec<_> = lanes.collect();
            if lanes.is_empty() {
                continue;
            }
            for queued in feedback {
                let said = stages.feedback(queued.clone());
                lanes.iter_mut().for_each(|lane| lane.tell(intake, &said));
            }
        }
    }

    /// Gives the items to every lane of their signal. What destinations share is made once, and the last
    /// one takes it as it is.
    fn fan_out<T: Staged>(
        &mut self,
        intake: &Intake,
        groups: Vec<Group<Carried<T>>>,
        kinship: &Kinship,
        takes: impl Fn(&PipelineLane) -> bool,
    ) {
        let Self { lanes, stages, .. } = self;
        let mut served: Vec<(&mut ContentStages, Vec<usize>)> = Vec::new();
        for stages in stages {
            let lanes = lanes.iter().enumerate().filter(|(_, lane)| {
                let id = lane.handle.id;
                id.signal == T::SIGNAL && stages.serve(id.signal, id.destination) && takes(lane)
            });
            let lanes: Vec<_> = lanes.map(|(place, _)| place).collect();
            if !lanes.is_empty() {
                served.push((stages, lanes));
            }
        }
        for_each_with_its_own(groups, served, |groups, (stages, places)| {
            let groups = stages.run(groups);
            for_each_with_its_own(groups, places, |groups, place| {
                let lane = &mut lanes[place];
                let resource = stages.resource_for(lane.handle.id.destination);
                lane.send(intake, resource, groups, kinship);
            });
        });
    }
}

/// Calls `each` with a copy for every one but the last, which gets the original.
fn for_each_with_its_own<T: Clone, I>(original: T, all: Vec<I>, mut each: impl FnMut(T, I)) {
    let mut all = all.into_iter();
    let last = all.next_back();
    for one in all {
        each(original.clone(), one);
    }
    if let Some(last) = last {
        each(original, last);
    }
}

impl PipelineLane {
    fn takes_metrics_of(&self, reader: usize) -> bool {
        self.handle.id.signal == Signal::Metrics && self.reader == reader
    }

    /// Puts feedback into the lane, if its API has words for it.
    fn tell(&mut self, intake: &Intake, said: &QueuedFeedback) {
        let Some(end) = &self.feedback else { return };
        match end.call(said) {
            Some(call) => self.handle.submit_encoded(intake, call, 1),
            None => {
                let id = self.handle.id;
                intake.ledger(|ledger| ledger.drop_queued(id, 1, DropReason::Unfit));
            }
        }
    }

    /// Runs the stages that differ between destinations, and puts the result into the lane.
    fn send<T: Project>(
        &mut self,
        intake: &Intake,
        resource: &ExportedResource,
        mut groups: Vec<Group<T>>,
        kinship: &Kinship,
    ) {
        let left_out = filter(&mut groups, &self.view.spans, kinship);
        if left_out > 0 {
            intake.ledger(|ledger| ledger.filter(self.handle.id, left_out));
        }
        let around = Around { resource: &resource.resource, kinship };
        project(&mut groups, around, &self.view);
        if self.handle.bounds.item_bytes < usize::MAX {
            let shrunk = shrink::to_fit(&mut groups, self.handle.bounds.item_bytes);
            intake.ledger(|ledger| ledger.shrunk(self.handle.id, shrunk));
        }
        for part in split(resource, groups, self.handle.bounds) {
            self.handle.submit(intake, part.request, part.items);
        }
    }
}
