//! Request bodies, as far as they are there at once.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// More of a request is sent and not looked at.
const MOST_READ: usize = 16 << 20;

pin_project! {
    /// A request body whose beginning has been looked at; it is sent as it was.
    pub struct PeekedBody<B: Body> {
        ready: VecDeque<Result<Frame<B::Data>, B::Error>>,
        // `None` once it is known to be at its end.
        #[pin]
        rest: Option<B>,
    }
}

impl<B: Body> PeekedBody<B> {
    /// One that nobody needs to look at.
    pub(crate) fn untouched(body: B) -> Self {
        Self { ready: VecDeque::new(), rest: Some(body) }
    }
}

impl<B: Body<Data = Bytes> + Unpin> PeekedBody<B> {
    /// Reads what is there without waiting.
    pub(crate) fn peek(body: B) -> (Self, Vec<u8>) {
        let (mut ready, mut rest) = (VecDeque::new(), Some(body));
        let mut read = Vec::new();
        let mut task = Context::from_waker(Waker::noop());
        while read.len() < MOST_READ {
            let Some(body) = rest.as_mut().filter(|body| !body.is_end_stream()) else { break };
            match Pin::new(body).poll_frame(&mut task) {
                Poll::Ready(Some(frame)) => {
                    let data = frame.as_ref().ok().and_then(|frame| frame.data_ref());
                    read.extend_from_slice(data.map_or(&[], |data| data));
                    ready.push_back(frame);
                }
                Poll::Ready(None) => rest = None,
                Poll::Pending => break,
            }
        }
        (Self { ready, rest }, read)
    }
}

impl<B: Body<Data = Bytes>> Body for PeekedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if let Some(frame) = this.ready.pop_front() {
            return Poll::Ready(Some(frame));
        }
        match this.rest.as_pin_mut() {
            Some(rest) => rest.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let ready = self.ready.iter().flatten().filter_map(Frame::data_ref);
        let ready = ready.map(Bytes::len).sum::<usize>() as u64;
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut size = SizeHint::new();
        size.set_lower(rest.lower() + ready);
        if let Some(upper) = rest.upper() {
            size.set_upper(upper + ready);
        }
        size
    }
}

impl<B: Body> fmt::Debug for PeekedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeekedBody")
    }
}
