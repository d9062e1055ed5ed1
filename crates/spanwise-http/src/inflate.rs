//! Compressed answers, where the client leaves them so.

use std::borrow::Cow;
use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter as BrotliDecoder;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use zstd::stream::write::Decoder as ZstdDecoder;

/// Undoes a content encoding, piece by piece, for our eyes only.
pub(crate) enum Inflate {
    Plain,
    Packed(Box<dyn Unpack>),
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

/// As far back as content that was packed with zstd may refer: 8 MiB, by RFC 9659.
const ZSTD_WINDOW_LOG: u32 = 23;

/// What brotli gives is taken over in pieces of this size.
const BROTLI_BUFFER: usize = 4 << 10;

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.total += bytes.len();
        if self.total > MOST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A content encoding: what is written to it comes out unpacked.
pub(crate) trait Unpack: Write + Send + Sync {
    /// What has come out.
    fn out(&mut self) -> &mut Bounded;

    /// Nothing more is written; what is left comes out.
    fn finish(&mut self) -> io::Result<()>;
}

impl Unpack for MultiGzDecoder<Bounded> {
    fn out(&mut self) -> &mut Bounded {
        self.get_mut()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.try_finish()
    }
}

impl Unpack for ZlibDecoder<Bounded> {
    fn out(&mut self) -> &mut Bounded {
        self.get_mut()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.try_finish()
    }
}

impl Unpack for BrotliDecoder<Bounded> {
    fn out(&mut self) -> &mut Bounded {
        self.get_mut()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.close()
    }
}

impl Unpack for ZstdDecoder<'static, Bounded> {
    fn out(&mut self) -> &mut Bounded {
        self.get_mut()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.do_finish()
    }
}

impl Inflate {
    pub(crate) fn of(encoding: Option<&str>) -> Self {
        let out = Bounded::default();
        let unpack: Box<dyn Unpack> =
            match encoding.map(str::trim).unwrap_or_default().to_ascii_lowercase().as_str() {
                "" | "identity" => return Self::Plain,
                "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(out)),
                "deflate" => Box::new(ZlibDecoder::new(out)),
                "br" => Box::new(BrotliDecoder::new(out, BROTLI_BUFFER)),
                "zstd" => match zstd_decoder(out) {
                    Ok(decoder) => Box::new(decoder),
                    Err(_) => return Self::Unreadable,
                },
                _ => return Self::Unreadable,
            };
        Self::Packed(unpack)
    }

    /// What these bytes and those before them unpack to, that was not there before.
    pub(crate) fn more<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Self::Packed(unpack) = self else {
            return Cow::Borrowed(if matches!(self, Self::Plain) { bytes } else { &[] });
        };
        // Flushed, so that each event of a stream is seen when it comes.
        let written = unpack.write_all(bytes).and_then(|()| unpack.flush());
        let out = std::mem::take(&mut unpack.out().out);
        if written.is_err() {
            *self = Self::Unreadable;
        }
        Cow::Owned(out)
    }

    /// What is left at the end.
    pub(crate) fn rest(self) -> Vec<u8> {
        let Self::Packed(mut unpack) = self else { return Vec::new() };
        // What ends before its end has told what it could.
        let _ = unpack.finish();
        std::mem::take(&mut unpack.out().out)
    }
}

fn zstd_decoder(out: Bounded) -> io::Result<ZstdDecoder<'static, Bounded>> {
    let mut decoder = ZstdDecoder::new(out)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    /// A text in every encoding, with its name.
    fn packed(text: &[u8]) -> [(&'static str, Vec<u8>); 4] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text).unwrap();
        let mut deflate = ZlibEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(text).unwrap();
        let mut br = Vec::new();
        brotli::CompressorWriter::new(&mut br, 4096, 1, 22).write_all(text).unwrap();
        let zstd = zstd::encode_all(text, 3).unwrap();
        [
            ("GZIP", gzip.finish().unwrap()),
            ("deflate", deflate.finish().unwrap()),
            ("br", br),
            ("zstd", zstd),
        ]
    }

    #[test]
    fn any_split_of_a_packed_body_unpacks_to_the_same() {
        let text = b"data: {\"a\": 1}\n\ndata: {\"a\": 1}\n\ndata: [DONE]\n\n";
        for (encoding, packed) in packed(text) {
            for at in 0..packed.len() {
                let mut inflate = Inflate::of(Some(encoding));
                let mut unpacked = inflate.more(&packed[..at]).into_owned();
                unpacked.extend_from_slice(&inflate.more(&packed[at..]));
                unpacked.extend(inflate.rest());
                assert_eq!(unpacked, text, "{encoding} split at {at}");
            }
        }
    }

    #[test]
    fn a_bomb_is_not_read_to_its_end() {
        for (encoding, packed) in packed(&vec![b'x'; MOST + (1 << 20)]) {
            assert!(packed.len() < 1 << 20);
            let mut inflate = Inflate::of(Some(encoding));
            let unpacked: usize = packed.chunks(1024).map(|chunk| inflate.more(chunk).len()).sum();
            assert!(unpacked <= MOST, "{encoding}");
            assert!(matches!(inflate, Inflate::Unreadable), "{encoding}");
        }
    }

    /// An encoder that gives each piece away as soon as it has it.
    type Encoder = Box<dyn FnMut(&[u8]) -> Vec<u8>>;

    fn encoders() -> [(&'static str, Encoder); 3] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut br = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
        let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        [
            (
                "gzip",
                Box::new(move |text| {
                    gzip.write_all(text).and_then(|()| gzip.flush()).unwrap();
                    std::mem::take(gzip.get_mut())
                }),
            ),
            (
                "br",
                Box::new(move |text| {
                    br.write_all(text).and_then(|()| br.flush()).unwrap();
                    std::mem::take(br.get_mut())
                }),
            ),
            (
                "zstd",
                Box::new(move |text| {
                    zstd.write_all(text).and_then(|()| zstd.flush()).unwrap();
                    std::mem::take(zstd.get_mut())
                }),
            ),
        ]
    }

    #[test]
    fn each_event_is_there_as_soon_as_it_has_come() {
        for (encoding, mut encode) in encoders() {
            let mut inflate = Inflate::of(Some(encoding));
            for event in 0..20 {
                let text = format!("data: {{\"event\": {event}}}\n\n");
                let packed = encode(text.as_bytes());
                assert_eq!(&*inflate.more(&packed), text.as_bytes(), "{encoding}");
            }
        }
    }

    #[test]
    fn what_breaks_off_tells_what_had_come() {
        let text = b"data: 1\n\n".repeat(10_000);
        for (encoding, mut packed) in packed(&text) {
            packed.truncate(packed.len() / 2);
            let mut inflate = Inflate::of(Some(encoding));
            let mut told = inflate.more(&packed).into_owned();
            told.extend(inflate.rest());
            assert!(text.starts_with(&told), "{encoding}");
        }
    }

    #[test]
    fn what_is_not_packed_as_it_says_is_left_alone() {
        for encoding in ["gzip", "deflate", "br", "zstd", "compress", "gzip, br"] {
            let mut inflate = Inflate::of(Some(encoding));
            let told = inflate.more(b"not packed at all").len() + inflate.more(b"anything").len();
            assert_eq!(told, 0, "{encoding}");
        }
        assert_eq!(&*Inflate::of(None).more(b"plain"), b"plain");
    }
}
