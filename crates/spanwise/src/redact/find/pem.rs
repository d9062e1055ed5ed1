//! Private keys in PEM.

use memchr::memmem;

use super::{Finder, Pattern};

/// From a line that begins a private key to the one that ends it; without an end, all that follows.
pub(super) fn find(finder: &mut Finder<'_>) {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"-----END ";
    const DASHES: &[u8] = b"-----";
    const TITLE: usize = 64;
    let bytes = finder.text.as_bytes();
    let mut at = 0;
    while let Some(begin) = memmem::find(&bytes[at..], BEGIN).map(|place| at + place) {
        at = begin + BEGIN.len();
        let title = &bytes[at..bytes.len().min(at + TITLE)];
        let title = &title[..memmem::find(title, DASHES).unwrap_or(title.len())];
        if memmem::find(title, b"PRIVATE KEY").is_none() {
            continue;
        }
        let end = memmem::find(&bytes[at..], END).and_then(|end| {
            let title = at + end + END.len();
            memmem::find(&bytes[title..bytes.len().min(title + TITLE)], DASHES)
                .map(|dashes| title + dashes + DASHES.len())
        });
        let end = end.unwrap_or(bytes.len());
        finder.hit(Pattern::PrivateKey, begin, end);
        at = end;
    }
}
