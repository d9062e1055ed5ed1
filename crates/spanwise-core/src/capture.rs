//! Which content may be recorded at all.

use std::str::FromStr;

/// Where prompts, completions and tool payloads go.
///
/// Off unless someone asks. Structured content goes on the event
/// `gen_ai.client.inference.operation.details`, and on spans as JSON text.
///
/// The names are those of `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`, in any case; `true`
/// means `SPAN_ONLY` and `false` means `NO_CONTENT`.
///
/// ```
/// use spanwise_core::ContentCapture;
///
/// assert_eq!("span_only".parse(), Ok(ContentCapture::SpanOnly));
/// assert_eq!(ContentCapture::default(), ContentCapture::NoContent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentCapture {
    /// `NO_CONTENT`: nowhere.
    #[default]
    NoContent,
    /// `SPAN_ONLY`: on spans.
    SpanOnly,
    /// `EVENT_ONLY`: on the details event.
    EventOnly,
    /// `SPAN_AND_EVENT`: on both.
    SpanAndEvent,
}

impl ContentCapture {
    /// Whether content goes on spans.
    pub const fn on_spans(self) -> bool {
        matches!(self, Self::SpanOnly | Self::SpanAndEvent)
    }

    /// Whether content goes on events.
    pub const fn on_events(self) -> bool {
        matches!(self, Self::EventOnly | Self::SpanAndEvent)
    }
}

/// Why a word is no [`ContentCapture`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownContentCapture;

impl std::fmt::Display for UnknownContentCapture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true or false")
    }
}

impl std::error::Error for UnknownContentCapture {}

impl FromStr for ContentCapture {
    type Err = UnknownContentCapture;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word.trim().to_ascii_lowercase().as_str() {
            "no_content" | "false" => Ok(Self::NoContent),
            "span_only" | "true" => Ok(Self::SpanOnly),
            "event_only" => Ok(Self::EventOnly),
            "span_and_event" => Ok(Self::SpanAndEvent),
            _ => Err(UnknownContentCapture),
        }
    }
}

/// How much of content leaves the process, from nothing to all of it.
///
/// Levels are set for one operation, for all of the process, and for one destination; the lowest of them is
/// in force. What is not captured at all is at no level: see [`ContentCapture`].
///
/// ```
/// use spanwise_core::ContentLevel;
///
/// assert_eq!("hashes".parse(), Ok(ContentLevel::Hashes));
/// assert_eq!(ContentLevel::Names.min(ContentLevel::Full), ContentLevel::Names);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentLevel {
    /// `off`: nothing.
    Off,
    /// `names`: which messages and parts there are, with roles, types, names of tools and ids, and no text.
    Names,
    /// `hashes`: the same, and for each text its length and a keyed hash, by which equal texts are found.
    Hashes,
    /// `full`: all of it.
    #[default]
    Full,
}

impl ContentLevel {
    /// The words, as variables have them.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("off", Self::Off),
        ("names", Self::Names),
        ("hashes", Self::Hashes),
        ("full", Self::Full),
    ];
}

/// Why a word is no [`ContentLevel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownContentLevel;

impl std::fmt::Display for UnknownContentLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected off, names, hashes or full")
    }
}

impl std::error::Error for UnknownContentLevel {}

impl FromStr for ContentLevel {
    type Err = UnknownContentLevel;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let word = word.trim();
        let known = Self::WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        known.map(|(_, level)| *level).ok_or(UnknownContentLevel)
    }
}

/// What a [`Recorder`](crate::Recorder) lets through: where content goes, and finer switches within.
///
/// ```
/// use spanwise_core::{CapturePolicy, ContentCapture};
///
/// let policy = CapturePolicy::new(ContentCapture::SpanOnly).inputs(false);
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapturePolicy {
    pub(crate) content: ContentCapture,
    pub(crate) inputs: bool,
    pub(crate) outputs: bool,
    pub(crate) metadata: bool,
    pub(crate) tool_schemas: bool,
    pub(crate) error_messages: bool,
    pub(crate) details_event: bool,
}

impl Default for CapturePolicy {
    fn default() -> Self {
        Self::new(ContentCapture::NoContent)
    }
}

impl CapturePolicy {
    /// Inputs and outputs as `content` says, the texts of errors wherever content is captured at all,
    /// the details event wherever content goes to it, metadata always, tool schemas never.
    pub const fn new(content: ContentCapture) -> Self {
        let events = matches!(content, ContentCapture::EventOnly | ContentCapture::SpanAndEvent);
        Self {
            content,
            inputs: true,
            outputs: true,
            metadata: true,
            tool_schemas: false,
            error_messages: !matches!(content, ContentCapture::NoContent),
            details_event: events,
        }
    }

    /// Whether instructions, input messages, tool definitions and tool arguments are content to
    /// capture. Without a place to go ([`ContentCapture::NoContent`]) it changes nothing.
    #[must_use]
    pub const fn inputs(mut self, inputs: bool) -> Self {
        self.inputs = inputs;
        self
    }

    /// Whether output messages and tool results are content to capture. Without a place to go
    /// ([`ContentCapture::NoContent`]) it changes nothing.
    #[must_use]
    pub const fn outputs(mut self, outputs: bool) -> Self {
        self.outputs = outputs;
        self
    }

    /// Whether attributes and span events of the program's own are recorded. Defaults to yes.
    #[must_use]
    pub const fn metadata(mut self, metadata: bool) -> Self {
        self.metadata = metadata;
        self
    }

    /// Whether captured tool definitions keep description and parameters. Defaults to no.
    #[must_use]
    pub const fn tool_schemas(mut self, tool_schemas: bool) -> Self {
        self.tool_schemas = tool_schemas;
        self
    }

    /// Whether a failed operation's status says the error's own text, which may quote a prompt or a
    /// key. Defaults to yes where content is captured, else no; `error.type` is always there.
    #[must_use]
    pub const fn error_messages(mut self, error_messages: bool) -> Self {
        self.error_messages = error_messages;
        self
    }

    pub(crate) fn captures_content(&self) -> bool {
        (self.inputs || self.outputs) && self.content != ContentCapture::NoContent
    }

    pub(crate) fn captures_inputs(&self) -> bool {
        self.inputs && self.content != ContentCapture::NoContent
    }

    /// Where content goes.
    pub const fn content(&self) -> ContentCapture {
        self.content
    }

    /// Whether what goes in is content to capture; see [`inputs`](Self::inputs).
    pub const fn has_inputs(&self) -> bool {
        self.inputs
    }

    /// Whether what comes out is content to capture; see [`outputs`](Self::outputs).
    pub const fn has_outputs(&self) -> bool {
        self.outputs
    }

    /// Whether captured tool definitions keep their schemas; see [`tool_schemas`](Self::tool_schemas).
    pub const fn has_tool_schemas(&self) -> bool {
        self.tool_schemas
    }

    /// Whether errors' own texts are told; see [`error_messages`](Self::error_messages).
    pub const fn has_error_messages(&self) -> bool {
        self.error_messages
    }

    /// Whether inference operations emit `gen_ai.client.inference.operation.details`, with or without
    /// content. Defaults to yes where content goes to events, else no.
    #[must_use]
    pub const fn details_event(mut self, details_event: bool) -> Self {
        self.details_event = details_event;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_variable_are_understood_in_any_case() {
        for (word, expected) in [
            ("NO_CONTENT", ContentCapture::NoContent),
            ("SPAN_ONLY", ContentCapture::SpanOnly),
            ("Event_Only", ContentCapture::EventOnly),
            ("span_and_event", ContentCapture::SpanAndEvent),
            ("true", ContentCapture::SpanOnly),
            ("FALSE", ContentCapture::NoContent),
            (" span_only ", ContentCapture::SpanOnly),
        ] {
            assert_eq!(word.parse(), Ok(expected), "{word}");
        }
        assert_eq!("everything".parse::<ContentCapture>(), Err(UnknownContentCapture));
    }
}
