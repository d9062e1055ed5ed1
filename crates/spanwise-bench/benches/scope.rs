//! What a scope of eight values adds to a model call, and what context costs that travels, beside the propagator
//! of the SDK.

#![allow(clippy::print_stdout, reason = "what it measures goes to the terminal")]

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use spanwise::propagation::{BaggageKeys, Propagation};
use spanwise::{ContentCapture, Scope, scope};
use spanwise_bench::{Call, Case, Prepared, Way, in_turn};

fn eight_values() -> Scope {
    scope()
        .session("session-5f3a9c02")
        .user("user-17")
        .tenant("acme")
        .environment("production")
        .release("2026.11.2")
        .request_id("f47ac10b-58cc-4372-a567-0e02b2c3d479")
        .tags(["beta", "night"])
        .metadata("plan", "pro")
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    recording(&mut criterion);
    travelling(&mut criterion);
    criterion.final_summary();
}

fn recording(criterion: &mut Criterion) {
    criterion.bench_function("a scope of eight values made and entered", |bencher| {
        bencher.iter(|| drop(black_box(eight_values().enter())));
    });
    let prepared = Prepared::new(Way::Installed, ContentCapture::NoContent);
    let call = Call::new(0);
    let rounds = in_turn([&mut || prepared.round(Case::Generation, &call), &mut || {
        let _inside = eight_values().enter();
        prepared.round(Case::Generation, &call)
    }]);
    let without = rounds.median(|[without, _]| *without);
    let added = rounds.median(|[without, inside]| inside - without);
    println!("a scope of eight values adds {added:.0} ns to a generation of {without:.0} ns");
}

fn travelling(criterion: &mut Criterion) {
    let span = SpanContext::new(
        TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
        SpanId::from(0x00f0_67aa_0ba9_02b7),
        TraceFlags::SAMPLED,
        true,
        TraceState::from_key_value([("rojo", "00f067aa0ba902b7"), ("congo", "t61rcWkgMzE")])
            .expect("both are legal"),
    );
    let context = Context::new().with_remote_span_context(span);
    let keys = BaggageKeys::of(["session.id", "user.id", "spanwise.tags"]);
    let with_scope = eight_values().context_in(&context);
    let ways: [(&str, Box<dyn TextMapPropagator>, &Context); 3] = [
        ("spanwise", Box::new(Propagation::default()), &context),
        ("the SDK", Box::new(TraceContextPropagator::new()), &context),
        (
            "spanwise, three values as baggage",
            Box::new(Propagation::default().baggage(keys)),
            &with_scope,
        ),
    ];
    for (name, propagator, context) in &ways {
        let mut headers = HashMap::<String, String>::new();
        propagator.inject_context(context, &mut headers);
        criterion.bench_function(&format!("inject W3C, {name}"), |bencher| {
            bencher.iter_batched_ref(
                || HashMap::<String, String>::with_capacity(4),
                |headers| propagator.inject_context(context, headers),
                BatchSize::SmallInput,
            );
        });
        criterion.bench_function(&format!("extract W3C, {name}"), |bencher| {
            let here = Context::new();
            bencher.iter(|| black_box(propagator.extract_with_context(&here, &headers)));
        });
    }
}
