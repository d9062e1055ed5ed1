//! Every file, judged by the program that will read it.

use std::collections::BTreeSet;
use std::process::Command;

use crate::machine::prometheus_folder;
use crate::process::{free, succeeds};
use crate::programs::program;
use crate::{file, yaml};

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

const ALERT_TESTS: &str = "dashboards/alerts_test.yml";

#[test]
fn every_alert_fires_where_it_should_and_is_silent_where_it_should_not() {
    let Some(promtool) = program("promtool") else { return };
    succeeds(&promtool, &["test".as_ref(), "rules".as_ref(), file(ALERT_TESTS).as_os_str()]);
}

#[test]
fn there_is_a_case_of_each_alert_that_fires_and_one_that_is_silent() {
    let (mut fires, mut silent) = (BTreeSet::new(), BTreeSet::new());
    let tests = yaml(ALERT_TESTS);
    let tests = tests["tests"].as_sequence().unwrap().iter();
    for case in tests.flat_map(|test| test["alert_rule_test"].as_sequence().unwrap()) {
        let expected = case["exp_alerts"].as_sequence().unwrap();
        let cases = if expected.is_empty() { &mut silent } else { &mut fires };
        cases.insert(case["alertname"].as_str().unwrap().to_owned());
    }
    let alerts = yaml("dashboards/alerts/alerting.yml");
    let alerts = alerts["groups"][0]["rules"].as_sequence().unwrap().iter();
    let alerts: BTreeSet<_> =
        alerts.map(|alert| alert["alert"].as_str().unwrap().to_owned()).collect();
    assert_eq!(fires, alerts);
    assert_eq!(silent, alerts);
}
