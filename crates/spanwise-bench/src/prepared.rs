//! A way to record, set up and ready.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use opentelemetry::global;
use opentelemetry::logs::NoopLoggerProvider;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{Span, Tracer, TracerProvider as _};
use opentelemetry_sdk::trace::Sampler;
use spanwise::{
    ContentCapture, Destination, Environment, ForMetrics, ForSpans, Prices, Telemetry,
    TelemetryConfig,
};

use crate::by_hand::{ByHand, Providers};
use crate::call::Call;
use crate::case::{Case, Way};
use crate::listeners;
use crate::nowhere::Nowhere;
use crate::side_by_side::thread_cpu;
use crate::with_spanwise;

/// Enough for an exporter that takes everything at once.
const PAUSE: Duration = Duration::from_millis(20);

/// Something that records cases.
pub struct Prepared {
    records: Box<dyn Records>,
    exports: Option<Exports>,
}

/// What exports, and counts what arrives.
enum Exports {
    Sdk(Providers),
    Spanwise(Telemetry, Nowhere),
}

impl Prepared {
    /// Sets up a way to record. `content` says whether it is captured; by hand it is the code that does so.
    ///
    /// # Panics
    ///
    /// Where the process records by spanwise already, in this way or another.
    pub fn new(way: Way, content: ContentCapture) -> Self {
        let config = || TelemetryConfig::new("bench").content_capture(content);
        match way {
            Way::ByHand => Self::by_hand(Providers::new(every_span())),
            Way::ByHandNotSampled => Self::by_hand(Providers::new(no_span())),
            Way::ByHandNotInstalled => {
                let hand = ByHand::new(global::tracer("by_hand"), &global::meter("by_hand"));
                Self { records: Box::new(hand), exports: None }
            }
            Way::Installed => Self::installed(config()),
            Way::NotSampled => Self::installed(config().sample_rate(0.0)),
            Way::Disabled => Self::installed(config().enabled(false)),
            Way::Attached => {
                let providers = Providers::new(every_span());
                let Providers { tracers, meters, .. } = &providers;
                spanwise::attach_providers(tracers, meters, &NoopLoggerProvider::new())
                    .expect("the process records by spanwise in one way");
                Self { records: Box::new(Spanwise), exports: Some(Exports::Sdk(providers)) }
            }
            Way::NotInstalled => Self { records: Box::new(Spanwise), exports: None },
            Way::OneHandler => {
                let prepared = Self::installed(config());
                listeners::attach_handler();
                prepared
            }
            Way::FourExporters => {
                let prepared = Self::installed(config());
                listeners::add_exporters(4);
                prepared
            }
            Way::Priced => {
                let prices = Prices::published();
                let calls = [Call::MODEL, Call::DATED_MODEL];
                let known = calls.map(|model| prices.look_up("openai", model));
                assert_eq!(known, [true; 2], "the table knows them");
                Self::installed(config().pricing(prices))
            }
        }
    }

    fn by_hand(providers: Providers) -> Self {
        let tracer = providers.tracers.tracer("by_hand");
        let hand = ByHand::new(tracer, &providers.meters.meter("by_hand"));
        Self { records: Box::new(hand), exports: Some(Exports::Sdk(providers)) }
    }

    /// Records by spanwise, with telemetry that starts by this configuration and counts what arrives.
    ///
    /// # Panics
    ///
    /// Where the process records by spanwise already.
    pub fn installed(config: TelemetryConfig) -> Self {
        let nowhere = Nowhere::default();
        let config = config
            .environment(Environment::empty())
            .destination(Destination::exporter::<ForSpans, _>(nowhere.clone()).name("spans"))
            .destination(Destination::exporter::<ForMetrics, _>(nowhere.clone()).name("metrics"));
        let telemetry = spanwise::init_telemetry(config).expect("telemetry starts once");
        Self { records: Box::new(Spanwise), exports: Some(Exports::Spanwise(telemetry, nowhere)) }
    }

    /// Records a case once.
    pub fn record(&self, case: Case, call: &Call) {
        self.records.record(case, call);
    }

    /// Records a case so often, with pauses for the exporter, whose queue is never full. What it took is processor
    /// time of the calling thread.
    pub fn rounds(&self, case: Case, call: &Call, calls: u64) -> Duration {
        let mut spent = Duration::ZERO;
        let mut left = calls;
        while left > 0 {
            let round = left.min(case.per_round().into());
            let before = thread_cpu();
            (0..round).for_each(|_| self.record(case, call));
            spent += thread_cpu() - before;
            left -= round;
            self.pause(PAUSE);
        }
        spent
    }

    /// One round, of which what one call took.
    pub fn round(&self, case: Case, call: &Call) -> Duration {
        self.rounds(case, call, case.per_round().into()) / case.per_round()
    }

    /// Gives exporters, where there are any, this time to take what waits.
    pub fn pause(&self, time: Duration) {
        if self.exports.is_some() {
            std::thread::sleep(time);
        }
    }

    /// Sends what waits, and says how many spans have arrived.
    pub fn arrived(&self) -> u64 {
        match &self.exports {
            None => 0,
            Some(Exports::Sdk(providers)) => {
                providers.tracers.force_flush().expect("the exporter takes everything");
                providers.arrived.count()
            }
            Some(Exports::Spanwise(telemetry, nowhere)) => {
                block_on(telemetry.flush());
                nowhere.count()
            }
        }
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared")
    }
}

fn every_span() -> Sampler {
    Sampler::ParentBased(Box::new(Sampler::AlwaysOn))
}

fn no_span() -> Sampler {
    Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(0.0)))
}

/// Whatever records cases.
trait Records: Send + Sync {
    fn record(&self, case: Case, call: &Call);
}

impl<T> Records for ByHand<T>
where
    T: Tracer + Send + Sync,
    T::Span: Span + Send + Sync + 'static,
{
    fn record(&self, case: Case, call: &Call) {
        match case {
            Case::Generation | Case::Content(_) => self.generation(call),
            Case::GenerationAroundFuture => poll_once(self.generation_around_future(call)),
            Case::Tool => self.tool(None),
            Case::Agent => self.agent(call),
            Case::Workflow => self.workflow(),
        }
    }
}

struct Spanwise;

impl Records for Spanwise {
    fn record(&self, case: Case, call: &Call) {
        match case {
            Case::Generation | Case::Content(_) => with_spanwise::generation(call),
            Case::GenerationAroundFuture => {
                poll_once(with_spanwise::generation_around_future(call));
            }
            Case::Tool => with_spanwise::tool(),
            Case::Agent => with_spanwise::agent(call),
            Case::Workflow => with_spanwise::workflow(),
        }
    }
}

/// Polls a future that does not wait.
fn poll_once(future: impl Future<Output = ()>) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_ready(), "nothing in it waits");
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
