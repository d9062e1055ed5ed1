//! Answers, recorded as they are passed on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::recording::Recording;

pin_project! {
    /// The body of an answer, passed on frame by frame, as it comes. When it ends, breaks or is dropped, so
    /// does the operation.
    pub struct RecordedBody<B> {
        #[pin]
        body: B,
        recording: Option<Recording>,
    }
}

impl<B> RecordedBody<B> {
    pub(crate) fn new(body: B, recording: Option<Recording>) -> Self {
        Self { body, recording }
    }
}

impl<B> Body for RecordedBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: fmt::Display + 'static,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        if let (Some(recording), Poll::Ready(frame)) = (this.recording.as_mut(), &polled) {
            match frame {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        recording.data(data);
                    }
                }
                Some(Err(error)) => {
                    recording.broke(error);
                    *this.recording = None;
                }
                None => {
                    recording.end();
                    *this.recording = None;
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> fmt::Debug for RecordedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedBody").field("recording", &self.recording).finish_non_exhaustive()
    }
}
