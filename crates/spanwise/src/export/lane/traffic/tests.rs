use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;

use super::*;
use crate::config::{BatchConfiguration, DeliverySettings, SpoolSync};
use crate::diagnostics::Diagnostics;
use crate::export::intake::{Intake, Queues};
use crate::export::lane::disk::{Disk, DiskThread};
use crate::export::lane::transport::{Attempt, Transport};
use crate::export::lane::{LaneHandle, LaneSettings, lane};
use crate::export::ledger::{LaneId, Ledger};
use crate::export::request::{ExportedResource, Form, Group, Item, Request};
use crate::export::split::Bounds;
use crate::report::Counts;
use crate::signal::Signal;
use crate::spool::{self, Place, Spool};

const ID: LaneId = LaneId { destination: 0, signal: Signal::Traces };

/// How long the receiver takes for a request.
const TAKES: Duration = Duration::from_millis(50);

/// A receiver by a function from the spans of a request to an answer.
struct Receiver<F> {
    answer: F,
    taken: Arc<Mutex<Vec<Span>>>,
    attempts: Arc<Mutex<Vec<(Instant, usize)>>>,
    firsts: Arc<Mutex<Vec<(Instant, usize)>>>,
    at_once: AtomicUsize,
    most_at_once: Arc<AtomicUsize>,
}

impl<F: Fn(usize, &[Span], &Bytes) -> Verdict + Send + Sync> Transport for Receiver<F> {
    fn send(&self, signal: Signal, body: Bytes) -> Attempt<'_> {
        Box::pin(async move {
            let spans = spans(Request::decode(&body, signal, Form::Protobuf).unwrap());
            let number = {
                let mut attempts = self.attempts.lock().unwrap();
                attempts.push((Instant::now(), spans.len()));
                attempts.len() - 1
            };
            let first = (Instant::now(), spans[0].name.parse().unwrap());
            self.firsts.lock().unwrap().push(first);
            let at_once = self.at_once.fetch_add(1, Ordering::Relaxed) + 1;
            self.most_at_once.fetch_max(at_once, Ordering::Relaxed);
            tokio::time::sleep(TAKES).await;
            self.at_once.fetch_sub(1, Ordering::Relaxed);
            let verdict = (self.answer)(number, &spans, &body);
            if let Verdict::Accepted | Verdict::Partial { .. } = verdict {
                self.taken.lock().unwrap().extend(spans);
            }
            verdict
        })
    }
}

fn spans(request: Request) -> Vec<Span> {
    let groups = Span::groups(request).into_iter().flat_map(|(_, groups)| groups);
    groups.flat_map(|group| group.items).collect()
}

/// A lane to such a receiver.
struct Bench {
    intake: Arc<Intake>,
    handle: LaneHandle,
    far_end: tokio::task::JoinHandle<()>,
    taken: Arc<Mutex<Vec<Span>>>,
    attempts: Arc<Mutex<Vec<(Instant, usize)>>>,
    /// The number of each request's first span, and when it was sent.
    firsts: Arc<Mutex<Vec<(Instant, usize)>>>,
    most_at_once: Arc<AtomicUsize>,
    diagnostics: Diagnostics,
    next: usize,
}

impl Bench {
    fn new(
        delivery: DeliverySettings,
        answer: impl Fn(usize, &[Span], &Bytes) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self::with(delivery, answer, |_| None)
    }

    /// The same with a spool in this directory.
    fn spooling(
        directory: &Path,
        answer: impl Fn(usize, &[Span], &Bytes) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        let place = Place::new(directory, Signal::Traces, "otlp", "http://localhost", "grpc");
        let bounds = spool::Bounds {
            max_bytes: 64 << 20,
            max_age: Duration::from_secs(3600),
            sync: SpoolSync::Never,
        };
        Self::with(DeliverySettings::default(), answer, |intake| {
            let mut disks = DiskThread::new(intake.clone(), Diagnostics::default());
            let disk = disks.add(ID, Spool::new(place, bounds), Form::Protobuf, false);
            tokio::spawn(disks.run_here());
            Some(disk)
        })
    }

    fn with(
        delivery: DeliverySettings,
        answer: impl Fn(usize, &[Span], &Bytes) -> Verdict + Send + Sync + 'static,
        disk: impl FnOnce(&Arc<Intake>) -> Option<Disk>,
    ) -> Self {
        let ledger =
            Ledger::new([("otlp".to_owned(), Signal::ALL.map(|signal| signal == Signal::Traces))]);
        let batches = BatchConfiguration { max_queue_size: 100_000, ..BatchConfiguration::SPANS };
        let intake = Arc::new(Intake::new(Queues { spans: batches, ..Queues::default() }, ledger));
        let settings = LaneSettings {
            id: ID,
            form: Form::Protobuf,
            bounds: Bounds::NONE,
            most_items: usize::MAX,
            most_bytes: usize::MAX,
            disk: disk(&intake),
            spare_bytes: None,
        };
        let (handle, lane) = lane(settings, intake.clone());
        let taken = Arc::<Mutex<Vec<Span>>>::default();
        let attempts = Arc::<Mutex<Vec<(Instant, usize)>>>::default();
        let firsts = Arc::<Mutex<Vec<(Instant, usize)>>>::default();
        let most_at_once = Arc::<AtomicUsize>::default();
        let diagnostics = Diagnostics::default();
        let receiver = Receiver {
            answer,
            taken: taken.clone(),
            attempts: attempts.clone(),
            firsts: firsts.clone(),
            at_once: AtomicUsize::new(0),
            most_at_once: most_at_once.clone(),
        };
        let end = OtlpEnd::for_test(Box::new(receiver), delivery, diagnostics.clone());
        let far_end = tokio::spawn(end.run(lane));
        Self {
            intake,
            handle,
            far_end,
            taken,
            attempts,
            firsts,
            most_at_once,
            diagnostics,
            next: 0,
        }
    }

    /// Puts a request of so many spans, each with a content of this size, into the lane.
    fn submit(&mut self, spans: usize, size: usize) {
        let span = |number: usize| {
            let content = AnyValue { value: Some(Value::StringValue("x".repeat(size))) };
            let content = KeyValue { key: "c".into(), value: Some(content), ..KeyValue::default() };
            Span { name: number.to_string(), attributes: vec![content], ..Span::default() }
        };
        let items: Vec<_> = (self.next..self.next + spans).map(span).collect();
        self.next += spans;
        let group = Group { scope: Default::default(), schema_url: String::new(), items };
        let resource = ExportedResource { resource: Default::default(), schema_url: String::new() };
        self.intake.ledger(|ledger| ledger.accept_for(ID, spans as u64));
        self.handle.submit(&self.intake, Span::request(&resource, vec![group]), spans as u64);
    }

    fn counts(&self) -> Counts {
        let counts = self.intake.lane_counts(0, Signal::Traces).unwrap();
        let waits = counts.queued + counts.in_flight + counts.spooled;
        let sum = waits + counts.exported + counts.dropped();
        assert_eq!(counts.accepted, sum, "{counts:?}");
        counts
    }

    /// The numbers of the spans that were taken, each once.
    fn taken(&self) -> Vec<usize> {
        let spans = self.taken.lock().unwrap();
        let mut numbers: Vec<_> = spans.iter().map(|span| span.name.parse().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    }

    fn attempts(&self) -> Vec<(Instant, usize)> {
        self.attempts.lock().unwrap().clone()
    }

    /// Closes the lane and waits until it is done.
    async fn finish(self) -> Done {
        self.handle.close(Instant::now() + Duration::from_secs(3600));
        self.far_end.await.unwrap();
        Done { intake: self.intake, taken: self.taken, attempts: self.attempts }
    }
}

struct Done {
    intake: Arc<Intake>,
    taken: Arc<Mutex<Vec<Span>>>,
    attempts: Arc<Mutex<Vec<(Instant, usize)>>>,
}

impl Done {
    fn counts(&self) -> Counts {
        self.intake.lane_counts(0, Signal::Traces).unwrap()
    }
}

fn busy(after: Option<Duration>) -> Verdict {
    Verdict::Retry { after, cause: Cause::new("busy", "") }
}

fn cause() -> Cause {
    Cause::new("no", "")
}

#[tokio::test(start_paused = true)]
async fn several_requests_are_under_way_at_once_and_no_more() {
    let mut bench = Bench::new(DeliverySettings::default(), |_, _, _| Verdict::Accepted);
    let started = Instant::now();
    for _ in 0..20 {
        bench.submit(10, 1);
    }
    bench.handle.settled().await;
    assert_eq!(bench.most_at_once.load(Ordering::Relaxed), 4);
    assert_eq!(started.elapsed(), Duration::from_millis(250));
    assert_eq!((bench.counts().exported, bench.taken()), (200, (0..200).collect()));
}

#[tokio::test(start_paused = true)]
async fn an_outage_costs_one_probe_at_a_time_and_nothing_else() {
    let back = Instant::now() + Duration::from_secs(120);
    let answer = move |_, _: &[Span], _: &Bytes| {
        if Instant::now() < back { busy(None) } else { Verdict::Accepted }
    };
    let mut bench = Bench::new(DeliverySettings::default(), answer);
    for _ in 0..100 {
        bench.submit(10, 1);
    }
    tokio::time::sleep_until(back).await;
    let probes = bench.attempts().len();
    // Four at once before anything was known; then pauses that double to at most 5 s.
    assert!((24..70).contains(&probes), "{probes}");
    assert_eq!(
        (bench.counts().queued + bench.counts().in_flight, bench.counts().dropped()),
        (1000, 0)
    );
    bench.handle.settled().await;
    assert_eq!((bench.counts().exported, bench.taken()), (1000, (0..1000).collect()));
    assert!(back.elapsed() < Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_said_when_it_begins_and_then_once_a_minute() {
    let back = Instant::now() + Duration::from_secs(100);
    let answer = move |_, _: &[Span], _: &Bytes| {
        if Instant::now() < back { busy(None) } else { Verdict::Accepted }
    };
    let mut bench = Bench::new(DeliverySettings::default(), answer);
    for _ in 0..100 {
        bench.submit(10, 1);
    }
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(bench.attempts().len() > 10);
    let said = "a receiver of the test's cannot be reached, trying again: busy";
    assert_eq!(bench.diagnostics.heard(), [said]);
    bench.handle.settled().await;
    assert_eq!(bench.diagnostics.heard(), [said; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_the_receiver_asks_for_is_waited_for_by_all() {
    let asked = Duration::from_secs(100);
    let answer =
        move |n, _: &[Span], _: &Bytes| if n == 0 { busy(Some(asked)) } else { Verdict::Accepted };
    let mut bench = Bench::new(DeliverySettings::default(), answer);
    bench.submit(1, 1);
    tokio::time::sleep(Duration::from_millis(60)).await;
    bench.submit(1, 1);
    bench.handle.settled().await;
    let [first, second, third] = bench.attempts().try_into().unwrap();
    assert_eq!(second.0 - first.0, asked + Duration::from_millis(50));
    assert!(third.0 >= second.0 + Duration::from_millis(50), "only after the probe");
    assert_eq!(bench.counts().exported, 2);
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_longer_than_the_time_to_retry_is_dropped_and_counted() {
    let settings =
        DeliverySettings { retry_timeout: Duration::from_secs(30), ..Default::default() };
    let mut bench = Bench::new(settings, |_, _, _| busy(None));
    let started = Instant::now();
    bench.submit(7, 1);
    bench.handle.settled().await;
    let took = started.elapsed();
    assert!((24..=30).contains(&took.as_secs()), "{took:?}");
    assert_eq!(bench.counts().dropped_for(DropReason::RetriesExhausted), 7);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_always_fails_holds_up_others_no_longer_than_pauses() {
    let answer = |_, spans: &[Span], _: &Bytes| {
        if spans.iter().any(|span| span.name == "0") { busy(None) } else { Verdict::Accepted }
    };
    let mut bench = Bench::new(DeliverySettings::default(), answer);
    for _ in 0..50 {
        bench.submit(1, 1);
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.taken(), (1..50).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn one_bad_item_among_many_takes_nobody_along() {
    for bad in [0, 200, 511] {
        let answer = move |_, spans: &[Span], _: &Bytes| {
            let is_bad = |span: &Span| span.name == bad.to_string();
            if spans.iter().any(is_bad) { Verdict::Malformed(cause()) } else { Verdict::Accepted }
        };
        let mut bench = Bench::new(DeliverySettings::default(), answer);
        bench.submit(512, 1);
        bench.handle.settled().await;
        assert_eq!(bench.counts().dropped_for(DropReason::Refused), 1);
        assert_eq!(bench.taken(), (0..512).filter(|n| *n != bad).collect::<Vec<_>>());
        assert_eq!(bench.attempts().len(), 19, "two for each halving, and the first");
    }
}

#[tokio::test(start_paused = true)]
async fn several_bad_items_take_nobody_along() {
    let bad = ["3", "77", "78", "300", "505"];
    let answer = move |_, spans: &[Span], _: &Bytes| {
        let is_bad = |span: &Span| bad.contains(&span.name.as_str());
        if spans.iter().any(is_bad) { Verdict::Malformed(cause()) } else { Verdict::Accepted }
    };
    let mut bench = Bench::new(DeliverySettings::default(), answer);
    bench.submit(512, 1);
    bench.handle.settled().await;
    assert_eq!(
        (bench.counts().exported, bench.counts().dropped_for(DropReason::Refused)),
        (507, 5)
    );
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_refuses_everything_is_not_asked_about_every_item() {
    let mut bench = Bench::new(DeliverySettings::default(), |_, _, _| Verdict::Malformed(cause()));
    bench.submit(512, 1);
    bench.handle.settled().await;
    assert_eq!(bench.counts().dropped_for(DropReason::Refused), 512);
    let attempts = bench.attempts().len();
    assert!(attempts <= 2 * (9 + 4) + 1, "{attempts}");
}

/// Takes requests of at most this many bytes.
fn takes(most: usize) -> impl Fn(usize, &[Span], &Bytes) -> Verdict + Send + Sync {
    move |_, _, body| {
        if body.len() > most { Verdict::TooLarge(cause()) } else { Verdict::Accepted }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_arrives_in_pieces() {
    let mut bench = Bench::new(DeliverySettings::default(), takes(1 << 20));
    bench.submit(50, 100_000);
    bench.handle.settled().await;
    assert_eq!((bench.counts().exported, bench.counts().shrunk), (50, 0));
    assert_eq!(bench.taken(), (0..50).collect::<Vec<_>>());
    let first = bench.attempts().len();
    bench.submit(50, 100_000);
    bench.handle.settled().await;
    let second = bench.attempts().split_off(first);
    assert!(
        second.iter().all(|(_, spans)| spans * 100_000 < 1 << 20),
        "now it is known: {second:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_too_large_alone_arrives_without_its_largest_content() {
    let mut bench = Bench::new(DeliverySettings::default(), takes(4 << 20));
    bench.submit(3, 100);
    bench.submit(2, 5 << 20);
    bench.handle.settled().await;
    let counts = bench.counts();
    assert_eq!((counts.exported, counts.shrunk, counts.dropped()), (5, 2, 0));
    let taken = bench.taken.lock().unwrap();
    let contents =
        taken.iter().map(|span| match &span.attributes[0].value.as_ref().unwrap().value {
            Some(Value::StringValue(text)) => text.clone(),
            other => panic!("{other:?}"),
        });
    let marked =
        contents.filter(|text| text.starts_with("[too large to send: 5242880 bytes, sha256 "));
    assert_eq!(marked.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_finds_everything_too_large_gets_nothing_and_it_is_counted() {
    let mut bench = Bench::new(DeliverySettings::default(), takes(0));
    bench.submit(3, 2000);
    bench.handle.settled().await;
    let counts = bench.counts();
    assert_eq!((counts.dropped_for(DropReason::TooLarge), counts.shrunk), (3, 3));
    let spans: Vec<_> = bench.attempts().iter().map(|(_, spans)| *spans).collect();
    assert_eq!(spans, [3, 1, 1, 1, 1, 1, 1], "whole, pieces, and each once more without content");
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_loses_its_request_alone() {
    let answer =
        |n, _: &[Span], _: &Bytes| if n == 1 { panic!("of the test's") } else { Verdict::Accepted };
    let mut bench = Bench::new(DeliverySettings::default(), answer);
    for _ in 0..5 {
        bench.submit(10, 1);
    }
    bench.handle.settled().await;
    let counts = bench.counts();
    assert_eq!((counts.exported, counts.dropped_for(DropReason::ExporterPanicked)), (40, 10));
}

#[tokio::test(start_paused = true)]
async fn at_the_end_pauses_are_short_again_and_everything_is_waited_for() {
    let back = Instant::now() + Duration::from_secs(60);
    let answer = move |_, _: &[Span], _: &Bytes| {
        if Instant::now() < back { busy(None) } else { Verdict::Accepted }
    };
    let mut bench = Bench::new(DeliverySettings::default(), answer);
    bench.submit(10, 1);
    tokio::time::sleep_until(back - Duration::from_millis(10)).await;
    let before = bench.attempts().len();
    let done = bench.finish().await;
    assert!(back.elapsed() < Duration::from_millis(700), "{:?}", back.elapsed());
    assert!(done.attempts.lock().unwrap().len() > before);
    assert_eq!((done.counts().exported, done.taken.lock().unwrap().len()), (10, 10));
}

/// A receiver that asks for 100 s when it gets its first request, and takes what comes then.
fn away_at_first(n: usize, _: &[Span], _: &Bytes) -> Verdict {
    if n == 0 { busy(Some(Duration::from_secs(100))) } else { Verdict::Accepted }
}

/// A bench with requests of one span each on its disk, and when their receiver is back.
async fn with_spooled(directory: &Path, requests: usize) -> (Bench, Instant) {
    let mut bench = Bench::spooling(directory, away_at_first);
    let back = Instant::now() + TAKES + Duration::from_secs(100);
    bench.submit(1, 1);
    // Now the receiver is known to be down.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 1..requests {
        bench.submit(1, 1);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((bench.counts().spooled, bench.counts().queued), (requests as u64, 0));
    (bench, back)
}

/// Which requests were sent from then on, and when.
fn sent_since(bench: &Bench, since: Instant) -> Vec<(Instant, usize)> {
    let sent = bench.firsts.lock().unwrap();
    sent.iter().copied().filter(|(at, _)| *at >= since).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_spooled_comes_back_in_its_order_after_one_probe() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, back) = with_spooled(directory.path(), 50).await;
    tokio::time::sleep_until(back + Duration::from_secs(10)).await;
    assert_eq!((bench.counts().exported, bench.counts().spooled), (50, 0));
    let sent = sent_since(&bench, back);
    let order: Vec<_> = sent.iter().map(|(_, number)| *number).collect();
    assert_eq!(order, (0..50).collect::<Vec<_>>());
    assert!(sent[1].0 >= sent[0].0 + TAKES, "nothing goes before the probe is answered");
    assert_eq!(bench.most_at_once.load(Ordering::Relaxed), 4, "then as many as may be");
}

#[tokio::test(start_paused = true)]
async fn beside_live_traffic_one_request_from_disk_is_under_way_and_live_traffic_goes_on() {
    const SPOOLED: usize = 500;
    let directory = tempfile::tempdir().unwrap();
    let (mut bench, back) = with_spooled(directory.path(), SPOOLED).await;
    tokio::time::sleep_until(back + 3 * TAKES).await;
    // A little more than the receiver takes: there are always live requests that wait.
    let live_since = Instant::now();
    for _ in 0..100 {
        (0..5).for_each(|_| bench.submit(1, 1));
        tokio::time::sleep(TAKES).await;
    }
    // What was under way before has its answer.
    let sent = sent_since(&bench, live_since + TAKES);
    let (live, replayed): (Vec<_>, Vec<_>) =
        sent.iter().copied().partition(|(_, number)| *number >= SPOOLED);
    assert!(replayed.len() > 3, "the disk has its turn: {}", replayed.len());
    assert!(replayed.is_sorted_by_key(|(_, number)| *number), "in its order");
    let apart = replayed.windows(2).all(|pair| pair[1].0 >= pair[0].0 + TAKES);
    assert!(apart, "one at a time: {replayed:?}");
    // Four at a time for 4.9 s are 392.
    assert!(live.len() >= 392 * 3 / 4, "three of four ways are theirs: {}", live.len());
    assert!(live.is_sorted_by_key(|(_, number)| *number));

    tokio::time::sleep(Duration::from_secs(30)).await;
    let counts = bench.counts();
    assert_eq!((counts.exported, counts.spooled, counts.dropped()), (SPOOLED as u64 + 500, 0, 0));
    assert_eq!(bench.taken(), (0..SPOOLED + 500).collect::<Vec<_>>(), "each of them once");
}
