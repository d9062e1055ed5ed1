//! What may leave the process, and in which form: for all destinations, or for one.

use std::fmt;
use std::sync::Arc;

use spanwise_core::{Content, ContentLevel, Redactor};

use crate::error::{InitError, Source};
use crate::export::OperationView;
use crate::offload::Offload;
use crate::redact::HashKey;

/// What of the content that is captured may leave the process, and in which form.
///
/// One policy holds for all destinations ([`TelemetryConfig::content`](crate::TelemetryConfig::content)),
/// others for one each ([`Destination::content`](crate::Destination::content)). Where several hold, the
/// strictest is in force: the lowest level, the smallest limits, and every hook and redactor, those for all
/// destinations first. A policy never captures more: what is captured at all is said by
/// [`TelemetryConfig::content_capture`](crate::TelemetryConfig::content_capture).
///
/// It holds for what operations record and for what other instrumentations put under keys that are known to
/// hold content.
///
/// ```
/// use spanwise::{ContentLevel, ContentPolicy, Destination, TelemetryConfig};
///
/// let config = TelemetryConfig::new("support-bot")
///     .destination(Destination::otlp("http://collector.internal:4318"))
///     .destination(
///         Destination::otlp("https://vendor.example.com")
///             .content(ContentPolicy::new(ContentLevel::Hashes)),
///     )
///     .content(ContentPolicy::default().max_attribute_bytes(65_536));
/// # let _ = config;
/// ```
#[derive(Clone, Default)]
#[must_use = "give it to `TelemetryConfig::content` or `Destination::content`"]
pub struct ContentPolicy {
    pub(crate) level: ContentLevel,
    pub(crate) error_messages: Option<bool>,
    pub(crate) hooks: Vec<ContentHook>,
    pub(crate) redactors: Vec<Arc<dyn Redactor>>,
    pub(crate) most_attribute_bytes: Option<usize>,
    pub(crate) most_attribute_characters: Option<usize>,
    pub(crate) most_message_bytes: Option<usize>,
    pub(crate) most_span_bytes: Option<usize>,
    pub(crate) new_messages_only: bool,
    pub(crate) hash_key: Option<HashKey>,
    pub(crate) offload: Option<Offload>,
}

/// A function of the program's own that changes content.
pub(crate) type ContentHook = Arc<dyn Fn(&mut Content, &OperationView<'_>) + Send + Sync>;

/// In less than this not every content keeps its shape.
const LEAST_BYTES: usize = 256;

impl ContentPolicy {
    /// A policy of this level that changes nothing else.
    pub fn new(level: ContentLevel) -> Self {
        Self { level, ..Self::default() }
    }

    /// Whether the texts of errors are told there, which may quote a prompt: status descriptions, and the
    /// messages and stack traces of exceptions. Defaults to yes at the level [`Full`](ContentLevel::Full),
    /// else no; what is not recorded at all
    /// ([`record_error_messages`](crate::TelemetryConfig::record_error_messages)) is told nowhere.
    pub fn error_messages(mut self, tell: bool) -> Self {
        self.error_messages = Some(tell);
        self
    }

    /// Adds a function that may change or remove what an operation captured, before anything else does.
    ///
    /// It runs on the thread that exports, once for each operation and policy; one that panics costs that
    /// operation its content.
    ///
    /// ```
    /// use spanwise::{ContentItem, ContentPolicy};
    ///
    /// // Nothing of what this tool found leaves the process.
    /// let policy = ContentPolicy::default().hook(|content, operation| {
    ///     if operation.attribute("gen_ai.tool.name").is_some_and(|name| name == "patient_records") {
    ///         content.retain(|item| !matches!(item, ContentItem::ToolCallResult(_)));
    ///     }
    /// });
    /// # let _ = policy;
    /// ```
    pub fn hook(
        mut self,
        hook: impl Fn(&mut Content, &OperationView<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.push(Arc::new(hook));
        self
    }

    /// Adds a redactor, which is asked for every text that leaves the process, content or not.
    ///
    /// ```
    /// use spanwise::{ContentPolicy, PatternRedactor};
    ///
    /// let policy = ContentPolicy::default().redactor(PatternRedactor::new());
    /// # let _ = policy;
    /// ```
    pub fn redactor(mut self, redactor: impl Redactor + 'static) -> Self {
        self.redactors.push(Arc::new(redactor));
        self
    }

    /// Cuts every string attribute, and what is in JSON, to this many bytes of UTF-8. At least 256;
    /// defaults to no limit. Honeycomb takes 65,535, Google Cloud 65,536.
    pub fn max_attribute_bytes(mut self, bytes: usize) -> Self {
        self.most_attribute_bytes = Some(bytes);
        self
    }

    /// The same in characters. New Relic takes 4,095.
    pub fn max_attribute_characters(mut self, characters: usize) -> Self {
        self.most_attribute_characters = Some(characters);
        self
    }

    /// Cuts every message to this many bytes of JSON. At least 256; defaults to no limit.
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.most_message_bytes = Some(bytes);
        self
    }

    /// Cuts what one span, or one log record, holds of content to this many bytes: what is large gives
    /// way first. At least 256; defaults to no limit.
    pub fn max_span_bytes(mut self, bytes: usize) -> Self {
        self.most_span_bytes = Some(bytes);
        self
    }

    /// Whether of a conversation only the messages go that did not go there before.
    ///
    /// Agents send the whole conversation with every call. With this, a call's input begins where it
    /// differs from what this process has sent there, and `spanwise.history.messages` (int),
    /// `spanwise.history.bytes` (int) and `spanwise.history.hash` (string) say what came before. Defaults
    /// to no.
    pub fn new_messages_only(mut self, new: bool) -> Self {
        self.new_messages_only = new;
        self
    }

    /// The key of the hashes of [`Hashes`](ContentLevel::Hashes) and of `spanwise.history.hash`. Defaults
    /// to a random one for each process, by which nothing can be compared between processes.
    pub fn hash_key(mut self, key: HashKey) -> Self {
        self.hash_key = Some(key);
        self
    }

    /// Sends media, and whole messages where that is asked for, to a store, and to destinations where they
    /// are in it. Defaults to not at all; where a destination and all of them have a store, the
    /// destination's is in force.
    pub fn offload(mut self, offload: Offload) -> Self {
        self.offload = Some(offload);
        self
    }

    /// What both allow.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let least = |a: Option<usize>, b: Option<usize>| a.into_iter().chain(b).min();
        Self {
            level: self.level.min(other.level),
            error_messages: match (self.error_messages, other.error_messages) {
                (Some(a), Some(b)) => Some(a && b),
                (a, b) => a.or(b),
            },
            hooks: [self.hooks.as_slice(), &other.hooks].concat(),
            redactors: [self.redactors.as_slice(), &other.redactors].concat(),
            most_attribute_bytes: least(self.most_attribute_bytes, other.most_attribute_bytes),
            most_attribute_characters: least(
                self.most_attribute_characters,
                other.most_attribute_characters,
            ),
            most_message_bytes: least(self.most_message_bytes, other.most_message_bytes),
            most_span_bytes: least(self.most_span_bytes, other.most_span_bytes),
            new_messages_only: self.new_messages_only || other.new_messages_only,
            hash_key: other.hash_key.clone().or_else(|| self.hash_key.clone()),
            offload: other.offload.clone().or_else(|| self.offload.clone()),
        }
    }

    pub(crate) fn check(&self) -> Result<(), InitError> {
        for (setting, limit) in [
            ("max_attribute_bytes", self.most_attribute_bytes),
            ("max_attribute_characters", self.most_attribute_characters),
            ("max_message_bytes", self.most_message_bytes),
            ("max_span_bytes", self.most_span_bytes),
        ] {
            if limit.is_some_and(|limit| limit < LEAST_BYTES) {
                return Err(Source::code(setting)
                    .invalid("leaves no room for content's shape", "give it at least 256"));
            }
        }
        Ok(())
    }

    pub(crate) const fn is_limit(bytes: usize) -> bool {
        bytes >= LEAST_BYTES
    }
}

impl From<ContentLevel> for ContentPolicy {
    fn from(level: ContentLevel) -> Self {
        Self::new(level)
    }
}

/// The settings, and how many hooks and redactors there are; never a key.
impl fmt::Debug for ContentPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentPolicy")
            .field("level", &self.level)
            .field("hooks", &self.hooks.len())
            .field("redactors", &self.redactors.len())
            .field("max_attribute_bytes", &self.most_attribute_bytes)
            .field("max_message_bytes", &self.most_message_bytes)
            .field("max_span_bytes", &self.most_span_bytes)
            .field("new_messages_only", &self.new_messages_only)
            .field("offload", &self.offload)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_of_two_policies_is_in_force() {
        let one = ContentPolicy::new(ContentLevel::Names).max_attribute_bytes(1000);
        let other = ContentPolicy::new(ContentLevel::Hashes)
            .max_attribute_bytes(2000)
            .max_span_bytes(500)
            .error_messages(true)
            .hook(|_, _| ());
        for both in [one.and(&other), other.and(&one)] {
            assert_eq!(both.level, ContentLevel::Names);
            assert_eq!((both.most_attribute_bytes, both.most_span_bytes), (Some(1000), Some(500)));
            assert_eq!(both.hooks.len(), 1);
            assert_eq!(both.error_messages, Some(true));
        }
        assert_eq!(other.and(&other.clone().error_messages(false)).error_messages, Some(false));
    }

    #[test]
    fn a_limit_that_is_too_small_is_named() {
        let error = ContentPolicy::default().max_message_bytes(255).check().unwrap_err();
        assert!(error.to_string().contains("max_message_bytes"), "{error}");
        ContentPolicy::default().max_message_bytes(256).check().unwrap();
    }
}
