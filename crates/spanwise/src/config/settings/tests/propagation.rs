use super::*;

#[test]
fn known_propagators_are_taken_in_order_and_others_are_warned_of() {
    let both = vec![Propagator::TraceContext, Propagator::Baggage];
    assert_eq!(settle(&[]).propagators, both);
    let baggage = settle(&[("OTEL_PROPAGATORS", "baggage")]);
    assert_eq!(baggage.propagators, [Propagator::Baggage]);
    assert!(settle(&[("OTEL_PROPAGATORS", "none")]).propagators.is_empty());
    let other = settle(&[("OTEL_PROPAGATORS", "tracecontext,b3")]);
    assert_eq!(other.propagators, [Propagator::TraceContext]);
    assert_eq!(
        other.warnings,
        ["OTEL_PROPAGATORS names `b3`, which is not one of tracecontext, baggage, none; it is \
          left out"]
    );
}
