//! What stands among the metadata of an event although its operation knows it by itself.
//!
//! ```text
//! metadata ──take──► what is priced and measured ──► the operation
//!    └─────────────► what is left ─────────────────► attributes
//! ```
//! A value that is not of its attribute's type stays among the metadata.

use std::time::Duration;

use serde_json::Value as Json;

use super::Metadata;
use crate::cost::BilledUnits;
use crate::provider::Provider;
use crate::semconv::attribute as key;

/// What an event tells of the call: by whom it was answered, and what it is charged by beside tokens.
#[derive(Default)]
pub(crate) struct ToldOfCall {
    pub(crate) server: Option<(String, u16)>,
    pub(crate) batch: bool,
    pub(crate) units: BilledUnits,
}

impl ToldOfCall {
    pub(super) fn take(metadata: &mut Metadata, provider: &Provider) -> Self {
        let mut units = |key: &str| {
            let count = metadata.get(key)?.as_u64()?;
            metadata.remove(key);
            Some(count)
        };
        let billed = BilledUnits::default()
            .images(units(key::SPANWISE_BILLED_IMAGES.key()).unwrap_or_default())
            .searches(units(key::SPANWISE_BILLED_SEARCHES.key()).unwrap_or_default())
            .characters(units(key::SPANWISE_BILLED_CHARACTERS.key()).unwrap_or_default())
            .cache_write_1h(
                units(key::SPANWISE_BILLED_CACHE_WRITE_1H_TOKENS.key()).unwrap_or_default(),
            )
            .audio(audio(metadata).unwrap_or_default());
        let batch = metadata.get(key::SPANWISE_REQUEST_BATCH.key()) == Some(&Json::Bool(true));
        if batch {
            metadata.remove(key::SPANWISE_REQUEST_BATCH.key());
        }
        Self { server: server(metadata, provider), batch, units: billed }
    }
}

fn audio(metadata: &mut Metadata) -> Option<Duration> {
    let key = key::SPANWISE_BILLED_AUDIO_SECONDS.key();
    let length = Duration::try_from_secs_f64(metadata.get(key)?.as_f64()?).ok()?;
    metadata.remove(key);
    Some(length)
}

/// Both its name and its port, of which Azure's conventions leave out the usual one.
fn server(metadata: &mut Metadata, provider: &Provider) -> Option<(String, u16)> {
    let (address, port) = (key::SERVER_ADDRESS.key(), key::SERVER_PORT.key());
    let told = match metadata.get(port) {
        Some(port) => u16::try_from(port.as_u64()?).ok()?,
        None if *provider == Provider::AzureAiInference => 443,
        None => return None,
    };
    let name = text(metadata, address)?;
    metadata.remove(port);
    Some((name, told))
}

/// In which tier a call was asked for and served, and what else OpenAI says that is priced or measured.
pub(super) struct ToldOfTiers {
    /// The tier of others.
    pub(super) billed: Option<String>,
    pub(super) asked: Option<String>,
    pub(super) served: Option<String>,
    pub(super) system: Option<String>,
}

impl ToldOfTiers {
    pub(super) fn take(metadata: &mut Metadata) -> Self {
        Self {
            billed: text(metadata, key::SPANWISE_BILLED_SERVICE_TIER.key()),
            asked: text(metadata, key::OPENAI_REQUEST_SERVICE_TIER.key()),
            served: text(metadata, key::OPENAI_RESPONSE_SERVICE_TIER.key()),
            system: text(metadata, key::OPENAI_RESPONSE_SYSTEM_FINGERPRINT.key()),
        }
    }
}

pub(super) fn text(metadata: &mut Metadata, key: &str) -> Option<String> {
    let text = metadata.get(key)?.as_str()?.to_owned();
    metadata.remove(key);
    Some(text)
}

pub(super) fn count(metadata: &mut Metadata, key: &str) -> Option<i64> {
    let count = metadata.get(key)?.as_i64()?;
    metadata.remove(key);
    Some(count)
}

pub(super) fn list(metadata: &mut Metadata, key: &str) -> Option<Vec<Json>> {
    match metadata.remove(key)? {
        Json::Array(items) => Some(items),
        other => {
            metadata.insert(key.to_owned(), other);
            None
        }
    }
}
