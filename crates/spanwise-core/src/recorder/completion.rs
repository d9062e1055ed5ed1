//! The completion hook: whole content of operations, for who keeps it elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanContext;

use crate::content::Content;

/// Takes the whole content of every operation, whatever is sampled and captured.
///
/// Only where one is configured do operations keep content that is not captured. Operations whose own
/// [`ContentLevel`](crate::ContentLevel) is below `Full` keep theirs to themselves all the same. What it is
/// handed has been through no redactor.
///
/// Source: [Uploading content to external storage](https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md)
///
/// ```
/// use opentelemetry::KeyValue;
/// use spanwise_core::{Completion, CompletionHook};
///
/// struct Counted;
///
/// impl CompletionHook for Counted {
///     fn on_completion(&self, completion: Completion) -> Vec<KeyValue> {
///         vec![KeyValue::new("app.content.items", completion.content.items().len() as i64)]
///     }
/// }
/// ```
pub trait CompletionHook: Send + Sync {
    /// Takes the content of an operation that ends now, and gives attributes for its span and its event,
    /// such as where the content is to be found.
    ///
    /// It is called on the task of the operation and must not block; a panic costs the attributes.
    fn on_completion(&self, completion: Completion) -> Vec<KeyValue>;
}

impl<H: CompletionHook + ?Sized> CompletionHook for std::sync::Arc<H> {
    fn on_completion(&self, completion: Completion) -> Vec<KeyValue> {
        (**self).on_completion(completion)
    }
}

/// An operation that has ended, as a [`CompletionHook`] sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completion {
    /// Everything that went in and came out.
    pub content: Content,
    /// Its span, which may not be sampled.
    pub span: SpanContext,
}

/// What the hook says of this content.
pub(crate) fn complete(
    hook: &dyn CompletionHook,
    content: Content,
    span: SpanContext,
) -> Vec<KeyValue> {
    let called = AssertUnwindSafe(|| hook.on_completion(Completion { content, span }));
    catch_unwind(called).unwrap_or_default()
}
