//! Content that is kept elsewhere: pictures, sound, and whole messages go to a store, and telemetry says
//! where they are.
//!
//! ```text
//! export thread: stage ──► name by SHA-256 ──► queue (bounded by bytes) ──► thread of its own ──► ContentStore
//!                  └─ the span gets a URI, a size and a hash, and goes on
//! ```
//! What has the same bytes has the same name, and is stored once.

#[cfg(feature = "offload")]
mod object_storage;
mod queue;
mod store;
mod upload;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

#[cfg(feature = "offload")]
pub use object_storage::ObjectStorage;
pub use queue::OffloadCounts;
pub use store::{ContentStore, StoreError, StoredObject};
pub use upload::{UploadFormat, UploadHook};

pub(crate) use upload::Hook;

use queue::{Queue, Settled, Waiting};

use crate::diagnostics::Diagnostics;
use crate::error::{InitError, Source};

/// Which content goes to a store, and to which one.
///
/// Off unless a [`ContentPolicy`](crate::ContentPolicy::offload) has it. Media goes: parts of messages that
/// hold their bytes in base64 (`blob`), `data:` URLs, and long base64 anywhere else in content. In a span
/// there is a `uri` part instead, with `size` (bytes) and `sha256` (hexadecimal).
///
/// Redaction comes before, so that what is stored holds no more than what is sent; text inside media is
/// not looked at. Truncation comes behind: what is stored is whole.
///
/// The store is reached from a thread of its own. Where it is slow, what does not fit the queue is dropped
/// and counted ([`Report::offload`](crate::Report)), as is what it does not take; spans go on either way.
#[derive(Clone)]
#[must_use = "give it to `ContentPolicy::offload`"]
pub struct Offload {
    queue: Arc<Queue>,
    messages: bool,
    least_bytes: usize,
}

/// What became of content on its way to the store.
pub(crate) struct Placed {
    pub(crate) uri: String,
    pub(crate) size: usize,
    pub(crate) sha256: String,
}

impl Offload {
    const MOST_QUEUE_BYTES: usize = 64 << 20;
    const LEAST_BYTES: usize = 1024;

    /// Media goes to this store.
    pub fn to(store: impl ContentStore) -> Self {
        let queue = Arc::new(Queue::new(Arc::new(store), Self::MOST_QUEUE_BYTES, usize::MAX));
        Self { queue, messages: false, least_bytes: Self::LEAST_BYTES }
    }

    /// Whether the parts of every message go as well, so that spans say where the text is and nothing of
    /// it. Defaults to no.
    pub fn messages(mut self, messages: bool) -> Self {
        self.messages = messages;
        self
    }

    /// How long base64 is at least that goes where nothing says that it is media. Defaults to 1,024
    /// characters.
    pub fn min_base64(mut self, characters: usize) -> Self {
        self.least_bytes = characters;
        self
    }

    /// How many bytes may wait for the store. Defaults to 64 MiB.
    pub fn max_queue_bytes(self, bytes: usize) -> Self {
        self.queue.hold_at_most(bytes);
        self
    }

    /// A store that a variable names.
    #[cfg(feature = "offload")]
    pub(crate) fn at(place: &str, source: &Source) -> Result<Self, InitError> {
        ObjectStorage::named(place, source).map(Self::to)
    }

    #[cfg(not(feature = "offload"))]
    pub(crate) fn at(_: &str, source: &Source) -> Result<Self, InitError> {
        Err(InitError::FeatureMissing { setting: source.name(), feature: "offload" })
    }

    pub(crate) fn takes_messages(&self) -> bool {
        self.messages
    }

    pub(crate) fn least_base64(&self) -> usize {
        self.least_bytes
    }

    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.queue, &other.queue)
            && (self.messages, self.least_bytes) == (other.messages, other.least_bytes)
    }

    /// Queues the bytes, unless they went before, and says where they will be.
    pub(crate) fn place(&self, bytes: Vec<u8>, media_type: &str) -> Placed {
        let hash = Sha256::digest(&bytes);
        let sha256: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("sha256/{sha256}");
        let placed = Placed { uri: self.queue.uri(&name), size: bytes.len(), sha256 };
        let size = bytes.len();
        let bytes = Box::new(|| bytes.into());
        // Where there is no room it is counted, and the span says where it would be.
        self.queue.push(Waiting { name, media_type: media_type.to_owned(), size, bytes });
        placed
    }
}

/// What content goes to beside telemetry, each store once.
#[derive(Clone, Default)]
pub(crate) struct Stores {
    offloads: Vec<Arc<Queue>>,
    upload: Option<Arc<Queue>>,
}

impl Stores {
    pub(crate) fn of(offloads: impl Iterator<Item = Offload>, hook: Option<&Hook>) -> Self {
        let upload = hook.and_then(|hook| hook.uploads.clone());
        let mut stores = Self { upload, ..Self::default() };
        for Offload { queue, .. } in offloads {
            if !stores.offloads.iter().any(|known| Arc::ptr_eq(known, &queue)) {
                stores.offloads.push(queue);
            }
        }
        stores
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.offloads.iter().chain(&self.upload)
    }

    /// Starts the threads that store.
    pub(crate) fn start(&self, diagnostics: &Diagnostics) -> Result<(), InitError> {
        self.all().try_for_each(|queue| queue.start(diagnostics))
    }

    /// Resolves when nothing waits any more.
    pub(crate) fn settled(&self) -> Settled {
        let all: Vec<_> = self.all().map(|queue| queue.settled()).collect();
        Box::pin(async move {
            for settled in all {
                settled.await;
            }
        })
    }

    /// Ends the threads, once nothing waits any more.
    pub(crate) fn close(&self) {
        self.all().for_each(|queue| queue.close());
    }

    /// What became of content that was offloaded, and of content that was uploaded.
    pub(crate) fn counts(&self) -> (OffloadCounts, OffloadCounts) {
        let offloads = self.offloads.iter().map(|queue| queue.counts());
        let offloads = offloads.fold(OffloadCounts::default(), OffloadCounts::and);
        (offloads, self.upload.as_ref().map(|queue| queue.counts()).unwrap_or_default())
    }
}

/// Not the store: what it is reached with may be secret.
impl fmt::Debug for Offload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offload").field("messages", &self.messages).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
