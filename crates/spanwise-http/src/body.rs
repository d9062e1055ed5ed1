//! Answers, recorded as they are passed on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::hide_usage::HideUsage;
use crate::recording::Recording;

pin_project! {
    /// The body of an answer, passed on frame by frame, as it comes. When it ends, breaks or is dropped, so
    /// does the operation.
    pub struct RecordedBody<B: Body> {
        #[pin]
        body: B,
        recording: Option<Recording>,
        hidden: Option<Hidden<B::Error>>,
    }
}

/// What is kept from the caller, where it must not see all of the answer.
struct Hidden<E> {
    usage: HideUsage,
    /// What comes after something that was held.
    next: Option<Result<Frame<Bytes>, E>>,
    ended: bool,
}

impl<B: Body> RecordedBody<B> {
    pub(crate) fn new(body: B, recording: Option<Recording>) -> Self {
        let usage = recording.as_ref().and_then(Recording::hides_usage);
        let hidden = usage.map(|usage| Hidden { usage, next: None, ended: false });
        Self { body, recording, hidden }
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
        let mut this = self.project();
        loop {
            if let Some(hidden) = this.hidden.as_mut() {
                match hidden.next.take() {
                    Some(next) => return Poll::Ready(Some(next)),
                    None if hidden.ended => return Poll::Ready(None),
                    None => {}
                }
            }
            let polled = this.body.as_mut().poll_frame(cx);
            let Poll::Ready(frame) = polled else { return Poll::Pending };
            if let Some(recording) = this.recording.as_mut() {
                look_at(recording, &frame);
                if !matches!(frame, Some(Ok(_))) {
                    *this.recording = None;
                }
            }
            match this.hidden.as_mut() {
                None => return Poll::Ready(frame),
                Some(hidden) => {
                    if let Some(frame) = hidden.pass(frame) {
                        return Poll::Ready(frame);
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let held = |hidden: &Hidden<_>| hidden.next.is_some() || !hidden.usage.is_empty();
        self.body.is_end_stream() && !self.hidden.as_ref().is_some_and(held)
    }

    fn size_hint(&self) -> SizeHint {
        match self.hidden {
            None => self.body.size_hint(),
            Some(_) => SizeHint::default(),
        }
    }
}

fn look_at<E: fmt::Display + 'static>(
    recording: &mut Recording,
    frame: &Option<Result<Frame<Bytes>, E>>,
) {
    match frame {
        Some(Ok(frame)) => {
            if let Some(data) = frame.data_ref() {
                recording.data(data);
            }
        }
        Some(Err(error)) => recording.broke(error),
        None => recording.end(),
    }
}

impl<E> Hidden<E> {
    /// What is passed on in place of this; `None` where that is nothing, and more must be awaited.
    #[allow(clippy::option_option, reason = "the end of a body is a frame that is not there")]
    fn pass(
        &mut self,
        frame: Option<Result<Frame<Bytes>, E>>,
    ) -> Option<Option<Result<Frame<Bytes>, E>>> {
        let filled = |bytes: Bytes| (!bytes.is_empty()).then(|| Some(Ok(Frame::data(bytes))));
        match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => filled(self.usage.more(&data)),
                Err(other) => {
                    self.next = Some(Ok(other));
                    filled(self.usage.rest())
                }
            },
            Some(Err(error)) => {
                self.next = Some(Err(error));
                filled(self.usage.rest())
            }
            None => {
                self.ended = true;
                filled(self.usage.rest()).or(Some(None))
            }
        }
    }
}

impl<B: Body> fmt::Debug for RecordedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedBody").field("recording", &self.recording).finish_non_exhaustive()
    }
}
