//! What must not leave does not: canaries are planted wherever content, errors and secrets stand, and looked
//! for in every byte that leaves.

#[allow(unreachable_pub, reason = "a part of this test")]
mod leaks {
    pub mod canary;
    pub mod plant;
}
mod support;

use std::path::Path;
#[cfg(all(feature = "http", feature = "statsd"))]
use std::sync::{Arc, Mutex};

use leaks::canary::{Canary, Planted, content, never, pattern};
use leaks::plant;
use prost::Message as _;
use spanwise::{
    ContentCapture, ContentLevel, ContentPolicy, Destination, ExporterSettings, JsonLinesExporter,
    OtlpProtocol, PatternRedactor, Projection, Signals, SpoolSettings, Telemetry, TelemetryConfig,
};
use support::{Answer, Receiver, Said, block_on, child, config};

/// Every byte that a receiver got, one request after the other, with its headers.
fn bytes(receiver: &Receiver) -> Vec<u8> {
    let mut bytes = Vec::new();
    for request in receiver.trace_requests() {
        bytes.extend(request.encode_to_vec());
    }
    for request in receiver.metric_requests() {
        bytes.extend(request.encode_to_vec());
    }
    for request in receiver.log_requests() {
        bytes.extend(request.encode_to_vec());
    }
    for request in receiver.requests() {
        bytes.extend(request.path.into_bytes());
        let headers = request.headers.into_iter();
        bytes.extend(headers.flat_map(|(name, value)| {
            format!(
                "{name}: {value}
"
            )
            .into_bytes()
        }));
    }
    bytes
}

fn found(planted: &[Canary], bytes: &[u8]) -> Vec<String> {
    let there = |canary: &&Canary| memchr::memmem::find(bytes, canary.needle.as_bytes()).is_some();
    planted.iter().filter(there).map(|canary| canary.needle.clone()).collect()
}

#[track_caller]
fn assert_none(planted: &[Canary], bytes: &[u8], where_: &str) {
    let found = found(planted, bytes);
    assert!(
        found.is_empty(),
        "{} of {} canaries in {where_}: {found:?}",
        found.len(),
        planted.len()
    );
}

/// Records everything, with telemetry that starts by this configuration, and says what was planted.
fn record(config: TelemetryConfig, make: fn(usize) -> Canary, others: bool) -> Vec<Canary> {
    record_and(config, make, others, |_| ()).0
}

/// The same, and looks at the telemetry before it ends.
fn record_and<R>(
    config: TelemetryConfig,
    make: fn(usize) -> Canary,
    others: bool,
    look: impl FnOnce(&Telemetry) -> R,
) -> (Vec<Canary>, R) {
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let mut planted = Planted::new(make);
        // Several times, so that every place has canaries of several forms.
        for _ in 0..3 {
            plant::native(&mut planted);
            plant::foreign(&mut planted, &telemetry);
            if others {
                plant::others(&mut planted, &telemetry);
            }
        }
        let seen = look(&telemetry);
        let report = telemetry.shutdown().await;
        assert!(report.complete && report.dropped() == 0, "{report}");
        (planted.canaries, seen)
    })
}

/// What the process itself said, to whoever looks at its terminal.
#[track_caller]
fn assert_not_said(said: &Said, make: fn(usize) -> Canary) {
    let canaries: Vec<_> = (0..400).map(make).collect();
    assert_none(&canaries, said.stderr.as_bytes(), "stderr");
    assert_none(&canaries, said.stdout.as_bytes(), "stdout");
}

/// An OTLP destination by either transport, with a key of its own.
fn to(receiver: &Receiver, name: &str, protocol: OtlpProtocol) -> spanwise::OtlpDestination {
    let url = match protocol {
        OtlpProtocol::Grpc => receiver.grpc_url(),
        _ => receiver.http_url(),
    };
    Destination::otlp(url).name(name).protocol(protocol)
}

/// The same, which is told everything in every backend's words.
fn projected(destination: spanwise::OtlpDestination) -> spanwise::OtlpDestination {
    destination
        .projection(Projection::OpenInference)
        .projection(Projection::Langfuse)
        .projection(Projection::Helicone)
        .projection(Projection::GenAiSystem)
}

#[test]
fn by_default_no_content_leaves_whoever_recorded_it() {
    let child = child!({
        let receivers: [Receiver; 3] = std::array::from_fn(|_| Receiver::start());
        let [grpc, http, words] = &receivers;
        let config = config()
            .destination(to(grpc, "grpc", OtlpProtocol::Grpc))
            .destination(to(http, "http", OtlpProtocol::HttpJson))
            .destination(projected(to(words, "words", OtlpProtocol::HttpProtobuf)))
            .destination(Destination::console(Signals::ALL));
        let planted = record(config, content, false);
        for receiver in &receivers {
            assert!(receiver.spans().len() > 25);
            assert_none(&planted, &bytes(receiver), "what was sent");
        }
    });
    assert_not_said(&child.run(&[]), content);
}

#[test]
fn each_destination_gets_what_its_policy_lets_through() {
    let child = child!({
        let receivers: [Receiver; 4] = std::array::from_fn(|_| Receiver::start());
        let levels =
            [ContentLevel::Full, ContentLevel::Hashes, ContentLevel::Names, ContentLevel::Off];
        let mut config = config()
            .content_capture(ContentCapture::SpanAndEvent)
            .record_tool_schemas(true)
            .destination(Destination::console(Signals::ALL));
        for (receiver, level) in receivers.iter().zip(levels) {
            let name = format!("{level:?}");
            let destination = projected(to(receiver, &name, OtlpProtocol::HttpProtobuf));
            config = config.destination(destination.content(level));
        }
        let planted = record(config, content, false);
        assert!(planted.len() >= 200, "{}", planted.len());
        let [full, reduced @ ..] = &receivers;
        // So that the test can fail: where all may go, all goes.
        let there = found(&planted, &bytes(full));
        let missing: Vec<_> = planted.iter().filter(|it| !there.contains(&it.needle)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for (receiver, level) in reduced.iter().zip(&levels[1..]) {
            assert!(receiver.spans().len() > 25);
            assert_none(&planted, &bytes(receiver), &format!("{level:?}"));
        }
    });
    assert_not_said(&child.run(&[]), content);
}

#[test]
fn content_goes_only_where_it_is_captured() {
    let child = child!({
        let receiver = Receiver::start();
        let config = config()
            .destination(to(&receiver, "otlp", OtlpProtocol::Grpc))
            .content_capture(ContentCapture::EventOnly)
            .record_error_messages(false);
        let planted = record(config, content, false);
        let spans =
            receiver.trace_requests().into_iter().flat_map(|request| request.encode_to_vec());
        assert_none(&planted, &spans.collect::<Vec<_>>(), "spans");
        let logs = receiver.log_requests().into_iter().flat_map(|request| request.encode_to_vec());
        assert!(!found(&planted, &logs.collect::<Vec<_>>()).is_empty(), "events have it");
    });
    child.run(&[]);
}

#[test]
fn one_operation_is_held_to_less_than_the_others() {
    let child = child!({
        let receiver = Receiver::start();
        let config = config()
            .destination(to(&receiver, "otlp", OtlpProtocol::Grpc))
            .content_capture(ContentCapture::SpanAndEvent);
        let planted = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let mut planted = Planted::new(content);
            for level in [ContentLevel::Off, ContentLevel::Names, ContentLevel::Hashes] {
                plant::at_level(&mut planted, level);
            }
            telemetry.shutdown().await;
            planted.canaries
        });
        assert!(planted.len() >= 12, "{}", planted.len());
        assert_eq!(receiver.spans().len(), 3);
        assert_none(&planted, &bytes(&receiver), "what was sent");
        let names = receiver.spans().iter().any(|span| {
            support::text(&span.attributes, "gen_ai.input.messages").contains(r#""role":"user""#)
        });
        assert!(names, "at the level of names there are roles");
    });
    child.run(&[]);
}

#[test]
fn redacted_is_what_has_a_pattern_wherever_it_stands_and_whatever_may_leave() {
    let child = child!({
        let (full, names) = (Receiver::start(), Receiver::start());
        let config = config()
            .resource_attribute("deployment.owner", pattern(390).text)
            .content_capture(ContentCapture::SpanAndEvent)
            .record_tool_schemas(true)
            .content(ContentPolicy::default().redactor(PatternRedactor::new()))
            .destination(to(&full, "full", OtlpProtocol::Grpc))
            .destination(to(&names, "names", OtlpProtocol::HttpJson).content(ContentLevel::Names))
            .destination(Destination::console(Signals::ALL));
        let mut planted = record(config, pattern, true);
        planted.push(pattern(390));
        assert!(planted.len() >= 200, "{}", planted.len());
        for receiver in [&full, &names] {
            assert!(receiver.spans().len() > 25);
            assert_none(&planted, &bytes(receiver), "what was sent");
        }
        let arrived = String::from_utf8_lossy(&bytes(&full)).into_owned();
        for label in ["[EMAIL]", "[CARD]", "[IBAN]", "[API_KEY]", "[JWT]", "[SECRET]"] {
            assert!(arrived.contains(label), "{label}");
        }
    });
    assert_not_said(&child.run(&[]), pattern);
}

/// Exporters of events that write to files, one for each of these settings.
fn event_files(directory: &Path, settings: Vec<ExporterSettings>) -> Vec<std::path::PathBuf> {
    let file = |(place, settings): (usize, ExporterSettings)| {
        let path = directory.join(place.to_string());
        let exporter = JsonLinesExporter::create(&path).unwrap();
        spanwise::add_exporter_with(exporter, settings.max_queue_size(10_000));
        path
    };
    settings.into_iter().enumerate().map(file).collect()
}

#[test]
fn events_have_the_content_that_their_exporter_may_have() {
    let child = child!({
        let (receiver, directory) = (Receiver::start(), tempfile::tempdir().unwrap());
        let with = |level: ContentLevel| ExporterSettings::new(format!("{level:?}")).content(level);
        let levels = [ContentLevel::Off, ContentLevel::Names, ContentLevel::Hashes];
        let mut settings = vec![with(ContentLevel::Full), ExporterSettings::default()];
        settings.extend(levels.map(with));
        let files = event_files(directory.path(), settings);
        let config = config()
            .content_capture(ContentCapture::SpanAndEvent)
            .record_tool_schemas(true)
            .destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf));
        let planted = record(config, content, false);
        let read = |path: &std::path::PathBuf| std::fs::read(path).unwrap();
        // So that the test can fail: where content may go, it goes.
        let there = found(&planted, &read(&files[0])).len();
        assert!(there > 100, "{there} of {}", planted.len());
        for (place, file) in files[1..].iter().enumerate() {
            let bytes = read(file);
            assert!(memchr::memmem::find(&bytes, b"generation").is_some());
            assert_none(&planted, &bytes, &format!("events of exporter {place}"));
        }
    });
    assert_not_said(&child.run(&[]), content);
}

/// A hook, and what it was told.
#[cfg(all(feature = "http", feature = "statsd"))]
fn hook() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let told = Arc::new(Mutex::new(Vec::new()));
    let to = told.clone();
    std::thread::spawn(move || {
        block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
                let to = to.clone();
                async move {
                    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await;
                    to.lock().unwrap().extend(body.unwrap());
                }
            });
            axum::serve(listener, app).await.unwrap();
        });
    });
    (url, told)
}

#[test]
#[cfg(all(feature = "http", feature = "statsd"))]
fn hooks_channels_and_statsd_have_the_content_that_they_may_have() {
    use spanwise::{ChannelExporter, StatsdExporter, WebhookExporter};
    let child = child!({
        let receiver = Receiver::start();
        let full = |name: &str| {
            ExporterSettings::new(name).content(ContentLevel::Full).max_queue_size(10_000)
        };
        let ((url, told), (other, told_all)) = (hook(), hook());
        spanwise::add_exporter(WebhookExporter::new(&url).unwrap());
        spanwise::add_exporter_with(WebhookExporter::new(&other).unwrap(), full("all"));
        let (channel, mut events) = ChannelExporter::new(10_000);
        spanwise::add_exporter(channel);
        // Its lines are numbers and a few tags, whatever it may have.
        let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let statsd = StatsdExporter::udp(server.local_addr().unwrap(), "llm").unwrap();
        spanwise::add_exporter_with(statsd, full("statsd"));
        let config = config()
            .content_capture(ContentCapture::SpanAndEvent)
            .record_tool_schemas(true)
            .destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf));
        let planted = record(config, content, false);

        let there = found(&planted, &told_all.lock().unwrap()).len();
        assert!(there > 100, "{there} of {}", planted.len());
        let hooked = told.lock().unwrap();
        assert!(memchr::memmem::find(&hooked, b"generation").is_some());
        assert_none(&planted, &hooked, "what a hook is told");
        let events: Vec<_> = std::iter::from_fn(|| events.try_receive()).collect();
        assert!(!events.is_empty());
        assert_none(&planted, &serde_json::to_vec(&events).unwrap(), "events of a channel");
        server.set_nonblocking(true).unwrap();
        let (mut lines, mut line) = (Vec::new(), [0; 65_536]);
        while let Ok(length) = server.recv(&mut line) {
            lines.extend(&line[..length]);
        }
        assert!(memchr::memmem::find(&lines, b"llm.").is_some());
        assert_none(&planted, &lines, "lines for StatsD");
    });
    assert_not_said(&child.run(&[]), content);
}

#[test]
#[cfg(all(feature = "ledger", feature = "prometheus"))]
fn a_ledger_and_a_scrape_hold_numbers_and_names_whatever_is_captured() {
    let child = child!({
        let (receiver, directory) = (Receiver::start(), tempfile::tempdir().unwrap());
        let path = directory.path().join("costs.db");
        let config = config()
            .content_capture(ContentCapture::SpanAndEvent)
            .record_tool_schemas(true)
            .destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf))
            .ledger(path.clone())
            .prometheus();
        let (planted, scraped) = record_and(config, content, false, |telemetry| {
            telemetry
                .prometheus_exporter()
                .unwrap()
                .render(spanwise::ExpositionFormat::Text)
                .unwrap()
        });
        assert!(scraped.contains("gen_ai_client"), "{scraped}");
        assert_none(&planted, scraped.as_bytes(), "a scrape");
        let ledger = spanwise::Ledger::open(path).unwrap();
        let (always, now) = (std::time::UNIX_EPOCH, std::time::SystemTime::now());
        let report = ledger.cost_report(always, now + std::time::Duration::from_secs(60)).unwrap();
        assert!(report.total.requests > 0);
        assert_none(&planted, &bytes_below(directory.path()), "the ledger");
    });
    assert_not_said(&child.run(&[]), content);
}

#[test]
#[cfg(feature = "prometheus")]
fn a_scrape_is_redacted_like_everything_else() {
    let child = child!({
        let receiver = Receiver::start();
        let config = config()
            .destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf))
            .content(ContentPolicy::default().redactor(PatternRedactor::new()))
            .prometheus();
        let (planted, scraped) = record_and(config, pattern, true, |telemetry| {
            let exporter = telemetry.prometheus_exporter().unwrap();
            exporter.render(spanwise::ExpositionFormat::Text).unwrap()
        });
        assert!(scraped.contains("own_total"), "{scraped}");
        assert_none(&planted, scraped.as_bytes(), "a scrape");
    });
    assert_not_said(&child.run(&[]), pattern);
}

#[test]
fn events_are_redacted_like_everything_else() {
    let child = child!({
        let (receiver, directory) = (Receiver::start(), tempfile::tempdir().unwrap());
        let full = ExporterSettings::new("full").content(ContentLevel::Full);
        let files = event_files(directory.path(), vec![full]);
        let config = config()
            .destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf))
            .content(ContentPolicy::default().redactor(PatternRedactor::new()))
            .content_capture(ContentCapture::EventOnly);
        let planted = record(config, pattern, true);
        assert_none(&planted, &std::fs::read(&files[0]).unwrap(), "events");
    });
    assert_not_said(&child.run(&[]), pattern);
}

#[test]
fn events_have_no_content_where_none_is_captured() {
    let child = child!({
        let (receiver, directory) = (Receiver::start(), tempfile::tempdir().unwrap());
        let full = ExporterSettings::new("full").content(ContentLevel::Full);
        let files = event_files(directory.path(), vec![full]);
        let config = config().destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf));
        let planted = record(config, content, false);
        assert_none(&planted, &std::fs::read(&files[0]).unwrap(), "events");
    });
    assert_not_said(&child.run(&[]), content);
}

/// Every byte of every file below a directory.
fn bytes_below(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(path.to_string_lossy().bytes());
        bytes.extend(if path.is_dir() {
            bytes_below(&path)
        } else {
            std::fs::read(&path).unwrap()
        });
    }
    bytes
}

/// Records into a spool whose receiver is down, and looks at what lies on disk.
#[track_caller]
fn assert_not_spooled(config: TelemetryConfig, make: fn(usize) -> Canary, others: bool) {
    let (receiver, directory) = (Receiver::start(), tempfile::tempdir().unwrap());
    receiver.down();
    let key = never(0);
    let config = config
        .spool(SpoolSettings::new(directory.path()).write_ahead(true))
        .shutdown_timeout(support::PATIENCE)
        .destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf).header("x-key", &key.text));
    let mut planted = record(config, make, others);
    planted.push(key);
    let bytes = bytes_below(directory.path());
    let spooled = memchr::memmem::find(&bytes, b"chat gpt-4o").is_some();
    assert!(spooled, "{} bytes, and no span", bytes.len());
    assert_none(&planted, &bytes, "the spool");
}

#[test]
fn what_must_not_leave_does_not_reach_the_disk_either() {
    let child = child!(assert_not_spooled(config(), content, false));
    child.run(&[]);
}

#[test]
fn what_is_redacted_is_redacted_on_disk() {
    let child = child!({
        let config = config()
            .content_capture(ContentCapture::SpanAndEvent)
            .content(ContentPolicy::default().redactor(PatternRedactor::new()));
        assert_not_spooled(config, pattern, true);
    });
    child.run(&[]);
}

/// Content that is put away whole, where a store may have it.
#[cfg(feature = "offload")]
fn put_away(directory: &Path, level: ContentLevel) -> ContentPolicy {
    let store = spanwise::ObjectStorage::directory(directory).unwrap();
    ContentPolicy::new(level).offload(spanwise::Offload::to(store).messages(true))
}

#[cfg(feature = "offload")]
#[test]
fn what_must_not_leave_does_not_reach_a_store_either() {
    let child = child!({
        let (receiver, directory) = (Receiver::start(), tempfile::tempdir().unwrap());
        let to = to(&receiver, "otlp", OtlpProtocol::HttpProtobuf);
        let config =
            config().content(put_away(directory.path(), ContentLevel::Full)).destination(to);
        let planted = record(config, content, false);
        assert!(receiver.spans().len() > 25);
        assert_none(&planted, &bytes_below(directory.path()), "the store");
    });
    assert_not_said(&child.run(&[]), content);
}

#[cfg(feature = "offload")]
#[test]
fn a_store_has_only_what_destinations_with_all_content_put_away() {
    let child = child!({
        let levels =
            [ContentLevel::Full, ContentLevel::Hashes, ContentLevel::Names, ContentLevel::Off];
        let stores = levels.map(|level| (level, tempfile::tempdir().unwrap(), Receiver::start()));
        let mut config = config().content_capture(ContentCapture::SpanAndEvent);
        for (level, directory, receiver) in &stores {
            let policy = put_away(directory.path(), *level);
            let to = to(receiver, &format!("{level:?}"), OtlpProtocol::HttpProtobuf);
            config = config.destination(to.content(policy));
        }
        let planted = record(config, content, false);
        let [full, reduced @ ..] = &stores;
        // So that the test can fail: where all may go, messages go to the store, and stand nowhere else.
        let stored = found(&planted, &bytes_below(full.1.path()));
        assert!(stored.len() > 50, "{} of {}", stored.len(), planted.len());
        for (level, directory, receiver) in reduced {
            assert_none(&planted, &bytes_below(directory.path()), &format!("store, {level:?}"));
            assert_none(&planted, &bytes(receiver), &format!("{level:?}"));
        }
    });
    assert_not_said(&child.run(&[]), content);
}

#[cfg(feature = "offload")]
#[test]
fn what_is_redacted_is_redacted_in_a_store() {
    let child = child!({
        let (receiver, directory) = (Receiver::start(), tempfile::tempdir().unwrap());
        let config = config()
            .content_capture(ContentCapture::SpanAndEvent)
            .content(
                put_away(directory.path(), ContentLevel::Full).redactor(PatternRedactor::new()),
            )
            .destination(to(&receiver, "otlp", OtlpProtocol::HttpProtobuf));
        let planted = record(config, pattern, true);
        let stored = bytes_below(directory.path());
        assert!(memchr::memmem::find(&stored, b"[EMAIL]").is_some(), "{} bytes", stored.len());
        assert_none(&planted, &stored, "the store");
        assert_none(&planted, &bytes(&receiver), "what was sent");
    });
    assert_not_said(&child.run(&[]), pattern);
}

#[test]
fn a_key_reaches_its_own_destination_and_no_other() {
    let receivers = || std::array::from_fn::<_, 3, _>(|_| Receiver::start());
    let keys: Vec<_> = (0..4).map(never).collect();
    let child = child!({
        let [one, other, from_env] = receivers();
        let keyed = |receiver, name, key: &Canary| {
            to(receiver, name, OtlpProtocol::HttpProtobuf).header("x-key", &key.text)
        };
        let keys: Vec<_> = (0..4).map(never).collect();
        let variables = spanwise::Environment::from_iter([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", from_env.http_url()),
            ("OTEL_EXPORTER_OTLP_HEADERS", format!("x-key={}", keys[2].text)),
        ]);
        let config = config()
            .environment(variables)
            .destination(keyed(&one, "one", &keys[0]))
            .destination(to(&other, "other", OtlpProtocol::Grpc).header("x-key", &keys[1].text))
            .destination(Destination::from_env().name("environment"));
        assert!(found(&keys, format!("{config:?}").as_bytes()).is_empty());
        record(config, content, false);
        for (receiver, own) in [(&one, 0), (&other, 1), (&from_env, 2)] {
            let bytes = bytes(receiver);
            for (place, key) in keys.iter().enumerate() {
                let there = !found(std::slice::from_ref(key), &bytes).is_empty();
                assert_eq!(there, place == own, "key {place} at receiver {own}");
            }
        }
    });
    let said = child.run(&[]);
    assert_none(&keys, said.stderr.as_bytes(), "stderr");
}

#[test]
fn what_the_doctor_says_holds_no_key_whatever_receivers_write_back() {
    let keys: Vec<_> = (0..6).map(never).collect();
    let receiver = Receiver::start();
    // A receiver that quotes what it was sent, which lives for this test.
    let quoted: &'static str = Box::leak(keys[0].text.clone().into_boxed_str());
    let look = |config: TelemetryConfig| {
        let diagnosis = block_on(config.doctor()).unwrap();
        let said = format!("{diagnosis} {diagnosis:?} {diagnosis:#?} {}", diagnosis.to_json());
        assert_none(&keys, said.as_bytes(), "what the doctor says");
        diagnosis.is_healthy()
    };
    let at = |address, protocol| {
        let (password, token) = (&keys[1].text, &keys[2].text);
        let endpoint = format!("http://user:{password}@{address}/base?token={token}");
        let scores = spanwise::FeedbackApi::langfuse(&endpoint);
        let destination = Destination::otlp(endpoint)
            .protocol(protocol)
            .feedback(scores.header("authorization", &keys[3].text))
            .header("authorization", format!("Bearer {}", keys[0].text));
        config().destination(destination)
    };
    for status in [200, 301, 400, 401, 403, 404, 413, 415, 429, 500] {
        receiver.answer_all(Answer::Http(status, None, quoted));
        let healthy = look(at(receiver.http, OtlpProtocol::HttpProtobuf));
        assert!(!healthy, "{status}: no scores are taken there");
    }
    for code in [16, 7, 12, 3, 13, 14] {
        receiver.answer_all(Answer::Grpc(tonic::Status::new(code.into(), quoted)));
        look(at(receiver.grpc, OtlpProtocol::Grpc));
    }
    let variables = spanwise::Environment::from_iter([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.http_url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=\"{}\"", keys[4].text)),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", keys[5].text.clone()),
    ]);
    look(config().environment(variables));
}

#[test]
fn debug_of_what_holds_content_or_secrets_shows_neither() {
    let mut planted = Planted::new(content);
    let shown = plant::debug(&mut planted);
    assert!(planted.canaries.len() >= 40, "{}", planted.canaries.len());
    assert_none(&planted.canaries, shown.as_bytes(), "Debug");
}

#[test]
fn there_are_more_than_two_hundred_canaries_and_each_is_another() {
    let all = (0..400).flat_map(|number| [content(number), pattern(number), never(number)]);
    let needles: std::collections::HashSet<_> = all.map(|canary| canary.needle).collect();
    assert_eq!(needles.len(), 1200);
}
