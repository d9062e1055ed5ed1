//! The caller gets what was sent, byte for byte, and how it was split does not show: for every answer in
//! `fuzz/corpus`, as each kind of stream, packed in each way.

mod support;

use std::fs;
use std::io::Write as _;

use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use proptest::prelude::*;
use support::{Script, shown, through_the_layer};

/// Answers, each as a list of events: a name, which may be empty, and what it carries.
fn fixtures() -> Vec<Vec<(String, String)>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
    let read = |target: &str| {
        let files = fs::read_dir(format!("{folder}/{target}")).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.into_iter().filter_map(|file| {
            // The first byte says whose it is.
            String::from_utf8(fs::read(file).unwrap()[1..].to_vec()).ok()
        })
    };
    let events = |text: String| {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let events = lines.map(|line| line.split_once('\t').unwrap_or(("", line)));
        events.map(|(name, data)| (name.trim().to_owned(), data.to_owned())).collect::<Vec<_>>()
    };
    let whole = read("whole").map(|text| vec![(String::new(), text.replace('\n', " "))]);
    let all: Vec<_> = whole.chain(read("streamed").map(events)).collect();
    assert!(all.len() > 80, "{} answers", all.len());
    all
}

/// The bytes of an answer in each framing, with their content type.
fn framed(events: &[(String, String)], framing: usize) -> (&'static str, Vec<u8>) {
    let joined = |separator: &str| {
        let data: Vec<_> = events.iter().map(|(_, data)| data.as_str()).collect();
        data.join(separator)
    };
    match framing {
        0 => {
            let events = events.iter().map(|(name, data)| match &**name {
                "" => format!("data: {data}\n\n"),
                name => format!("event: {name}\ndata: {data}\n\n"),
            });
            ("text/event-stream", events.collect::<String>().into_bytes())
        }
        1 => ("application/x-ndjson", joined("\n").into_bytes()),
        2 => ("application/json", joined("\n").into_bytes()),
        3 => {
            let mut bytes = Vec::new();
            for (name, data) in events {
                let name = HeaderValue::String(name.clone().into());
                let message = Message::new(data.clone().into_bytes())
                    .add_header(Header::new(":event-type", name));
                aws_smithy_eventstream::frame::write_message_to(&message, &mut bytes).unwrap();
            }
            ("application/vnd.amazon.eventstream", bytes)
        }
        _ => ("text/plain", joined("").into_bytes()),
    }
}

fn packed(bytes: &[u8], encoding: &str) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut pack = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            pack.write_all(bytes).unwrap();
            pack.finish().unwrap()
        }
        "br" => {
            let mut packed = Vec::new();
            brotli::CompressorWriter::new(&mut packed, 4096, 1, 20).write_all(bytes).unwrap();
            packed
        }
        "zstd" => zstd::encode_all(bytes, 1).unwrap(),
        _ => bytes.to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_answer_arrives_as_it_was_sent_however_it_is_split(
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        framing in 0usize..5,
        encoding in prop::sample::select(vec!["identity", "gzip", "br", "zstd"]),
        from in 0usize..8,
    ) {
        // Every eighth of them: each has its turn in each eighth of the cases.
        for events in fixtures().iter().skip(from).step_by(8) {
            let (content_type, bytes) = framed(events, framing);
            let bytes = packed(&bytes, encoding);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec());
            let script = Script::of(content_type, pieces).header("content-encoding", encoding);
            let in_pieces = through_the_layer(&script, |arrived| assert_eq!(arrived, bytes));
            let script = Script::of(content_type, [bytes.clone()]).header("content-encoding", encoding);
            let whole = through_the_layer(&script, |arrived| assert_eq!(arrived, bytes));
            prop_assert_eq!(shown(&in_pieces), shown(&whole));
        }
    }
}
