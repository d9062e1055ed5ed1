//! What the HTTP layer adds to a client: to the wall time of a streamed answer of 1,000 chunks, and to the
//! processor time of an exchange of 2 KB, on loopback, beside the same client without it.
//!
//! ```sh
//! cargo run --release -p spanwise-bench --bin http              # without content
//! cargo run --release -p spanwise-bench --bin http -- content   # with content on spans
//! ```
//! With and without take turns, and the middle one of the differences counts, so that what else the machine
//! does weighs on both. A client that waits for each answer before it asks again begins each exchange with caches that
//! others have used; one that has many under way does not. Beside the former stands what a generation takes by hand, with
//! the SDK's own API, between such exchanges.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use spanwise_bench::http::{ANSWER_HEADERS, asked_content, request, streamed_answer, whole_answer};
use spanwise_bench::{Call, Case, Prepared, Way, thread_cpu};
use spanwise_http::GenAiMiddleware;
use tokio::task::JoinSet;

const CHUNKS: usize = 1000;
const TURNS: usize = 101;
/// Exchanges in each turn: fewer than the queue of spans holds.
const EXCHANGES: u32 = 200;
/// So many of them are under way at a time, where not one after the other.
const AT_ONCE: u32 = 20;

fn main() {
    let prepared = Prepared::new(Way::Installed, asked_content());
    let by_hand = Prepared::new(Way::ByHand, asked_content());
    let generation = Call::new(0);
    // The client is one without a provider of its own; it asks for one even where it speaks no TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = reqwest::Client::builder().no_proxy().build().expect("it needs no TLS");
    let without = ClientBuilder::new(plain.clone()).build();
    let with = ClientBuilder::new(plain).with(GenAiMiddleware::default()).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime of one thread");

    let streaming = request(true);
    let url = serve(streamed());
    let stream = |client: &ClientWithMiddleware| {
        let before = Instant::now();
        runtime.block_on(exchange(client, &url, &streaming));
        let taken = before.elapsed();
        prepared.pause(Duration::from_millis(5));
        taken
    };
    let (without_it, with_it, more) = in_turns(|| stream(&without), || stream(&with));
    eprintln!(
        "a stream of {CHUNKS} chunks, wall time: {:.0} µs without, {:.0} µs with, {:+.1} %",
        micros(without_it),
        micros(with_it),
        100.0 * more / without_it.as_secs_f64()
    );

    let request = request(false);
    let url = serve(whole());
    let exchanges = |client: &ClientWithMiddleware, then: &dyn Fn()| {
        let before = thread_cpu();
        runtime.block_on(async {
            for _ in 0..EXCHANGES {
                exchange(client, &url, &request).await;
                then();
            }
        });
        let taken = (thread_cpu() - before) / EXCHANGES;
        prepared.pause(Duration::from_millis(20));
        by_hand.pause(Duration::from_millis(20));
        taken
    };
    let at_once = |client: &ClientWithMiddleware| {
        let before = thread_cpu();
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..AT_ONCE {
                let (client, url, request) = (client.clone(), url.clone(), request.clone());
                tasks.spawn(async move {
                    for _ in 0..EXCHANGES / AT_ONCE {
                        exchange(&client, &url, &request).await;
                    }
                });
            }
            tasks.join_all().await;
        });
        let taken = (thread_cpu() - before) / EXCHANGES;
        prepared.pause(Duration::from_millis(20));
        taken
    };
    let nothing = || ();
    let record = || by_hand.record(Case::Generation, &generation);
    let (.., more) = in_turns(|| exchanges(&without, &nothing), || exchanges(&without, &record));
    eprintln!("a generation by hand between exchanges, processor time: {:+.1} µs", 1e6 * more);
    let tell = |how: &str, (without_it, with_it, more)| {
        eprintln!(
            "an exchange of 2 KB, {how}, processor time: {:.1} µs without, {:.1} µs with, {:+.1} µs",
            micros(without_it),
            micros(with_it),
            1e6 * more
        );
    };
    let one_by_one = in_turns(|| exchanges(&without, &nothing), || exchanges(&with, &nothing));
    tell("one by one", one_by_one);
    tell("twenty at once", in_turns(|| at_once(&without), || at_once(&with)));
    let turns = u64::try_from(TURNS + 1).expect("there are few");
    let calls = turns * (1 + 2 * u64::from(EXCHANGES));
    assert_eq!(prepared.arrived(), calls, "every call that went through the layer is a span");
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The middle times, and the middle difference in seconds. The first turn warms up.
fn in_turns(
    without: impl Fn() -> Duration,
    with: impl Fn() -> Duration,
) -> (Duration, Duration, f64) {
    let mut turns: Vec<_> = (0..=TURNS).map(|_| (without(), with())).skip(1).collect();
    let middle = |times: &mut Vec<Duration>| {
        times.sort();
        times[TURNS / 2]
    };
    let without = middle(&mut turns.iter().map(|turn| turn.0).collect());
    let with = middle(&mut turns.iter().map(|turn| turn.1).collect());
    turns.sort_by(|a, b| more(a).total_cmp(&more(b)));
    (without, with, more(&turns[TURNS / 2]))
}

fn more(turn: &(Duration, Duration)) -> f64 {
    turn.1.as_secs_f64() - turn.0.as_secs_f64()
}

async fn exchange(client: &ClientWithMiddleware, url: &str, request: &str) {
    let answer = client.post(url).body(request.to_owned()).send().await;
    let mut answer = answer.expect("the server answers");
    while answer.chunk().await.expect("it answers to the end").is_some() {}
}

/// An answer that comes whole, in one piece.
fn whole() -> Vec<Vec<u8>> {
    let body = whole_answer();
    let mut head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in ANSWER_HEADERS {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    vec![(head + "\r\n" + &body).into_bytes()]
}

/// An answer in events, each written by itself.
fn streamed() -> Vec<Vec<u8>> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let events = streamed_answer(CHUNKS);
    let chunks = events.map(|event| format!("{:x}\r\n{event}\r\n", event.len()).into_bytes());
    let head = std::iter::once(head.as_bytes().to_vec());
    head.chain(chunks).chain([b"0\r\n\r\n".to_vec()]).collect()
}

/// A provider on a thread of its own, that always answers so.
fn serve(answer: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || answer_each(connection, &answer));
        }
    });
    format!("http://{address}/v1/chat/completions")
}

/// Answers until the client goes away.
fn answer_each(connection: TcpStream, answer: &[Vec<u8>]) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut writer = connection;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        for piece in answer {
            writer.write_all(piece).ok()?;
        }
    }
}
