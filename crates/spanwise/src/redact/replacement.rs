//! What takes the place of what was found.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// What takes the place of what a [`PatternRedactor`](crate::PatternRedactor) found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Replacement {
    /// What it was: `[EMAIL]`.
    #[default]
    Label,
    /// A `*` for each of its characters.
    Mask,
    /// What it was and a keyed hash, `[EMAIL:bdkfogmplhaeicjn]`: the same for the same text, so that what
    /// belongs together can be found, and of no use without the key to who guesses.
    Hash(HashKey),
    /// Nothing.
    Drop,
}

/// The key of [`Replacement::Hash`]. `Debug` does not show it.
///
/// Programs with the same key give the same hashes. Keep it out of the backend that telemetry goes to.
#[derive(Clone)]
pub struct HashKey(Arc<Hmac<Sha256>>);

impl HashKey {
    /// From secret bytes of any length; 32 random ones are best.
    pub fn new(secret: impl AsRef<[u8]>) -> Self {
        let secret = secret.as_ref();
        let mut block = [0; 64];
        // As HMAC has it: what is longer than a block is hashed first.
        match block.get_mut(..secret.len()) {
            Some(start) => start.copy_from_slice(secret),
            None => block[..32].copy_from_slice(&Sha256::digest(secret)),
        }
        Self(Arc::new(Hmac::new(&block.into())))
    }

    /// The first 64 bits of HMAC-SHA-256, as letters: digits could look like a number again.
    pub(crate) fn hash(&self, text: &str) -> String {
        let mut mac = (*self.0).clone();
        mac.update(text.as_bytes());
        let hash = mac.finalize().into_bytes();
        let letter = |nibble: u8| char::from(b'a' + nibble);
        hash.iter().take(8).flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect()
    }
}

impl HashKey {
    /// Whether it is this very key, and not another one with the same bytes.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey")
    }
}

/// Whether this is what [`HashKey`] writes.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| (b'a'..=b'p').contains(&byte))
}

impl Replacement {
    pub(super) fn write(&self, found: &str, label: &str, out: &mut String) {
        match self {
            Self::Label => out.extend(["[", label, "]"]),
            Self::Mask => out.extend(found.chars().map(|_| '*')),
            Self::Hash(key) => out.extend(["[", label, ":", &key.hash(found), "]"]),
            Self::Drop => {}
        }
    }

    /// Whether this can be what is left of a text, and is no text itself.
    pub(super) fn is_done(&self, text: &str) -> bool {
        match self {
            Self::Mask => text.bytes().all(|byte| byte == b'*'),
            Self::Drop => text.is_empty(),
            Self::Label | Self::Hash(_) => false,
        }
    }
}
