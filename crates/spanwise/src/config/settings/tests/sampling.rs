use super::*;

#[test]
fn all_six_samplers_are_known() {
    let ratio = || SamplingStrategy::TraceIdRatio { ratio: 0.25 };
    let based = SamplingStrategy::parent_based;
    for (word, expected) in [
        ("always_on", SamplingStrategy::AlwaysOn),
        ("always_off", SamplingStrategy::AlwaysOff),
        ("traceidratio", ratio()),
        ("parentbased_always_on", based(SamplingStrategy::AlwaysOn)),
        ("parentbased_always_off", based(SamplingStrategy::AlwaysOff)),
        ("ParentBased_TraceIdRatio", based(ratio())),
    ] {
        let variables = [("OTEL_TRACES_SAMPLER", word), ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
        assert_eq!(settle(&variables).sampling, expected, "{word}");
    }
}

#[test]
fn the_default_keeps_everything_and_follows_the_parent() {
    let sampler = settle(&[]).sampling.to_sampler();
    let expected = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    assert_eq!(format!("{sampler:?}"), format!("{expected:?}"));
}

#[test]
fn what_is_unknown_is_a_warning() {
    assert_eq!(
        warned(&[("OTEL_TRACES_SAMPLER", "jaeger_remote")]),
        ["OTEL_TRACES_SAMPLER is set but is not one of always_on, always_off, traceidratio, \
          parentbased_always_on, parentbased_always_off, parentbased_traceidratio; \
          parentbased_always_on is in force"]
    );
    for ratio in ["half", "1.5", "-0.1", "NaN"] {
        let variables =
            [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", ratio)];
        let settings = settle(&variables);
        assert_eq!(settings.sampling, SamplingStrategy::TraceIdRatio { ratio: 1.0 });
        assert_eq!(settings.warnings.len(), 1);
    }
}

#[test]
fn a_ratio_of_code_outside_its_range_is_an_error() {
    for ratio in [-0.1, 1.1, f64::NAN] {
        let error = config(&[]).sample_rate(ratio).settings().unwrap_err();
        assert!(error.to_string().starts_with("sample_rate is not between 0 and 1"));
    }
    let nested = SamplingStrategy::parent_based(SamplingStrategy::TraceIdRatio { ratio: 2.0 });
    let error = config(&[]).sampling(nested).settings().unwrap_err();
    assert!(error.to_string().starts_with("sampling is not between 0 and 1"));
}

#[test]
fn a_rule_keeps_a_share_between_0_and_1() {
    let rules = |share| {
        let rules = [crate::SamplingRule::keep(share).tag("beta")];
        SamplingStrategy::parent_based(SamplingStrategy::rules(rules, SamplingStrategy::AlwaysOn))
    };
    for share in [1.5, -0.1, f64::NAN] {
        let error = config(&[]).sampling(rules(share)).settings().unwrap_err();
        assert!(error.to_string().contains("sampling"), "{error}");
    }
    assert!(!rules(0.5).reads_attributes());
}
