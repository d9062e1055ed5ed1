use super::*;
use crate::spool::record::{HEADER, scan};

const PAYLOADS: [&[u8]; 4] =
    [b"first", b"the second record", b"", b"SPW1 looks like a header, and is none"];

/// A directory with one segment of four records, left by a process that is no more; and that segment.
fn left_behind() -> (TempDir, PathBuf, Vec<u8>) {
    let directory = directory();
    let mut spool = spool(&directory, LARGE);
    for payload in PAYLOADS {
        spool.append(&record(10, payload), at(0)).unwrap();
    }
    drop(spool);
    let segment = files(directory.path(), "segment").remove(0);
    let bytes = std::fs::read(&segment).unwrap();
    (directory, segment, bytes)
}

/// Where each record begins, and where the last one ends.
fn boundaries() -> Vec<usize> {
    let mut ends = vec![0];
    for payload in PAYLOADS {
        ends.push(ends[ends.len() - 1] + HEADER + payload.len());
    }
    ends
}

#[test]
fn a_segment_that_is_torn_anywhere_keeps_what_is_whole() {
    let (directory, segment, bytes) = left_behind();
    for length in 0..=bytes.len() {
        // Where nothing was left the last round removed it all.
        std::fs::create_dir_all(segment.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(segment.with_extension("done"));
        std::fs::write(&segment, &bytes[..length]).unwrap();
        let whole = boundaries().iter().filter(|end| **end <= length).count() - 1;
        let begun = boundaries()[whole];
        let mut spool = spool(&directory, LARGE);
        let adopted = spool.adopt(at(1)).unwrap();
        assert_eq!(payloads(&take_all(&mut spool, at(1))), PAYLOADS[..whole], "torn at {length}");
        let losses = spool.take_losses();
        // A header that is whole says what is lost; less than that is a place of which nothing is known.
        let (unreadable, damaged) = match length - begun {
            0 => (0, 0),
            left if left < HEADER => (0, 1),
            _ => (10, 0),
        };
        assert_eq!((losses.unreadable, losses.damaged), (unreadable, damaged), "torn at {length}");
        assert_eq!(
            adopted,
            Adopted { records: whole as u64, items: 10 * whole as u64 + unreadable }
        );
    }
}

#[test]
fn a_flipped_bit_costs_one_record_and_is_counted() {
    let (directory, segment, bytes) = left_behind();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut broken = bytes.clone();
            broken[place] ^= 1 << bit;
            std::fs::write(&segment, &broken).unwrap();
            let _ = std::fs::remove_file(segment.with_extension("done"));
            let hit = boundaries().iter().filter(|end| **end <= place).count() - 1;
            let intact: Vec<_> = (0..4)
                .filter(|index| *index != hit)
                .map(|index| PAYLOADS[index].to_vec())
                .collect();
            let mut spool = spool(&directory, LARGE);
            spool.adopt(at(1)).unwrap();
            assert_eq!(payloads(&take_all(&mut spool, at(1))), intact, "bit {bit} of byte {place}");
            let losses = spool.take_losses();
            assert_eq!(losses.unreadable / 10 + losses.damaged, 1, "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn what_is_unreadable_is_counted_once_however_often_it_is_adopted() {
    let (directory, segment, mut bytes) = left_behind();
    bytes[boundaries()[1]] ^= 1;
    bytes[HEADER] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let losses = |expected: Losses| {
        let mut spool = spool(&directory, LARGE);
        assert_eq!(spool.adopt(at(1)).unwrap().records, 2);
        assert_eq!(spool.take_losses(), expected);
    };
    losses(Losses { unreadable: 10, damaged: 1, ..Losses::default() });
    losses(Losses::default());
}

#[test]
fn a_torn_acknowledgement_costs_a_repetition_and_nothing_more() {
    let directory = directory();
    let mut first = spool(&directory, LARGE);
    for payload in PAYLOADS {
        first.append(&record(1, payload), at(0)).unwrap();
    }
    for _ in 0..2 {
        let taken = first.next(at(0)).unwrap().unwrap();
        first.done(taken.position);
    }
    drop(first);
    let done = files(directory.path(), "done").remove(0);
    let bytes = std::fs::read(&done).unwrap();
    for length in 0..=bytes.len() {
        std::fs::write(&done, &bytes[..length]).unwrap();
        let mut spool = spool(&directory, LARGE);
        spool.adopt(at(1)).unwrap();
        assert_eq!(
            payloads(&take_all(&mut spool, at(1))),
            PAYLOADS[length / 8..],
            "torn at {length}"
        );
    }
    // What is acknowledged after a torn one counts.
    std::fs::write(&done, &bytes[..3]).unwrap();
    let mut second = spool(&directory, LARGE);
    second.adopt(at(1)).unwrap();
    let taken = take_all(&mut second, at(1));
    second.done(taken[0].position);
    second.done(taken[2].position);
    drop(second);
    let mut third = spool(&directory, LARGE);
    third.adopt(at(2)).unwrap();
    assert_eq!(payloads(&take_all(&mut third, at(2))), [PAYLOADS[1], PAYLOADS[3]]);
}

#[test]
fn acknowledgements_of_another_file_acknowledge_nothing() {
    let (directory, segment, _) = left_behind();
    // The right places, by another's checksums.
    let line = |offset: usize| [(offset as u32).to_le_bytes(), [7; 4]].concat();
    let lines: Vec<u8> = boundaries().into_iter().flat_map(line).collect();
    std::fs::write(segment.with_extension("done"), lines).unwrap();
    let mut spool = spool(&directory, LARGE);
    spool.adopt(at(1)).unwrap();
    assert_eq!(payloads(&take_all(&mut spool, at(1))), PAYLOADS);
}

#[test]
fn a_record_that_breaks_off_does_not_take_the_next_one_along() {
    let (_, _, bytes) = left_behind();
    let cut = boundaries()[2] - 5;
    let joined = [&bytes[..cut], &bytes[..]].concat();
    let found = scan(&joined);
    assert_eq!(found.records.len(), 1 + PAYLOADS.len());
    assert_eq!((found.unreadable.len(), found.damaged.len()), (1, 0));
}

#[test]
fn a_file_of_lies_is_read_in_reasonable_time() {
    // Headers that are right, each of which claims all that follows.
    let claim = Record { encoding: Encoding::Protobuf, items: 1, payload: &[0; 1 << 20] };
    let header = crate::spool::record::Header::of(&claim, 0).to_bytes();
    let lies = header.repeat((2 << 20) / HEADER);
    let found = scan(&lies);
    assert!(found.records.is_empty());
    assert!(found.unreadable.len() < 100, "{}", found.unreadable.len());
}

#[test]
fn a_segment_that_disappears_under_us_is_counted_and_holds_up_nothing() {
    let directory = directory();
    let mut spool = spool(&directory, LARGE);
    spool.append(&record(5, b"gone"), at(0)).unwrap();
    std::fs::remove_dir_all(directory.path().join("otlp")).unwrap();
    assert!(spool.next(at(1)).unwrap().is_none());
    assert_eq!(spool.take_losses(), Losses { unreadable: 5, ..Losses::default() });
    spool.append(&record(1, b"new"), at(2)).unwrap();
    assert_eq!(payloads(&take_all(&mut spool, at(2))), [b"new".to_vec()]);
}
