use super::*;

#[test]
fn a_directory_below_a_file_is_an_error_that_names_it() {
    let directory = directory();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut spool = Spool::new(place(&file.join("spool")), LARGE);
    let error = spool.prepare().unwrap_err().to_string();
    assert!(error.contains("file/spool") && error.contains("cannot be made"), "{error}");
    assert!(spool.append(&record(1, b"a"), at(0)).is_err());
    assert!(spool.next(at(0)).unwrap().is_none());
    assert_eq!(spool.held(), Held::default());
    // And it recovers when the way is free.
    std::fs::remove_file(&file).unwrap();
    spool.append(&record(1, b"b"), at(0)).unwrap();
    assert_eq!(payloads(&take_all(&mut spool, at(0))), [b"b".to_vec()]);
}

#[test]
fn every_policy_of_syncing_stores_the_same() {
    for sync in [SpoolSync::Never, SpoolSync::Rotation, SpoolSync::Always] {
        let directory = directory();
        let mut first = spool(&directory, Bounds { sync, max_bytes: 100_000, ..LARGE });
        for number in 0..30u8 {
            first.append(&record(1, &[number; 2000]), at(0)).unwrap();
        }
        assert!(first.take_trouble().is_none());
        drop(first);
        let mut second = spool(&directory, LARGE);
        assert_eq!(second.adopt(at(0)).unwrap().items, 30);
    }
}

/// A disk that is full, as a limit on the size of files in a process of its own.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_the_spool_goes_on_when_there_is_room() {
    const CHILD: &str = "SPANWISE_TEST_SPOOL_ON_FULL_DISK";
    if let Some(path) = std::env::var_os(CHILD) {
        return on_a_full_disk(Path::new(&path));
    }
    let directory = directory();
    let this = std::env::current_exe().unwrap();
    let test =
        "spool::tests::disk::a_full_disk_is_an_error_and_the_spool_goes_on_when_there_is_room";
    let mut child = std::process::Command::new("sh");
    // Without a handler for it the signal would end the process before it saw the error.
    child
        .arg("-c")
        .arg(r#"trap "" XFSZ; ulimit -S -f 16; exec "$0" "$1" --exact"#)
        .arg(this)
        .arg(test);
    let output = child.env(CHILD, directory.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    // What was stored is there: everything but what was refused.
    let mut spool = spool(&directory, LARGE);
    spool.adopt(at(1)).unwrap();
    let came: Vec<u8> = take_all(&mut spool, at(1)).iter().map(|taken| taken.payload[0]).collect();
    assert_eq!(came, [0, 1, 2, 4, 5]);
    assert_eq!(spool.take_losses(), Losses::default());
}

#[cfg(target_os = "linux")]
fn on_a_full_disk(path: &Path) {
    let mut spool = Spool::new(place(path), LARGE);
    for number in 0..3u8 {
        spool.append(&record(1, &[number; 2000]), at(0)).unwrap();
    }
    // 16 blocks of 512 or 1024 bytes: more than three of these, less than one of those.
    let error = spool.append(&record(1, &[3; 20_000]), at(0)).unwrap_err().to_string();
    assert!(error.contains("cannot be written"), "{error}");
    assert_eq!(spool.held().waiting, 3);
    // What is smaller fits, where the half-written one stood, and is readable.
    spool.append(&record(1, &[4; 100]), at(0)).unwrap();
    spool.append(&record(1, &[5; 100]), at(0)).unwrap();
    assert_eq!(take_all(&mut spool, at(0)).len(), 5);
    assert_eq!(spool.take_losses(), Losses::default());
}
