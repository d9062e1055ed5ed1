//! TLS with ring: roots of the caller, else those of the system and of Mozilla.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::config::{PemFile, TlsFiles};
use crate::error::{InitError, Source};

/// A client's configuration, or what is wrong with the files that it is made from.
pub(crate) fn client_config(files: &TlsFiles) -> Result<ClientConfig, InitError> {
    let builder = builder()?.with_root_certificates(roots(files)?);
    let Some((certificate, key)) = &files.identity else {
        return Ok(builder.with_no_client_auth());
    };
    const REMEDY: &str = "give the client's certificate and its private key as PEM files";
    let certificates = certificates(certificate)?;
    let private_key = PrivateKeyDer::from_pem_slice(&key.pem.0)
        .map_err(|_| key.source.invalid("names a file without a readable private key", REMEDY))?;
    builder
        .with_client_auth_cert(certificates, private_key)
        .map_err(|_| key.source.invalid("names a key that is not the certificate's", REMEDY))
}

/// A configuration that trusts nobody, for clients that never use it: reading the system's roots takes a
/// while.
#[cfg(feature = "http")]
pub(crate) fn unused() -> Result<ClientConfig, InitError> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, InitError> {
    // Ring by name: the process's default may be another, or none.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(
        |_| Source::code("tls").invalid("has no version in common with ring", "update rustls"),
    )
}

fn roots(files: &TlsFiles) -> Result<RootCertStore, InitError> {
    let mut roots = RootCertStore::empty();
    match &files.roots {
        Some(file) => {
            for certificate in certificates(file)? {
                roots.add(certificate).map_err(|_| {
                    file.source.invalid(
                        "names a file with a certificate that cannot be read",
                        "give the certificates to trust, in PEM",
                    )
                })?;
            }
        }
        None => {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn certificates(file: &PemFile) -> Result<Vec<CertificateDer<'static>>, InitError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.pem.0).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(file.source.invalid(
            "names a file without a readable certificate",
            "give certificates in PEM, which begin with -----BEGIN CERTIFICATE-----",
        )),
    }
}
