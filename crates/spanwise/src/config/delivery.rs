//! How a destination is delivered to.

use std::time::Duration;

use crate::env::Reader;
use crate::error::{InitError, Source};
use crate::signal::Signal;

/// What happens when a queue is full, by number or by bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// `drop_newest`: what comes is dropped and counted as [`QueueFull`](crate::DropReason::QueueFull). The
    /// default without a spool.
    #[default]
    DropNewest,
    /// `spill`: what waits for a destination goes to the spool, and is sent from there. The default with a
    /// spool, and an error without.
    ///
    /// Only bytes bound the queue then. A burst that is faster than the disk may take 128 MiB more while it
    /// is on its way there; what is beyond that is dropped and counted.
    Spill,
    /// `block:MILLISECONDS`: whoever records waits this long at most for every destination to have room,
    /// for batch jobs that may be slow but must not lose. The one thing that makes recording wait.
    ///
    /// Recording on the thread of a current-thread Tokio runtime never waits, since the program would stand
    /// still: there the newest is dropped, with one warning. After a wait in vain nobody waits again until
    /// there is room.
    Block(Duration),
}

impl OverflowPolicy {
    pub(crate) fn settle(
        in_code: Option<Self>,
        has_spool: bool,
        reader: &mut Reader<'_>,
    ) -> Result<Self, InitError> {
        let default = if has_spool { Self::Spill } else { Self::DropNewest };
        let read = |word: &str| match word.to_ascii_lowercase().split_once(':') {
            None if word.eq_ignore_ascii_case("drop_newest") => Some(Self::DropNewest),
            None if word.eq_ignore_ascii_case("spill") && has_spool => Some(Self::Spill),
            Some(("block", millis)) => {
                millis.parse().ok().map(|millis| Self::Block(Duration::from_millis(millis)))
            }
            _ => None,
        };
        let from_env = || {
            let expected = "one of drop_newest, spill (with a spool), block:MILLISECONDS";
            let in_force = if has_spool { "spill" } else { "drop_newest" };
            reader.parsed("SPANWISE_OVERFLOW_POLICY", expected, in_force, read)
        };
        match in_code.or_else(from_env).unwrap_or(default) {
            Self::Spill if !has_spool => Err(Source::code("overflow_policy")
                .invalid("spills, and there is no spool", "add one by `spool`, or drop or block")),
            policy => Ok(policy),
        }
    }
}

/// When spans and logs leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportMode {
    /// `batch`: when a batch is full, and after its delay at the latest.
    #[default]
    Batch,
    /// `immediate`: when a trace is finished here, that is, when its local root ends; with it goes all that
    /// has been recorded. For functions that are frozen between two invocations.
    Immediate,
}

impl ExportMode {
    pub(crate) fn settle(in_code: Option<Self>, reader: &mut Reader<'_>) -> Self {
        let read = |word: &str| match word.to_ascii_lowercase().as_str() {
            "batch" => Some(Self::Batch),
            "immediate" => Some(Self::Immediate),
            _ => None,
        };
        let from_env =
            || reader.parsed("SPANWISE_EXPORT_MODE", "one of batch, immediate", "batch", read);
        in_code.or_else(from_env).unwrap_or_default()
    }
}

const RETRY_TIMEOUT: Duration = Duration::from_secs(300);
const MOST_REQUESTS: usize = 4;

/// What code says of it; what it does not say has a default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DeliveryOptions {
    pub(crate) retry_timeout: Option<Duration>,
    pub(crate) most_requests: Option<usize>,
    pub(crate) scheduled_delay: Option<Duration>,
    pub(crate) request_items: Option<usize>,
    pub(crate) request_bytes: Option<usize>,
    /// In place of that, for one signal.
    pub(crate) signal_request_bytes: [Option<usize>; Signal::COUNT],
    pub(crate) item_bytes: Option<usize>,
}

/// How a destination is delivered to, settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeliverySettings {
    /// For how long a request that fails is tried again.
    pub(crate) retry_timeout: Duration,
    /// How many requests of one signal may be under way at once.
    pub(crate) most_requests: usize,
    /// How long spans and log records wait at most, where it is not as long as for all.
    pub(crate) scheduled_delay: Option<Duration>,
    /// What the destination takes, beside what its protocol does.
    pub(crate) request_items: Option<usize>,
    pub(crate) request_bytes: [Option<usize>; Signal::COUNT],
    pub(crate) item_bytes: Option<usize>,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            retry_timeout: RETRY_TIMEOUT,
            most_requests: MOST_REQUESTS,
            scheduled_delay: None,
            request_items: None,
            request_bytes: [None; Signal::COUNT],
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
        default.with(options, Source::code)
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
        let [traces, metrics, logs, _] = options.signal_request_bytes;
        let sizes = [
            ("max_concurrent_requests", options.most_requests),
            ("max_request_items", options.request_items),
            ("max_request_bytes", options.request_bytes),
            ("max_signal_request_bytes", traces),
            ("max_signal_request_bytes", metrics),
            ("max_signal_request_bytes", logs),
            ("max_item_bytes", options.item_bytes),
        ];
        if let Some((setting, _)) = sizes.into_iter().find(|(_, size)| *size == Some(0)) {
            return Err(source(setting).invalid("is 0", "give at least 1, or leave it out"));
        }
        Ok(Self {
            retry_timeout: options.retry_timeout.unwrap_or(self.retry_timeout),
            most_requests: options.most_requests.unwrap_or(self.most_requests),
            scheduled_delay: options.scheduled_delay.or(self.scheduled_delay),
            request_items: options.request_items.or(self.request_items),
            request_bytes: Signal::ALL.map(|signal| {
                let own = options.signal_request_bytes[signal as usize];
                own.or(options.request_bytes).or(self.request_bytes[signal as usize])
            }),
            item_bytes: options.item_bytes.or(self.item_bytes),
        })
    }
}
