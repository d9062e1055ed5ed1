use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Append {
        bytes: usize,
        items: u64,
        out: bool,
    },
    Next,
    Done(usize),
    PutBack(usize),
    Wait(u64),
    /// The process dies; another begins where it ended.
    Crash,
    /// The same, and meanwhile a byte of what is on disk changes.
    CrashAndDamage {
        file: usize,
        place: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop_oneof![0..200usize, 0..3000usize];
    prop_oneof![
        6 => (bytes, 1..50u64, any::<bool>())
            .prop_map(|(bytes, items, out)| Step::Append { bytes, items, out }),
        4 => Just(Step::Next),
        3 => (0..8usize).prop_map(Step::Done),
        2 => (0..8usize).prop_map(Step::PutBack),
        1 => (0..90u64).prop_map(Step::Wait),
        1 => Just(Step::Crash),
        1 => (any::<usize>(), any::<usize>())
            .prop_map(|(file, place)| Step::CrashAndDamage { file, place }),
    ]
}

/// What a spool should hold: by the number that each payload begins with, which is the order.
#[derive(Default)]
struct Model {
    waiting: BTreeMap<u32, u64>,
    out: Vec<(u32, u64, Position)>,
    next: u32,
}

impl Model {
    fn crash(&mut self) {
        self.waiting.extend(self.out.drain(..).map(|(number, items, _)| (number, items)));
    }
}

fn number_of(taken: &Taken) -> u32 {
    u32::from_le_bytes(*taken.payload.first_chunk().unwrap())
}

fn damage(directory: &TempDir, file: usize, place: usize) -> bool {
    let segments = files(directory.path(), "segment");
    let Some(path) = segments.get(file % segments.len().max(1)) else { return false };
    let mut bytes = std::fs::read(path).unwrap();
    let length = bytes.len();
    bytes[place % length] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn everything_intact_comes_out_once_and_in_order(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let directory = directory();
        let mut now = at(0);
        let mut model = Model::default();
        // Small segments, and no bound that is reached.
        let bounds = Bounds { max_bytes: 400_000, max_age: Duration::from_secs(1 << 20), ..LARGE };
        let mut spool = spool(&directory, bounds);
        for step in steps {
            // What two processes wrote in the same millisecond has no order.
            now += Duration::from_millis(1);
            match step {
                Step::Append { bytes, items, out } => {
                    let mut payload = model.next.to_le_bytes().to_vec();
                    payload.resize(4 + bytes, 0xaa);
                    if out {
                        let position = spool.append_out(&record(items, &payload), now).unwrap();
                        model.out.push((model.next, items, position));
                    } else {
                        spool.append(&record(items, &payload), now).unwrap();
                        model.waiting.insert(model.next, items);
                    }
                    model.next += 1;
                }
                Step::Next => {
                    let taken = spool.next(now).unwrap();
                    let expected = model.waiting.pop_first();
                    prop_assert_eq!(taken.as_ref().map(|t| (number_of(t), t.items)), expected);
                    model.out.extend(taken.map(|t| (number_of(&t), t.items, t.position)));
                }
                Step::Done(which) if which < model.out.len() => {
                    spool.done(model.out.swap_remove(which).2);
                }
                Step::PutBack(which) if which < model.out.len() => {
                    let (number, items, position) = model.out.swap_remove(which);
                    spool.put_back(position);
                    model.waiting.insert(number, items);
                }
                Step::Done(_) | Step::PutBack(_) => {}
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    spool.maintain(now);
                }
                Step::Crash | Step::CrashAndDamage { .. } => {
                    drop(spool);
                    model.crash();
                    let damaged = match step {
                        Step::CrashAndDamage { file, place } => damage(&directory, file, place),
                        _ => false,
                    };
                    spool = super::spool(&directory, bounds);
                    let adopted = spool.adopt(now).unwrap();
                    let losses = spool.take_losses();
                    if damaged {
                        // Everything out and back again, to learn what is left.
                        let left = take_all(&mut spool, now);
                        let left_items: u64 = left.iter().map(|taken| taken.items).sum();
                        prop_assert_eq!(adopted.items, left_items + losses.unreadable);
                        let before = model.waiting.len();
                        model.waiting.retain(|number, _| left.iter().any(|t| number_of(t) == *number));
                        prop_assert!(before - model.waiting.len() <= 1);
                        prop_assert!(model.waiting.len() == before || losses != Losses::default());
                        prop_assert!(left.iter().map(number_of).eq(model.waiting.keys().copied()));
                        left.iter().for_each(|taken| spool.put_back(taken.position));
                    } else {
                        prop_assert_eq!(adopted.records, model.waiting.len() as u64);
                        prop_assert_eq!(losses, Losses::default());
                    }
                }
            }
            let out: u64 = model.out.iter().map(|(_, items, _)| items).sum();
            prop_assert_eq!(spool.held().waiting, model.waiting.values().sum::<u64>());
            prop_assert_eq!(spool.held().out, out);
            prop_assert_eq!(spool.take_losses(), Losses::default());
            prop_assert!(spool.take_trouble().is_none());
            let on_disk: u64 =
                files(directory.path(), "segment").iter().map(|f| f.metadata().unwrap().len()).sum();
            prop_assert_eq!(spool.held().bytes, on_disk);
        }
    }

    #[test]
    fn within_tight_bounds_every_item_is_somewhere(
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let directory = directory();
        let mut now = at(0);
        let bounds = Bounds { max_bytes: 12_000, max_age: Duration::from_secs(120), ..LARGE };
        let mut spool = spool(&directory, bounds);
        let mut out: Vec<(u64, Position)> = Vec::new();
        // Items of this process: what came in, and what became of it.
        let (mut came_in, mut done, mut lost) = (0, 0, 0);
        for step in steps {
            match step {
                Step::Append { bytes, items, out: is_out } => {
                    let payload = vec![0; bytes];
                    if is_out {
                        out.push((items, spool.append_out(&record(items, &payload), now).unwrap()));
                    } else {
                        spool.append(&record(items, &payload), now).unwrap();
                    }
                    came_in += items;
                }
                Step::Next => {
                    let taken = spool.next(now).unwrap();
                    out.extend(taken.map(|taken| (taken.items, taken.position)));
                }
                Step::Done(which) if which < out.len() => {
                    let (items, position) = out.swap_remove(which);
                    spool.done(position);
                    done += items;
                }
                Step::PutBack(which) if which < out.len() => {
                    spool.put_back(out.swap_remove(which).1);
                }
                Step::Done(_) | Step::PutBack(_) => {}
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    spool.maintain(now);
                }
                Step::Crash | Step::CrashAndDamage { .. } => {
                    drop(spool);
                    out.clear();
                    spool = super::spool(&directory, bounds);
                    (came_in, done, lost) = (spool.adopt(now).unwrap().items, 0, 0);
                }
            }
            let losses = spool.take_losses();
            lost += losses.full + losses.expired + losses.unreadable;
            let held = spool.held();
            prop_assert_eq!(held.out, out.iter().map(|(items, _)| items).sum::<u64>());
            prop_assert_eq!(came_in, held.waiting + held.out + done + lost);
            prop_assert!(held.bytes <= bounds.max_bytes);
        }
        drop(spool);
    }
}
