//! What may leave the process, settled.

use spanwise_core::ContentLevel;

use crate::config::{ContentPolicy, TelemetryConfig};
use crate::env::Reader;
use crate::error::InitError;
use crate::redact::{HashKey, PatternRedactor};

/// What holds for every destination: what code and variables allow both.
pub(super) fn policy(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<ContentPolicy, InitError> {
    let policy = from_variables(reader);
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

fn limit(variable: &str, reader: &mut Reader<'_>) -> Option<usize> {
    reader.parsed(variable, "a whole number of at least 256", "no limit", |text| {
        text.parse().ok().filter(|bytes| ContentPolicy::is_limit(*bytes))
    })
}
