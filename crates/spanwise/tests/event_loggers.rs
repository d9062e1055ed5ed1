//! Loggers: what they say of what happens.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use spanwise::{
    ContentCapture, EventDetails, EventHub, Generation, Measurements, Provider, Response, Tool,
    Usage, attach_default_logger, attach_json_logger, detach_loggers, execute, scope,
};
use spanwise_testing::Capture;
use tracing::Level;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn happens() {
    let _scope = scope().request_id("abc123").enter();
    let generation = Generation::chat(Provider::OpenAi, "gpt-4").input("canary").start();
    generation.record(&Response::new().usage(Usage::new(12, 5)));
    generation.finish();
    Tool::new("lookup").start().fail_with("timeout", "canary");
    let none = Measurements::default();
    execute("retry", &none.with("attempt", 2.0), &EventDetails::new().with("provider", "openai"));
}

fn capture() -> Capture {
    let content = Capture::builder().content(ContentCapture::SpanAndEvent);
    content.event_hub(EventHub::new()).build()
}

fn logged(level: Level) -> String {
    let written = Written::default();
    let to = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_max_level(Level::TRACE)
        .with_writer(move || to.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        capture().run(|| {
            attach_default_logger(level).unwrap();
            assert!(attach_default_logger(level).is_err());
            happens();
            detach_loggers();
            happens();
        });
    });
    String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn what_happens_is_logged_by_how_much_it_matters() {
    let lines = logged(Level::INFO);
    let [chat, tool, retry] = lines.lines().collect::<Vec<_>>()[..] else { panic!("{lines}") };
    assert!(chat.contains("INFO") && chat.contains("chat.stop"), "{chat}");
    assert!(chat.contains("provider=openai model=gpt-4"), "{chat}");
    assert!(chat.contains("input_tokens=12 output_tokens=5"), "{chat}");
    assert!(tool.contains("ERROR") && tool.contains("error_type=timeout"), "{tool}");
    assert!(retry.contains("WARN") && retry.contains("attempt=2"), "{retry}");
    assert!(!lines.contains("canary"), "{lines}");
    assert_eq!(logged(Level::DEBUG).lines().count(), 5);
    assert_eq!(logged(Level::ERROR).lines().count(), 1);
}

#[test]
fn limits_and_what_is_tried_again_are_warnings() {
    let capture = capture();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let to = lines.clone();
    let events = [
        "retry",
        "fallback",
        "provider.rate_limit",
        "cost.threshold_exceeded",
        "budget.threshold",
        "context.truncated",
    ];
    capture.run(|| {
        attach_json_logger(Level::WARN, move |line| to.lock().unwrap().push(line.to_owned()))
            .unwrap();
        for event in events.into_iter().chain(["cache.hit", "chat.stop", "chat.start"]) {
            execute(event, &Measurements::default(), &EventDetails::new());
        }
    });
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), events.len(), "{lines:?}");
    assert!(lines.iter().all(|line| line.contains(r#""level":"WARN""#)), "{lines:?}");
}

#[test]
fn a_line_of_json_has_what_a_log_wants() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let to = lines.clone();
    capture().run(|| {
        attach_json_logger(Level::INFO, move |line| to.lock().unwrap().push(line.to_owned()))
            .unwrap();
        happens();
    });
    let lines = lines.lock().unwrap();
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&line["level"], &line["event"]), (&"INFO".into(), &"chat.stop".into()));
    assert_eq!((&line["request_id"], &line["model"]), (&"abc123".into(), &"gpt-4".into()));
    assert!(line["duration_ms"].as_f64().unwrap() > 0.0 && line["input_tokens"] == 12);
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(lines.len(), 3);
    assert!(!lines.concat().contains("canary"));
}
