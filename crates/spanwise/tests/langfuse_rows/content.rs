//! Prompts, messages, arguments, documents and media.

use serde_json::json;
use spanwise::{Generation, Provider};
use spanwise_testing::LangfuseObservation;

use crate::support::isolated;
use crate::{observed, of_every_operation};

#[test]
fn prompts_are_linked_where_their_version_is_a_number() {
    isolated!({
        let observations = observed(
            |config| config,
            async || {
                let call = |model: &'static str, version: &'static str| {
                    let prompted = Generation::chat(Provider::OpenAi, model).prompt_name("triage");
                    prompted.prompt_version(version).start().finish();
                };
                call("numbered", "3");
                call("named", "v3-beta");
            },
        );
        assert_eq!(observations["chat numbered"].prompt, Some(("triage".to_owned(), 3)));
        assert_eq!(observations["chat named"].prompt, None);
        assert_eq!(observations["chat named"].dropped, [""; 0]);
    });
    isolated!({
        let observations = of_every_operation();
        let linked = observations.values().filter(|it| it.prompt.is_some());
        assert!(linked.clone().all(|it| it.observation_type == "generation"));
        assert_eq!(linked.count(), 4);
    });
}

#[test]
fn a_prompts_name_and_variables_do_not_hide_messages() {
    isolated!({
        let chat = &of_every_operation()["chat gpt-4o"];
        assert_eq!(chat.input.as_ref().unwrap()[1]["role"], "user");
        assert_eq!(chat.metadata["gen_ai.prompt.variable.city"], "Bonn");
        assert_eq!(chat.metadata["gen_ai.prompt.name"], "triage");
    });
}

#[test]
fn what_went_in_and_came_out_is_found_for_every_operation_that_says_it() {
    isolated!({
        let observations = of_every_operation();
        let of = |name: &str| {
            let it: &LangfuseObservation = &observations[name];
            (it.input.clone().unwrap_or_default(), it.output.clone().unwrap_or_default())
        };
        let (input, output) = of("chat gpt-4o");
        assert_eq!((&input[0]["role"], &input[1]["role"]), (&json!("system"), &json!("user")));
        assert_eq!(output[0]["parts"][0]["content"], "On its way.");
        assert_eq!(of("lookup_order"), (json!({"id": 7}), json!({"state": "sent"})));
        let (query, documents) = of("retrieval docs");
        assert_eq!((query, &documents[0]["id"]), (json!("returns"), &json!("doc-1")));
        let (query, records) = of("search_memory");
        assert_eq!((query, &records[0]["content"]), (json!("contact"), &json!("prefers e-mail")));
        let (written, nothing) = of("upsert_memory");
        assert_eq!((&written[0]["content"], nothing), (&json!("prefers e-mail"), json!(null)));
        assert_eq!(of("invoke_workflow ticket").0[0]["parts"][0]["content"], "Where is my order?");
    });
}

#[test]
#[cfg(feature = "offload")]
fn media_are_named_and_kept_elsewhere() {
    use spanwise::{ContentPolicy, Message, ObjectStorage, Offload, Part};

    const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    isolated!({
        let directory = tempfile::tempdir().unwrap();
        let offload = Offload::to(ObjectStorage::directory(directory.path()).unwrap());
        let observations = observed(
            |config| config.content(ContentPolicy::default().offload(offload)),
            async || {
                let message =
                    Message::user("What is this?").part(Part::blob("image", "image/png", PIXEL));
                Generation::chat(Provider::OpenAi, "gpt-4o").input(&message).start().finish();
            },
        );
        let input = observations["chat gpt-4o"].input.clone().unwrap();
        let part = &input[0]["parts"][1];
        assert_eq!((&part["type"], &part["mime_type"]), (&json!("uri"), &json!("image/png")));
        assert!(!input.to_string().contains(PIXEL));
    });
}
