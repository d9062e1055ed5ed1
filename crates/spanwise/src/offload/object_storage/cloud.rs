//! Buckets of the clouds, reached by our own HTTP client: with ring, as everything else.

use url::Url;

use super::ObjectStorage;
use crate::error::{InitError, Source};

/// The bucket that the URL names.
pub(super) fn open(url: &Url, source: &Source) -> Result<ObjectStorage, InitError> {
    match url.scheme() {
        "s3" | "s3a" => s3(url, source),
        "gs" => gcs(url, source),
        "az" | "azure" | "adl" | "abfs" | "abfss" => azure(url, source),
        _ => Err(source.invalid(
            "names a kind of store that is not known",
            "give a directory, or a URL that begins with file, s3, gs or az",
        )),
    }
}

#[cfg(any(feature = "offload-s3", feature = "offload-gcs", feature = "offload-azure"))]
mod with {
    use std::sync::Arc;

    use object_store::client::{HttpClient, HttpConnector};
    use object_store::{ClientOptions, ObjectStore};
    use url::Url;

    use super::super::ObjectStorage;
    use crate::config::TlsFiles;
    use crate::error::{InitError, Source};
    use crate::export::lane::tls;

    /// Clients with our TLS.
    #[derive(Debug)]
    pub(super) struct Ring;

    impl HttpConnector for Ring {
        fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
            let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
                object_store::Error::Generic { store: "spanwise", source }
            };
            let tls = tls::client_config(&TlsFiles::default()).map_err(|e| failed(e.into()))?;
            let client = reqwest::Client::builder()
                .tls_backend_preconfigured(tls)
                .redirect(reqwest::redirect::Policy::none())
                .build();
            Ok(HttpClient::new(client.map_err(|e| failed(e.into()))?))
        }
    }

    pub(super) fn opened<S: ObjectStore>(
        built: object_store::Result<S>,
        url: &Url,
        source: &Source,
    ) -> Result<ObjectStorage, InitError> {
        let store = built.map_err(|_| {
            let problem = "names a bucket that cannot be opened";
            source
                .invalid(problem, "set the variables of its cloud, such as region and credentials")
        })?;
        // The bucket is the host; a user stands there for containers of Azure, and is no secret.
        let base = format!("{}://{}", url.scheme(), url.authority());
        Ok(ObjectStorage::of(Arc::new(store), url.path().trim_matches('/'), &base))
    }
}

#[cfg(feature = "offload-s3")]
fn s3(url: &Url, source: &Source) -> Result<ObjectStorage, InitError> {
    let builder = object_store::aws::AmazonS3Builder::from_env();
    let built = builder.with_url(url.as_str()).with_http_connector(with::Ring).build();
    with::opened(built, url, source)
}

#[cfg(not(feature = "offload-s3"))]
fn s3(_: &Url, source: &Source) -> Result<ObjectStorage, InitError> {
    Err(InitError::FeatureMissing { setting: source.name(), feature: "offload-s3" })
}

#[cfg(feature = "offload-gcs")]
fn gcs(url: &Url, source: &Source) -> Result<ObjectStorage, InitError> {
    let builder = object_store::gcp::GoogleCloudStorageBuilder::from_env();
    let built = builder.with_url(url.as_str()).with_http_connector(with::Ring).build();
    with::opened(built, url, source)
}

#[cfg(not(feature = "offload-gcs"))]
fn gcs(_: &Url, source: &Source) -> Result<ObjectStorage, InitError> {
    Err(InitError::FeatureMissing { setting: source.name(), feature: "offload-gcs" })
}

#[cfg(feature = "offload-azure")]
fn azure(url: &Url, source: &Source) -> Result<ObjectStorage, InitError> {
    let builder = object_store::azure::MicrosoftAzureBuilder::from_env();
    let built = builder.with_url(url.as_str()).with_http_connector(with::Ring).build();
    with::opened(built, url, source)
}

#[cfg(not(feature = "offload-azure"))]
fn azure(_: &Url, source: &Source) -> Result<ObjectStorage, InitError> {
    Err(InitError::FeatureMissing { setting: source.name(), feature: "offload-azure" })
}
