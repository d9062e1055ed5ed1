//! What may leave the process, settled.

use spanwise_core::ContentLevel;

use crate::config::{ContentPolicy, TelemetryConfig};
use crate::env::Reader;
use crate::error::{InitError, Source};
use crate::offload::{Hook, Offload, UploadFormat, UploadHook};
use crate::redact::{HashKey, PatternRedactor};

/// What holds for every destination: what code and variables allow both.
pub(super) fn policy(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<ContentPolicy, InitError> {
    let mut policy = from_variables(reader);
    policy.offload = offload(reader)?;
    match &config.content_policy {
        Some(in_code) => {
            in_code.check()?;
            Ok(policy.and(in_code))
        }
        None => Ok(policy),
    }
}

fn from_variables(reader: &mut Reader<'_>) -> ContentPolicy {
    let level =
        reader.parsed("SPANWISE_CONTENT_LEVEL", "one of off, names, hashes, full", "off", |word| {
            word.parse().ok()
        });
    // A word that is not known may mean a stricter one.
    let unknown = reader.environment().get("SPANWISE_CONTENT_LEVEL").map(|_| ContentLevel::Off);
    let mut policy = ContentPolicy::new(level.or(unknown).unwrap_or_default());
    policy.most_attribute_bytes = limit("SPANWISE_CONTENT_MAX_ATTRIBUTE_BYTES", reader);
    policy.most_message_bytes = limit("SPANWISE_CONTENT_MAX_MESSAGE_BYTES", reader);
    policy.most_span_bytes = limit("SPANWISE_CONTENT_MAX_SPAN_BYTES", reader);
    policy.new_messages_only =
        reader.boolean("SPANWISE_CONTENT_NEW_MESSAGES_ONLY").unwrap_or(false);
    policy.hash_key = reader.environment().get("SPANWISE_CONTENT_HASH_KEY").map(HashKey::new);
    if reader.boolean("SPANWISE_REDACT") == Some(true) {
        policy = policy.redactor(PatternRedactor::new());
    }
    policy
}

/// Whether the variables ask for less than all of it, as it is.
pub(super) fn is_held_back(reader: &mut Reader<'_>) -> bool {
    let policy = from_variables(reader);
    policy.level != ContentLevel::Full || !policy.redactors.is_empty()
}

/// The store of the variables.
fn offload(reader: &mut Reader<'_>) -> Result<Option<Offload>, InitError> {
    const PLACE: &str = "SPANWISE_OFFLOAD_BASE_PATH";
    let messages = reader.boolean("SPANWISE_OFFLOAD_MESSAGES").unwrap_or(false);
    let Some(place) = reader.environment().get(PLACE) else { return Ok(None) };
    Ok(Some(Offload::at(place, &Source::env(PLACE))?.messages(messages)))
}

/// The completion hook of code, or the one that the variables name.
pub(super) fn completion_hook(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<Option<Hook>, InitError> {
    const PLACE: &str = "OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH";
    let named = reader.parsed(
        "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK",
        "upload, the one hook that there is by name",
        "none",
        |word| word.eq_ignore_ascii_case("upload").then_some(()),
    );
    let format = reader.parsed(
        "OTEL_INSTRUMENTATION_GENAI_UPLOAD_FORMAT",
        "json or jsonl",
        "json",
        |word| word.parse::<UploadFormat>().ok(),
    );
    let most = reader.parsed(
        "OTEL_INSTRUMENTATION_GENAI_UPLOAD_MAX_QUEUE_SIZE",
        "a whole number above 0",
        "20",
        |text| text.parse().ok().filter(|most: &usize| *most > 0),
    );
    let place = reader.environment().get(PLACE);
    if config.completion_hook.is_some() || named.is_none() {
        return Ok(config.completion_hook.clone());
    }
    let source = Source::env(PLACE);
    let Some(place) = place else {
        let remedy = "give a directory, or a URL such as s3://bucket/prefix";
        return Err(source.invalid("is not set, and the hook `upload` needs it", remedy));
    };
    let mut hook = UploadHook::at(place, &source)?.format(format.unwrap_or_default());
    if let Some(most) = most {
        hook = hook.max_queue_size(most);
    }
    Ok(Some(Hook::new(hook)))
}

fn limit(variable: &str, reader: &mut Reader<'_>) -> Option<usize> {
    reader.parsed(variable, "a whole number of at least 256", "no limit", |text| {
        text.parse().ok().filter(|bytes| ContentPolicy::is_limit(*bytes))
    })
}
