//! What the fuzz target `framing` starts from, once, without fuzzing: `fuzz/corpus`.

#[path = "support/framing.rs"]
mod framing;

use std::fs;

use framing::drive;

#[test]
fn every_answer_arrives_as_it_was_sent_and_is_recorded_the_same_however_it_is_split() {
    let folder = format!("{}/../../fuzz/corpus/framing", env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 40, "{} files", files.len());
    for file in files {
        let mut input = fs::read(&file).unwrap();
        for split in [0, 1, 2, 6, 30, 255] {
            input[3] = split;
            drive(&input);
        }
        // And what breaks off.
        for end in (4..input.len()).step_by(input.len() / 20 + 1) {
            drive(&input[..end]);
        }
    }
}
