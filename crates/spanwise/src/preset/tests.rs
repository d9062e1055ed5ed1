use std::collections::BTreeSet;

use super::*;
use crate::config::{
    Compression, Destination, OtlpDestination, OtlpProtocol, Signals, TelemetryConfig,
};
use crate::env::{Environment, asked};

/// A value that each variable can have.
fn value(variable: &str) -> &'static str {
    match variable {
        "BRAINTRUST_PARENT" => "project_id:1",
        "OPIK_URL_OVERRIDE" => "http://localhost:1",
        "DD_AGENT_HOST" => "agent",
        "DD_SITE" => "datadoghq.eu",
        "LOGFIRE_SEND_TO_LOGFIRE" | "TRACELOOP_TRACE_CONTENT" => "true",
        name if name.ends_with("_HEADERS") => "x-a=b",
        "LANGFUSE_SAMPLE_RATE" => "0.5",
        "LANGFUSE_FLUSH_AT" => "64",
        "LANGFUSE_FLUSH_INTERVAL" => "0.5",
        name if name.ends_with("_PORT") => "4317",
        name if name.ends_with("_TIMEOUT") => "5",
        name if name.ends_with("_ENABLED") => "true",
        name if ["URL", "HOST", "ENDPOINT", "URI"].iter().any(|end| name.ends_with(end)) => {
            "http://localhost:1"
        }
        _ => "word",
    }
}

fn environment(backend: &Backend, without: &str) -> Environment {
    let variables = backend.variables().iter().map(|variable| variable.name);
    variables.filter(|name| *name != without).map(|name| (name, value(name))).collect()
}

#[test]
fn each_is_found_by_its_name_and_starts_from_its_own_variables() {
    for backend in ALL {
        assert!(std::ptr::eq(by_name(&backend.name().to_uppercase()).unwrap(), backend));
        let preset = backend.from_environment(&environment(backend, "")).unwrap();
        let destination: Destination = preset.destination().unwrap().into();
        assert_eq!(destination.name, backend.name());
        TelemetryConfig::default().preset(preset).settings().unwrap();
    }
    assert!(by_name("nobody").is_none());
}

#[test]
fn each_reads_the_variables_that_it_names_and_no_others() {
    for backend in ALL {
        asked::take();
        // What is set hides what is read where it is not.
        drop(backend.from_environment(&environment(backend, "")));
        for variable in backend.variables() {
            drop(backend.from_environment(&environment(backend, variable.name)));
        }
        let named: BTreeSet<_> = backend.variables().iter().map(|it| it.name.to_owned()).collect();
        assert_eq!(asked::take(), named, "{}", backend.name());
    }
}

#[test]
fn a_variable_that_is_missing_is_an_error_that_names_it() {
    for backend in ALL {
        for variable in backend.variables() {
            let read = backend.from_environment(&environment(backend, variable.name));
            assert_eq!(read.is_err(), variable.required, "{}", variable.name);
            if let Err(error) = read {
                let expected = format!("{} is empty or missing: set it to ", variable.name);
                assert!(error.to_string().starts_with(&expected), "{error}");
            }
        }
    }
}

#[test]
fn a_secret_that_cannot_be_one_is_an_error_that_names_its_variable_and_does_not_show_it() {
    for backend in ALL {
        let keys = backend.variables().iter().filter(|variable| variable.secret);
        for variable in keys.filter(|variable| !variable.name.ends_with("_HEADERS")) {
            let others = environment(backend, variable.name);
            let broken = [(variable.name, "Bearer canary")];
            let environment = others.with(broken);
            let error = backend.from_environment(&environment).unwrap_err().to_string();
            assert!(error.starts_with(variable.name) && !error.contains("canary"), "{error}");
        }
    }
}

#[test]
fn a_url_that_is_none_is_an_error_that_names_its_variable() {
    for backend in ALL {
        for variable in backend.variables().iter().filter(|it| value(it.name).contains("://")) {
            let environment =
                environment(backend, "").with([(variable.name, "canary.example.com")]);
            let read = backend.from_environment(&environment);
            // Another of these variables may win.
            let Err(error) = read else { continue };
            let error = error.to_string();
            assert!(error.starts_with(variable.name) && !error.contains("canary"), "{error}");
        }
    }
}

/// Makes the change, and looks at what is said of it.
#[track_caller]
fn refuses(
    backend: &Backend,
    setting: &str,
    change: impl Fn(OtlpDestination) -> OtlpDestination + Send + Sync + 'static,
) {
    let preset = backend.from_environment(&environment(backend, "")).unwrap();
    let config = TelemetryConfig::default().environment(Environment::empty());
    let error = config.preset_with(preset, change).settings().unwrap_err().to_string();
    let of = format!("{setting} of destination `{}`", backend.name());
    let problem = format!("which {} does not take", backend.product());
    assert!(error.starts_with(&of) && error.contains(&problem), "{error}");
}

#[test]
fn every_protocol_compression_and_signal_that_a_backend_does_not_take_is_refused_at_the_start() {
    for backend in ALL {
        for protocol in [OtlpProtocol::Grpc, OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson] {
            if !backend.protocols().contains(&protocol) {
                refuses(backend, "protocol", move |it| it.protocol(protocol));
            }
        }
        if !backend.facts.compressions.contains(&Compression::Zstd) {
            refuses(backend, "compression", |it| it.compression(Compression::Zstd));
        }
        if backend.signals() != Signals::ALL {
            refuses(backend, "signals", |it| it.signals(Signals::ALL));
        }
    }
}

#[test]
fn what_a_backend_does_not_take_is_refused_with_what_it_does() {
    let refused = |change: fn(crate::OtlpDestination) -> crate::OtlpDestination| {
        let langfuse = Langfuse::new("pk-lf-0", "sk-lf-0");
        let config = TelemetryConfig::default().environment(Environment::empty());
        config.preset_with(langfuse, change).settings().unwrap_err().to_string()
    };
    assert_eq!(
        refused(|langfuse| langfuse.protocol(crate::OtlpProtocol::Grpc)),
        "protocol of destination `langfuse` is grpc, which Langfuse does not take: use http/protobuf or \
         http/json"
    );
    assert_eq!(
        refused(|langfuse| langfuse.signals(crate::Signals::ALL)),
        "signals of destination `langfuse` hold metrics, which Langfuse does not take: leave it traces"
    );
    assert_eq!(
        refused(|langfuse| langfuse.compression(crate::Compression::Zstd)),
        "compression of destination `langfuse` is zstd, which Langfuse does not take: use gzip or none"
    );
}

#[test]
fn the_variables_of_langfuse_say_what_they_say_to_its_own_sdks() {
    let read = |name: &'static str, value: &'static str| {
        let keys = [("LANGFUSE_PUBLIC_KEY", "pk-lf-0"), ("LANGFUSE_SECRET_KEY", "sk-lf-0")];
        let environment = Environment::from_iter(keys).with([(name, value)]);
        let preset = Langfuse::from_environment(&environment)?;
        let config = TelemetryConfig::default().environment(Environment::empty()).preset(preset);
        let mut settings = config.settings()?;
        Ok::<_, crate::InitError>(settings.routes.remove(0))
    };
    let delivery = read("LANGFUSE_FLUSH_AT", "64").unwrap().delivery;
    assert_eq!(delivery.request_items, Some(64));
    let delivery = read("LANGFUSE_FLUSH_INTERVAL", "0.5").unwrap().delivery;
    assert_eq!(delivery.scheduled_delay, Some(std::time::Duration::from_millis(500)));
    let view = read("LANGFUSE_SAMPLE_RATE", "0.25").unwrap().view;
    assert_eq!(view.spans.share, Some(0.25));
    for (name, wrong) in [
        ("LANGFUSE_SAMPLE_RATE", "2"),
        ("LANGFUSE_SAMPLE_RATE", "NaN"),
        ("LANGFUSE_FLUSH_AT", "0"),
        ("LANGFUSE_FLUSH_INTERVAL", "-1"),
        ("LANGFUSE_FLUSH_INTERVAL", "1s"),
        ("LANGFUSE_TIMEOUT", "soon"),
        ("LANGFUSE_TRACING_ENABLED", "perhaps"),
    ] {
        let error = read(name, wrong).err().unwrap().to_string();
        assert!(error.starts_with(name), "{error}");
    }
}

#[test]
fn each_has_a_page_that_names_its_variables() {
    for backend in ALL {
        let file =
            format!("{}/../../docs/backends/{}.md", env!("CARGO_MANIFEST_DIR"), backend.name());
        let page = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(page.starts_with(&format!("# {}\n", backend.product())), "{file}");
        for part in ["\n```rust", ".preset", "\n## What is sent\n", "\n## Limits\n"] {
            assert!(page.contains(part), "{file}: {part}");
        }
        assert!(page.contains("\n## When nothing arrives\n"), "{file}");
        for variable in backend.variables() {
            assert!(page.contains(&format!("`{}`", variable.name)), "{file}: {}", variable.name);
        }
    }
}
