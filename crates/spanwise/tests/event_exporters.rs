//! Exporters of events: what they get, and that none pays for another.

mod support;

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use serde_json::{Value, json};
use spanwise::{
    Agent, BatchConfiguration, ChannelExporter, ContentCapture, ContentLevel, ContentPolicy,
    EventReceiver, EventStatus, ExportError, ExporterReport, ExporterSettings, Generation,
    JsonLinesExporter, PatternRedactor, Provider, Response, TelemetryConfig, TelemetryEvent,
    TelemetryExporter, Tool, Usage, WebhookExporter,
};
use support::{PATIENCE, Receiver, block_on, config, isolated};

/// Counts what it gets.
#[derive(Clone, Default)]
struct Counts(Arc<AtomicU64>);

impl TelemetryExporter for Counts {
    async fn export(&self, _: &TelemetryEvent) -> Result<(), ExportError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

struct Sleeps(Duration);

impl TelemetryExporter for Sleeps {
    async fn export(&self, _: &TelemetryEvent) -> Result<(), ExportError> {
        // The thread, not the task: the worst that it can do.
        std::thread::sleep(self.0);
        Ok(())
    }
}

struct Panics;

impl TelemetryExporter for Panics {
    async fn export(&self, _: &TelemetryEvent) -> Result<(), ExportError> {
        panic!("on purpose")
    }
}

/// Never comes to an end.
struct Hangs;

impl TelemetryExporter for Hangs {
    async fn export(&self, _: &TelemetryEvent) -> Result<(), ExportError> {
        std::future::pending().await
    }
}

fn to_a_receiver() -> (Receiver, TelemetryConfig) {
    let receiver = Receiver::start();
    let config = config().endpoint(receiver.http_url());
    (receiver, config)
}

fn ask() {
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o")
        .input("Where is the order of ada@example.com?")
        .start();
    generation.record(&Response::new().id("r-1").finish_reason("stop").usage(Usage::new(12, 5)));
    generation.output("On its way.");
    generation.finish();
}

fn received(events: &mut EventReceiver) -> Vec<TelemetryEvent> {
    std::iter::from_fn(|| events.try_receive()).collect()
}

fn assert_balanced(report: &ExporterReport) {
    let fates = report.exported + report.lost() + report.queued + report.in_flight;
    assert_eq!(report.accepted, fates, "{report:?}");
}

/// What the metric of the exporters of events said last, of one of them and this reason.
fn counted_at(receiver: &Receiver, exporter: &str, reason: &str) -> u64 {
    let metrics = receiver.metrics().into_iter();
    let points = metrics.filter(|metric| metric.name == "spanwise.export.events").flat_map(|it| {
        let Some(Data::Sum(sum)) = it.data else { panic!("it is no counter") };
        sum.data_points
    });
    let mut said = points.filter(|point| {
        support::text(&point.attributes, "spanwise.export.exporter") == exporter
            && support::text(&point.attributes, "error.type") == reason
    });
    match said.next_back().and_then(|point| point.value) {
        Some(Number::AsInt(count)) => count.cast_unsigned(),
        other => panic!("{exporter}, {reason}: {other:?}"),
    }
}

#[test]
fn ten_thousand_events_a_second_reach_those_who_can_take_them() {
    const EVENTS: u64 = 10_000;
    isolated!({
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let on_purpose = std::thread::current().name() == Some("spanwise-event");
            if !on_purpose {
                told(panic);
            }
        }));
        let (receiver, config) = to_a_receiver();
        let config = config
            .span_batches(BatchConfiguration {
                max_queue_size: 20_000,
                ..BatchConfiguration::SPANS
            })
            .shutdown_timeout(Duration::from_secs(300));
        let counts = Counts::default();
        let settings = |name: &str| ExporterSettings::new(name).max_queue_size(100_000);
        let small = |name: &str| ExporterSettings::new(name).max_queue_size(1000);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            spanwise::add_exporter_with(counts.clone(), settings("counts"));
            spanwise::add_exporter_with(Sleeps(Duration::from_millis(20)), small("sleeps"));
            spanwise::add_exporter_with(Panics, settings("panics"));
            if let Ok(full) = JsonLinesExporter::create("/dev/full") {
                spanwise::add_exporter_with(full, settings("full"));
            }
            let (began, busy) = (Instant::now(), cpu_time::ThreadTime::now());
            for hundred in 0..EVENTS / 100 {
                for _ in 0..100 {
                    Tool::new("lookup").start().finish();
                }
                let due = began + Duration::from_millis(10 * (hundred + 1));
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            // Of its own time, whatever else the machine does.
            let took = busy.elapsed();
            assert!(took < Duration::from_secs(1), "{EVENTS} events took {took:?}");
            let of = |name: &str, reports: Vec<ExporterReport>| {
                let report = reports.into_iter().find(|report| report.name == name).unwrap();
                assert_balanced(&report);
                assert_eq!(report.accepted, EVENTS, "{report}");
                report
            };
            // It does not come to an end by itself, and can be removed where it stands.
            let sleeps = of("sleeps", spanwise::exporters());
            assert!(sleeps.dropped > 0 && sleeps.queued > 0, "{sleeps}");
            let removed = spanwise::remove_exporter(sleeps.id).unwrap();
            assert_eq!((removed.queued, spanwise::remove_exporter(sleeps.id)), (0, None));
            assert_balanced(&removed);
            // So that the last collection of metrics knows all fates.
            assert!(spanwise::flush_exporters(PATIENCE).await);
            let report = telemetry.shutdown().await;
            assert!(report.complete && report.dropped() == 0, "{report}");
            let reports = report.exporters;
            let counted = of("counts", reports.clone());
            assert_eq!((counted.exported, counted.lost()), (EVENTS, 0), "{counted}");
            assert_eq!(counts.0.load(Ordering::Relaxed), EVENTS);
            assert_eq!(of("panics", reports.clone()).panicked, EVENTS);
            if cfg!(target_os = "linux") {
                assert_eq!(of("full", reports).failed, EVENTS);
                assert_eq!(counted_at(&receiver, "full", "failed"), EVENTS);
            }
            assert_eq!(counted_at(&receiver, "counts", ""), EVENTS);
            assert_eq!(counted_at(&receiver, "panics", "panicked"), EVENTS);
            // That of one which is gone stays.
            assert_eq!(counted_at(&receiver, "sleeps", "dropped"), removed.dropped);
        });
        assert_eq!(receiver.spans().len() as u64, EVENTS);
    });
}

#[test]
fn an_event_says_what_its_span_says_and_no_content_by_default() {
    isolated!({
        let (receiver, config) = to_a_receiver();
        let (exporter, mut events) = ChannelExporter::new(10);
        block_on(async {
            // Before telemetry is started is as good as after.
            spanwise::add_exporter(exporter);
            let config = config.content_capture(ContentCapture::SpanAndEvent);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            Agent::new("triage")
                .run_sync(|_| {
                    ask();
                    Tool::new("lookup").start().fail_with("not_found", "no order of Ada");
                    Ok::<_, ExportError>(())
                })
                .unwrap();
            telemetry.shutdown().await;
        });
        let events = received(&mut events);
        let [
            TelemetryEvent::Generation(chat),
            TelemetryEvent::ToolExecution(tool),
            TelemetryEvent::Orchestrator(agent),
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((chat.operation.as_str(), chat.model.as_str()), ("chat", "gpt-4o"));
        assert_eq!(chat.provider.as_deref(), Some("openai"));
        assert_eq!(chat.response_id.as_deref(), Some("r-1"));
        assert_eq!((chat.usage, chat.finish_reasons.len()), (Some(Usage::new(12, 5)), 1));
        assert_eq!(agent.steps, ["chat gpt-4o", "lookup"]);
        assert_eq!(agent.total_usage, chat.usage);
        assert_eq!((tool.status, &tool.tool_name[..]), (EventStatus::Failed, "lookup"));
        let error = tool.error.as_ref().unwrap();
        assert_eq!((error.kind.as_str(), &error.message), ("not_found", &None));
        assert_eq!(chat.parent_span_id.as_ref(), Some(&agent.id));
        let span = receiver.spans().into_iter().find(|span| span.name == "chat gpt-4o").unwrap();
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            (chat.id.clone(), chat.trace_id.clone()),
            (hex(&span.span_id), Some(hex(&span.trace_id)))
        );
        // It was captured, and went to the destination, but nobody said that it may come here.
        assert!(chat.input.is_empty() && chat.output.is_empty());
        assert!(!format!("{:?}", serde_json::to_string(&events)).contains("Ada"));
    });
}

#[test]
fn an_exporter_gets_what_its_policy_and_that_for_all_let_through() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let policies = [
            ContentPolicy::new(ContentLevel::Full),
            ContentPolicy::new(ContentLevel::Full).redactor(PatternRedactor::new()),
            ContentPolicy::new(ContentLevel::Names),
        ];
        let mut receivers = Vec::new();
        block_on(async {
            let all = ContentPolicy::default().max_attribute_bytes(4096);
            let config = config.content_capture(ContentCapture::EventOnly).content(all);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            for policy in policies {
                let (exporter, events) = ChannelExporter::new(10);
                let settings = ExporterSettings::new("c").content(policy);
                spanwise::add_exporter_with(exporter, settings);
                receivers.push(events);
            }
            ask();
            telemetry.shutdown().await;
        });
        let said = receivers.iter_mut().map(|events| match &received(events)[..] {
            [TelemetryEvent::Generation(event)] => json!([event.input, event.output]),
            other => panic!("{other:?}"),
        });
        let text = |role: &str, text: &str| json!([{"role": role, "parts": [{"type": "text", "content": text}]}]);
        let asked = |address| text("user", &format!("Where is the order of {address}?"));
        let answered = |said| text("assistant", said);
        assert_eq!(
            said.collect::<Vec<_>>(),
            [
                json!([asked("ada@example.com"), answered("On its way.")]),
                json!([asked("[EMAIL]"), answered("On its way.")]),
                json!([text("user", ""), text("assistant", "")]),
            ]
        );
    });
}

#[test]
fn what_is_held_back_from_all_is_held_back_from_exporters() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let (exporter, mut events) = ChannelExporter::new(10);
        block_on(async {
            spanwise::add_exporter_with(exporter, ContentLevel::Full);
            let config = config
                .content_capture(ContentCapture::SpanOnly)
                .content(ContentPolicy::new(ContentLevel::Off));
            let telemetry = spanwise::init_telemetry(config).unwrap();
            ask();
            telemetry.shutdown().await;
        });
        let [TelemetryEvent::Generation(event)] = &received(&mut events)[..] else { panic!() };
        assert!(event.input.is_empty() && event.output.is_empty());
    });
}

#[test]
fn what_is_not_sampled_goes_to_those_who_want_all_of_it() {
    isolated!({
        let (receiver, config) = to_a_receiver();
        let (whole, sampled) = (Counts::default(), Counts::default());
        block_on(async {
            let telemetry = spanwise::init_telemetry(config.sample_rate(0.0)).unwrap();
            spanwise::add_exporter(whole.clone());
            let settings = ExporterSettings::new("sampled").sampled_only(true);
            spanwise::add_exporter_with(sampled.clone(), settings);
            ask();
            telemetry.shutdown().await;
        });
        assert_eq!((whole.0.load(Ordering::Relaxed), sampled.0.load(Ordering::Relaxed)), (1, 0));
        assert!(receiver.spans().is_empty());
    });
}

#[test]
fn a_flush_keeps_its_time_whatever_exporters_do() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let settings = ExporterSettings::new("hangs").timeout(Duration::from_secs(3600));
        spanwise::add_exporter_with(Hangs, settings);
        spanwise::add_exporter(Sleeps(PATIENCE));
        ask();
        let limit = Duration::from_millis(200);
        let report =
            support::finishes_within(PATIENCE / 2, || block_on(telemetry.flush_within(limit)));
        assert!(!report.complete, "{report}");
        assert!(report.exporters.iter().all(|exporter| !exporter.is_settled()));
        let report =
            support::finishes_within(PATIENCE / 2, || block_on(telemetry.shutdown_within(limit)));
        let lost: u64 = report.exporters.iter().map(|it| it.in_flight + it.lost()).sum();
        assert_eq!((report.complete, lost), (false, 2), "{report}");
        assert!(spanwise::exporters().is_empty());
    });
}

#[test]
fn what_takes_too_long_is_given_up() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let settings = ExporterSettings::new("hangs").timeout(Duration::from_millis(10));
        let id = spanwise::add_exporter_with(Hangs, settings);
        ask();
        assert!(block_on(spanwise::flush_exporters(PATIENCE)));
        let report = spanwise::remove_exporter(id).unwrap();
        assert_eq!((report.timed_out, report.is_settled()), (1, true), "{report}");
        drop(telemetry);
    });
}

#[test]
fn nothing_is_heard_once_exporters_are_removed() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let counts = Counts::default();
        spanwise::add_exporter(counts.clone());
        ask();
        assert!(block_on(spanwise::flush_exporters(PATIENCE)));
        assert_eq!(spanwise::clear_exporters().len(), 1);
        ask();
        assert!(spanwise::is_enabled() && spanwise::exporters().is_empty());
        drop(telemetry);
        assert_eq!(counts.0.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn lines_of_json_are_events() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            spanwise::add_exporter(JsonLinesExporter::create(&path).unwrap());
            (0..1000).for_each(|_| ask());
            telemetry.shutdown().await;
        });
        let lines = std::fs::read_to_string(path).unwrap();
        let read = |line| serde_json::from_str::<TelemetryEvent>(line).unwrap();
        let ids: std::collections::HashSet<_> =
            lines.lines().map(|line| read(line).id().to_owned()).collect();
        assert_eq!(ids.len(), 1000);
    });
}

/// Answers requests, one for each status, and gives their headers and bodies.
fn server(statuses: Vec<u16>) -> (String, std::thread::JoinHandle<Vec<(String, Value)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
            requests.push((head, serde_json::from_slice(&body).unwrap()));
        }
        requests
    });
    (url, served)
}

#[test]
fn a_hook_gets_arrays_of_events_and_is_tried_again_where_it_is_busy() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let (url, served) = server(vec![503, 200, 400]);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let exporter = WebhookExporter::new(&url).unwrap();
        let exporter = exporter.header("Authorization", "Bearer canary").unwrap();
        assert!(!format!("{exporter:?}").contains("canary"));
        let id = spanwise::add_exporter(exporter);
        ask();
        assert!(block_on(spanwise::flush_exporters(PATIENCE)));
        ask();
        assert!(block_on(spanwise::flush_exporters(PATIENCE)));
        let report = spanwise::remove_exporter(id).unwrap();
        assert_eq!((report.exported, report.failed), (1, 1), "{report}");
        let requests = served.join().unwrap();
        assert_eq!(requests[0].1, requests[1].1);
        let (head, body) = &requests[0];
        assert!(head.contains("authorization: bearer canary"), "{head}");
        assert_eq!((&body[0]["type"], &body[0]["model"]), (&json!("generation"), &json!("gpt-4o")));
        drop(telemetry);
    });
}

#[test]
fn a_hook_needs_a_url() {
    for url in ["", "example.com", "ftp://example.com", "http://"] {
        let error = WebhookExporter::new(url).unwrap_err().to_string();
        assert!(error.contains("https://example.com/hook"), "{error}");
    }
}

#[test]
#[cfg(feature = "statsd")]
fn statsd_gets_durations_and_tokens_with_tags() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let server = socket.local_addr().unwrap();
        let telemetry = spanwise::init_telemetry(config).unwrap();
        spanwise::add_exporter(spanwise::StatsdExporter::udp(server, "llm").unwrap());
        ask();
        Tool::new("a|b#c:d").start().fail_with("not_found", "");
        let line = |_| {
            let mut packet = [0; 1000];
            let length = socket.recv(&mut packet).unwrap();
            String::from_utf8(packet[..length].to_vec()).unwrap()
        };
        let lines: std::collections::HashMap<_, _> = (0..5)
            .map(line)
            .map(|line| {
                let (name, rest) = line.split_once(':').unwrap();
                (name.to_owned(), rest.to_owned())
            })
            .collect();
        let tags = "#operation:chat,provider:openai,model:gpt-4o";
        assert_eq!(lines["llm.generation.tokens.input"], format!("12|c|{tags}"));
        assert_eq!(lines["llm.generation.tokens.output"], format!("5|c|{tags}"));
        let duration = &lines["llm.generation.duration"];
        assert!(duration.ends_with(&format!("|ms|{tags},status:completed")), "{duration}");
        assert!(lines["llm.tool.duration"].ends_with("|ms|#tool:a_b_c_d,status:failed"));
        assert_eq!(lines["llm.errors"], "1|c|#event:tool,error_type:not_found");
        drop(telemetry);
    });
}

#[test]
fn an_exporter_may_stand_in_a_box() {
    isolated!({
        let (_receiver, config) = to_a_receiver();
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        struct Keeps(Arc<Mutex<Vec<String>>>);
        impl TelemetryExporter for Keeps {
            async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
                self.0.lock().unwrap().push(format!("{event:?}"));
                Ok(())
            }
        }
        spanwise::add_exporter(Box::new(Keeps(seen.clone())));
        ask();
        assert!(block_on(telemetry.flush()).complete);
        assert!(seen.lock().unwrap()[0].contains("gpt-4o"));
    });
}
