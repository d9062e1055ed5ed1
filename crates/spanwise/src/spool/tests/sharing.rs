use super::*;
use crate::spool::record::{Header, unix_ms};

#[test]
fn two_processes_share_a_directory_and_see_nothing_of_each_other() {
    let directory = directory();
    let (mut a, mut b) = (spool(&directory, LARGE), spool(&directory, LARGE));
    a.append(&record(1, b"of a"), at(0)).unwrap();
    b.append(&record(1, b"of b"), at(0)).unwrap();
    assert_eq!(a.adopt(at(0)).unwrap(), Adopted::default());
    assert_eq!(b.adopt(at(0)).unwrap(), Adopted::default());
    assert_eq!(payloads(&take_all(&mut a, at(0))), [b"of a".to_vec()]);
    assert_eq!(payloads(&take_all(&mut b, at(0))), [b"of b".to_vec()]);
}

#[test]
fn what_a_dead_process_left_is_adopted_once() {
    let directory = directory();
    let mut dead = spool(&directory, LARGE);
    for name in [b"1", b"2", b"3"] {
        dead.append(&record(1, name), at(0)).unwrap();
    }
    let first = dead.next(at(0)).unwrap().unwrap();
    dead.done(first.position);
    drop(dead);
    let adopted = std::thread::scope(|scope| {
        let adopt = || {
            let mut spool = spool(&directory, LARGE);
            let adopted = spool.adopt(at(1)).unwrap();
            (adopted, spool)
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(adopt)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let items: u64 = adopted.iter().map(|(adopted, _)| adopted.items).sum();
    assert_eq!(items, 2);
    let mut came: Vec<_> = Vec::new();
    for (_, mut spool) in adopted {
        came.extend(payloads(&take_all(&mut spool, at(1))));
    }
    assert_eq!(came, [b"2".to_vec(), b"3".to_vec()]);
}

#[test]
fn what_was_adopted_comes_before_what_is_newer() {
    let directory = directory();
    let mut dead = spool(&directory, LARGE);
    dead.append(&record(1, b"old"), at(0)).unwrap();
    drop(dead);
    let mut spool = spool(&directory, LARGE);
    spool.append(&record(1, b"new"), at(1)).unwrap();
    spool.adopt(at(2)).unwrap();
    assert_eq!(payloads(&take_all(&mut spool, at(2))), [b"old".to_vec(), b"new".to_vec()]);
}

#[test]
fn an_adopted_folder_goes_when_it_is_empty_and_while_its_adopter_lives() {
    let directory = directory();
    let mut dead = spool(&directory, LARGE);
    dead.append(&record(1, b"old"), at(0)).unwrap();
    drop(dead);
    let mut spool = spool(&directory, LARGE);
    spool.adopt(at(1)).unwrap();
    let taken = spool.next(at(1)).unwrap().unwrap();
    spool.done(taken.position);
    assert!(below(directory.path()).is_empty(), "{:?}", below(directory.path()));
}

#[test]
fn what_a_crash_left_of_a_deletion_is_cleaned_up() {
    let directory = directory();
    let mut dead = spool(&directory, LARGE);
    dead.append(&record(1, b"a"), at(0)).unwrap();
    dead.append(&record(1, b"b"), at(0)).unwrap();
    let taken = dead.next(at(0)).unwrap().unwrap();
    dead.done(taken.position);
    drop(dead);
    // The segment is deleted before what says which of its records are done.
    std::fs::remove_file(&files(directory.path(), "segment")[0]).unwrap();
    let mut spool = spool(&directory, LARGE);
    assert_eq!(spool.adopt(at(1)).unwrap(), Adopted::default());
    assert!(below(directory.path()).is_empty(), "{:?}", below(directory.path()));
}

#[test]
fn segments_are_in_the_order_of_their_numbers_however_long_these_are() {
    let directory = directory();
    let mut dead = spool(&directory, LARGE);
    dead.append(&record(1, b"later"), at(0)).unwrap();
    drop(dead);
    let later = files(directory.path(), "segment").remove(0);
    std::fs::rename(&later, later.with_file_name("1000000.segment")).unwrap();
    let header = Header::of(&record(1, b"first"), unix_ms(at(0)));
    std::fs::write(
        later.with_file_name("999999.segment"),
        [&header.to_bytes(), b"first".as_slice()].concat(),
    )
    .unwrap();
    let mut spool = spool(&directory, LARGE);
    spool.adopt(at(1)).unwrap();
    assert_eq!(payloads(&take_all(&mut spool, at(1))), [b"first".to_vec(), b"later".to_vec()]);
}

#[test]
fn folders_come_and_go_under_many_threads_and_nothing_is_lost() {
    let directory = directory();
    let came = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            let (directory, came) = (&directory, &came);
            scope.spawn(move || {
                for round in 0..25u8 {
                    let mut spool = spool(directory, LARGE);
                    spool.append(&record(1, &[thread, round]), at(0)).unwrap();
                    spool.adopt(at(0)).unwrap();
                    if round % 3 == 0 {
                        // Dies with what it has.
                        continue;
                    }
                    for taken in take_all(&mut spool, at(0)) {
                        came.lock().unwrap().push(taken.payload.to_vec());
                        spool.done(taken.position);
                    }
                }
            });
        }
    });
    let mut last = spool(&directory, LARGE);
    last.adopt(at(0)).unwrap();
    let mut came = came.into_inner().unwrap();
    for taken in take_all(&mut last, at(0)) {
        came.push(taken.payload.to_vec());
        last.done(taken.position);
    }
    came.sort();
    let all: Vec<_> = (0..4u8).flat_map(|t| (0..25u8).map(move |r| vec![t, r])).collect();
    assert_eq!(came, all);
    drop(last);
    assert!(below(directory.path()).is_empty(), "{:?}", below(directory.path()));
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = directory();
    let mut spool = spool(&directory, LARGE);
    spool.append(&record(1, b"a"), at(0)).unwrap();
    spool.append(&record(1, b"b"), at(0)).unwrap();
    let taken = spool.next(at(0)).unwrap().unwrap();
    spool.done(taken.position);
    let found = below(directory.path());
    assert_eq!(found.len(), 7, "{found:?}");
    for path in found {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{path:?}");
    }
}
