//! Compression of request bodies over HTTP.

use bytes::Bytes;

use crate::config::Compression;

/// The body as it goes out, and what `content-encoding` says.
pub(crate) fn compress(body: Bytes, compression: Compression) -> (Bytes, Option<&'static str>) {
    let compressed = match compression {
        Compression::None => None,
        Compression::Gzip => gzip(&body).map(|body| (body, "gzip")),
        Compression::Zstd => zstd(&body).map(|body| (body, "zstd")),
    };
    match compressed {
        Some((body, encoding)) => (body.into(), Some(encoding)),
        // Writing to memory does not fail; if it did, the plain body would still be right.
        None => (body, None),
    }
}

#[cfg(feature = "gzip")]
fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write as _;

    let target = Vec::with_capacity(body.len() / 4);
    let mut encoder = flate2::write::GzEncoder::new(target, flate2::Compression::default());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(not(feature = "gzip"))]
fn gzip(_: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(feature = "zstd")]
fn zstd(body: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(body, zstd::DEFAULT_COMPRESSION_LEVEL).ok()
}

#[cfg(not(feature = "zstd"))]
fn zstd(_: &[u8]) -> Option<Vec<u8>> {
    None
}
