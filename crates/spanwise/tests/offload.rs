//! Content that is kept elsewhere: stored once, whole, and named by what is sent.

#![cfg(feature = "offload")]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use spanwise::{
    ContentCapture, ContentPolicy, ContentStore, Generation, InitError, Message, ObjectStorage,
    Offload, Part, PatternRedactor, Provider, Report, StoreError, StoredObject, TelemetryConfig,
    UploadFormat, UploadHook,
};
use support::{Receiver, attribute, block_on, child, config, isolated, text};

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A directory that nobody else has.
fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("spanwise-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    directory
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .collect();
    files.sort();
    files
}

fn path_of(uri: &Value) -> PathBuf {
    url::Url::parse(uri.as_str().unwrap()).unwrap().to_file_path().unwrap()
}

/// Starts, asks twice with the same picture, and ends.
fn ask_twice(config: TelemetryConfig) -> Report {
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        for question in ["What is this?", "And now? Write to ada@example.com."] {
            let message = Message::user(question).part(Part::blob("image", "image/png", PIXEL));
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").input(&message).start();
            generation.output(&Message::assistant("A pixel."));
            generation.finish();
        }
        telemetry.shutdown().await
    })
}

fn input(receiver: &Receiver, place: usize) -> Value {
    let spans = receiver.spans();
    serde_json::from_str(&text(&spans[place].attributes, "gen_ai.input.messages")).unwrap()
}

#[test]
fn a_picture_goes_to_the_directory_once_and_spans_say_where() {
    isolated!({
        let receiver = Receiver::start();
        let directory = directory("offload");
        let offload = Offload::to(ObjectStorage::directory(&directory).unwrap());
        let policy = ContentPolicy::default().offload(offload).max_attribute_bytes(512);
        let report = ask_twice(
            config()
                .endpoint(receiver.http_url())
                .content_capture(ContentCapture::SpanOnly)
                .content(policy),
        );
        assert_eq!(report.offload.stored, 1, "{report}");
        assert_eq!(report.offload.repeated, 1, "{report}");
        assert!(report.complete, "{report}");

        let part = &input(&receiver, 0)[0]["parts"][1];
        assert_eq!(part["type"], "uri");
        assert_eq!(part["modality"], "image");
        assert_eq!(part["mime_type"], "image/png");
        assert_eq!(part["size"], 70);
        let stored = std::fs::read(path_of(&part["uri"])).unwrap();
        assert!(stored.starts_with(b"\x89PNG") && stored.len() == 70);
        assert_eq!(input(&receiver, 1)[0]["parts"][1], *part);
        assert_eq!(files(&directory).len(), 1);
        std::fs::remove_dir_all(directory).unwrap();
    });
}

#[test]
fn whole_messages_go_redacted_and_nothing_of_them_stays() {
    isolated!({
        let receiver = Receiver::start();
        let directory = directory("messages");
        let offload = Offload::to(ObjectStorage::directory(&directory).unwrap()).messages(true);
        let policy = ContentPolicy::default().offload(offload).redactor(PatternRedactor::new());
        let report = ask_twice(
            config()
                .endpoint(receiver.http_url())
                .content_capture(ContentCapture::SpanOnly)
                .content(policy),
        );
        // The picture, two questions, and the answer that is the same.
        assert_eq!((report.offload.stored, report.offload.repeated), (4, 2), "{report}");
        let message = &input(&receiver, 1)[0];
        assert_eq!(message["role"], "user");
        let stored = std::fs::read_to_string(path_of(&message["parts"][0]["uri"])).unwrap();
        assert!(stored.contains("Write to [EMAIL].") && !stored.contains("ada@"), "{stored}");
        assert!(!input(&receiver, 1).to_string().contains("Write to"));
        std::fs::remove_dir_all(directory).unwrap();
    });
}

/// A store that is down.
struct Down;

impl ContentStore for Down {
    fn uri(&self, name: &str) -> String {
        format!("down:///{name}")
    }

    fn put(
        &self,
        _: StoredObject,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(async { Err(StoreError::new("it is down")) })
    }
}

#[test]
fn spans_go_on_where_the_store_is_down() {
    isolated!({
        let receiver = Receiver::start();
        let policy = ContentPolicy::default().offload(Offload::to(Down));
        let report = ask_twice(
            config()
                .endpoint(receiver.http_url())
                .content_capture(ContentCapture::SpanOnly)
                .content(policy),
        );
        assert_eq!(receiver.spans().len(), 2);
        assert_eq!(report.offload.stored, 0);
        assert!(report.offload.dropped >= 1, "{report}");
    });
}

#[test]
fn the_hook_gets_everything_though_nothing_is_sampled_or_captured() {
    isolated!({
        let receiver = Receiver::start();
        let directory = directory("upload");
        let hook = UploadHook::to(ObjectStorage::directory(&directory).unwrap())
            .format(UploadFormat::JsonLines);
        let report = ask_twice(
            config().endpoint(receiver.http_url()).sample_rate(0.0).completion_hook(hook),
        );
        assert!(receiver.spans().is_empty());
        assert_eq!((report.uploads.stored, report.uploads.dropped), (4, 0), "{report}");
        let files = files(&directory);
        let inputs = files.iter().filter(|file| file.to_string_lossy().ends_with("_inputs.jsonl"));
        let inputs: Vec<_> = inputs.map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert!(inputs.iter().any(|text| text.contains("What is this?")), "{inputs:?}");
        let line: Value = serde_json::from_str(inputs[0].lines().next().unwrap()).unwrap();
        assert_eq!((&line["role"], &line["index"]), (&Value::from("user"), &Value::from(0)));
        std::fs::remove_dir_all(directory).unwrap();
    });
}

#[test]
fn the_variables_upload_too_and_spans_refer_to_it_without_holding_it() {
    let child = child!({
        let receiver = Receiver::start();
        let config = TelemetryConfig::from_env()
            .unwrap()
            .tracing(spanwise::TracingMode::HandOver)
            .endpoint(receiver.http_url());
        ask_twice(config);
        let span = &receiver.spans()[0];
        let reference = text(&span.attributes, "gen_ai.output.messages_ref");
        let stored = std::fs::read_to_string(path_of(&reference.into())).unwrap();
        assert!(stored.contains("A pixel."), "{stored}");
        assert!(attribute(&span.attributes, "gen_ai.output.messages").is_none());
    });
    let directory = directory("variables");
    child.run(&[
        ("OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK", "upload"),
        ("OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH", directory.to_str().unwrap()),
    ]);
    assert_eq!(files(&directory).len(), 4);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_place_that_cannot_be_used_is_named_and_not_shown() {
    let error = ObjectStorage::from_url("ftp://canary.example.com/x").unwrap_err();
    assert!(matches!(&error, InitError::InvalidSetting { .. }), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
    let environment = [("OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK", "upload")];
    let config = TelemetryConfig::default().environment(environment.into_iter().collect());
    let error = spanwise::init_telemetry(config).unwrap_err().to_string();
    assert!(error.starts_with("OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH"), "{error}");
}
