//! The attributes of an operation that is over.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use opentelemetry::KeyValue;

/// The attributes of an operation that is over, in one list: copied only where one of several who share it changes it.
///
/// `Debug` shows keys, never values.
///
/// ```
/// use opentelemetry::KeyValue;
/// use spanwise_core::RecordedAttributes;
///
/// let mut of_span = RecordedAttributes::from(vec![KeyValue::new("gen_ai.request.model", "gpt-4o")]);
/// let of_event = of_span.share();
/// assert_eq!(of_event.len(), 1);
/// assert_eq!(of_span.into_vec(), of_event.to_vec());
/// ```
#[derive(Clone)]
pub struct RecordedAttributes(Held);

#[derive(Clone)]
enum Held {
    Alone(Vec<KeyValue>),
    Shared(Arc<Vec<KeyValue>>),
}

impl RecordedAttributes {
    /// Another look at the same list.
    #[must_use]
    pub fn share(&mut self) -> Self {
        let shared = match &mut self.0 {
            Held::Alone(list) => Arc::new(std::mem::take(list)),
            Held::Shared(list) => list.clone(),
        };
        self.0 = Held::Shared(shared.clone());
        Self(Held::Shared(shared))
    }

    /// The list; a copy, where others hold it as well.
    pub fn into_vec(self) -> Vec<KeyValue> {
        match self.0 {
            Held::Alone(list) => list,
            Held::Shared(list) => Arc::unwrap_or_clone(list),
        }
    }
}

impl Default for RecordedAttributes {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<KeyValue>> for RecordedAttributes {
    fn from(list: Vec<KeyValue>) -> Self {
        Self(Held::Alone(list))
    }
}

impl Deref for RecordedAttributes {
    type Target = [KeyValue];

    fn deref(&self) -> &[KeyValue] {
        match &self.0 {
            Held::Alone(list) => list,
            Held::Shared(list) => list,
        }
    }
}

impl fmt::Debug for RecordedAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|attribute| attribute.key.as_str())).finish()
    }
}
