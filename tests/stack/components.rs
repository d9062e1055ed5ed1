//! The Collector is built with what its files use, and with nothing else.

use std::collections::BTreeSet;

use crate::yaml;

const FILES: [&str; 3] = ["otel-collector.yaml", "deploy/agent.yaml", "deploy/gateway.yaml"];

/// A component's type in a file, and the module that it is in.
const MODULES: [(&str, &str, &str); 13] = [
    ("receivers", "otlp", "otlpreceiver"),
    ("processors", "filter", "filterprocessor"),
    ("processors", "memory_limiter", "memorylimiterprocessor"),
    ("processors", "redaction", "redactionprocessor"),
    ("processors", "tail_sampling", "tailsamplingprocessor"),
    ("connectors", "span_metrics", "spanmetricsconnector"),
    ("exporters", "debug", "debugexporter"),
    ("exporters", "loadbalancing", "loadbalancingexporter"),
    ("exporters", "otlp_grpc", "otlpexporter"),
    ("exporters", "otlp_http", "otlphttpexporter"),
    ("exporters", "prometheus", "prometheusexporter"),
    ("extensions", "file_storage", "filestorage"),
    ("extensions", "health_check", "healthcheckextension"),
];

const KINDS: [&str; 5] = ["receivers", "processors", "connectors", "exporters", "extensions"];

#[test]
fn the_collector_is_built_with_what_its_files_use_and_nothing_else() {
    let mut used = BTreeSet::new();
    for config in FILES.map(yaml) {
        for kind in KINDS {
            for (name, _) in config[kind].as_mapping().into_iter().flatten() {
                let name = name.as_str().unwrap();
                let name = name.split_once('/').map_or(name, |(name, _)| name);
                let known = MODULES.iter().find(|known| (known.0, known.1) == (kind, name));
                let (_, _, module) = known.unwrap_or_else(|| panic!("which module has {name}?"));
                used.insert(format!("{kind} {module}"));
            }
        }
    }
    let manifest = yaml("scripts/otelcol.yaml");
    let mut built = BTreeSet::new();
    for kind in KINDS {
        for component in manifest[kind].as_sequence().into_iter().flatten() {
            let module = component["gomod"].as_str().unwrap().split(' ').next().unwrap();
            built.insert(format!("{kind} {}", module.rsplit_once('/').unwrap().1));
        }
    }
    assert_eq!(built, used);
}

/// What waits is on disk, and nothing that was accepted is only in memory on its way there.
#[test]
fn every_queue_is_on_disk_and_bounded_and_batches_are_made_behind_it() {
    for (file, config) in FILES.map(|file| (file, yaml(file))) {
        let processors = config["processors"].as_mapping().unwrap();
        assert!(!processors.keys().any(|name| name.as_str() == Some("batch")), "{file}");
        for (name, exporter) in config["exporters"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            if ["debug", "prometheus"].contains(&name) {
                continue;
            }
            let queue = &exporter["sending_queue"];
            assert_eq!(queue["storage"].as_str(), Some("file_storage"), "{file}: {name}");
            assert_eq!(queue["sizer"].as_str(), Some("bytes"), "{file}: {name}");
            assert!(queue["queue_size"].as_u64().is_some(), "{file}: {name}");
            assert!(queue["batch"]["max_size"].as_u64().is_some(), "{file}: {name}");
        }
    }
}
