//! `tracing` and operations, both ways; and our own traffic, which nobody sees.

mod support;

use opentelemetry_proto::tonic::trace::v1::Span;
use spanwise::{Agent, FutureExt as _, Generation, OtlpProtocol, Provider, Tool, TracingMode};
use support::{Receiver, block_on, config, isolated, text};
use tracing::Instrument as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::prelude::*;

fn installing(receiver: &Receiver) -> spanwise::TelemetryConfig {
    config().endpoint(receiver.http_url()).tracing(TracingMode::Install(LevelFilter::INFO))
}

/// The names of a span's ancestors, nearest first.
fn ancestors(spans: &[Span], name: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut span = spans.iter().find(|span| span.name == name).unwrap();
    while let Some(parent) = spans.iter().find(|other| other.span_id == span.parent_span_id) {
        assert_eq!(parent.trace_id, span.trace_id);
        names.push(parent.name.clone());
        span = parent;
    }
    names
}

async fn lookup() -> Result<(), String> {
    tokio::task::yield_now().await;
    Tool::new("lookup").run(async { Ok(()) }).await
}

#[test]
fn tracing_span_generation_tracing_span_and_tool_are_one_trace_across_awaits() {
    isolated!({
        let receiver = Receiver::start();
        block_on(async {
            let telemetry = spanwise::init_telemetry(installing(&receiver)).unwrap();
            async {
                Generation::chat(Provider::OpenAi, "m")
                    .run_with(async |_| lookup().instrument(tracing::info_span!("http")).await)
                    .await
            }
            .instrument(tracing::info_span!("request"))
            .await
            .unwrap();
            telemetry.shutdown().await
        });
        receiver.assert_conformant();
        let spans = receiver.spans();
        assert_eq!(ancestors(&spans, "execute_tool lookup"), ["http", "chat m", "request"]);
        assert_eq!(spans.len(), 4);
    });
}

#[test]
fn nesting_survives_spawned_tasks_and_threads() {
    isolated!({
        let receiver = Receiver::start();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(async {
            let telemetry = spanwise::init_telemetry(installing(&receiver)).unwrap();
            let agent = {
                let request = tracing::info_span!("request");
                let _entered = request.enter();
                Agent::new("triage").start()
            };
            let task = lookup().instrument(tracing::Span::none()).in_operation(&agent);
            tokio::spawn(task).await.unwrap().unwrap();
            let context = agent.context();
            let thread = std::thread::spawn(move || {
                let _guard = context.attach();
                let work = tracing::info_span!("work");
                let _entered = work.enter();
                Tool::new("in thread").start().finish();
            });
            thread.join().unwrap();
            agent.finish();
            telemetry.shutdown().await
        });
        receiver.assert_conformant();
        let spans = receiver.spans();
        assert_eq!(ancestors(&spans, "execute_tool lookup"), ["invoke_agent triage", "request"]);
        assert_eq!(
            ancestors(&spans, "execute_tool in thread"),
            ["work", "invoke_agent triage", "request"]
        );
    });
}

#[test]
fn events_become_logs_of_the_span_that_they_happened_in() {
    isolated!({
        let receiver = Receiver::start();
        block_on(async {
            let telemetry = spanwise::init_telemetry(installing(&receiver)).unwrap();
            Tool::new("lookup")
                .run_sync(|_| {
                    tracing::warn!(order = "A-17", "not found");
                    tracing::debug!("below the level");
                    Ok::<_, String>(())
                })
                .unwrap();
            telemetry.shutdown().await
        });
        let records = receiver.log_records();
        let [record] = records.as_slice() else { panic!("{} records", records.len()) };
        assert_eq!(record.severity_text, "WARN");
        assert_eq!(text(&record.attributes, "order"), "A-17");
        receiver.assert_conformant();
        let span = receiver.span("execute_tool lookup");
        assert_eq!((&record.span_id, &record.trace_id), (&span.span_id, &span.trace_id));
        assert!(span.events.is_empty(), "told once");
    });
}

#[test]
fn an_error_event_marks_the_tracing_span_that_it_happens_in() {
    isolated!({
        let receiver = Receiver::start();
        block_on(async {
            let telemetry = spanwise::init_telemetry(installing(&receiver)).unwrap();
            tracing::info_span!("request").in_scope(|| tracing::error!("broken"));
            telemetry.shutdown().await
        });
        receiver.assert_conformant();
        assert_eq!(receiver.span("request").status.unwrap().code, 2);
    });
}

#[test]
fn the_programs_own_layers_stand_beside_ours() {
    isolated!({
        #[derive(Clone, Default)]
        struct Seen(std::sync::Arc<std::sync::Mutex<Vec<String>>>);
        impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Seen {
            fn on_event(
                &self,
                event: &tracing::Event<'_>,
                _: tracing_subscriber::layer::Context<'_, S>,
            ) {
                self.0.lock().unwrap().push(event.metadata().level().to_string());
            }
        }
        let (receiver, seen) = (Receiver::start(), Seen::default());
        block_on(async {
            let config = installing(&receiver).tracing_layer(seen.clone());
            let telemetry = spanwise::init_telemetry(config).unwrap();
            tracing::info!("hello");
            telemetry.shutdown().await
        });
        assert!(seen.0.lock().unwrap().contains(&"INFO".to_owned()));
        assert_eq!(receiver.log_records().len(), 1);
    });
}

#[test]
fn the_layer_can_be_handed_over_to_a_subscriber_of_the_programs_own() {
    isolated!({
        let receiver = Receiver::start();
        block_on(async {
            let config = config().endpoint(receiver.http_url());
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let layer = telemetry.tracing_layer().with_filter(LevelFilter::INFO);
            tracing_subscriber::registry().with(layer).init();
            tracing::info_span!("request").in_scope(|| Tool::new("lookup").start().finish());
            telemetry.shutdown().await
        });
        receiver.assert_conformant();
        assert_eq!(ancestors(&receiver.spans(), "execute_tool lookup"), ["request"]);
    });
}

#[test]
fn a_subscriber_that_is_there_stays_and_telemetry_starts_all_the_same() {
    isolated!({
        let receiver = Receiver::start();
        let written = Written::default();
        let writer = written.clone();
        tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).init();
        block_on(async {
            let telemetry = spanwise::init_telemetry(installing(&receiver)).unwrap();
            Tool::new("lookup").start().finish();
            telemetry.shutdown().await
        });
        receiver.assert_conformant();
        assert_eq!(receiver.span_names(), ["execute_tool lookup"]);
        let said = written.text();
        assert_eq!(said.matches("WARN spanwise").count(), 1, "{said}");
        assert!(said.contains("TracingMode::HandOver"), "{said}");
    });
}

#[derive(Clone, Default)]
struct Written(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn nothing_of_our_own_traffic(protocol: OtlpProtocol) {
    let receiver = Receiver::start();
    let url = match protocol {
        OtlpProtocol::Grpc => receiver.grpc_url(),
        _ => receiver.http_url(),
    };
    block_on(async {
        let config = config()
            .endpoint(url.replace("127.0.0.1", "localhost"))
            .protocol(protocol)
            .tracing(TracingMode::Install(LevelFilter::TRACE));
        let telemetry = spanwise::init_telemetry(config).unwrap();
        for _ in 0..20 {
            tracing::info_span!("app").in_scope(|| ());
            telemetry.flush().await;
        }
        telemetry.shutdown().await
    });
    assert_eq!(receiver.span_names(), vec!["app"; 20]);
    assert_eq!(receiver.log_records().len(), 0);
}

#[test]
fn a_subscriber_at_trace_level_sees_nothing_of_our_own_traffic_over_grpc() {
    isolated!(nothing_of_our_own_traffic(OtlpProtocol::Grpc));
}

#[test]
fn a_subscriber_at_trace_level_sees_nothing_of_our_own_traffic_over_http() {
    isolated!(nothing_of_our_own_traffic(OtlpProtocol::HttpProtobuf));
}

#[test]
fn without_telemetry_logging_goes_on_as_before() {
    isolated!({
        let written = Written::default();
        let writer = written.clone();
        tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).init();
        Tool::new("lookup")
            .run_sync(|_| {
                tracing::info!("hello");
                Ok::<_, String>(())
            })
            .unwrap();
        assert!(written.text().contains("hello"));
    });
}
