//! What a price adds to a model call: once its model was seen, before that, and as a part of the whole call. The same call
//! without prices is in `installed`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use spanwise::{ContentCapture, PricedCall, Prices, Pricing, TelemetryConfig, Usage};
use spanwise_bench::{Call, Case, Prepared, thread_cpu};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let prices = Arc::new(Prices::published());
    assert!(prices.look_up("openai", "gpt-4o-mini"), "the table knows it");
    let mut call = PricedCall::new("chat", "gpt-4o-mini");
    call.provider = Some("openai");
    call.response_model = Some("gpt-4o-mini-2024-07-18");
    call.usage = Some(Usage::new(1200, 340).cache_read(1000).reasoning(40));
    assert!(prices.price(&call).is_some(), "and its dated name by it");
    // Its dated name is looked for meanwhile.
    std::thread::sleep(Duration::from_millis(500));
    criterion.bench_function("a price, its model seen", |bencher| {
        bencher.iter(|| prices.price(black_box(&call)));
    });
    criterion.bench_function("a call begins, its model seen", |bencher| {
        bencher.iter(|| prices.prepare(black_box(&call)));
    });
    criterion.bench_function("a call begins, its model not seen", |bencher| {
        bencher.iter_custom(|calls| unseen(&prices, calls));
    });
    let config = TelemetryConfig::new("bench").content_capture(ContentCapture::NoContent);
    let prepared = Prepared::installed(config.pricing(prices.clone()));
    let call = Call::new(0);
    criterion.bench_function("generation, priced", |bencher| {
        bencher.iter_custom(|calls| in_rounds(&prepared, &call, calls));
    });
    criterion.final_summary();
}

/// What the task pays that begins the call: the thread that finds prices is another.
fn unseen(prices: &Prices, calls: u64) -> Duration {
    let mut spent = Duration::ZERO;
    for number in 0..calls {
        let model = format!("unheard-of-{number}");
        let mut call = PricedCall::new("chat", &model);
        call.provider = Some("openai");
        let before = thread_cpu();
        prices.prepare(black_box(&call));
        spent += thread_cpu() - before;
    }
    spent
}

/// With pauses for exporters, whose queues are never full.
fn in_rounds(prepared: &Prepared, call: &Call, calls: u64) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = calls;
    while left > 0 {
        let round = left.min(500);
        let before = thread_cpu();
        (0..round).for_each(|_| prepared.record(Case::Generation, call));
        spent += thread_cpu() - before;
        left -= round;
        prepared.pause(Duration::from_millis(20));
    }
    spent
}
