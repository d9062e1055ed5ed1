//! Collector, Jaeger and Prometheus, by the files that `docker compose` and `scripts/stack` use.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::file;
use crate::process::{Process, free};
use crate::programs::program;

/// A Collector of one of our files.
pub(crate) struct Collector {
    program: PathBuf,
    config: PathBuf,
    folder: PathBuf,
    variables: Vec<(&'static str, String)>,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) span_metrics: SocketAddr,
    /// What it says of itself.
    pub(crate) metrics: SocketAddr,
    health: SocketAddr,
    more: Vec<String>,
}

impl Collector {
    /// What it would be; what it stores, and its log, are below this folder.
    pub(crate) fn new(config: &str, folder: &Path) -> Option<Self> {
        let [grpc, http, span_metrics, metrics, health] = free();
        let folder = folder.join(format!("otelcol-{}", grpc.port()));
        std::fs::create_dir(&folder).unwrap();
        let variables = vec![
            ("OTELCOL_GRPC", grpc.to_string()),
            ("OTELCOL_HTTP", http.to_string()),
            ("OTELCOL_SPAN_METRICS", span_metrics.to_string()),
            ("OTELCOL_METRICS_HOST", "127.0.0.1".to_owned()),
            ("OTELCOL_METRICS_PORT", metrics.port().to_string()),
            ("OTELCOL_HEALTH", health.to_string()),
            ("OTELCOL_STORAGE", folder.join("storage").to_str().unwrap().to_owned()),
        ];
        let program = program("otelcol")?;
        let (config, more) = (file(config), Vec::new());
        Some(Self {
            program,
            config,
            folder,
            variables,
            grpc,
            http,
            span_metrics,
            metrics,
            health,
            more,
        })
    }

    pub(crate) fn variable(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.push((name, value.to_string()));
        self
    }

    /// Changes one setting of the file, by `--set`.
    pub(crate) fn set(mut self, setting: &str) -> Self {
        self.more.push(format!("--set={setting}"));
        self
    }

    /// Starts it; again, with what it stored, after it was killed.
    pub(crate) fn start(&self) -> Process {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config).args(&self.more);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Process::start(&mut command, self.folder.join("log"), (self.health, "/"))
    }
}

/// The Collector, and what of Jaeger and Prometheus is asked for.
pub(crate) struct Machine {
    pub(crate) jaeger: SocketAddr,
    pub(crate) prometheus: SocketAddr,
    pub(crate) collector: Collector,
    // The Collector goes before those that it sends to, and the folder last.
    _processes: Vec<Process>,
    _folder: TempDir,
}

impl Machine {
    /// Where one of these is not there, what is for it waits at the Collector.
    pub(crate) fn start(behind: &[&str]) -> Option<Self> {
        let programs: Vec<_> = behind.iter().map(|name| program(name)).collect();
        let folder = tempfile::tempdir().unwrap();
        let [otlp, jaeger, prometheus] = free();
        let collector = Collector::new("otel-collector.yaml", folder.path())?
            .variable("JAEGER_OTLP", otlp)
            .variable("PROMETHEUS_OTLP", format!("http://{prometheus}/api/v1/otlp"));
        let programs: Option<Vec<_>> = programs.into_iter().collect();
        let mut processes = vec![collector.start()];
        for (name, program) in behind.iter().zip(programs?) {
            processes.push(match *name {
                "jaeger" => start_jaeger(program, folder.path(), otlp, jaeger),
                _ => start_prometheus(program, folder.path(), prometheus, &collector),
            });
        }
        Some(Self { jaeger, prometheus, collector, _processes: processes, _folder: folder })
    }

    /// How a program sends, and where to.
    pub(crate) fn ways(&self) -> [(&'static str, &'static str, String); 2] {
        let (grpc, http) = (self.collector.grpc, self.collector.http);
        [
            ("by-grpc", "grpc", format!("http://{grpc}")),
            ("by-http", "http/protobuf", format!("http://{http}")),
        ]
    }
}

fn start_jaeger(program: PathBuf, folder: &Path, otlp: SocketAddr, query: SocketAddr) -> Process {
    let [query_grpc, health] = free();
    let mut command = Command::new(program);
    command.arg("--config").arg(file("deploy/local/jaeger.yaml"));
    command.env("JAEGER_GRPC", otlp.to_string()).env("JAEGER_QUERY", query.to_string());
    command.env("JAEGER_QUERY_GRPC", query_grpc.to_string());
    command.env("JAEGER_HEALTH", health.to_string());
    command.env("JAEGER_STORAGE", folder.join("jaeger"));
    Process::start(&mut command, folder.join("jaeger.log"), (health, "/status"))
}

fn start_prometheus(
    program: PathBuf,
    folder: &Path,
    address: SocketAddr,
    collector: &Collector,
) -> Process {
    let config = prometheus_folder(folder, [collector.metrics, collector.span_metrics]);
    let mut command = Command::new(program);
    command.arg("--config.file").arg(config);
    command.arg("--storage.tsdb.path").arg(folder.join("prometheus"));
    command.arg("--web.listen-address").arg(address.to_string());
    command.arg("--web.enable-otlp-receiver");
    Process::start(&mut command, folder.join("prometheus.log"), (address, "/-/ready"))
}

/// Prometheus finds targets and rules beside its configuration, which this gives.
pub(crate) fn prometheus_folder(folder: &Path, targets: [SocketAddr; 2]) -> PathBuf {
    let folder = folder.join("prometheus-config");
    let config = folder.join("prometheus.yml");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(file("deploy/local/prometheus.yml"), &config).unwrap();
    let [first, second] = targets;
    let targets = format!("- targets: [\"{first}\", \"{second}\"]\n");
    std::fs::write(folder.join("targets.yml"), targets).unwrap();
    if let Ok(rules) = std::fs::read_dir(file("dashboards/alerts")) {
        std::fs::create_dir(folder.join("alerts")).unwrap();
        for rule in rules {
            let rule = rule.unwrap();
            std::fs::copy(rule.path(), folder.join("alerts").join(rule.file_name())).unwrap();
        }
    }
    config
}
