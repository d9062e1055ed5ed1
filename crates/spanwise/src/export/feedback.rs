//! Feedback, in the words of the API at the end of its lane.
//!
//! ```text
//! QueuedFeedback ─► product: Call { path, body } ─► encoded ─► lane ─► POST {base}/{path}
//! ```
//! A call is encoded as it goes out, and so it lies on disk: ids stay the same however often it is tried.

mod helicone;
mod langfuse;
mod phoenix;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde_json::{Value, json};
use spanwise_core::Feedback;

use super::lane::otlp::OtlpSettings;
use super::queued::QueuedFeedback;
use crate::config::{DeliverySettings, FeedbackEndpoint, FeedbackProduct};
use crate::diagnostics::Diagnostics;
use crate::error::InitError;

/// An API for feedback, configured and checked.
pub(crate) struct FeedbackSettings {
    pub(crate) api: FeedbackProduct,
    pub(crate) otlp: OtlpSettings,
}

impl FeedbackSettings {
    pub(crate) fn new(
        api: &FeedbackEndpoint,
        delivery: DeliverySettings,
    ) -> Result<Self, InitError> {
        let otlp = OtlpSettings::for_feedback(&api.endpoint, delivery)?;
        Ok(Self { api: api.product.clone(), otlp })
    }
}

/// What the worker knows of the API at the end of a lane.
pub(crate) struct FeedbackEnd {
    product: FeedbackProduct,
    destination: String,
    /// That of scores that no scope says another of.
    environment: Option<String>,
    diagnostics: Diagnostics,
}

impl FeedbackEnd {
    pub(crate) fn new(
        destination: &str,
        product: FeedbackProduct,
        environment: Option<String>,
        diagnostics: Diagnostics,
    ) -> Self {
        Self { product, destination: destination.to_owned(), environment, diagnostics }
    }

    /// The request that says so, encoded; `None` where the API has no words for it, which is warned of.
    pub(crate) fn call(&self, queued: &QueuedFeedback) -> Option<Bytes> {
        let feedback = &queued.feedback;
        let id = match &feedback.id {
            Some(id) => id.as_str().to_owned(),
            None => format!("{:032x}", fastrand::u128(..)),
        };
        let environment = queued.environment.as_deref().or(self.environment.as_deref());
        let told = Told { feedback, id: &id, environment };
        let call = match &self.product {
            FeedbackProduct::Langfuse => langfuse::call(&told),
            FeedbackProduct::Phoenix => phoenix::call(&told),
            FeedbackProduct::Helicone { rating } => helicone::call(&told, rating),
        };
        match call {
            Ok(call) => Some(call.encode()),
            Err(Unfit(why)) => {
                let Self { destination, product, .. } = self;
                let message = format!("{} takes no feedback {why}: dropped", product.name());
                self.diagnostics.warn(&format!("feedback {destination} {why}"), message);
                None
            }
        }
    }
}

/// A request that says nothing, and which the API refuses for that alone.
#[cfg(feature = "http")]
pub(crate) fn nothing(product: &FeedbackProduct) -> Call {
    match product {
        FeedbackProduct::Langfuse => Call::post(["api", "public", "scores"], json!({})),
        FeedbackProduct::Phoenix => Call::post(["v1", "span_annotations"], json!({ "data": [] })),
        FeedbackProduct::Helicone { .. } => {
            let nobodys = "00000000-0000-4000-8000-000000000000";
            Call::post(["v1", "request", nobodys, "feedback"], json!({}))
        }
    }
}

/// What is to be told.
struct Told<'a> {
    feedback: &'a Feedback,
    /// The program's own, or one that is made for it.
    id: &'a str,
    environment: Option<&'a str>,
}

impl Told<'_> {
    /// The ids of what it is said of: of the trace, and of the span unless the whole trace is meant.
    fn ids(&self) -> Result<(String, Option<String>), Unfit> {
        if self.feedback.session.is_some() {
            return Err(Unfit("of a whole session"));
        }
        let span = self.feedback.operation.span_context();
        if !span.is_valid() {
            return Err(Unfit("without a span that it is said of"));
        }
        let span_id = (!self.feedback.of_trace).then(|| span.span_id().to_string());
        Ok((span.trace_id().to_string(), span_id))
    }
}

/// Why an API has no words for something: what it is that it does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unfit(&'static str);

impl Unfit {
    /// Which is also what is left of a text where no comments may go.
    const EMPTY_TEXT: Self = Self("that is an empty text");
    const UNKNOWN: Self = Self("of a form that is not known");
}

/// One request to an API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Below the base, segment by segment.
    pub(crate) path: Vec<String>,
    pub(crate) body: Value,
}

impl Call {
    fn post<'a>(path: impl IntoIterator<Item = &'a str>, body: Value) -> Self {
        Self { path: path.into_iter().map(str::to_owned).collect(), body }
    }

    fn encode(&self) -> Bytes {
        json!({ "path": self.path, "body": self.body }).to_string().into()
    }

    /// What was encoded; `None` where it is something else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut call: Value = serde_json::from_slice(bytes).ok()?;
        let body = call.get_mut("body")?.take();
        let path = call.get("path")?.as_array()?.iter();
        let path = path.map(|segment| segment.as_str().map(str::to_owned));
        Some(Self { path: path.collect::<Option<_>>()?, body })
    }
}
