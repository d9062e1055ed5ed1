use super::*;

#[track_caller]
fn attribute(settings: &Settings, key: &'static str) -> Option<String> {
    settings.resource.get(&Key::from_static_str(key)).map(|value| value.to_string())
}

#[test]
fn the_name_comes_from_code_then_its_variable_then_the_attributes() {
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=three,a=b%20c");
    let name = ("OTEL_SERVICE_NAME", "two");
    let settings = settle(&[attributes]);
    assert_eq!(attribute(&settings, "service.name").as_deref(), Some("three"));
    assert_eq!(attribute(&settings, "a").as_deref(), Some("b c"));
    let settings = settle(&[attributes, name]);
    assert_eq!(attribute(&settings, "service.name").as_deref(), Some("two"));
    let settings = config(&[attributes, name]).service_name("one").settings().unwrap();
    assert_eq!(attribute(&settings, "service.name").as_deref(), Some("one"));
}

#[test]
fn without_a_name_the_program_lends_its_own() {
    let name = attribute(&settle(&[]), "service.name").unwrap();
    assert!(name.starts_with("unknown_service:spanwise"), "{name}");
}

#[test]
fn code_wins_and_identity_is_always_there() {
    let settings = config(&[("OTEL_RESOURCE_ATTRIBUTES", "service.version=0,team=env")])
        .service_version("1")
        .deployment_environment("production")
        .resource_attribute("team", "code")
        .settings()
        .unwrap();
    for (key, expected) in [
        ("service.version", "1"),
        ("deployment.environment.name", "production"),
        ("team", "code"),
        ("telemetry.sdk.language", "rust"),
    ] {
        assert_eq!(attribute(&settings, key).as_deref(), Some(expected), "{key}");
    }
    assert!(attribute(&settings, "service.instance.id").is_some());
}

#[test]
fn host_process_and_system_are_detected_and_the_command_line_is_not() {
    let detected = TelemetryConfig::default().environment(Environment::empty());
    let detected = detected.settings().unwrap();
    for key in ["host.name", "host.arch", "os.type", "process.pid", "process.runtime.name"] {
        assert!(attribute(&detected, key).is_some(), "{key}");
    }
    assert_eq!(attribute(&detected, "process.command_args"), None);
    assert_eq!(attribute(&settle(&[]), "host.name"), None);
}

#[test]
fn an_empty_name_is_an_error_and_a_broken_list_a_warning() {
    let error = config(&[]).service_name(" ").settings().unwrap_err();
    assert_eq!(
        error.to_string(),
        "service_name is empty: give the service a name, such as support-bot"
    );
    assert_eq!(
        warned(&[("OTEL_RESOURCE_ATTRIBUTES", "no pair")]),
        [
            "OTEL_RESOURCE_ATTRIBUTES is set but is not a list of key=value, percent-encoded; none of \
          it is in force"
        ]
    );
}
