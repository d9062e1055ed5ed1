//! How a destination is delivered to.

use std::time::Duration;

use crate::env::Reader;
use crate::error::{InitError, Source};

const RETRY_TIMEOUT: Duration = Duration::from_secs(300);
const MOST_REQUESTS: usize = 4;

/// What code says of it; what it does not say has a default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DeliveryOptions {
    pub(crate) retry_timeout: Option<Duration>,
    pub(crate) most_requests: Option<usize>,
    pub(crate) request_items: Option<usize>,
    pub(crate) request_bytes: Option<usize>,
    pub(crate) item_bytes: Option<usize>,
}

/// How a destination is delivered to, settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeliverySettings {
    /// For how long a request that fails is tried again.
    pub(crate) retry_timeout: Duration,
    /// How many requests of one signal may be under way at once.
    pub(crate) most_requests: usize,
    /// What the destination takes, beside what its protocol does.
    pub(crate) request_items: Option<usize>,
    pub(crate) request_bytes: Option<usize>,
    pub(crate) item_bytes: Option<usize>,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            retry_timeout: RETRY_TIMEOUT,
            most_requests: MOST_REQUESTS,
            request_items: None,
            request_bytes: None,
            item_bytes: None,
        }
    }
}

impl DeliverySettings {
    /// What holds for every destination that does not say otherwise.
    pub(crate) fn of_all(
        options: DeliveryOptions,
        reader: &mut Reader<'_>,
    ) -> Result<Self, InitError> {
        let retry = reader.millis("SPANWISE_RETRY_TIMEOUT", RETRY_TIMEOUT);
        let requests = reader.count("SPANWISE_MAX_CONCURRENT_REQUESTS", MOST_REQUESTS);
        let default = Self {
            retry_timeout: retry.unwrap_or(RETRY_TIMEOUT),
            most_requests: requests.unwrap_or(MOST_REQUESTS),
            ..Self::default()
        };
        default.with(options, |setting| Source::code(setting))
    }

    /// The same, but for what is said of one destination.
    pub(crate) fn of_one(self, name: &str, options: DeliveryOptions) -> Result<Self, InitError> {
        self.with(options, |setting| Source::code(format!("{setting} of destination `{name}`")))
    }

    fn with(
        self,
        options: DeliveryOptions,
        source: impl Fn(&'static str) -> Source,
    ) -> Result<Self, InitError> {
        let sizes = [
            ("max_concurrent_requests", options.most_requests),
            ("max_request_items", options.request_items),
            ("max_request_bytes", options.request_bytes),
            ("max_item_bytes", options.item_bytes),
        ];
        if let Some((setting, _)) = sizes.into_iter().find(|(_, size)| *size == Some(0)) {
            return Err(source(setting).invalid("is 0", "give at least 1, or leave it out"));
        }
        Ok(Self {
            retry_timeout: options.retry_timeout.unwrap_or(self.retry_timeout),
            most_requests: options.most_requests.unwrap_or(self.most_requests),
            request_items: options.request_items.or(self.request_items),
            request_bytes: options.request_bytes.or(self.request_bytes),
            item_bytes: options.item_bytes.or(self.item_bytes),
        })
    }
}
