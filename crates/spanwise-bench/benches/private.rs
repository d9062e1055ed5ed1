//! 100 KB of content that is captured, redacted, put away and cut, beside the same call without and a copy of
//! the bytes.
//!
//! The copy has the life that content has: it waits for as long as a round is, and another thread frees it. Most
//! of what it costs is memory that is new to the process again.

#![allow(clippy::print_stdout, reason = "what it measures goes to the terminal")]

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use spanwise::{
    ContentCapture, ContentPolicy, ObjectStorage, Offload, PatternRedactor, TelemetryConfig,
};
use spanwise_bench::{Call, Case, Prepared, in_turn, thread_cpu};

const CONTENT: Case = Case::Content(100 << 10);

fn main() {
    let folder = std::env::temp_dir().join(format!("spanwise-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let store = ObjectStorage::directory(&folder).expect("it is there");
    let policy = ContentPolicy::default()
        .redactor(PatternRedactor::new())
        .offload(Offload::to(store).messages(true))
        .max_attribute_bytes(64 << 10);
    let config =
        TelemetryConfig::new("bench").content_capture(ContentCapture::SpanOnly).content(policy);
    let prepared = Prepared::installed(config);
    let (without, with) = (Call::new(0), Call::new(CONTENT.content_bytes()));
    let (copies, to_be_freed) = mpsc::channel();
    let frees = thread::spawn(move || to_be_freed.into_iter().for_each(drop::<Vec<_>>));
    let rounds = in_turn([
        &mut || prepared.round(Case::Generation, &without),
        &mut || {
            let mut copied = Vec::with_capacity(CONTENT.per_round() as usize);
            let before = thread_cpu();
            copied.extend((0..CONTENT.per_round()).map(|_| with.copy_of_content()));
            let spent = thread_cpu() - before;
            copies.send(copied).expect("it is taken");
            thread::sleep(Duration::from_millis(20));
            spent / CONTENT.per_round()
        },
        &mut || prepared.round(CONTENT, &with),
    ]);
    drop(copies);
    frees.join().expect("it frees what comes");
    drop(prepared);
    std::fs::remove_dir_all(&folder).expect("it is ours");
    let [call, copy, private] = [0, 1, 2].map(|way| rounds.median(|round| round[way]));
    let times = rounds.median(|[call, copy, private]| private / (call + copy));
    println!("a call without content    {call:>6.0} ns");
    println!("a copy of 100 KB          {copy:>6.0} ns");
    println!("a call with 100 KB        {private:>6.0} ns, {times:.2} times both");
}
