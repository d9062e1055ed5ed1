//! Every row of what Langfuse reads, for every operation there is.

use spanwise::{PriceTable, Prices, TelemetryConfig, scope};
use spanwise_testing::LangfuseObservation;

use crate::observed;
use crate::support::isolated;
use crate::support::operations::every_operation;

/// What each operation says of one field, a line for those that say anything.
fn said(
    configure: impl FnOnce(TelemetryConfig) -> TelemetryConfig,
    field: impl Fn(&LangfuseObservation) -> Option<String>,
) -> String {
    let observations = observed(configure, async || every_operation());
    let lines = observations.iter().filter_map(|(name, observation)| {
        field(observation).map(|field| format!("{name}: {field}\n"))
    });
    lines.collect()
}

fn shown(field: impl Fn(&LangfuseObservation) -> Option<String>) -> String {
    said(|config| config, field)
}

fn each<V: std::fmt::Display>(fields: impl IntoIterator<Item = (String, V)>) -> Option<String> {
    let fields: Vec<_> =
        fields.into_iter().map(|(kind, value)| format!("{kind}={value}")).collect();
    (!fields.is_empty()).then(|| fields.join(" "))
}

#[test]
fn trace_names() {
    isolated!({
        insta::assert_snapshot!(shown(|it| it.trace_name.clone()), @r"
        chat gpt-4o: chat gpt-4o
        chat gpt-4o-cancelled: chat gpt-4o-cancelled
        create_agent triage: create_agent triage
        create_memory: create_memory
        create_memory_store: create_memory_store
        delete_memory: delete_memory
        delete_memory_store: delete_memory_store
        embeddings text-embedding-3-small: embeddings text-embedding-3-small
        fetch_response: fetch_response
        generate_content gemini-2.5-flash: generate_content gemini-2.5-flash
        invoke_agent remote: invoke_agent remote
        invoke_agent triage: invoke_workflow ticket
        invoke_workflow ticket: invoke_workflow ticket
        lookup_order: invoke_workflow ticket
        plan triage: invoke_workflow ticket
        refuse: execute_tool refuse
        retrieval docs: retrieval docs
        search_memory: search_memory
        step answer: step answer
        step check: step check
        step grade: step grade
        step route: step route
        text_completion davinci: text_completion davinci
        update_memory: update_memory
        upsert_memory: upsert_memory
        ");
    });
}

#[test]
fn versions() {
    isolated!({
        let said = said(|config| config.service_version("1.2.3"), |it| it.version.clone());
        assert_eq!(said.lines().count(), 25, "{said}");
        assert!(said.lines().all(|line| line.ends_with(": 1.2.3")), "{said}");
    });
}

#[test]
fn levels_and_what_is_said_with_them() {
    isolated!({
        let ended = |it: &LangfuseObservation| {
            let message = it.status_message.as_deref().unwrap_or_default();
            (it.level != "DEFAULT" || !message.is_empty())
                .then(|| format!("{} {message}", it.level))
        };
        insta::assert_snapshot!(shown(ended), @r"
        chat gpt-4o-cancelled: WARNING cancelled
        generate_content gemini-2.5-flash: ERROR try later
        refuse: ERROR private
        ");
    });
}

#[test]
fn models() {
    isolated!({
        insta::assert_snapshot!(shown(|it| it.model.clone()), @r"
        chat gpt-4o: gpt-4o-2024-08-06
        chat gpt-4o-cancelled: gpt-4o-cancelled
        create_agent triage: gpt-4o
        embeddings text-embedding-3-small: text-embedding-3-small
        fetch_response: gpt-4o-2024-08-06
        generate_content gemini-2.5-flash: gemini-2.5-flash-001
        invoke_agent remote: nova
        text_completion davinci: davinci-2
        ");
    });
}

#[test]
fn model_parameters() {
    isolated!({
        insta::assert_snapshot!(shown(|it| each(it.model_parameters.clone())), @r#"
        chat gpt-4o: frequency_penalty=0.25 max_tokens=256 presence_penalty=0.5 reasoning_effort="low" response_format={"type":"json_object"} seed=7 stop=["END","STOP"] temperature=0.5 top_p=0.9
        embeddings text-embedding-3-small: encoding_format="float"
        generate_content gemini-2.5-flash: top_k=40
        "#);
    });
}

#[test]
fn usage() {
    isolated!({
        insta::assert_snapshot!(shown(|it| each(it.usage_details.clone())), @r"
        chat gpt-4o: input=237 input_audio_tokens=15 input_cache_creation=8 input_cached_tokens=40 output=28 output_audio_tokens=4 output_reasoning_tokens=16 total=348
        embeddings text-embedding-3-small: input=9
        generate_content gemini-2.5-flash: input=3 output=4 total=7
        invoke_agent remote: input=30 output=4 total=34
        text_completion davinci: input=1 output=2 total=3
        ");
    });
}

/// By real prices, of every call that has tokens.
#[test]
fn costs() {
    const PRICES: &str = "[[prices]]\nmodel = \"*\"\ninput = 1.0\noutput = 2.0";
    isolated!({
        let prices = || Prices::none().own(PriceTable::from_toml(PRICES).unwrap());
        let said = said(|config| config.pricing(prices()), |it| each(it.cost_details.clone()));
        insta::assert_snapshot!(said, @r"
        chat gpt-4o: total=0.000396
        embeddings text-embedding-3-small: total=0.000009
        generate_content gemini-2.5-flash: total=0.000011
        text_completion davinci: total=0.000005
        ");
    });
}

#[test]
fn prompts() {
    isolated!({
        let linked = |it: &LangfuseObservation| {
            it.prompt.as_ref().map(|(name, version)| format!("{name} {version}"))
        };
        insta::assert_snapshot!(shown(linked), @r"
        chat gpt-4o: triage 3
        chat gpt-4o-cancelled: triage 3
        generate_content gemini-2.5-flash: triage 3
        text_completion davinci: triage 3
        ");
    });
}

#[test]
fn inputs_and_outputs() {
    isolated!({
        let sides = |it: &LangfuseObservation| {
            let sides = [("input", &it.input), ("output", &it.output)];
            let there = sides.iter().filter(|(_, content)| content.is_some());
            let there: Vec<_> = there.map(|(side, _)| *side).collect();
            (!there.is_empty()).then(|| there.join(", "))
        };
        insta::assert_snapshot!(shown(sides), @r"
        chat gpt-4o: input, output
        create_memory: input
        delete_memory: input
        fetch_response: output
        generate_content gemini-2.5-flash: input
        invoke_agent remote: input, output
        invoke_agent triage: input, output
        invoke_workflow ticket: input, output
        lookup_order: input, output
        retrieval docs: input, output
        search_memory: input, output
        text_completion davinci: input, output
        update_memory: input
        upsert_memory: input
        ");
    });
}

#[test]
fn experiments() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let run = scope()
                    .metadata("langfuse.experiment.id", "run-7")
                    .metadata("langfuse.experiment.item.id", "item-1")
                    .metadata("langfuse.experiment.metadata.judge", "gpt-4o");
                run.run_sync(every_operation);
            },
        );
        assert_eq!(observations.len(), 25);
        for (name, observation) in observations {
            let said = each(observation.experiment);
            let expected = r#"id="run-7" item.id="item-1" metadata.judge="gpt-4o""#;
            assert_eq!(said.as_deref(), Some(expected), "{name}");
        }
    });
}
