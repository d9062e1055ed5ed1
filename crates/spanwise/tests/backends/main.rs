//! Every preset, at a receiver that looks at requests as its product does, over the real wire.
//!
//! ```text
//! preset ─► telemetry ─► HTTP | gRPC ─► Receiver ─► Product: refuses | takes and misreads | takes
//! ```

#![allow(unreachable_pub, reason = "a program of modules that nobody links against")]

mod product;
mod products;
mod right;
#[path = "../support/mod.rs"]
mod support;
mod wrong;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry::{Array, KeyValue, Value};
use product::{Found, Product};
use products::{KEY, PRODUCTS, USER, product};
use spanwise::preset::{self, Phoenix};
use spanwise::{
    BatchConfiguration, ContentCapture, ContentLevel, Destination, Environment, Generation,
    Message, OtlpProtocol, Part, Provider, Report, Signal, SpanFilter, Telemetry, TelemetryConfig,
};
use support::operations::{OPERATIONS, every_operation, of_others};
use support::{Child, Receiver, Said, block_on, child, config, isolated};
use wrong::{KEYS, Shows, WORDS, WRONG, Wrong};

/// Which row of a table a process is to run.
const ROW: &str = "SPANWISE_TEST_ROW";

fn row() -> String {
    std::env::var(ROW).unwrap()
}

/// Runs the child once for each row, two at a time, and gives what it said to `look`.
fn for_each_row(child: &Child, rows: &[&str], look: impl Fn(&str, &Said) + Sync) {
    std::thread::scope(|scope| {
        for half in rows.chunks(rows.len().div_ceil(2)) {
            let look = &look;
            scope.spawn(move || half.iter().for_each(|row| look(row, &child.run(&[(ROW, row)]))));
        }
    });
}

/// Text that is hard to compress, of this length.
fn random(length: usize, mut state: u64) -> String {
    const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[(state % 64) as usize])
    };
    (0..length).map(letter).collect()
}

/// A call with so much content that it is more than a span of some products may have, and sixteen of them more than
/// a request.
const LONG: &str = "chat long";

fn long_calls((calls, length): (u64, usize)) {
    for number in 1..=calls {
        let text = random(length, number);
        Generation::chat(Provider::OpenAi, "long").input(&text).start().finish();
    }
}

/// How long a long call is.
const LENGTH: usize = 300_000;
const NO_LONG_CALLS: (u64, usize) = (0, 0);

/// Starts, records everything and so many calls of this length, and ends.
fn run(config: TelemetryConfig, long: (u64, usize)) -> Report {
    run_with(config, |_| long_calls(long))
}

/// Starts, records everything and more, and ends.
fn run_with(config: TelemetryConfig, more: impl FnOnce(&Telemetry)) -> Report {
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        every_operation();
        more(&telemetry);
        telemetry.shutdown_within(6 * support::PATIENCE).await
    })
}

/// A span of another client, which keeps messages as a list.
fn lists_as_messages(telemetry: &Telemetry) {
    let tracer = telemetry.tracer_provider().unwrap().tracer("another");
    let messages = Array::String(vec![r#"{"role":"user","parts":[]}"#.into()]);
    let messages = KeyValue::new("gen_ai.input.messages", Value::Array(messages));
    let attributes = [KeyValue::new("gen_ai.operation.name", "chat"), messages];
    drop(tracer.span_builder("completion").with_attributes(attributes).start(&tracer));
}

/// A part that is put together by hand.
fn media_of_no_modality() {
    let fields = [("content".to_owned(), "aGk=".into())].into_iter().collect();
    let asked = Message::user("What is that?").part(Part::generic("blob", fields));
    Generation::chat(Provider::OpenAi, "eyes").input(&asked).start().finish();
}

fn capturing() -> TelemetryConfig {
    // Everything leaves at the end, and together.
    let never = Duration::from_secs(3600);
    config()
        .content_capture(ContentCapture::SpanAndEvent)
        .span_batches(BatchConfiguration { scheduled_delay: never, ..BatchConfiguration::SPANS })
}

/// How many long calls it takes to have more than one request at this product.
fn long_at(product: &Product) -> u64 {
    if ["datadog", "new-relic"].contains(&product.name) { 16 } else { 1 }
}

fn delivers_everything(product: &Product, receiver: &Receiver, found: &Found, report: &Report) {
    let name = product.name;
    assert!(report.complete && report.dropped() == 0, "{name}: {report}");
    assert_eq!(*found.refused.lock().unwrap(), BTreeSet::new(), "{name}");
    assert_eq!(*found.misread.lock().unwrap(), BTreeSet::new(), "{name}");
    let backend = preset::by_name(name).unwrap();
    if backend.signals().traces {
        let calls_alone = name == "helicone";
        let is_call = |name: &&str| {
            let calls = ["chat ", "text_completion ", "generate_content ", "embeddings "];
            calls.iter().any(|call| name.starts_with(call))
        };
        let expected = OPERATIONS.into_iter().filter(|name| !calls_alone || is_call(name));
        let mut expected: Vec<_> =
            expected.chain(std::iter::repeat_n(LONG, long_at(product) as usize)).collect();
        expected.sort_unstable();
        let mut arrived = receiver.span_names();
        arrived.sort_unstable();
        assert_eq!(arrived, expected, "{name}");
    }
    assert_eq!(!receiver.metrics().is_empty(), backend.signals().metrics, "{name}");
    assert_eq!(!receiver.log_records().is_empty(), backend.signals().logs, "{name}");
}

#[test]
fn every_preset_delivers_every_operation_to_its_product() {
    let child = child!({
        let product = product(&row());
        let receiver = Receiver::start();
        let found = product.at(&receiver);
        let config = capturing().preset(right::preset(product.name, &receiver, KEY));
        let report = run(config, (long_at(product), LENGTH));
        delivers_everything(product, &receiver, &found, &report);
    });
    assert_eq!(PRODUCTS.len(), preset::ALL.len());
    for_each_row(&child, &preset::ALL.map(preset::Backend::name), |_, _| {});
}

#[test]
fn what_a_preset_takes_over_grpc_arrives_over_grpc() {
    let child = child!({
        let product = product(&row());
        let receiver = Receiver::start();
        let found = product.at(&receiver);
        let url = receiver.grpc_url();
        let preset = right::over_grpc(product.name, &receiver, KEY);
        let config = capturing().preset_with(preset, move |destination| {
            destination.protocol(OtlpProtocol::Grpc).endpoint(&url)
        });
        let report = run(config, (long_at(product), LENGTH));
        delivers_everything(product, &receiver, &found, &report);
        assert!(receiver.requests().iter().all(product::is_grpc), "{}", product.name);
    });
    let takes_grpc = |product: &&Product| !product.grpc.is_empty();
    let rows: Vec<_> = PRODUCTS.iter().filter(takes_grpc).map(|product| product.name).collect();
    assert!(rows.len() > 8);
    for_each_row(&child, &rows, |_, _| {});
}

#[test]
fn a_key_that_rotates_reaches_its_product_whatever_the_preset() {
    let child = child!({
        let product = product(&row());
        let receiver = Receiver::start();
        let found = product.at(&receiver);
        let asked = Arc::new(AtomicUsize::new(0));
        let asks = asked.clone();
        let preset = right::asking(product.name, &receiver, move || {
            asks.fetch_add(1, Ordering::Relaxed);
            Some(KEY.to_owned())
        });
        let report = run(capturing().preset(preset), (long_at(product), LENGTH));
        delivers_everything(product, &receiver, &found, &report);
        assert!(asked.load(Ordering::Relaxed) > 0, "{}", product.name);
    });
    let rows: Vec<_> = KEYS.iter().map(|wrong| wrong.product).collect();
    // Whoever signs for AWS is asked with every request anyway.
    let rows: Vec<_> = rows.into_iter().filter(|product| *product != "aws").collect();
    assert_eq!(rows.len(), 19);
    for_each_row(&child, &rows, |_, _| {});
}

#[test]
fn presets_say_which_protocols_and_signals_their_products_take() {
    for product in &PRODUCTS {
        let backend = preset::by_name(product.name).unwrap();
        let grpc = backend.protocols().contains(&OtlpProtocol::Grpc);
        // Azure and AWS are reached so through a collector alone.
        let through_a_collector = ["aws", "azure-monitor"].contains(&product.name);
        assert_eq!(grpc, !product.grpc.is_empty() || through_a_collector, "{}", product.name);
        for signal in Signal::OTLP {
            // Langfuse takes metrics and stores none.
            let takes = product.paths.iter().any(|(of, _)| *of == signal)
                && (product.name, signal) != ("langfuse", Signal::Metrics);
            let signals = backend.signals();
            let sent = match signal {
                Signal::Traces => signals.traces,
                Signal::Metrics => signals.metrics,
                Signal::Logs => signals.logs,
                Signal::Feedback => false,
            };
            assert_eq!(takes, sent, "{} {signal:?}", product.name);
        }
    }
}

fn mistakes() -> impl Iterator<Item = &'static Wrong> {
    KEYS.iter().chain(&WORDS).chain(&WRONG)
}

/// Makes one mistake, in this process.
fn make(wrong: &Wrong) {
    let receiver = Receiver::start();
    let found = product(wrong.product).at(&receiver);
    let config = (wrong.made)(capturing(), &receiver);
    let mistake = wrong.mistake;
    let long = match mistake {
        // One alone is more than a request may have.
        _ if mistake.ends_with("as large as others take") => (1, 5_000_000),
        _ if mistake.ends_with("as large as may be") => (1, 14_500_000),
        _ if mistake.ends_with("of any length") || mistake.ends_with("of any size") => (1, LENGTH),
        _ => NO_LONG_CALLS,
    };
    match wrong.shows {
        Shows::AtTheStart(says) => {
            let error = spanwise::init_telemetry(config).unwrap_err().to_string();
            assert!(says.iter().all(|part| error.contains(part)), "{mistake}: {error}");
            assert!(!error.contains(KEY), "{mistake}: {error}");
        }
        Shows::Refused(status, _) => {
            run(config, long);
            let refused = found.refused.lock().unwrap();
            assert!(refused.contains(&status), "{mistake}: {refused:?}");
        }
        Shows::NotUnderstood(_) => {
            let report = run(config, NO_LONG_CALLS);
            assert!(report.dropped() > 0, "{mistake}: {report}");
        }
        Shows::Misread(sentence) => {
            run_with(config, |telemetry| {
                long_calls(long);
                match mistake {
                    _ if mistake.ends_with("as another client has them") => {
                        lists_as_messages(telemetry)
                    }
                    _ if mistake.ends_with("of no modality") => media_of_no_modality(),
                    _ => {}
                }
            });
            let misread = found.misread.lock().unwrap();
            assert!(misread.contains(sentence), "{mistake}: {misread:?}");
        }
    }
}

#[test]
fn every_mistake_shows_and_what_is_said_of_it_names_it() {
    let child = child!({
        let row = row();
        make(mistakes().find(|wrong| wrong.mistake == row).unwrap());
    });
    let rows: Vec<_> = mistakes().map(|wrong| wrong.mistake).collect();
    for_each_row(&child, &rows, |row, Said { stderr: said, .. }| {
        let wrong = mistakes().find(|wrong| wrong.mistake == row).unwrap();
        if let Shows::Refused(_, says) | Shows::NotUnderstood(says) = wrong.shows {
            let told = said.lines().any(|line| {
                line.starts_with("spanwise: ") && says.iter().all(|part| line.contains(part))
            });
            assert!(told || says.is_empty(), "{}: {said}", wrong.mistake);
        }
        for key in [KEY, "another"] {
            assert!(!said.contains(&format!("Bearer {key}")), "{}: {said}", wrong.mistake);
        }
        assert!(!said.contains(KEY), "{}: {said}", wrong.mistake);
    });
}

#[test]
fn each_refusal_is_one_that_someone_meets() {
    // More than our queues hold, more than our metrics have, and what is never sent.
    const NOBODY: [(&str, u16); 2] = [("logfire", 413), ("mlflow", 400)];
    let met: BTreeSet<_> = mistakes()
        .filter_map(|wrong| match wrong.shows {
            Shows::Refused(status, _) => Some((wrong.product, status)),
            _ => None,
        })
        .chain(NOBODY)
        .collect();
    for product in &PRODUCTS {
        for (status, _) in product.refuses {
            assert!(met.contains(&(product.name, *status)), "{}: {status}", product.name);
        }
    }
}

#[test]
fn each_trap_is_one_that_someone_falls_into() {
    let fallen: BTreeSet<_> = mistakes()
        .filter_map(|wrong| match wrong.shows {
            Shows::Misread(sentence) => Some((wrong.product, sentence)),
            _ => None,
        })
        .collect();
    for product in &PRODUCTS {
        for (sentence, _) in product.misreads {
            assert!(fallen.contains(&(product.name, sentence)), "{}: {sentence}", product.name);
        }
    }
}

/// Every byte of every header that arrived.
fn headers(receiver: &Receiver) -> String {
    let requests = receiver.requests();
    let headers = requests.into_iter().flat_map(|request| request.headers);
    headers.map(|(name, value)| format!("{name}: {value}\n")).collect()
}

/// A key as it travels, alone or with a user before it.
fn forms(key: &str) -> [String; 2] {
    use base64::Engine as _;

    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{key}"));
    [key.to_owned(), basic]
}

fn holds(headers: &str, key: &str) -> bool {
    forms(key).iter().any(|form| headers.contains(form.as_str()))
}

#[test]
fn no_key_reaches_another_backend_for_any_pair_of_presets() {
    isolated!({
        let of_env = Receiver::start();
        let environment = Environment::from_iter([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", of_env.http_url()),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=Bearer key-of-env,x-api-key=key-of-env,dd-api-key=key-of-env,\
                 x-honeycomb-team=key-of-env,api-key=key-of-env"
                    .to_owned(),
            ),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-own=key-of-env".to_owned()),
        ]);
        let mut config = capturing().environment(environment);
        let mut all = Vec::new();
        for backend in preset::ALL {
            let (receiver, key) = (Receiver::start(), format!("key-of-{}-0", backend.name()));
            receiver.take_traces_at("/v1/trace/log");
            config = config.preset(right::preset(backend.name(), &receiver, &key));
            all.push((backend.name(), receiver, key));
        }
        let config = config.destination(Destination::from_env().name("environment"));
        let shown = format!("{config:?}");
        run(config, NO_LONG_CALLS);
        let of_env_headers = headers(&of_env);
        assert!(of_env_headers.contains("key-of-env"), "{of_env_headers}");
        const WITHOUT_KEY: [&str; 5] =
            ["openlit", "datadog-agent", "jaeger", "prometheus", "victoria-metrics"];
        let mut pairs = 0;
        for (name, receiver, own) in &all {
            let headers = headers(receiver);
            assert!(!headers.is_empty(), "{name}");
            assert!(!headers.contains("key-of-env"), "{name} was told the environment's key");
            assert!(!holds(&of_env_headers, own), "the environment's receiver was told {own}");
            assert_eq!(holds(&headers, own), !WITHOUT_KEY.contains(name), "{name}: {headers}");
            assert!(!shown.contains(own.as_str()), "{shown}");
            for (other, _, key) in all.iter().filter(|(other, ..)| other != name) {
                assert!(!holds(&headers, key), "{name} was told the key of {other}");
                pairs += 1;
            }
        }
        assert_eq!(pairs, 25 * 24);
    });
}

#[test]
fn each_preset_has_a_filter_and_a_content_policy_of_its_own() {
    isolated!({
        let (all, calls, none) = (Receiver::start(), Receiver::start(), Receiver::start());
        let phoenix = |receiver: &Receiver| Phoenix::new().host(receiver.http_url());
        let config = capturing()
            .preset(phoenix(&all))
            .preset_with(phoenix(&calls), |it| {
                it.name("calls").filter(SpanFilter::ModelCallsOnly).content(ContentLevel::Names)
            })
            .preset_with(phoenix(&none), |it| it.name("none").content(ContentLevel::Off));
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            every_operation();
            of_others(&telemetry);
            telemetry.shutdown_within(support::PATIENCE).await;
        });
        let told = |receiver: &Receiver| format!("{:?}", receiver.spans());
        assert_eq!(all.spans().len(), OPERATIONS.len() + 2);
        assert!(told(&all).contains("Where is my order?"));
        assert!(calls.span_names().iter().all(|name| !name.starts_with("invoke_agent")));
        assert!(calls.span_names().contains(&"chat gpt-4o".to_owned()));
        assert!(!told(&calls).contains("Where is my order?"));
        assert!(told(&calls).contains("gen_ai.input.messages"));
        assert_eq!(none.spans().len(), OPERATIONS.len() + 2);
        assert!(!told(&none).contains("gen_ai.input.messages"));
    });
}
