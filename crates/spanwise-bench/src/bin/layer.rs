//! What the HTTP layer does for a call, by itself: no client and no network. Processor time of the calling thread.
//!
//! ```sh
//! cargo run --release -p spanwise-bench --bin layer              # an exchange of 2 KB, and an event of a stream
//! cargo run --release -p spanwise-bench --bin layer -- content   # with content on spans
//! ```
//! The last two numbers are of a body that nobody records, which a client has to read anyway.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use spanwise_bench::http::{ANSWER_HEADERS, asked_content, request, streamed_answer, whole_answer};
use spanwise_bench::{Prepared, Way, in_turn, thread_cpu};
use spanwise_http::GenAi;

const CHUNKS: u32 = 1000;
/// Exchanges in each round: fewer than the queue of spans holds.
const EXCHANGES: u32 = 200;

fn main() {
    let prepared = Prepared::new(Way::Installed, asked_content());
    let recorded = Call::new(Some(GenAi::default()));
    let plain = Call::new(None);
    let whole = |call: &Call| {
        let taken = timed(|| (0..EXCHANGES).for_each(|_| call.exchange()));
        prepared.pause(Duration::from_millis(20));
        taken / EXCHANGES
    };
    let stream = |call: &Call| {
        let taken = timed(|| call.stream());
        prepared.pause(Duration::from_millis(2));
        taken / CHUNKS
    };
    let rounds = in_turn([
        &mut || whole(&recorded),
        &mut || stream(&recorded),
        &mut || whole(&plain),
        &mut || stream(&plain),
    ]);
    let [exchange, event, exchange_alone, event_alone] =
        [0, 1, 2, 3].map(|way| rounds.median(|round| round[way]));
    eprintln!("an exchange of 2 KB: {exchange:.0} ns, an event of a stream: {event:.0} ns");
    eprintln!("without a recording: {exchange_alone:.0} ns and {event_alone:.0} ns");
}

fn timed(run: impl FnOnce()) -> Duration {
    let before = thread_cpu();
    run();
    thread_cpu() - before
}

/// A call with its answers, as a client has them.
struct Call {
    genai: Option<GenAi>,
    requests: [Bytes; 2],
    whole: Bytes,
    events: Vec<Bytes>,
}

impl Call {
    fn new(genai: Option<GenAi>) -> Self {
        Self {
            genai,
            requests: [false, true].map(|stream| request(stream).into()),
            whole: whole_answer().into(),
            events: streamed_answer(CHUNKS as usize).map(Bytes::from).collect(),
        }
    }

    fn exchange(&self) {
        let mut response = Response::new(Pieces([self.whole.clone()].into_iter()));
        for (name, value) in ANSWER_HEADERS {
            response.headers_mut().insert(name, http::HeaderValue::from_static(value));
        }
        self.answer(&self.requests[0], response);
    }

    fn stream(&self) {
        let mut response = Response::new(Pieces(self.events.iter().cloned()));
        let kind = http::HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert("content-type", kind);
        self.answer(&self.requests[1], response);
    }

    fn answer<I: Iterator<Item = Bytes> + Unpin>(
        &self,
        body: &Bytes,
        response: Response<Pieces<I>>,
    ) {
        let request = Request::post("http://127.0.0.1:8080/v1/chat/completions").body(body.clone());
        let mut request = request.expect("it is one");
        match self.genai.as_ref().and_then(|genai| genai.start(&mut request)) {
            Some(call) => read(call.answered(response).into_body()),
            None => read(response.into_body()),
        }
    }
}

fn read(body: impl Body) {
    let mut body = pin!(body);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
        drop(black_box(frame));
    }
}

/// A body that is there.
struct Pieces<I>(I);

impl<I: Iterator<Item = Bytes> + Unpin> Body for Pieces<I> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }
}
