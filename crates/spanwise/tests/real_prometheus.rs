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
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use spanwise::{Agent, ExportConfig, ExpositionFormat, OtlpProtocol};
use support::operations::every_operation;
use support::real_server::{Server, free_port, program};
use support::{Receiver, block_on, child, config, told_by_example};

const PROMETHEUS: &str = "SPANWISE_TEST_PROMETHEUS";
const PORT: &str = "METRICS_PORT";
const ENDPOINT: &str = "METRICS_ENDPOINT";
const FILE: &str = "METRICS_FILE";

/// A name with all that is escaped.
const ODD: &str = "a\"b\\c\nd,e={}é";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

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

fn path_of(query: &str) -> String {
    format!("/api/v1/query?query={}", utf8_percent_encode(query, NON_ALPHANUMERIC))
}

/// What a query answers: labels and a number each.
type Answered = Vec<(BTreeMap<String, String>, f64)>;

fn read(answer: &Value) -> Option<Answered> {
    let result = answer["data"]["result"].as_array()?;
    let samples = result.iter().map(|sample| {
        let labels = sample["metric"].as_object().unwrap().iter();
        let labels = labels.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
        (labels.collect(), sample["value"][1].as_str().unwrap().parse().unwrap())
    });
    Some(samples.collect())
}

/// Asks until there is an answer that holds.
#[track_caller]
fn query(server: &mut Server, query: &str, holds: impl Fn(&Answered) -> bool) -> Answered {
    let answer = server.ask("GET", &path_of(query), &Value::Null, |answer| {
        read(answer).is_some_and(|answered| holds(&answered))
    });
    read(&answer).unwrap()
}

/// Names of operations' metrics, without what histograms add to theirs.
fn names(server: &mut Server) -> BTreeSet<String> {
    let listed = server.ask("GET", "/api/v1/label/__name__/values", &Value::Null, |listed| {
        let names = listed["data"].as_array();
        names.is_some_and(|names| {
            names.iter().any(|name| name == "spanwise_step_duration_seconds_count")
        })
    });
    let names = listed["data"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
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

/// Those that the page lists, as Prometheus calls them.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../../docs/metrics.md");
    let table = page.split("## ").find(|section| section.starts_with("All of them")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.rsplit('|').nth(1).unwrap().trim().trim_matches('`').to_owned()).collect()
}

#[track_caller]
fn assert_documented(names: &BTreeSet<String>) {
    let unknown: Vec<_> = names.difference(&documented()).cloned().collect();
    assert!(unknown.is_empty(), "docs/metrics.md has no {unknown:?}");
    assert!(names.len() > 10, "{names:?}");
}

/// A process that has recorded every operation, and shows or sends it until its input ends.
fn recorded() {
    let mut config = config().metric_export(ExportConfig {
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
    let scraped = names(&mut scraping);
    assert_documented(&scraped);
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
    assert_eq!(names(&mut receiving), scraped);
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
    assert_documented(&names(&mut victoria));
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

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join(folder)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == ending));
    files.sort();
    files
}

fn rules() -> Vec<PathBuf> {
    files("dashboards/alerts", "yml")
}

/// One query of one panel.
struct Asked {
    panel: String,
    unit: String,
    legend: String,
    query: String,
}

fn asked() -> Vec<Asked> {
    let mut all = Vec::new();
    for file in files("dashboards", "json") {
        let board: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for panel in board["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                all.push(Asked {
                    panel: format!("{}: {}", text(&board["title"]), text(&panel["title"])),
                    unit: text(&panel["fieldConfig"]["defaults"]["unit"]),
                    legend: text(&target["legendFormat"]),
                    query: text(&target["expr"]),
                });
            }
        }
    }
    assert!(all.len() > 40);
    all
}

/// What the conventions of 1.41 do not count.
const ONLY_TODAY: [&str; 2] =
    ["Tokens and cost: Input from the cache", "Tokens and cost: Reasoning in the output"];

/// Shares that go beyond the whole.
const BEYOND: [&str; 2] = ["Tokens and cost: Budgets used", "Tokens and cost: Budget burn"];

/// Asks one panel's query for one job, and looks whether the answer can be right.
fn check_panel(server: &mut Server, asked: &Asked, job: &str) -> Answered {
    let Asked { panel, unit, legend, query: text } = asked;
    let text = text.replace("$service", job);
    let text = text.replace("$__rate_interval", "1m").replace("$__range", "1m");
    assert!(!text.contains('$'), "{panel}: {text}");
    let finite = |answer: &Answered| {
        !answer.is_empty() && answer.iter().all(|(_, number)| number.is_finite())
    };
    let answer = query(server, &text, finite);
    let labels = legend.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0);
    for label in labels {
        for (told, _) in &answer {
            assert!(told.get(label).is_some_and(|value| !value.is_empty()), "{panel}: {told:?}");
        }
    }
    let most = match unit.as_str() {
        "percentunit" if !BEYOND.contains(&&**panel) => 1.0,
        "s" => 60.0,
        _ => f64::MAX,
    };
    for (told, number) in &answer {
        assert!((0.0..=most).contains(number), "{panel}: {number} of {told:?}");
    }
    answer
}

/// Asks each rule, an alert for what it compares.
fn check_rules(server: &mut Server, jobs: &[(&str, u16)]) {
    let listed = server.ask("GET", "/api/v1/rules", &Value::Null, |listed| {
        let groups = listed["data"]["groups"].as_array();
        groups.is_some_and(|groups| {
            let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
            groups.len() == 2 && rules.into_iter().all(|rule| rule["health"] == "ok")
        })
    });
    let groups = listed["data"]["groups"].as_array().unwrap();
    for rule in groups.iter().flat_map(|group| group["rules"].as_array().unwrap()) {
        let (name, text) = (rule["name"].as_str().unwrap(), rule["query"].as_str().unwrap());
        let text = match rule["type"].as_str().unwrap() {
            "alerting" => [" > ", " >= "].iter().find_map(|it| text.rsplit_once(it)).unwrap().0,
            _ => name,
        };
        for (job, _) in jobs {
            let has = |answer: &Answered| {
                let mut its = answer.iter().filter(|(labels, _)| labels["job"] == *job).peekable();
                its.peek().is_some() && its.all(|(_, number)| *number >= 0.0)
            };
            let answer = query(server, text, has);
            if name.contains("ratio") {
                assert!(answer.iter().all(|(_, number)| *number <= 1.0), "{name}: {answer:?}");
            }
        }
    }
}

/// Whether Prometheus has, in the end, what was done.
fn check_done(server: &mut Server, job: &str, told: &str) {
    let done: Value = serde_json::from_str(told).unwrap();
    let counted = |names: [&str; 2], selected: [&str; 2], by: &str| {
        let of = |place: usize| {
            let selected = format!("job=\"{job}\"{}", selected[place]);
            format!("sum by ({by}) (last_over_time({}{{{selected}}}[30m]))", names[place])
        };
        format!("{} or {}", of(0), of(1))
    };
    let calls = [
        "gen_ai_client_inference_duration_seconds_count",
        "gen_ai_client_operation_duration_seconds_count",
    ];
    let chat = ", gen_ai_operation_name=\"chat\"";
    let failed = ", gen_ai_operation_name=\"chat\", error_type!=\"\"";
    let usage = |kind: &str| format!("gen_ai_client_inference_usage_{kind}_tokens_total");
    let (input, output) = (usage("input"), usage("output"));
    let usage = "gen_ai_client_token_usage_sum";
    let (of_input, of_output) = (", gen_ai_token_type=\"input\"", ", gen_ai_token_type=\"output\"");
    let (agents, tools) = (
        "gen_ai_invoke_agent_duration_seconds_count",
        "gen_ai_execute_tool_duration_seconds_count",
    );
    let (model, agent, tool) = ("gen_ai_request_model", "gen_ai_agent_name", "gen_ai_tool_name");
    for (field, by, kind, text) in [
        ("times", model, "models", counted(calls, [chat, chat], model)),
        ("failed", model, "models", counted(calls, [failed, failed], model)),
        ("input_tokens", model, "models", counted([&input, usage], ["", of_input], model)),
        ("output_tokens", model, "models", counted([&output, usage], ["", of_output], model)),
        ("times", "user_id", "users", counted(calls, [chat, chat], "user_id")),
        ("times", agent, "agents", counted([agents, agents], ["", ""], agent)),
        ("times", tool, "tools", counted([tools, tools], ["", ""], tool)),
        ("cost_micros", model, "models", {
            let cost = ["spanwise_cost_total", "spanwise_cost_total"];
            format!("1e6 * ({})", counted(cost, ["", ""], model))
        }),
    ] {
        let done = done[kind].as_object().unwrap();
        assert!(done.len() > 2, "{kind}: {done:?}");
        let answer = query(server, &text, |answer| answer.len() >= done.len());
        for (name, worked) in done {
            let (_, number) = answer.iter().find(|(labels, _)| labels[by] == *name).unwrap();
            let expected = worked[field].as_f64().unwrap();
            assert!(
                (number - expected).abs() < 1e-3,
                "{job}, {field} of {name}: {number} of {expected}"
            );
        }
    }
    check_budgets(server, job, &done);
}

/// Whether the budgets' metrics say what was spent and refused.
fn check_budgets(server: &mut Server, job: &str, done: &Value) {
    let last = |name: &str| {
        format!("max by (spanwise_budget_name) (last_over_time({name}{{job=\"{job}\"}}[30m]))")
    };
    let mut number = |text: &str, budget: &str| {
        let of = |answer: &Answered| {
            let mut its = answer.iter().filter(|(it, _)| it["spanwise_budget_name"] == budget);
            its.next().map(|(_, number)| *number)
        };
        of(&query(server, text, |answer| of(answer).is_some())).unwrap()
    };
    let (used, limit) = (last("spanwise_budget_use_ratio"), last("spanwise_budget_limit"));
    let spent = number(&format!("{used} * {limit}"), "load");
    let models = done["models"].as_object().unwrap().values();
    let told: f64 = models.map(|worked| worked["cost_micros"].as_f64().unwrap()).sum();
    assert!((1e6 * spent - told).abs() < 1e-3, "{job}: {spent} of {told}");
    let refused = done["refused"]["trial"].as_f64().unwrap();
    assert!(refused > 0.0);
    assert_eq!(number(&last("spanwise_budget_refusals_total"), "trial"), refused, "{job}");
}

#[test]
fn every_panel_and_every_rule_has_its_answer() {
    let Some(program) = program(PROMETHEUS) else { return };
    let receiver = Receiver::start();
    let loads = ["latest", "v1_41"].map(|profile| {
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
    let jobs = [(loads[0].0, loads[0].1), (loads[1].0, loads[1].1)];
    let (mut server, _folder) = prometheus(&program, &jobs, &rules());
    for (job, _) in jobs {
        let turns = format!("sum(gen_ai_invoke_agent_duration_seconds_count{{job=\"{job}\"}})");
        query(&mut server, &turns, |answer| {
            answer.first().is_some_and(|(_, turns)| *turns > 150.0)
        });
        for asked in asked() {
            if job == "v1_41" && ONLY_TODAY.contains(&&*asked.panel) {
                continue;
            }
            check_panel(&mut server, &asked, job);
        }
    }
    check_rules(&mut server, &jobs);
    for (job, _, load) in loads {
        let told = load.join().unwrap();
        check_done(&mut server, job, &told);
    }
}
