use super::*;

#[test]
fn what_is_too_old_is_dropped_and_counted() {
    let directory = directory();
    let mut spool = spool(&directory, LARGE);
    spool.append(&record(1, b"old"), at(0)).unwrap();
    spool.append(&record(2, b"newer"), at(10)).unwrap();
    assert_eq!(payloads(&take_all(&mut spool, at(3605))), [b"newer".to_vec()]);
    assert_eq!(spool.take_losses(), Losses { expired: 1, ..Losses::default() });
}

#[test]
fn time_alone_empties_the_disk() {
    let directory = directory();
    let mut first = spool(&directory, LARGE);
    first.append(&record(3, b"old"), at(0)).unwrap();
    drop(first);
    let mut spool = spool(&directory, LARGE);
    spool.append(&record(2, b"own"), at(1)).unwrap();
    assert_eq!(spool.adopt(at(1)).unwrap().items, 3);
    spool.maintain(at(3700));
    assert_eq!(spool.held(), Held::default());
    assert_eq!(spool.take_losses(), Losses { expired: 5, ..Losses::default() });
    drop(spool);
    assert!(below(directory.path()).is_empty());
}

#[test]
fn what_dies_of_age_before_it_is_adopted_is_counted_by_who_adopts_it() {
    let directory = directory();
    let mut first = spool(&directory, LARGE);
    first.append(&record(3, b"old"), at(0)).unwrap();
    drop(first);
    let mut second = spool(&directory, LARGE);
    assert_eq!(second.adopt(at(4000)).unwrap(), Adopted { records: 1, items: 3 });
    assert_eq!(second.take_losses(), Losses { expired: 3, ..Losses::default() });
}

#[test]
fn a_full_spool_drops_the_oldest() {
    let directory = directory();
    let bounds = Bounds { max_bytes: 40_000, ..LARGE };
    let mut spool = spool(&directory, bounds);
    for number in 0..100u8 {
        spool.append(&record(1, &[number; 1000]), at(0)).unwrap();
        assert!(spool.held().bytes <= bounds.max_bytes);
    }
    let taken = take_all(&mut spool, at(0));
    let lost = 100 - taken.len() as u64;
    assert_eq!(spool.take_losses(), Losses { full: lost, ..Losses::default() });
    let kept: Vec<u8> = taken.iter().map(|taken| taken.payload[0]).collect();
    assert_eq!(kept, (lost as u8..100).collect::<Vec<_>>());
    // Segments are small enough that making room for one costs few.
    assert!(taken.len() >= 30, "{}", taken.len());
}

#[test]
fn what_is_out_while_room_is_made_is_answered_for_by_who_has_it() {
    let directory = directory();
    let mut spool = spool(&directory, Bounds { max_bytes: 10_000, ..LARGE });
    spool.append(&record(1, &[0; 3000]), at(0)).unwrap();
    spool.append(&record(2, &[1; 3000]), at(0)).unwrap();
    let (first, second) =
        (spool.next(at(0)).unwrap().unwrap(), spool.next(at(0)).unwrap().unwrap());
    spool.append(&record(4, &[2; 9000]), at(0)).unwrap();
    assert_eq!(spool.take_losses(), Losses::default());
    assert_eq!((spool.held().waiting, spool.held().out), (4, 3));
    spool.done(first.position);
    assert_eq!(spool.take_losses(), Losses::default());
    spool.put_back(second.position);
    assert_eq!(spool.take_losses(), Losses { full: 2, ..Losses::default() });
    assert_eq!((spool.held().waiting, spool.held().out), (4, 0));
}

#[test]
fn a_record_that_never_fits_drops_nothing_else() {
    let directory = directory();
    let mut spool = spool(&directory, Bounds { max_bytes: 10_000, ..LARGE });
    spool.append(&record(1, b"kept"), at(0)).unwrap();
    let error = spool.append(&record(1, &[0; 10_000]), at(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a record of 10032 bytes is more than the 10000 bytes that the spool takes"
    );
    assert_eq!(spool.held().waiting, 1);
}

#[test]
fn adopting_more_than_fits_keeps_the_newest() {
    let directory = directory();
    let large = Bounds { max_age: Duration::from_secs(1 << 20), ..LARGE };
    let mut first = spool(&directory, large);
    for number in 0..100u8 {
        // A minute between them: each in a segment of its own.
        first.append(&record(1, &[number; 1000]), at(60 * u64::from(number))).unwrap();
    }
    drop(first);
    let now = at(6000);
    let mut second = spool(&directory, Bounds { max_bytes: 40_000, ..large });
    assert_eq!(second.adopt(now).unwrap(), Adopted { records: 100, items: 100 });
    let kept: Vec<u8> = take_all(&mut second, now).iter().map(|taken| taken.payload[0]).collect();
    assert_eq!(kept, (62..100).collect::<Vec<_>>());
    assert_eq!(second.take_losses(), Losses { full: 62, ..Losses::default() });
}

#[test]
fn a_clock_that_goes_back_changes_no_order() {
    let directory = directory();
    let mut first = spool(&directory, LARGE);
    first.append(&record(1, b"a"), at(1000)).unwrap();
    first.append(&record(1, b"b"), at(2000)).unwrap();
    first.append(&record(1, b"c"), at(10)).unwrap();
    drop(first);
    let mut second = spool(&directory, LARGE);
    second.append(&record(1, b"d"), at(11)).unwrap();
    second.adopt(at(11)).unwrap();
    let came = payloads(&take_all(&mut second, at(11)));
    let of_first: Vec<_> = came.into_iter().filter(|payload| payload != b"d").collect();
    assert_eq!(of_first, [b"a", b"b", b"c"].map(|payload| payload.to_vec()));
}
