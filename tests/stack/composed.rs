//! What can be said of `docker-compose.telemetry.yml` without Docker.

use std::collections::BTreeSet;

use yaml_serde::Value;

use crate::{file, yaml};

fn services() -> Vec<(String, Value)> {
    let composed = yaml("docker-compose.telemetry.yml");
    let services = composed["services"].as_mapping().unwrap();
    services.iter().map(|(name, it)| (name.as_str().unwrap().to_owned(), it.clone())).collect()
}

/// The texts of a list.
fn texts(list: &Value) -> Vec<&str> {
    list.as_sequence().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// The version of a service's image.
fn version(service: &str) -> String {
    let composed = yaml("docker-compose.telemetry.yml");
    let image = composed["services"][service]["image"].as_str().unwrap().to_owned();
    image.rsplit_once(':').unwrap().1.to_owned()
}

#[test]
fn it_has_the_four_of_them_at_their_usual_ports_of_this_machine_alone() {
    let mut published = BTreeSet::new();
    for (name, service) in services() {
        for port in texts(&service["ports"]) {
            let port = port.strip_prefix("127.0.0.1:");
            let port = port.unwrap_or_else(|| panic!("{name} is open to the network"));
            let (outside, inside) = port.split_once(':').unwrap();
            assert_eq!(outside, inside, "{name}");
            published.insert(format!("{name} {outside}"));
        }
        assert_eq!(service["network_mode"], Value::Null, "{name}");
        assert_eq!(service["privileged"], Value::Null, "{name}");
    }
    let expected =
        ["collector 4317", "collector 4318", "grafana 3000", "jaeger 16686", "prometheus 9090"];
    assert_eq!(published, expected.map(str::to_owned).into());
}

#[test]
fn every_image_has_a_whole_version() {
    for (name, service) in services() {
        let image = service["image"].as_str().unwrap();
        let (_, tag) = image.rsplit_once(':').unwrap_or_else(|| panic!("{name} is not pinned"));
        let numbers: Vec<_> = tag.trim_start_matches('v').split('.').collect();
        let whole =
            numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok());
        assert!(whole, "{name}: {tag} is not a whole version");
    }
}

#[test]
fn each_is_asked_how_it_is_and_says_so_before_others_rely_on_it() {
    let services = services();
    let asked = |name: &str| {
        let service = services.iter().find(|(other, _)| other == name).unwrap();
        !texts(&service.1["healthcheck"]["test"]).is_empty()
    };
    for (name, service) in &services {
        // That of the Collector is another's, since its image has nothing to ask with.
        let by = if name == "collector" { "collector-health" } else { name };
        assert!(asked(by), "nobody asks {name}");
        if let Some(relied_on) = service["depends_on"].as_mapping() {
            for (other, when) in relied_on {
                assert_eq!(when["condition"].as_str(), Some("service_healthy"), "{name}");
                assert!(asked(other.as_str().unwrap()), "{name} relies on {other:?}");
            }
        }
    }
}

#[test]
fn it_has_no_secrets_and_grafana_asks_for_none() {
    let text = std::fs::read_to_string(file("docker-compose.telemetry.yml")).unwrap();
    for word in ["password", "secret", "token", "api_key", "apikey"] {
        assert!(!text.to_lowercase().contains(word), "{word}");
    }
    let composed = yaml("docker-compose.telemetry.yml");
    let grafana = &composed["services"]["grafana"]["environment"];
    assert_eq!(grafana["GF_AUTH_ANONYMOUS_ENABLED"].as_str(), Some("true"));
    assert_eq!(grafana["GF_AUTH_ANONYMOUS_ORG_ROLE"].as_str(), Some("Viewer"));
    assert_eq!(grafana["GF_AUTH_BASIC_ENABLED"].as_str(), Some("false"));
}

#[test]
fn what_is_mounted_is_there_and_what_is_stored_has_a_volume() {
    let composed = yaml("docker-compose.telemetry.yml");
    let mut stored = BTreeSet::new();
    for (name, service) in services() {
        for volume in texts(&service["volumes"]) {
            let mut parts = volume.split(':');
            let from = parts.next().unwrap();
            if let Some(path) = from.strip_prefix("./") {
                assert!(file(path).exists(), "{name}: {path} is not there");
                assert_eq!(parts.nth(1), Some("ro"), "{name}: {path} can be written to");
            } else {
                stored.insert(from.to_owned());
            }
        }
    }
    let volumes = composed["volumes"].as_mapping().unwrap();
    assert_eq!(stored, volumes.keys().map(|name| name.as_str().unwrap().to_owned()).collect());
    assert_eq!(stored.len(), 4);
}

#[test]
fn variables_that_it_sets_are_read_by_the_files_that_it_mounts() {
    for (service, config) in
        [("collector", "otel-collector.yaml"), ("jaeger", "deploy/local/jaeger.yaml")]
    {
        let text = std::fs::read_to_string(file(config)).unwrap();
        let composed = yaml("docker-compose.telemetry.yml");
        for (name, _) in composed["services"][service]["environment"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            assert!(text.contains(&format!("${{env:{name}:-")), "{config} does not read {name}");
        }
    }
}

#[test]
fn grafana_looks_at_the_servers_beside_it() {
    let sources = yaml("deploy/local/grafana/datasources.yaml");
    let mut urls: Vec<_> = sources["datasources"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|source| (source["uid"].as_str().unwrap(), source["url"].as_str().unwrap()))
        .collect();
    urls.sort();
    let expected = [("jaeger", "http://jaeger:16686"), ("prometheus", "http://prometheus:9090")];
    assert_eq!(urls, expected);
    let boards = yaml("deploy/local/grafana/dashboards.yaml");
    let path = boards["providers"][0]["options"]["path"].as_str().unwrap();
    let composed = yaml("docker-compose.telemetry.yml");
    let mounted = texts(&composed["services"]["grafana"]["volumes"])
        .contains(&&*format!("./dashboards:{path}:ro"));
    assert!(mounted, "nothing is mounted at {path}");
}

/// Processes and images are the same versions; Go knows Jaeger 2.13.0 as 1.76.0, and Prometheus 3.12.0 as 0.312.0.
#[test]
fn images_are_what_the_script_builds() {
    let script = std::fs::read_to_string(file("scripts/stack")).unwrap();
    let pinned = |name: &str| {
        let line = script.lines().find_map(|line| line.strip_prefix(&format!("{name}=v")));
        line.unwrap().to_owned()
    };
    assert_eq!(pinned("OTELCOL"), version("collector"));
    assert_eq!((version("jaeger").as_str(), pinned("JAEGER").as_str()), ("2.13.0", "1.76.0"));
    let prometheus = version("prometheus");
    let (major, rest) = prometheus.trim_start_matches('v').split_once('.').unwrap();
    assert_eq!(format!("0.{major}{rest}"), pinned("PROMETHEUS"));
}
