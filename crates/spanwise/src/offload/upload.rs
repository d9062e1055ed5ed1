//! The completion hook that is ready: every operation's content goes to a store.

use std::any::Any;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use opentelemetry::KeyValue;
use serde_json::Value;
use spanwise_core::semconv::attribute as key;
use spanwise_core::{Completion, CompletionHook, ContentItem};

use super::queue::{Queue, Waiting};
use super::store::ContentStore;
use crate::error::{InitError, Source};

/// A [`CompletionHook`] that uploads messages, instructions and tool definitions, each as an object of its
/// own, and says on span and event where: `gen_ai.input.messages_ref`, `gen_ai.output.messages_ref`,
/// `gen_ai.system_instructions_ref`, `gen_ai.tool.definitions_ref` (string), as other instrumentations do.
///
/// Names are `{trace id}/{span id}_{what}.json`. The operation is kept in a queue of its own, written as JSON
/// on the thread that uploads; beyond the queue's bounds its content is dropped and counted
/// ([`Report::uploads`](crate::Report)), and its span has no reference.
///
/// It uploads what operations hold: whatever is sampled and captured, and through no redactor. For a store
/// that is as private as the program itself.
///
/// ```
/// use spanwise::{ContentStore, TelemetryConfig, UploadFormat, UploadHook};
///
/// fn config(store: impl ContentStore) -> TelemetryConfig {
///     let hook = UploadHook::to(store).format(UploadFormat::JsonLines);
///     TelemetryConfig::new("support-bot").completion_hook(hook)
/// }
/// ```
#[derive(Clone)]
#[must_use = "give it to `TelemetryConfig::completion_hook`"]
pub struct UploadHook {
    pub(super) queue: Arc<Queue>,
    format: UploadFormat,
}

/// How uploaded content is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UploadFormat {
    /// `json`: an array.
    #[default]
    Json,
    /// `jsonl`: a line for each message, part or definition, with its place as `index`.
    JsonLines,
}

impl FromStr for UploadFormat {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "jsonl" => Ok(Self::JsonLines),
            _ => Err(()),
        }
    }
}

impl UploadFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonl",
        }
    }

    fn write(self, value: Value) -> String {
        match (self, value) {
            (Self::JsonLines, Value::Array(items)) => {
                let mut lines = String::new();
                for (index, mut item) in items.into_iter().enumerate() {
                    if let Value::Object(fields) = &mut item {
                        fields.insert("index".to_owned(), index.into());
                    }
                    lines.push_str(&item.to_string());
                    lines.push('\n');
                }
                lines
            }
            (_, value) => format!("{value}\n"),
        }
    }
}

impl UploadHook {
    const MOST_BYTES: usize = 64 << 20;
    /// As the variable's default is elsewhere.
    const MOST_OBJECTS: usize = 20;

    /// Uploads to this store.
    pub fn to(store: impl ContentStore) -> Self {
        let queue = Queue::new(Arc::new(store), Self::MOST_BYTES, Self::MOST_OBJECTS);
        Self { queue: Arc::new(queue), format: UploadFormat::Json }
    }

    /// What a variable names.
    #[cfg(feature = "offload")]
    pub(crate) fn at(place: &str, source: &Source) -> Result<Self, InitError> {
        super::ObjectStorage::named(place, source).map(Self::to)
    }

    #[cfg(not(feature = "offload"))]
    pub(crate) fn at(_: &str, source: &Source) -> Result<Self, InitError> {
        Err(InitError::FeatureMissing { setting: source.name(), feature: "offload" })
    }

    /// How it is written. Defaults to `OTEL_INSTRUMENTATION_GENAI_UPLOAD_FORMAT` where the hook comes from
    /// the variables, else to [`UploadFormat::Json`].
    pub fn format(mut self, format: UploadFormat) -> Self {
        self.format = format;
        self
    }

    /// How many objects may wait. Defaults to 20, and in any case to 64 MiB.
    pub fn max_queue_size(self, objects: usize) -> Self {
        self.queue.hold_at_most_objects(objects);
        self
    }
}

/// A hook as it was configured, and what it uploads by if it is ours.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) hook: Arc<dyn CompletionHook>,
    pub(super) uploads: Option<Arc<Queue>>,
}

impl Hook {
    pub(crate) fn new(hook: impl CompletionHook + 'static) -> Self {
        let ours = (&hook as &dyn Any).downcast_ref::<UploadHook>();
        Self { uploads: ours.map(|hook| hook.queue.clone()), hook: Arc::new(hook) }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompletionHook")
    }
}

/// What is uploaded of content: what it is called in a name, and the attribute that says where it is.
fn uploaded(item: &ContentItem) -> Option<(&'static str, &'static str)> {
    let known = item.key();
    [
        (key::GEN_AI_INPUT_MESSAGES.key(), "inputs", "gen_ai.input.messages_ref"),
        (key::GEN_AI_OUTPUT_MESSAGES.key(), "outputs", "gen_ai.output.messages_ref"),
        (
            key::GEN_AI_SYSTEM_INSTRUCTIONS.key(),
            "system_instruction",
            "gen_ai.system_instructions_ref",
        ),
        (key::GEN_AI_TOOL_DEFINITIONS.key(), "tool.definitions", "gen_ai.tool.definitions_ref"),
    ]
    .into_iter()
    .find(|(key, ..)| *key == known)
    .map(|(_, name, reference)| (name, reference))
}

impl CompletionHook for UploadHook {
    fn on_completion(&self, completion: Completion) -> Vec<KeyValue> {
        let span = &completion.span;
        let prefix = format!("{}/{}", span.trace_id(), span.span_id());
        let mut references = Vec::new();
        let format = self.format;
        for item in completion.content.into_items() {
            let Some((what, reference)) = uploaded(&item) else { continue };
            let name = format!("{prefix}_{what}.{}", format.extension());
            let uri = self.queue.uri(&name);
            let waiting = Waiting {
                name,
                media_type: format.media_type().to_owned(),
                size: item.size(),
                bytes: Box::new(move || format.write(item.to_value()).into_bytes().into()),
            };
            if self.queue.push(waiting) {
                references.push(KeyValue::new(reference, uri));
            }
        }
        references
    }
}

/// Not the store: what it is reached with may be secret.
impl fmt::Debug for UploadHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadHook").field("format", &self.format).finish_non_exhaustive()
    }
}
