use super::*;
use crate::config::{Destination, MainAgent};

const OWN: &str = "SPANWISE_SEMCONV_PROFILE";
const SHARED: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";

#[track_caller]
fn profile_of(variables: &[(&str, &str)]) -> SemconvProfile {
    let settings = settle(&[&[HERE], variables].concat());
    assert_eq!(settings.warnings, [""; 0]);
    settings.profile()
}

#[test]
fn todays_conventions_are_sent_unless_someone_asks() {
    assert_eq!(profile_of(&[]), SemconvProfile::Latest);
    assert_eq!(profile_of(&[(OWN, "v1_41")]), SemconvProfile::V1_41);
    assert_eq!(profile_of(&[(OWN, "Both")]), SemconvProfile::Both);
}

#[test]
fn the_variable_of_all_instrumentations_is_understood_and_ours_wins() {
    assert_eq!(profile_of(&[(SHARED, "http,gen_ai/dup")]), SemconvProfile::Both);
    assert_eq!(profile_of(&[(SHARED, "gen_ai_latest_experimental")]), SemconvProfile::Latest);
    assert_eq!(profile_of(&[(SHARED, "database/dup")]), SemconvProfile::Latest);
    assert_eq!(profile_of(&[(SHARED, "gen_ai/dup"), (OWN, "v1_41")]), SemconvProfile::V1_41);
}

#[test]
fn an_unknown_word_is_a_warning() {
    assert_eq!(
        warned(&[HERE, (OWN, "v9")]),
        [
            "SPANWISE_SEMCONV_PROFILE is set but is not one of latest, v1_41, both; latest is in force"
        ]
    );
}

#[test]
fn code_wins_and_each_destination_may_differ() {
    let config = config(&[(OWN, "both")])
        .semconv_profile(SemconvProfile::Latest)
        .destination(Destination::otlp("http://a:4318").semconv_profile(SemconvProfile::V1_41))
        .destination(Destination::otlp("http://b:4318"));
    let settings = config.settings().unwrap();
    let profiles: Vec<_> = settings.routes.iter().map(|route| route.view.profile).collect();
    assert_eq!(profiles, [SemconvProfile::V1_41, SemconvProfile::Latest]);
    assert_eq!(settings.profile(), SemconvProfile::Both);
}

#[test]
fn the_main_agent_is_part_of_the_resource() {
    let agent = MainAgent::new("asst_1").name("triage").description("Answers tickets");
    let settings = config(&[]).main_agent(agent).settings().unwrap();
    for (key, value) in [
        ("gen_ai.main_agent.id", "asst_1"),
        ("gen_ai.main_agent.name", "triage"),
        ("gen_ai.main_agent.description", "Answers tickets"),
    ] {
        let told = settings.resource.get(&Key::from_static_str(key));
        assert_eq!(told.map(|told| told.to_string()).as_deref(), Some(value), "{key}");
    }
    let settings = config(&[]).main_agent("asst_1").settings().unwrap();
    assert!(settings.resource.get(&Key::from_static_str("gen_ai.main_agent.id")).is_some());
}

#[test]
fn a_main_agent_without_an_id_is_an_error() {
    let error = config(&[]).main_agent(" ").settings().unwrap_err();
    assert_eq!(
        error.to_string(),
        "main_agent has an empty id: give the id that the provider gave the agent, or leave \
         main_agent out"
    );
}
