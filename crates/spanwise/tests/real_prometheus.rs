//! What a real Prometheus makes of what it scrapes and of what it is sent, and its answers to every panel and every rule of
//! `dashboards/`.
//!
//! `SPANWISE_TEST_PROMETHEUS` names the program `prometheus`, of version 2 or 3; `SPANWISE_TEST_PROMTOOL` its `promtool`;
//! `SPANWISE_TEST_VICTORIA_METRICS` the program `victoria-metrics`. Without them nothing is asked of them.

#![cfg(feature = "prometheus")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use spanwise::semconv::SemconvProfile;
use spanwise::{Agent, ExportConfig, ExpositionFormat, OtlpProtocol};
use support::boards::{
    Done, Panel, check_between, check_budgets, check_panel, check_rules, check_totals, files,
    panels, query, until_all_is_there,
};
use support::operations::{every_moment, every_operation, used_up};
use support::real_server::{Server, free_port, program};
use support::{Receiver, block_on, child, config, told_by_example};

const PROMETHEUS: &str = "SPANWISE_TEST_PROMETHEUS";
const PORT: &str = "METRICS_PORT";
const ENDPOINT: &str = "METRICS_ENDPOINT";
const FILE: &str = "METRICS_FILE";

const PROFILES: [&str; 3] = ["latest", "v1_41", "both"];

/// A name with all that is escaped.
const ODD: &str = "a\"b\\c\nd,e={}é";

/// Whether it takes OTLP.
fn takes_otlp(prometheus: &str) -> bool {
    let said = Command::new(prometheus).arg("--help").output().unwrap();
    let said = [said.stdout, said.stderr].concat();
    String::from_utf8_lossy(&said).contains("web.enable-otlp-receiver")
}

/// Prometheus, which scrapes these jobs every second.
fn prometheus(
    program: &str,
    jobs: &[(&str, u16)],
    rules: &[PathBuf],
) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = String::from("global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n");
    settings.push_str("rule_files:\n");
    for rules in rules {
        settings.push_str(&format!("  - {}\n", rules.display()));
    }
    settings.push_str("scrape_configs:\n");
    for (job, port) in jobs {
        settings.push_str(&format!(
            "  - job_name: {job}\n    static_configs:\n      - targets: ['127.0.0.1:{port}']\n"
        ));
    }
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, settings).unwrap();
    let server = Server::start(program, |command, port| {
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--storage.tsdb.path=data", "--log.level=warn"]);
        if takes_otlp(program) {
            command.arg("--web.enable-otlp-receiver");
        }
    });
    (server, folder)
}

/// Names of metrics, without those of the export side and what histograms add to theirs.
fn names(listed: &Value) -> BTreeSet<String> {
    let names = listed["data"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    let ours = names.filter(|name| {
        (name.starts_with("gen_ai_") || name.starts_with("spanwise_"))
            && !name.starts_with("spanwise_export_")
    });
    let whole = ours.map(|name| {
        let of_histogram = ["_bucket", "_sum", "_count"];
        of_histogram.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name).to_owned()
    });
    whole.collect()
}

/// Those that the page lists, as Prometheus calls them, without those of the export side.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../../docs/metrics.md");
    let table = page.split("## ").find(|section| section.starts_with("All of them")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let named = rows.map(|row| row.rsplit('|').nth(1).unwrap().trim().trim_matches('`'));
    named.filter(|name| !name.starts_with("spanwise_export_")).map(str::to_owned).collect()
}

/// Whether it has all that the page lists, and nothing that the page does not.
#[track_caller]
fn assert_documented(server: &mut Server) {
    let documented = documented();
    assert!(documented.len() > 30, "{documented:?}");
    let listed = server.ask("GET", "/api/v1/label/__name__/values", &Value::Null, |listed| {
        names(listed).is_superset(&documented)
    });
    assert_eq!(names(&listed), documented);
}

/// A process that has recorded everything, under both names, and shows or sends it until its input ends.
fn recorded() {
    let config = config().semconv_profile(SemconvProfile::Both).budget(used_up());
    let mut config = config.metric_export(ExportConfig {
        export_interval: Duration::from_millis(500),
        ..ExportConfig::default()
    });
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        let sent = spanwise::Destination::otlp(endpoint).protocol(OtlpProtocol::HttpProtobuf);
        config = config.signals(spanwise::Signals::METRICS).destination(sent);
    }
    if let Ok(port) = std::env::var(PORT) {
        config = config.prometheus_server(([127, 0, 0, 1], port.parse().unwrap()));
    }
    let telemetry = spanwise::init_telemetry(config).unwrap();
    every_operation();
    every_moment();
    Agent::new(ODD).start().finish();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let report = block_on(telemetry.shutdown());
    assert_eq!(report.dropped(), 0, "{report}");
}

#[test]
fn scraped_and_sent_metrics_have_the_names_of_the_page() {
    let child = child!(recorded());
    let Some(program) = program(PROMETHEUS) else { return };
    let port = free_port();
    let (mut scraping, _folder) = prometheus(&program, &[("bot", port)], &[]);
    let mut shown =
        child.command(&[(PORT, &port.to_string())]).stdin(Stdio::piped()).spawn().unwrap();
    assert_documented(&mut scraping);
    let info = query(&mut scraping, "target_info", |answer| !answer.is_empty());
    assert_eq!(info[0].0["service_name"], "test");
    let turns = "gen_ai_invoke_agent_duration_seconds_count";
    let turns = query(&mut scraping, turns, |answer| answer.len() > 1);
    assert!(turns.iter().any(|(labels, _)| labels["gen_ai_agent_name"] == ODD), "{turns:?}");
    drop(shown.stdin.take());
    assert!(shown.wait().unwrap().success());

    if !takes_otlp(&program) {
        eprintln!("skipped: {program} takes no OTLP; Prometheus 3 does");
        return;
    }
    let (mut receiving, _folder) = prometheus(&program, &[], &[]);
    receiving.ask("GET", "/-/ready", &Value::Null, |ready| ready.to_string().contains("Ready"));
    let endpoint = format!("{}/api/v1/otlp", receiving.url());
    let mut sent = child.command(&[(ENDPOINT, &endpoint)]).stdin(Stdio::piped()).spawn().unwrap();
    assert_documented(&mut receiving);
    drop(sent.stdin.take());
    assert!(sent.wait().unwrap().success());
}

#[test]
fn victoria_metrics_has_the_names_of_the_page() {
    let child = child!(recorded());
    let Some(program) = program("SPANWISE_TEST_VICTORIA_METRICS") else { return };
    let mut victoria = Server::start(&program, |command, port| {
        command
            .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
            .args(["-storageDataPath=data", "-opentelemetry.usePrometheusNaming"])
            .arg("-search.latencyOffset=0s");
    });
    victoria.ask("GET", "/health", &Value::Null, |health| health == "OK");
    let endpoint = format!("{}/opentelemetry", victoria.url());
    let mut sent = child.command(&[(ENDPOINT, &endpoint)]).stdin(Stdio::piped()).spawn().unwrap();
    assert_documented(&mut victoria);
    drop(sent.stdin.take());
    assert!(sent.wait().unwrap().success());
}

#[test]
fn promtool_reads_what_is_shown_and_the_rules() {
    let child = child!({
        let telemetry = spanwise::init_telemetry(config().prometheus()).unwrap();
        every_operation();
        let exporter = telemetry.prometheus_exporter().unwrap();
        let shown = exporter.render(ExpositionFormat::Text).unwrap();
        fs::write(std::env::var(FILE).unwrap(), shown).unwrap();
        drop(telemetry);
    });
    let Some(promtool) = program("SPANWISE_TEST_PROMTOOL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metrics");
    child.run(&[(FILE, file.to_str().unwrap())]);
    let shown = fs::File::open(&file).unwrap();
    let read = Command::new(&promtool).args(["check", "metrics"]).stdin(shown).output().unwrap();
    // 3: it could read them, and would have liked texts of help.
    let said = String::from_utf8_lossy(&read.stderr).into_owned();
    assert!(matches!(read.status.code(), Some(0 | 3)), "{said}");
    assert!(!said.contains("error while linting"), "{said}");
    let rules = Command::new(&promtool).args(["check", "rules"]).args(rules()).output().unwrap();
    assert!(rules.status.success(), "{}", String::from_utf8_lossy(&rules.stderr));
}

fn rules() -> Vec<PathBuf> {
    files("dashboards/alerts", "yml")
}

/// A load at `/metrics` by each profile, each a job of its own.
#[test]
fn every_panel_and_every_rule_has_its_answer_for_services_of_each_profile_and_for_all_together() {
    let Some(program) = program(PROMETHEUS) else { return };
    let receiver = Receiver::start();
    let loads = PROFILES.map(|profile| {
        let (port, url) = (free_port(), receiver.http_url());
        let load = std::thread::spawn(move || {
            let address = format!("127.0.0.1:{port}");
            let arguments =
                ["--seconds", "15", "--rate", "20", "--linger", "10", "--prometheus", &address];
            let variables =
                [("OTEL_EXPORTER_OTLP_ENDPOINT", &*url), ("SPANWISE_SEMCONV_PROFILE", profile)];
            told_by_example("telemetry_load", &arguments, &variables)
        });
        (profile, port, load)
    });
    let jobs = loads.each_ref().map(|load| (load.0, load.1));
    let (mut server, _folder) = prometheus(&program, &jobs, &rules());
    let panels = panels();
    for job in PROFILES {
        let turns = format!("sum(gen_ai_invoke_agent_duration_seconds_count{{job=\"{job}\"}})");
        query(&mut server, &turns, |answer| {
            answer.first().is_some_and(|(_, turns)| *turns > 150.0)
        });
        for panel in panels.iter().filter(|panel| job != "v1_41" || !panel.only_today()) {
            check_panel(&mut server, panel, job);
        }
    }
    check_rules(&mut server, &PROFILES);
    let told: BTreeMap<_, _> =
        loads.into_iter().map(|(job, _, load)| (job, load.join().unwrap())).collect();
    for jobs in [&["latest"][..], &["v1_41"], &["both"], &PROFILES] {
        let done = |panel: Option<&Panel>| {
            let today = panel.is_some_and(Panel::only_today);
            let jobs = jobs.iter().filter(|job| !today || **job != "v1_41");
            Done::of(jobs.map(|job| &*told[job]))
        };
        let (selected, all) = (jobs.join("|"), done(None));
        until_all_is_there(&mut server, &selected, &all);
        for panel in &panels {
            if !panel.only_today() || jobs != ["v1_41"] {
                check_totals(&mut server, panel, &selected, &done(Some(panel)));
            }
        }
        if let [job] = jobs {
            check_budgets(&mut server, job, &all);
        }
    }
    for panel in &panels {
        check_between(&mut server, panel, ["latest", "v1_41"]);
    }
}
