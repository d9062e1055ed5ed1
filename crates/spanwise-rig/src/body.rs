//! rig's kinds of bodies, as `http_body` knows them, and back.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody};
use rig_http::http_client::{BoxedStream, Error, LazyBody, Result};
use spanwise_http::RecordedBody;

/// A body that comes in one piece.
pub(crate) struct Lazy(Option<LazyBody<Bytes>>);

pub(crate) fn lazy(body: LazyBody<Bytes>) -> Lazy {
    Lazy(Some(body))
}

impl Body for Lazy {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let read = ready!(body.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(Some(read.map(Frame::data)))
    }
}

/// Back to what rig reads: the one piece.
pub(crate) async fn whole<U: From<Bytes>>(body: RecordedBody<Lazy>) -> Result<U> {
    // Without a copy, since there is one piece.
    Ok(U::from(body.collect().await?.to_bytes()))
}

/// Reads to the end, for what is recorded on the way.
pub(crate) async fn read(body: RecordedBody<Full<Bytes>>) {
    let Ok(_) = body.collect().await;
}

type AsFrames = fn(Result<Bytes>) -> Result<Frame<Bytes>>;

/// A body that comes piece by piece.
pub(crate) type Chunks = StreamBody<futures_util::stream::Map<BoxedStream, AsFrames>>;

pub(crate) fn chunks(stream: BoxedStream) -> Chunks {
    let as_frames: AsFrames = |chunk| chunk.map(Frame::data);
    StreamBody::new(stream.map(as_frames))
}

/// Back to what rig reads: the pieces.
pub(crate) fn stream(body: RecordedBody<Chunks>) -> BoxedStream {
    Box::pin(body.into_data_stream())
}
