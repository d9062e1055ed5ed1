//! What belongs to the trace: whose it is, its name, where it was recorded.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use spanwise::{Agent, Generation, Provider, Step, Tool, TraceRef, Workflow, scope};

use crate::support::isolated;
use crate::{observed, of_every_operation, some};

#[test]
fn every_observation_says_whose_it_is() {
    isolated!({
        for (name, observation) in of_every_operation() {
            assert_eq!(observation.user, some("u-9"), "{name}");
            assert_eq!(observation.session, some("s-1"), "{name}");
            assert_eq!(observation.tags, ["beta", "eu"], "{name}");
            assert_eq!(observation.environment, "staging", "{name}");
            assert_eq!(observation.release, some("v7"), "{name}");
            assert_eq!(observation.metadata["plan"], "gold", "{name}");
            assert_eq!(observation.metadata["tenant_id"], "acme", "{name}");
            assert_eq!(observation.metadata["request_id"], "req-1", "{name}");
            assert!(!observation.public, "{name}");
        }
    });
}

#[test]
fn a_conversation_is_a_session_where_none_is_said() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let chat = Generation::chat(Provider::OpenAi, "gpt-4o").conversation_id("conv-1");
                chat.start().finish();
            },
        );
        assert_eq!(observations["chat gpt-4o"].session, some("conv-1"));
    });
}

#[test]
fn the_root_names_the_trace_on_every_span_unless_the_program_does() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let _ = Workflow::new("ticket").run_sync(|_| {
                    Step::new("inner").start().finish();
                    Ok::<_, String>(())
                });
                let named = scope()
                    .metadata("langfuse.trace.name", "support turn")
                    .metadata("langfuse.trace.public", "true");
                named.run_sync(|| {
                    let _ = Agent::new("triage").run_sync(|_| {
                        Tool::new("look_up").start().finish();
                        Ok::<_, String>(())
                    });
                });
            },
        );
        for name in ["invoke_workflow ticket", "step inner"] {
            assert_eq!(observations[name].trace_name, some("invoke_workflow ticket"));
        }
        assert!(!observations["invoke_workflow ticket"].public);
        for name in ["invoke_agent triage", "look_up"] {
            assert_eq!(observations[name].trace_name, some("support turn"), "on every span");
            assert!(observations[name].public, "{name}");
            assert_eq!(observations[name].metadata.len(), 0, "it is no metadata");
        }
    });
}

#[test]
fn an_environment_that_would_break_the_rules_is_made_to_keep_them() {
    isolated!({
        let observations = observed(
            |config| config.resource_attribute("deployment.environment.name", "Prod EU"),
            async || {
                Step::new("of the resource").start().finish();
                let named = |name: &str, step: &'static str| {
                    scope()
                        .environment(name.to_owned())
                        .run_sync(|| Step::new(step).start().finish());
                };
                named("langfuse-Canary", "reserved");
                named(&"long ".repeat(20), "long");
            },
        );
        assert_eq!(observations["step of the resource"].environment, "prod-eu");
        assert_eq!(observations["step reserved"].environment, "canary");
        assert_eq!(observations["step long"].environment.len(), 40);
        for observation in observations.values() {
            assert_eq!(observation.dropped, [""; 0]);
        }
    });
}

#[test]
fn an_environment_that_keeps_the_rules_is_read_from_the_resource() {
    isolated!({
        let observations = observed(
            |config| config.resource_attribute("deployment.environment.name", "production"),
            async || Step::new("one").start().finish(),
        );
        assert_eq!(observations["step one"].environment, "production");
    });
}

#[test]
fn the_top_of_what_a_process_sends_is_marked_though_its_parent_is_elsewhere() {
    isolated!({
        let (trace, span) = (TraceId::from(1), SpanId::from(2));
        let caller = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
        let caller = TraceRef::of(&caller);
        let observations = observed(
            |config| config,
            async || {
                scope().under(&caller).run_sync(|| {
                    let _ = Agent::new("triage").run_sync(|_| {
                        Tool::new("look_up").start().finish();
                        Ok::<_, String>(())
                    });
                });
            },
        );
        assert!(observations["invoke_agent triage"].is_app_root);
        assert_eq!(observations["invoke_agent triage"].trace_name, None, "another names it");
        assert!(!observations["look_up"].is_app_root);
    });
}

#[test]
fn a_name_in_metadata_that_would_change_objects_is_not_sent_in_langfuses_words() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let odd = scope().metadata("constructor", "x").metadata("plan", "gold");
                odd.run_sync(|| Step::new("one").start().finish());
            },
        );
        let metadata = &observations["step one"].metadata;
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["plan"]);
    });
}
