//! What Prometheus gets when it scrapes: from a server of ours, and from the program's own.

#![cfg(feature = "prometheus")]

mod support;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use spanwise::{
    Environment, ExpositionFormat, InitError, Telemetry, TelemetryConfig, prometheus_handler,
    start_prometheus_server,
};
use support::operations::every_operation;
use support::{block_on, child, config, isolated};

const DURATION: &str = "gen_ai_client_inference_duration_seconds";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

struct Answer {
    status: String,
    head: String,
    body: String,
}

/// Asks as an HTTP client does that closes after one answer.
fn ask(address: SocketAddr, method: &str, path: &str, accept: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(30))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: here\r\naccept: {accept}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.lines().next().unwrap().to_owned();
    Ok(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
}

fn started(config: TelemetryConfig) -> Telemetry {
    spanwise::init_telemetry(config).unwrap()
}

/// Nothing but metrics, and nowhere to send them.
fn kept() -> TelemetryConfig {
    config().environment(Environment::empty()).prometheus()
}

/// Those of the page that operations measure, as Prometheus calls them: the last column of its first table.
fn documented() -> BTreeSet<&'static str> {
    let page = include_str!("../../../docs/metrics.md");
    let table = page.split("## ").find(|section| section.starts_with("All of them")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.rsplit('|').nth(1).unwrap().trim().trim_matches('`')).collect()
}

fn families(text: &str) -> BTreeSet<&str> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split_once(' ').unwrap().0).collect()
}

#[test]
fn the_server_shows_metrics_in_both_forms_until_telemetry_ends() {
    isolated!({
        let telemetry = started(kept());
        every_operation();
        let server = start_prometheus_server("127.0.0.1:0").unwrap();
        let address = server.local_addr();

        let text = ask(address, "GET", "/metrics", "*/*").unwrap();
        assert_eq!(text.status, "HTTP/1.1 200 OK");
        assert!(text.head.contains(TEXT), "{}", text.head);
        let shown = families(&text.body);
        assert!(shown.contains(DURATION) && shown.contains("target_info"), "{shown:?}");
        let documented = documented();
        for name in shown.iter().filter(|name| name.starts_with("gen_ai_")) {
            assert!(documented.contains(name), "docs/metrics.md has no {name}");
        }
        let bucket = format!("{DURATION}_bucket{{");
        let bucket = text.body.lines().find(|line| line.starts_with(&bucket)).unwrap();
        assert!(bucket.contains("otel_scope_name=\"spanwise\"") && bucket.contains("le=\""));

        let open = ask(address, "GET", "/metrics", "application/openmetrics-text").unwrap();
        assert!(open.head.contains(OPEN_METRICS), "{}", open.head);
        assert!(open.body.contains(&format!("# UNIT {DURATION} seconds\n")));
        assert!(open.body.ends_with("# EOF\n"));

        assert_eq!(ask(address, "GET", "/healthz", "*/*").unwrap().body, "ok\n");
        assert_eq!(ask(address, "HEAD", "/metrics", "*/*").unwrap().body, "");
        assert!(ask(address, "GET", "/", "*/*").unwrap().status.contains("404"));
        let posted = ask(address, "POST", "/metrics", "*/*").unwrap();
        assert!(posted.status.contains("405") && posted.head.contains("allow: get, head"));

        let second = start_prometheus_server((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let apart = second.local_addr();
        assert!(ask(apart, "GET", "/healthz", "*/*").is_ok());
        block_on(telemetry.shutdown());
        for address in [address, apart] {
            gone(address);
        }
    });
}

/// Until nobody listens there any more; the threads end by themselves.
fn gone(address: SocketAddr) {
    while TcpStream::connect_timeout(&address, Duration::from_secs(30)).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn what_cannot_start_says_where() {
    isolated!({
        let error = start_prometheus_server("127.0.0.1:0").unwrap_err();
        assert!(error.to_string().contains("TelemetryConfig::prometheus()"), "{error}");

        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let error = spanwise::init_telemetry(kept().prometheus_server(address)).unwrap_err();
        assert!(error.to_string().starts_with(&address.to_string()), "{error}");

        // Nothing had changed.
        let telemetry = started(kept());
        let error = start_prometheus_server(address.to_string()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{address} cannot be listened on (address in use): give an address of this machine with a \
                 free port"
            )
        );
        assert!(matches!(error, InitError::Address { .. }));
        assert!(start_prometheus_server("no.such.host.invalid:1").is_err());

        let server = start_prometheus_server("127.0.0.1:0").unwrap();
        let address = server.local_addr();
        server.stop();
        gone(address);
        drop(telemetry);
    });
}

#[test]
fn axum_shows_them_where_it_likes() {
    isolated!({
        block_on(async {
            let app = axum::Router::new()
                .route_service("/internal/metrics", prometheus_handler())
                .route_service("/internal/healthz", prometheus_handler());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async { axum::serve(listener, app).await });
            let get = |path: &'static str| {
                tokio::task::spawn_blocking(move || ask(address, "GET", path, "*/*").unwrap())
            };
            let before = get("/internal/metrics").await.unwrap();
            assert!(before.status.contains("503"), "{}", before.status);

            let telemetry = started(kept());
            every_operation();
            let shown = get("/internal/metrics").await.unwrap();
            assert!(shown.head.contains(TEXT) && shown.body.contains(DURATION));
            assert_eq!(get("/internal/healthz").await.unwrap().body, "ok\n");

            let exporter = telemetry.prometheus_exporter().unwrap();
            assert!(exporter.render(ExpositionFormat::Text).unwrap().contains(DURATION));
            telemetry.shutdown().await;
            assert_eq!(exporter.render(ExpositionFormat::Text), None);
            let after = get("/internal/metrics").await.unwrap();
            assert!(after.status.contains("503"), "{}", after.status);
        });
    });
}

#[test]
fn variables_start_the_server() {
    let child = child!({
        let telemetry = started(TelemetryConfig::from_env().unwrap());
        every_operation();
        let port = std::env::var("OTEL_EXPORTER_PROMETHEUS_PORT").unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().unwrap()));
        let shown = ask(address, "GET", "/metrics", "*/*").unwrap();
        assert!(shown.body.contains("gen_ai_client_token_usage_bucket{"), "by the profile");
        assert!(!shown.body.contains(DURATION));
        block_on(telemetry.shutdown());
    });
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    child.run(&[
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", &port),
        ("SPANWISE_SEMCONV_PROFILE", "v1_41"),
    ]);
}

#[test]
fn scrapes_leave_no_trace_of_their_own() {
    isolated!({
        let receiver = support::Receiver::start();
        let telemetry = started(kept().endpoint(receiver.http_url()));
        let server = start_prometheus_server("127.0.0.1:0").unwrap();
        for _ in 0..20 {
            ask(server.local_addr(), "GET", "/metrics", "*/*").unwrap();
        }
        let report = block_on(telemetry.shutdown());
        assert!(report.complete, "{report}");
        assert_eq!(receiver.spans().len(), 0);
        assert_eq!(receiver.log_records().len(), 0);
    });
}

#[test]
fn a_server_that_hangs_on_stops_nobody() {
    isolated!({
        let telemetry = started(kept().prometheus_server(([127, 0, 0, 1], 0)));
        let server = start_prometheus_server("127.0.0.1:0").unwrap();
        // Connections that never ask, as many as there may be but one.
        let silent: Vec<_> =
            (0..31).map(|_| TcpStream::connect(server.local_addr()).unwrap()).collect();
        assert_eq!(ask(server.local_addr(), "GET", "/healthz", "*/*").unwrap().body, "ok\n");
        let report = block_on(telemetry.shutdown());
        assert!(report.complete, "{report}");
        drop(silent);
    });
}
