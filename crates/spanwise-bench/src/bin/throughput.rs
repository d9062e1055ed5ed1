//! How many spans a second arrive: spanwise, with and without a spool, beside the SDK's batch processor.
//!
//! ```sh
//! cargo run --release -p spanwise-bench --bin throughput
//! ```
//! Spans of 20 attributes are recorded as fast as no more than a default queue of them wait, until all have
//! arrived. Each way runs in a process of its own, and so does the receiver.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use spanwise::{Environment, OtlpProtocol, Signals, SpoolSettings, TelemetryConfig, TracingMode};
use spanwise_testing::Receiver;

const ROUNDS: usize = 5;
const QUEUE: u64 = 2048;
const WAYS: [&str; 4] = ["sdk", "spanwise", "spool", "write-ahead"];
/// Protocol, added latency in milliseconds, spans.
const CASES: [(&str, u64, u64); 4] =
    [("grpc", 0, 100_000), ("http", 0, 100_000), ("grpc", 50, 40_000), ("http", 50, 40_000)];

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => all(),
        ["receiver"] => receiver(),
        [way, protocol, endpoint, spans] => {
            spans.parse().map_err(Into::into).and_then(|spans| send(way, protocol, endpoint, spans))
        }
        _ => Err("give nothing".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn all() -> Done {
    for (protocol, latency, spans) in CASES {
        let mut rates = WAYS.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (way, rates) in WAYS.iter().zip(&mut rates) {
                rates.push(one(way, protocol, latency, spans)?);
            }
        }
        let medians = rates.map(|mut rates| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        });
        eprint!("{protocol}, {latency:2} ms:");
        for (way, rate) in WAYS.iter().zip(medians) {
            eprint!("  {way} {:.1} k/s ({:.2})", rate / 1000.0, rate / medians[0]);
        }
        eprintln!();
    }
    Ok(())
}

/// One way, once: spans a second.
fn one(way: &str, protocol: &str, latency: u64, spans: u64) -> Done<f64> {
    let (mut receiver, lines) = child(&["receiver"])?;
    let mut lines = lines.lines();
    let mut next = || -> Done<String> { Ok(lines.next().ok_or("the receiver says nothing")??) };
    let (grpc, http) = (next()?, next()?);
    let address = if protocol == "grpc" { grpc } else { http };
    let address = if latency == 0 { address } else { delayed(address, latency)? };
    let (mut sender, said) =
        child(&[way, protocol, &format!("http://{address}"), &spans.to_string()])?;
    let rate = said.lines().next().ok_or_else(|| format!("{way} says nothing"))??;
    let status = sender.wait()?;
    receiver.kill()?;
    receiver.wait()?;
    if status.success() { Ok(rate.parse()?) } else { Err(format!("{way}: {status}").into()) }
}

fn child(arguments: &[&str]) -> Done<(Child, BufReader<std::process::ChildStdout>)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let said = child.stdout.take().ok_or("it says nothing")?;
    Ok((child, BufReader::new(said)))
}

/// Takes everything, in a process of its own.
fn receiver() -> Done {
    let receiver = Receiver::start();
    writeln!(std::io::stdout(), "{}\n{}", receiver.grpc, receiver.http)?;
    // Until the parent is gone.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A way to the address on which answers take longer by so many milliseconds.
fn delayed(address: String, latency: u64) -> Done<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let local = listener.local_addr()?.to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&address) else { return };
            let _ = forward(client, server, Duration::from_millis(latency));
        }
    });
    Ok(local)
}

fn forward(client: TcpStream, server: TcpStream, latency: Duration) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let (late, on_time) = channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        let mut buffer = [0; 64 << 10];
        while let Ok(read @ 1..) = from_server.read(&mut buffer) {
            if late.send((Instant::now() + latency, buffer[..read].to_vec())).is_err() {
                return;
            }
        }
    });
    std::thread::spawn(move || {
        for (at, bytes) in on_time {
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if to_client.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Sends so many spans, and says how many a second.
fn send(way: &str, protocol: &str, endpoint: &str, spans: u64) -> Done {
    let rate = match way {
        "sdk" => sdk(protocol, endpoint, spans)?,
        _ => spanwise(way, protocol, endpoint, spans)?,
    };
    writeln!(std::io::stdout(), "{rate}")?;
    Ok(())
}

fn spanwise(way: &str, protocol: &str, endpoint: &str, spans: u64) -> Done<f64> {
    let directory = std::env::temp_dir().join(format!("spanwise-bench-{}", std::process::id()));
    let protocol = if protocol == "grpc" { OtlpProtocol::Grpc } else { OtlpProtocol::HttpProtobuf };
    let config = TelemetryConfig::new("bench")
        .environment(Environment::empty())
        .endpoint(endpoint)
        .protocol(protocol)
        .signals(Signals::TRACES)
        .tracing(TracingMode::HandOver)
        .shutdown_timeout(Duration::from_secs(60));
    let config = match way {
        "spanwise" => config,
        _ => config.spool(SpoolSettings::new(&directory).write_ahead(way == "write-ahead")),
    };
    let telemetry = spanwise::init_telemetry(config)?;
    let tracer = telemetry.tracer_provider().ok_or("telemetry is on")?.tracer("bench");
    let exported = || telemetry.report().destinations[0].traces().exported;
    let rate = timed(&tracer, spans, exported);
    let lost = telemetry.report().dropped();
    drop(telemetry);
    if way != "spanwise" {
        std::fs::remove_dir_all(&directory)?;
    }
    if lost == 0 { Ok(rate) } else { Err(format!("{way} lost {lost}").into()) }
}

/// The SDK's exporter, which counts what was taken.
#[derive(Debug)]
struct Counting {
    exporter: opentelemetry_otlp::SpanExporter,
    exported: Arc<AtomicU64>,
}

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        self.exporter.export(batch).await?;
        self.exported.fetch_add(spans, Ordering::Relaxed);
        Ok(())
    }
}

fn sdk(protocol: &str, endpoint: &str, spans: u64) -> Done<f64> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exporter = if protocol == "grpc" {
        let _inside = runtime.enter();
        opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?
    } else {
        opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .build()?
    };
    let counted = Arc::<AtomicU64>::default();
    let exporter = Counting { exporter, exported: counted.clone() };
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let tracer = provider.tracer("bench");
    let exported = || counted.load(Ordering::Relaxed);
    let rate = timed(&tracer, spans, exported);
    provider.shutdown()?;
    Ok(rate)
}

/// Records so many, never more than a queue of them ahead of what arrived; says how many a second.
fn timed(tracer: &SdkTracer, spans: u64, exported: impl Fn() -> u64) -> f64 {
    // What was recorded until then has to have arrived before more is.
    let mut known = 0;
    let mut until = |least: u64| {
        while known < least {
            known = exported();
            if known < least {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    };
    let started = Instant::now();
    for recorded in 0..spans {
        until((recorded + 1).saturating_sub(QUEUE));
        record(tracer, recorded);
    }
    // The last batch is not full, and waits for its time: it is not measured.
    until(spans - spans % 512 - QUEUE);
    (spans - QUEUE) as f64 / started.elapsed().as_secs_f64()
}

/// A span as a call to a model has it.
fn record(tracer: &SdkTracer, number: u64) {
    let mut attributes: VecDeque<KeyValue> =
        (0..14).map(|n| KeyValue::new(KEYS[n], "a value of some length")).collect();
    attributes.push_back(KeyValue::new("gen_ai.response.id", format!("chatcmpl-{number:024}")));
    attributes.push_back(KeyValue::new("gen_ai.usage.input_tokens", 1200));
    attributes.push_back(KeyValue::new("gen_ai.usage.output_tokens", number as i64));
    attributes.push_back(KeyValue::new("gen_ai.request.temperature", 0.7));
    attributes.push_back(KeyValue::new("gen_ai.request.stream", true));
    let reasons = vec![StringValue::from("stop")];
    let reasons = Value::Array(Array::String(reasons));
    attributes.push_back(KeyValue::new("gen_ai.response.finish_reasons", reasons));
    let mut span = tracer.start("chat gpt-4o");
    span.set_attributes(attributes);
    span.end();
}

const KEYS: [&str; 14] = [
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.conversation.id",
    "gen_ai.output.type",
    "gen_ai.agent.name",
    "gen_ai.agent.id",
    "server.address",
    "session.id",
    "user.id",
    "spanwise.outcome",
    "openai.api.type",
    "openai.response.service_tier",
];
