//! Which spans are recorded: by rules, and by what a scope says over the sampler's head. Metrics are whole.

mod support;

use opentelemetry_proto::tonic::trace::v1::Span;
use spanwise::opentelemetry::trace::Tracer as _;
use spanwise::{
    Agent, Embeddings, Generation, Provider, SamplingRule, SamplingStrategy, Tool, scope,
};
use support::{Receiver, block_on, config, isolated, text};

/// What arrives of some work, with this sampling.
fn arrived(sampling: SamplingStrategy, work: impl FnOnce()) -> Receiver {
    let receiver = Receiver::start();
    block_on(async {
        let config = config().endpoint(receiver.http_url()).sampling(sampling);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        work();
        telemetry.shutdown().await
    });
    receiver.assert_conformant();
    receiver
}

fn names(spans: &[Span]) -> Vec<&str> {
    let mut names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    names
}

fn chat(model: &'static str) {
    Generation::chat(Provider::OpenAi, model).max_tokens(5).start().finish();
}

#[test]
fn the_first_rule_that_is_about_a_span_decides() {
    isolated!({
        let rules = SamplingStrategy::rules(
            [
                SamplingRule::keep(0.0).user("load-test"),
                SamplingRule::keep(1.0).tag("beta"),
                SamplingRule::keep(1.0).operation("chat").model("gpt-4o*"),
                SamplingRule::keep(1.0).operation("embeddings"),
            ],
            SamplingStrategy::AlwaysOff,
        );
        let receiver = arrived(rules, || {
            chat("gpt-4o-mini");
            chat("gpt-3.5");
            Embeddings::new(Provider::OpenAi, "e").start().finish();
            Tool::new("plain").start().finish();
            scope().tag("beta").run_sync(|| {
                Tool::new("beta").start().finish();
                drop(spanwise::opentelemetry::global::tracer("other").start("theirs"));
            });
            scope().tag("beta").user("load-test").run_sync(|| chat("gpt-4o"));
        });
        let spans = receiver.spans();
        let expected = ["chat gpt-4o-mini", "embeddings e", "execute_tool beta", "theirs"];
        assert_eq!(names(&spans), expected);
        let chat = spans.iter().find(|span| span.name == "chat gpt-4o-mini").unwrap();
        assert_eq!(text(&chat.attributes, "gen_ai.request.model"), "gpt-4o-mini");
        let keys: Vec<_> = chat.attributes.iter().map(|attribute| &attribute.key).collect();
        let mut once = keys.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(keys.len(), once.len(), "{keys:?}");
        let calls = receiver.metrics();
        let durations = calls.iter().find(|m| m.name == "gen_ai.client.inference.duration");
        let durations = format!("{:?}", durations.unwrap());
        for model in ["gpt-4o-mini", "gpt-3.5", "gpt-4o\""] {
            assert!(durations.contains(model), "{model}");
        }
    });
}

#[test]
fn rules_on_roots_keep_or_drop_whole_traces() {
    isolated!({
        let rules = SamplingStrategy::rules(
            [SamplingRule::keep(1.0).operation("invoke_agent")],
            SamplingStrategy::AlwaysOff,
        );
        let receiver = arrived(SamplingStrategy::parent_based(rules), || {
            let agent = Agent::new("a").run_sync(|_| {
                Tool::new("inside").start().finish();
                Ok::<_, String>(())
            });
            agent.unwrap();
            Tool::new("alone").start().finish();
        });
        assert_eq!(names(&receiver.spans()), ["execute_tool inside", "invoke_agent a"]);
    });
}

#[test]
fn a_share_is_chosen_by_trace_so_that_all_its_spans_are_there_or_none() {
    isolated!({
        let half = SamplingRule::keep(0.5).tag("half");
        let rules = SamplingStrategy::rules([half], SamplingStrategy::AlwaysOff);
        let receiver = arrived(rules, || {
            for _ in 0..200 {
                scope().tag("half").run_sync(|| {
                    let agent = Agent::new("a").run_sync(|_| {
                        Tool::new("inside").start().finish();
                        Ok::<_, String>(())
                    });
                    agent.unwrap();
                });
            }
        });
        let spans = receiver.spans();
        let of = |name: &str| spans.iter().filter(|span| span.name == name).count();
        assert_eq!(of("invoke_agent a"), of("execute_tool inside"));
        assert!((50..150).contains(&of("invoke_agent a")), "{}", of("invoke_agent a"));
    });
}

#[test]
fn a_scope_keeps_and_drops_whatever_the_sampler_says() {
    isolated!({
        let receiver = arrived(SamplingStrategy::AlwaysOff, || {
            Tool::new("plain").start().finish();
            scope().force_keep().run_sync(|| {
                Tool::new("kept").start().finish();
                drop(spanwise::opentelemetry::global::tracer("other").start("theirs"));
                scope().force_drop().run_sync(|| Tool::new("dropped").start().finish());
                scope().user("u").run_sync(|| Tool::new("inherited").start().finish());
            });
        });
        let expected = ["execute_tool inherited", "execute_tool kept", "theirs"];
        assert_eq!(names(&receiver.spans()), expected);
        let metrics = format!("{:?}", receiver.metrics());
        for tool in ["plain", "kept", "dropped", "inherited"] {
            assert!(metrics.contains(tool), "{tool}");
        }
    });
}
