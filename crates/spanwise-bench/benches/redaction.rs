//! What the redactor that is ready takes for 1 KB, 100 KB and 10 MB: text in which it finds nothing, and
//! text in which it finds something in every line.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use spanwise::{PatternRedactor, Redactor, TextPlace, redact_json};

const SIZES: [(&str, usize); 3] = [("1 KB", 1 << 10), ("100 KB", 100 << 10), ("10 MB", 10 << 20)];

const PROSE: &str = "The quick brown fox jumps over the lazy dog, while the engineer asks: what did the \
                     model answer in 2024, and why? It said that section 4.2 holds, that f(x) = y + 1, \
                     and nothing more than that.\n";
const CODE: &str = "fn main() { let x: u32 = std::env::args().len() as u32; println!(\"{}\", x + 0x1F); \
                    for i in 0..10 { call(i)?; } }\n";
const JSON: &str =
    r#"{"city": "Paris", "temperature": 21.5, "note": "a plain text that says little"}, "#;
const MAIL: &str =
    "Dear Ada, write to ada@example.com or call +1 415 555 0123 about 10.1.2.3 today.\n";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let redactor = PatternRedactor::new();
    let place = TextPlace::attribute("gen_ai.input.messages").in_part("text");
    let mut group = criterion.benchmark_group("redaction");
    for (size, bytes) in SIZES {
        group.throughput(Throughput::Bytes(bytes as u64));
        for (name, line) in
            [("prose", PROSE), ("code", CODE), ("JSON as text", JSON), ("mail", MAIL)]
        {
            let mut text = line.repeat(bytes / line.len() + 1);
            text.truncate(bytes);
            group.bench_function(format!("{name}, {size}"), |bencher| {
                bencher.iter(|| redactor.redact(black_box(&text), &place).len());
            });
        }
        let json = format!("[{}null]", JSON.repeat(bytes / JSON.len()));
        group.bench_function(format!("inside JSON, {size}"), |bencher| {
            bencher.iter(|| redact_json(black_box(&json), &redactor, place).len());
        });
    }
    group.finish();
    criterion.final_summary();
}
