//! Every file, judged by the program that will read it.

use std::process::Command;

use crate::file;
use crate::machine::prometheus_folder;
use crate::process::{free, succeeds};
use crate::programs::program;

#[test]
fn the_collector_accepts_each_of_its_files() {
    let Some(otelcol) = program("otelcol") else { return };
    for config in ["otel-collector.yaml", "deploy/agent.yaml", "deploy/gateway.yaml"] {
        succeeds(&otelcol, &["validate".as_ref(), "--config".as_ref(), file(config).as_os_str()]);
    }
}

#[test]
fn the_collector_refuses_a_component_that_it_does_not_have() {
    let Some(otelcol) = program("otelcol") else { return };
    let mut command = Command::new(otelcol);
    command.arg("validate").arg("--config").arg(file("otel-collector.yaml"));
    let output = command.arg("--set=exporters.kafka.brokers=[]").output().unwrap();
    assert!(!output.status.success(), "what is not there was accepted");
}

#[test]
fn jaeger_accepts_its_file() {
    let Some(jaeger) = program("jaeger") else { return };
    let config = file("deploy/local/jaeger.yaml");
    succeeds(&jaeger, &["validate".as_ref(), "--config".as_ref(), config.as_os_str()]);
}

#[test]
fn prometheus_accepts_its_file_and_every_rule() {
    let Some(promtool) = program("promtool") else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = prometheus_folder(folder.path(), free());
    succeeds(&promtool, &["check".as_ref(), "config".as_ref(), config.as_os_str()]);
}
