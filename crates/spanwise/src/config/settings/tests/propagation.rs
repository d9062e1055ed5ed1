use opentelemetry::propagation::TextMapPropagator as _;

use super::*;

fn fields(variables: &[(&str, &str)]) -> Vec<String> {
    settle(variables).propagation.fields().map(str::to_owned).collect()
}

#[test]
fn known_propagators_are_taken_in_order_and_others_are_warned_of() {
    assert_eq!(fields(&[]), ["traceparent", "tracestate", "baggage"]);
    assert_eq!(fields(&[("OTEL_PROPAGATORS", "baggage")]), ["baggage"]);
    assert!(fields(&[("OTEL_PROPAGATORS", "tracecontext,none")]).is_empty());
    let several = fields(&[("OTEL_PROPAGATORS", " B3, jaeger ,b3,baggage")]);
    assert_eq!(several, ["b3", "uber-trace-id", "baggage"]);
    let other = settle(&[("OTEL_PROPAGATORS", "tracecontext,xray")]);
    assert_eq!(
        other.warnings,
        ["OTEL_PROPAGATORS names `xray`, which is not one of tracecontext, baggage, b3, b3multi, \
          jaeger, none; it is left out"]
    );
}

#[test]
fn baggage_keys_are_those_of_code_else_of_the_environment_else_none() {
    let shown = |variables: &[(&str, &str)]| format!("{:?}", settle(variables).propagation);
    assert!(shown(&[]).contains("keys: []"));
    let variables = [("SPANWISE_BAGGAGE_KEYS", "session.id, user.id,")];
    assert!(shown(&variables).contains(r#"keys: ["session.id", "user.id"]"#));
}
