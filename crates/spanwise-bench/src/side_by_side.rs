//! Criterion, with one way to record beside the same by hand.

use std::time::Duration;

use criterion::Criterion;
use rustix::time::{ClockId, clock_gettime};
use spanwise::ContentCapture;

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
                bencher.iter_custom(|calls| prepared.rounds(*case, &call, calls));
            });
        }
    }
    criterion.final_summary();
}

/// The processor time that this thread has used.
pub fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = Duration::from_secs(time.tv_sec.cast_unsigned());
    seconds + Duration::from_nanos(time.tv_nsec.cast_unsigned())
}
