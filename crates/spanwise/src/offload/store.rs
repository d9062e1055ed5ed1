//! Where content is kept.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// A place that keeps content, such as a bucket.
///
/// ```
/// use std::collections::HashMap;
/// use std::future::Future;
/// use std::pin::Pin;
/// use std::sync::Mutex;
///
/// use spanwise::{ContentStore, StoreError, StoredObject};
///
/// #[derive(Default)]
/// struct InMemory(Mutex<HashMap<String, Vec<u8>>>);
///
/// impl ContentStore for InMemory {
///     fn uri(&self, name: &str) -> String {
///         format!("memory:///{name}")
///     }
///
///     fn put(
///         &self,
///         object: StoredObject,
///     ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
///         Box::pin(async move {
///             let mut objects = self.0.lock().map_err(|_| StoreError::new("poisoned"))?;
///             objects.insert(object.name, object.bytes.to_vec());
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait ContentStore: Send + Sync + 'static {
    /// Where the object of this name is to be found, for those who read telemetry. It must hold no secret.
    fn uri(&self, name: &str) -> String;

    /// Stores an object, or leaves it as it is where one of its name is: that has the same bytes.
    ///
    /// It is called on a thread of spanwise's, within a runtime of tokio with one thread.
    fn put(
        &self,
        object: StoredObject,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>>;
}

/// What is to be stored. `Debug` does not show its bytes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredObject {
    /// `sha256/` and the hash of its bytes in hexadecimal, or a name that a completion hook chose.
    pub name: String,
    /// The IANA media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

impl fmt::Debug for StoredObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredObject({}, {} bytes)", self.name, self.bytes.len())
    }
}

/// Why an object was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreError(&'static str);

impl StoreError {
    /// For this reason, in a few words, which are logged. A constant, so that it holds no secret.
    pub const fn new(reason: &'static str) -> Self {
        Self(reason)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for StoreError {}
