//! Segment files that are anything: records that are whole, records that are not, and what stands between
//! them. Whatever is found is found again, is drawn, and is taken out once.
//!
//! The input is pieces: a kind, a length, and so many bytes. The first piece is the file of what is done.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use spanwise::spool::{Directory, Drawing};

fuzz_target!(|input: &[u8]| {
    let mut pieces = Pieces(input);
    let done = pieces.next().map_or(&[][..], |(_, bytes)| bytes);
    let segment: Vec<u8> = pieces.flat_map(|(kind, bytes)| written(kind, bytes)).collect();

    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("otlp/traces-0badcafe/1795280711042-1-9f3ac01e");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("000001.segment"), &segment).unwrap();
    fs::write(folder.join("000001.done"), done).unwrap();

    let spool = Directory::open(directory.path()).unwrap().spools().unwrap().remove(0);
    let summary = spool.summary().unwrap();
    let found: Vec<_> = spool.records().unwrap().map(Result::unwrap).collect();
    assert_eq!(summary.records, found.len() as u64);
    assert_eq!(summary.items, found.iter().map(|record| record.items).sum::<u64>());
    let mut drawing = Drawing::new().content(true);
    found.iter().for_each(|record| drop(drawing.add(record)));
    drawing.finish();

    let mut claimed = spool.claim().unwrap().unwrap();
    assert_eq!(claimed.items(), summary.items + summary.unreadable);
    for expected in found {
        let (id, record) = claimed.next_record().unwrap().unwrap();
        assert_eq!(record, expected);
        claimed.done(id).unwrap();
    }
    assert!(claimed.next_record().unwrap().is_none());
    drop(claimed);
    assert!(!folder.exists());
});

struct Pieces<'a>(&'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [kind, length, rest @ ..] = self.0 else { return None };
        let (piece, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        self.0 = rest;
        Some((*kind, piece))
    }
}

/// A piece as it stands in the file.
fn written(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let whole = record(bytes.len() as u32, bytes);
    match kind % 5 {
        0 => whole,
        // Torn, damaged, and one that claims more than there is.
        1 => whole[..whole.len() / 2].to_vec(),
        2 => whole.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 40)).collect(),
        3 => record(u32::from(kind) << 8, bytes),
        _ => bytes.to_vec(),
    }
}

fn record(length: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"SPW1\x01\0\0\0".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend((payload.len() as u32 % 7).to_le_bytes());
    bytes.extend(1_795_280_711_042u64.to_le_bytes());
    bytes.extend(crc32fast::hash(payload).to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes.extend(payload);
    bytes
}
