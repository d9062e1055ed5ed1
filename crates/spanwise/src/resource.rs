//! Who is telling: `service.*`, host, process, operating system, container.

use opentelemetry::{Key, KeyValue};
use opentelemetry_resource_detectors::{
    ContainerResourceDetector, OsResourceDetector, ServiceInstanceIdResourceDetector,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_semantic_conventions::resource as key;

use crate::env::{Reader, pairs};
use crate::error::{InitError, Source};

/// Detected, then the environment, then code; the later wins.
///
/// The command line is not detected: keys stand there.
pub(crate) fn settle(
    service_name: Option<&str>,
    in_code: &[KeyValue],
    detect: bool,
    reader: &mut Reader<'_>,
) -> Result<Resource, InitError> {
    let mut resource = Resource::builder_empty().with_detector(Box::new(TelemetryResourceDetector));
    resource = resource.with_attribute(KeyValue::new(key::SERVICE_NAME, unknown_service()));
    resource = resource.with_detector(Box::new(ServiceInstanceIdResourceDetector));
    if detect {
        resource = resource
            .with_detector(Box::new(OsResourceDetector))
            .with_detector(Box::new(ContainerResourceDetector))
            .with_attributes(host_and_process());
    }
    resource = resource.with_attributes(from_env(reader));
    if let Some(name) = reader.environment().get("OTEL_SERVICE_NAME") {
        resource = resource.with_attribute(KeyValue::new(key::SERVICE_NAME, name.to_owned()));
    }
    resource = resource.with_attributes(in_code.iter().cloned());
    if let Some(name) = service_name {
        if name.trim().is_empty() {
            let source = Source::code("service_name");
            return Err(source.invalid("is empty", "give the service a name, such as support-bot"));
        }
        resource = resource.with_attribute(KeyValue::new(key::SERVICE_NAME, name.to_owned()));
    }
    Ok(resource.build())
}

fn unknown_service() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(|path| path.file_name()?.to_str());
    match program {
        Some(program) => format!("unknown_service:{program}"),
        None => "unknown_service".to_owned(),
    }
}

fn host_and_process() -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(key::HOST_ARCH, architecture()),
        KeyValue::new(key::PROCESS_PID, i64::from(std::process::id())),
        KeyValue::new(key::PROCESS_RUNTIME_NAME, "rustc"),
    ];
    if let Ok(host) = gethostname::gethostname().into_string() {
        attributes.push(KeyValue::new(key::HOST_NAME, host));
    }
    let program = std::env::current_exe().ok();
    if let Some(program) = program.as_deref().and_then(|path| path.file_name()?.to_str()) {
        attributes.push(KeyValue::new(key::PROCESS_EXECUTABLE_NAME, program.to_owned()));
    }
    attributes
}

/// The conventions' words for what Rust calls otherwise.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        other => other,
    }
}

fn from_env(reader: &mut Reader<'_>) -> Vec<KeyValue> {
    const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let expected = "a list of key=value, percent-encoded";
    let read = reader.parsed(VARIABLE, expected, "none of it", pairs).unwrap_or_default();
    read.into_iter().map(|(key, value)| KeyValue::new(Key::new(key), value)).collect()
}
