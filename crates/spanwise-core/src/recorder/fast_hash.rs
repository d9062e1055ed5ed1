//! A multiplicative hash, for small bounded maps: what collides is compared, and there is no more of it than the
//! bound.

use std::hash::Hasher;

/// The hash of what was added.
#[derive(Default)]
pub(super) struct FastHash(u64);

impl FastHash {
    pub(super) fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// Eight bytes at a time; the last eight may overlap those before.
    pub(super) fn add_text(&mut self, text: &[u8]) {
        let (words, rest) = text.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        let last = match text.last_chunk::<8>() {
            Some(last) => u64::from_le_bytes(*last),
            None => rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
        };
        self.add(last ^ ((text.len() as u64) << 56));
    }
}

impl Hasher for FastHash {
    fn write(&mut self, bytes: &[u8]) {
        self.add_text(bytes);
    }

    /// A map looks at the upper bits and at the lower ones, which multiplying leaves poor.
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
