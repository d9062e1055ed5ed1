//! Stores of the `object_store` crate.

use std::fmt;
use std::future::Future;
use std::path::Path as FilePath;
use std::pin::Pin;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Attribute, Attributes, Error, ObjectStore, ObjectStoreExt, PutOptions};
use url::Url;

use super::store::{ContentStore, StoreError, StoredObject};
use crate::error::{InitError, Source};

/// A directory, a bucket, or any other store of the `object_store` crate.
///
/// ```
/// use spanwise::{ContentPolicy, ObjectStorage, Offload};
///
/// # fn main() -> Result<(), spanwise::InitError> {
/// # let directory = std::env::temp_dir().join("spanwise-doc-offload");
/// let store = ObjectStorage::directory(&directory)?;
/// let policy = ContentPolicy::default().offload(Offload::to(store));
/// # let _ = policy;
/// # Ok(()) }
/// ```
pub struct ObjectStorage {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// What stands before a name in a URI; ends with a slash.
    base: String,
}

impl ObjectStorage {
    /// A directory of this machine, made if it is not there.
    ///
    /// # Errors
    ///
    /// [`InitError::InvalidSetting`], where it cannot be made.
    pub fn directory(path: impl AsRef<FilePath>) -> Result<Self, InitError> {
        Self::directory_from(path.as_ref(), &Source::code("directory"))
    }

    /// Any store, with the URI under which readers of telemetry find what is in it, such as
    /// `s3://bucket`. Names go below `prefix`, which may be empty.
    pub fn of(store: Arc<dyn ObjectStore>, prefix: &str, base_uri: &str) -> Self {
        let prefix = Path::from(prefix);
        let mut base = base_uri.trim_end_matches('/').to_owned();
        base.push('/');
        if !prefix.as_ref().is_empty() {
            base.push_str(prefix.as_ref());
            base.push('/');
        }
        Self { store, prefix, base }
    }

    /// The store that a path or URL names: a directory, `file://`, and by feature `s3://bucket/prefix`
    /// (`offload-s3`), `gs://bucket/prefix` (`offload-gcs`), `az://container/prefix` and the other forms of
    /// Azure (`offload-azure`). Credentials come from where the tools of each cloud have them, such as
    /// `AWS_ACCESS_KEY_ID` or the machine's role.
    ///
    /// # Errors
    ///
    /// [`InitError`], where it is none of these, where its feature is not compiled in, or where a setting
    /// of the cloud is missing.
    pub fn from_url(url: &str) -> Result<Self, InitError> {
        Self::named(url, &Source::code("from_url"))
    }

    pub(crate) fn named(url: &str, source: &Source) -> Result<Self, InitError> {
        const REMEDY: &str = "give a directory, or a URL such as s3://bucket/prefix";
        let Ok(parsed) = Url::parse(url) else {
            return Self::directory_from(FilePath::new(url), source);
        };
        if parsed.scheme() == "file" {
            let path = parsed.to_file_path();
            let path = path.map_err(|()| source.invalid("is no path of this machine", REMEDY))?;
            return Self::directory_from(&path, source);
        }
        cloud::open(&parsed, source)
    }

    fn directory_from(path: &FilePath, source: &Source) -> Result<Self, InitError> {
        const REMEDY: &str = "give a directory that this process may write";
        let failed = || source.invalid("names a directory that cannot be made", REMEDY);
        std::fs::create_dir_all(path).map_err(|_| failed())?;
        let path = path.canonicalize().map_err(|_| failed())?;
        let store = LocalFileSystem::new_with_prefix(&path).map_err(|_| failed())?;
        let base = Url::from_directory_path(&path).map_err(|()| failed())?;
        Ok(Self::of(Arc::new(store), "", base.as_str()))
    }
}

impl ContentStore for ObjectStorage {
    fn uri(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }

    fn put(
        &self,
        object: StoredObject,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(async move {
            let StoredObject { name, media_type, bytes } = object;
            let path = name.split('/').fold(self.prefix.clone(), |path, part| path.join(part));
            // Asking costs less than sending a picture once more. Who may only write is told nothing.
            if self.store.head(&path).await.is_ok() {
                return Ok(());
            }
            let attributes = Attributes::from_iter([(Attribute::ContentType, media_type)]);
            let with_type = PutOptions::from(attributes);
            let put = match self.store.put_opts(&path, bytes.clone().into(), with_type).await {
                // Directories keep no types.
                Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
                    self.store.put(&path, bytes.into()).await
                }
                put => put,
            };
            put.map(drop).map_err(|error| reason(&error))
        })
    }
}

/// Errors of stores name hosts and paths; what is logged names neither.
fn reason(error: &Error) -> StoreError {
    StoreError::new(match error {
        Error::NotFound { .. } => "there is no such bucket or directory",
        Error::PermissionDenied { .. } => "permission denied",
        Error::Unauthenticated { .. } => "the credentials are not valid",
        _ => "the store failed or could not be reached",
    })
}

impl fmt::Debug for ObjectStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStorage").field("base", &self.base).finish_non_exhaustive()
    }
}

mod cloud;
