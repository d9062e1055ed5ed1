//! Request bodies, looked at on their way: what is there at once before the call begins, the rest as it is sent.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use spanwise_providers::Codec;

use crate::open_call::OpenCall;

/// More of a request is sent and not looked at.
const MOST_READ: usize = 16 << 20;

pin_project! {
    /// A request body that has been looked at, or will be while it is sent. It is sent as it was.
    pub struct PeekedBody<B: Body> {
        ready: VecDeque<Result<Frame<B::Data>, B::Error>>,
        // `None` once it is known to be at its end.
        #[pin]
        rest: Option<B>,
        late: Option<LateRequest>,
    }
}

/// What is there of a request body without waiting.
pub(crate) struct Peeked<'a> {
    pub(crate) bytes: &'a [u8],
    /// Nothing more is to come, or nothing more is looked at.
    pub(crate) is_all: bool,
}

impl<B: Body> PeekedBody<B> {
    /// One that nobody needs to look at.
    pub(crate) fn untouched(body: B) -> Self {
        Self { ready: VecDeque::new(), rest: Some(body), late: None }
    }
}

impl<B: Body<Data = Bytes>> PeekedBody<B> {
    /// Other bytes in place of a body.
    pub(crate) fn instead(bytes: Bytes) -> Self {
        Self { ready: VecDeque::from([Ok(Frame::data(bytes))]), rest: None, late: None }
    }

    /// Goes on looking while it is sent.
    pub(crate) fn watched(self, late: LateRequest) -> Self {
        Self { late: Some(late), ..self }
    }
}

impl<B: Body<Data = Bytes> + Unpin> PeekedBody<B> {
    /// Reads what is there without waiting, and says whether that is all that is looked at.
    pub(crate) fn peek(body: B) -> (Self, Bytes, bool) {
        let (mut ready, mut rest) = (VecDeque::new(), Some(body));
        let mut bytes = Bytes::new();
        let mut is_all = true;
        let mut task = Context::from_waker(Waker::noop());
        while bytes.len() < MOST_READ {
            let Some(body) = rest.as_mut().filter(|body| !body.is_end_stream()) else { break };
            match Pin::new(body).poll_frame(&mut task) {
                Poll::Ready(Some(frame)) => {
                    if let Some(data) = frame.as_ref().ok().and_then(|frame| frame.data_ref()) {
                        bytes = joined(bytes, data);
                    }
                    ready.push_back(frame);
                }
                Poll::Ready(None) => rest = None,
                Poll::Pending => {
                    is_all = false;
                    break;
                }
            }
        }
        (Self { ready, rest, late: None }, bytes, is_all)
    }
}

/// Most bodies come in one piece, which is shared and not copied.
fn joined(bytes: Bytes, more: &Bytes) -> Bytes {
    if bytes.is_empty() {
        return more.clone();
    }
    let mut bytes = BytesMut::from(bytes);
    bytes.extend_from_slice(more);
    bytes.freeze()
}

impl<B: Body<Data = Bytes>> Body for PeekedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        if let Some(frame) = this.ready.pop_front() {
            return Poll::Ready(Some(frame));
        }
        let Some(mut rest) = this.rest.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let polled = rest.as_mut().poll_frame(cx);
        if let (Some(late), Poll::Ready(frame)) = (this.late.as_mut(), &polled) {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            late.more(data.map_or(&[], |data| data));
            // Who sends it need not ask again whether there is more.
            if !matches!(frame, Some(Ok(_))) || rest.is_end_stream() {
                *this.late = None;
            }
        }
        polled
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

/// For clients that send a request again.
impl<B> Clone for PeekedBody<B>
where
    B: Body<Data = Bytes> + Clone,
    B::Error: Clone,
{
    fn clone(&self) -> Self {
        let ready = self.ready.iter().map(|frame| match frame {
            Ok(frame) => Ok(copy(frame)),
            Err(error) => Err(error.clone()),
        });
        Self { ready: ready.collect(), rest: self.rest.clone(), late: self.late.clone() }
    }
}

fn copy(frame: &Frame<Bytes>) -> Frame<Bytes> {
    match (frame.data_ref(), frame.trailers_ref()) {
        (Some(data), _) => Frame::data(data.clone()),
        (None, trailers) => Frame::trailers(trailers.cloned().unwrap_or_default()),
    }
}

impl<B: Body> fmt::Debug for PeekedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeekedBody")
    }
}

/// A request whose body was not at hand when the call began. Dropping it says that no more of it comes: what has
/// been read by then is what is asked.
#[derive(Clone)]
pub(crate) struct LateRequest {
    call: OpenCall,
    codec: &'static dyn Codec,
    path: String,
    content: bool,
    bytes: Vec<u8>,
}

impl LateRequest {
    pub(crate) fn new(
        call: OpenCall,
        codec: &'static dyn Codec,
        path: String,
        content: bool,
        bytes: Vec<u8>,
    ) -> Self {
        Self { call, codec, path, content, bytes }
    }

    fn more(&mut self, bytes: &[u8]) {
        let room = MOST_READ.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Drop for LateRequest {
    fn drop(&mut self) {
        let Self { call, codec, path, content, bytes } = self;
        call.request(bytes.len(), || codec.request(path, bytes, *content));
    }
}
