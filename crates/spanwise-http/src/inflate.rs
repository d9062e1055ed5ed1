//! Compressed answers, where the client leaves them so.

use std::borrow::Cow;
use std::io::Write as _;

use flate2::write::{GzDecoder, ZlibDecoder};

/// Undoes a content encoding, piece by piece, for our eyes only.
pub(crate) enum Inflate {
    Plain,
    Gzip(Box<GzDecoder<Bounded>>),
    Deflate(Box<ZlibDecoder<Bounded>>),
    /// An encoding that is not known here, or bytes that do not fit theirs: nothing is read any more.
    Unreadable,
}

/// What came out and has not been looked at. A small body may become any size, so there is an end to it.
#[derive(Default)]
pub(crate) struct Bounded {
    out: Vec<u8>,
    total: usize,
}

/// No answer is larger than this when it is unpacked; one that pretends to be is not read on.
const MOST: usize = 64 << 20;

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.total += bytes.len();
        if self.total > MOST {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Inflate {
    pub(crate) fn of(encoding: Option<&str>) -> Self {
        match encoding.map(str::trim).unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "identity" => Self::Plain,
            "gzip" | "x-gzip" => Self::Gzip(Box::new(GzDecoder::new(Bounded::default()))),
            "deflate" => Self::Deflate(Box::new(ZlibDecoder::new(Bounded::default()))),
            _ => Self::Unreadable,
        }
    }

    /// What these bytes and those before them unpack to, that was not there before.
    pub(crate) fn more<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let unpacked = match self {
            Self::Plain => return Cow::Borrowed(bytes),
            Self::Unreadable => return Cow::Borrowed(&[]),
            // Flushed, so that each event of a stream is seen when it comes.
            Self::Gzip(unpack) => {
                let written = unpack.write_all(bytes).and_then(|()| unpack.flush());
                written.map(|()| std::mem::take(&mut unpack.get_mut().out))
            }
            Self::Deflate(unpack) => {
                let written = unpack.write_all(bytes).and_then(|()| unpack.flush());
                written.map(|()| std::mem::take(&mut unpack.get_mut().out))
            }
        };
        match unpacked {
            Ok(unpacked) => Cow::Owned(unpacked),
            Err(_) => {
                *self = Self::Unreadable;
                Cow::Borrowed(&[])
            }
        }
    }

    /// What is left at the end.
    pub(crate) fn rest(self) -> Vec<u8> {
        let finished = match self {
            Self::Plain | Self::Unreadable => return Vec::new(),
            Self::Gzip(unpack) => unpack.finish(),
            Self::Deflate(unpack) => unpack.finish(),
        };
        finished.map(|bounded| bounded.out).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut pack = GzEncoder::new(Vec::new(), Compression::default());
        pack.write_all(text).unwrap();
        pack.finish().unwrap()
    }

    #[test]
    fn any_split_of_a_packed_body_unpacks_to_the_same() {
        let packed = gzip(b"data: {}\n\n");
        for at in 0..packed.len() {
            let mut inflate = Inflate::of(Some("GZIP"));
            let mut unpacked = inflate.more(&packed[..at]).into_owned();
            unpacked.extend_from_slice(&inflate.more(&packed[at..]));
            unpacked.extend(inflate.rest());
            assert_eq!(unpacked, b"data: {}\n\n", "split at {at}");
        }
    }

    #[test]
    fn a_bomb_is_not_read_to_its_end() {
        let packed = gzip(&vec![b'x'; 80 << 20]);
        assert!(packed.len() < 1 << 20);
        let mut inflate = Inflate::of(Some("gzip"));
        let unpacked: usize = packed.chunks(1024).map(|chunk| inflate.more(chunk).len()).sum();
        assert!(unpacked <= MOST);
        assert!(matches!(inflate, Inflate::Unreadable));
    }

    #[test]
    fn what_is_not_packed_as_it_says_is_left_alone() {
        let mut inflate = Inflate::of(Some("gzip"));
        assert!(inflate.more(b"no gzip at all").is_empty());
        assert!(Inflate::of(Some("br")).more(b"anything").is_empty());
        assert_eq!(&*Inflate::of(None).more(b"plain"), b"plain");
    }
}
