//! An authority of our own, and certificates for a server and a client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

/// Certificates of an authority that exists for one test, as PEM, and as files in a folder that goes away
/// with this.
///
/// ```
/// let certificates = spanwise_testing::Certificates::new();
/// assert!(certificates.authority.starts_with("-----BEGIN CERTIFICATE-----"));
/// assert!(certificates.authority_file().exists());
/// ```
#[derive(Debug)]
pub struct Certificates {
    folder: PathBuf,
    /// The authority's certificate.
    pub authority: String,
    /// Certificate and key of a server called `localhost`.
    pub server: (String, String),
    /// Certificate and key of a client.
    pub client: (String, String),
}

impl Certificates {
    /// Makes an authority, and has it vouch for a server and a client.
    ///
    /// # Panics
    ///
    /// If the folder for temporary files cannot be written.
    #[allow(clippy::new_without_default, reason = "each call makes another authority")]
    pub fn new() -> Self {
        Self::made(false)
    }

    /// The same, with a server whose certificate has expired long ago.
    ///
    /// # Panics
    ///
    /// If the folder for temporary files cannot be written.
    pub fn expired() -> Self {
        Self::made(true)
    }

    fn made(expired: bool) -> Self {
        let made = || -> Result<_, rcgen::Error> {
            let authority_key = KeyPair::generate()?;
            let mut params = CertificateParams::new(vec![])?;
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let authority = params.self_signed(&authority_key)?.pem();
            let issuer = Issuer::new(params, authority_key);
            let issued = |name: &str| -> Result<_, rcgen::Error> {
                let key = KeyPair::generate()?;
                let mut params = CertificateParams::new(vec![name.to_owned()])?;
                if expired {
                    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
                    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
                }
                Ok((params.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
            };
            Ok((authority, issued("localhost")?, issued("client")?))
        };
        let (authority, server, client) = made().expect("keys can be made");
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("spanwise-testing-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("temporary files can be written");
        Self { folder, authority, server, client }
    }

    /// Writes a file into the folder.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn file(&self, name: impl AsRef<Path>, pem: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, pem).expect("temporary files can be written");
        path
    }

    /// The authority's certificate as a file.
    pub fn authority_file(&self) -> PathBuf {
        self.file("authority.pem", &self.authority)
    }

    /// The client's certificate and key as files.
    pub fn client_files(&self) -> (PathBuf, PathBuf) {
        (self.file("client.pem", &self.client.0), self.file("client.key", &self.client.1))
    }

    pub(super) fn server_tls(&self, mutual: bool) -> ServerTls {
        let identity = Identity::from_pem(&self.server.0, &self.server.1);
        let mut grpc = ServerTlsConfig::new().identity(identity);
        if mutual {
            grpc = grpc.client_ca_root(Certificate::from_pem(&self.authority));
        }
        let http = self.acceptor(mutual).expect("the certificates are of our own making");
        ServerTls { grpc, http }
    }

    fn acceptor(&self, mutual: bool) -> Result<TlsAcceptor, Box<dyn std::error::Error>> {
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.as_bytes())?)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
        let verifier = if mutual { verifier } else { verifier.allow_unauthenticated() };
        let chain = CertificateDer::from_pem_slice(self.server.0.as_bytes())?;
        let key = PrivateKeyDer::from_pem_slice(self.server.1.as_bytes())?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier.build()?)
            .with_single_cert(vec![chain], key)?;
        Ok(Arc::new(config).into())
    }
}

/// What the two servers serve TLS with.
pub(super) struct ServerTls {
    pub(super) grpc: ServerTlsConfig,
    pub(super) http: TlsAcceptor,
}

impl Drop for Certificates {
    fn drop(&mut self) {
        // The system clears its temporary files, too.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
