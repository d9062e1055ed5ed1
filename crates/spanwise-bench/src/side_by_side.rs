//! Criterion, with one way to record beside the same by hand.

use std::time::Duration;

use criterion::Criterion;
use rustix::time::{ClockId, clock_gettime};
use spanwise::{ContentCapture, TelemetryConfig};

use crate::call::Call;
use crate::case::{Case, Way};
use crate::prepared::Prepared;

/// Measures the cases, recorded in this way and by hand, in turn. Time is the processor time of the
/// calling thread; exporters have pauses of their own, so that no queue is ever full.
pub fn side_by_side(way: Way, content: ContentCapture, cases: &[Case]) {
    let mut criterion = Criterion::default().configure_from_args();
    let ways = [way.by_hand(), way].map(|way| (way, Prepared::new(way, content)));
    for case in cases {
        let call = Call::new(case.content_bytes());
        let mut group = criterion.benchmark_group(case.name());
        for (way, prepared) in &ways {
            group.bench_function(way.name(), |bencher| {
                bencher.iter_custom(|calls| in_rounds(prepared, *case, &call, calls));
            });
        }
    }
    criterion.final_summary();
}

/// Measures a call without content, the same with 100 KB of it, and one copy of those bytes, all with
/// telemetry that starts by this configuration.
pub fn beside_a_copy(config: TelemetryConfig) {
    let mut criterion = Criterion::default().configure_from_args();
    let prepared = Prepared::installed(config);
    for case in [Case::Generation, Case::Content(100 << 10)] {
        let call = Call::new(case.content_bytes());
        criterion.bench_function(&case.name(), |bencher| {
            bencher.iter_custom(|calls| in_rounds(&prepared, case, &call, calls));
        });
        if case.content_bytes() > 0 {
            criterion.bench_function("copy-100k", |bencher| {
                bencher.iter_custom(|copies| {
                    // Kept for as long as a round is, as a queue keeps them.
                    let mut kept = Vec::with_capacity(16);
                    let before = thread_cpu();
                    for _ in 0..copies {
                        if kept.len() == 16 {
                            kept.clear();
                        }
                        kept.push(call.copy_of_content());
                    }
                    thread_cpu() - before
                });
            });
        }
    }
    criterion.final_summary();
}

/// Enough for an exporter that takes everything at once.
const PAUSE: Duration = Duration::from_millis(20);

fn in_rounds(prepared: &Prepared, case: Case, call: &Call, calls: u64) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = calls;
    while left > 0 {
        let round = left.min(case.per_round().into());
        let before = thread_cpu();
        (0..round).for_each(|_| prepared.record(case, call));
        spent += thread_cpu() - before;
        left -= round;
        prepared.pause(PAUSE);
    }
    spent
}

/// The processor time that this thread has used.
pub fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = Duration::from_secs(time.tv_sec.cast_unsigned());
    seconds + Duration::from_nanos(time.tv_nsec.cast_unsigned())
}
