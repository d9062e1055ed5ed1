//! What a hook may look at.

use std::fmt;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use spanwise_core::SCOPE_NAME;
use spanwise_core::semconv::attribute;

/// The span or log record whose content a [hook](crate::ContentPolicy::hook) sees.
#[derive(Clone, Copy)]
pub struct OperationView<'a> {
    pub(crate) name: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) attributes: &'a [KeyValue],
}

impl<'a> OperationView<'a> {
    /// The name of the span, or of the event.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The instrumentation scope: `spanwise` for operations, or whoever else recorded it.
    pub fn scope(&self) -> &'a str {
        self.scope
    }

    /// Whether an operation of spanwise's recorded it.
    pub fn is_own(&self) -> bool {
        self.scope == SCOPE_NAME
    }

    /// What kind of operation it is: `gen_ai.operation.name`, such as `chat`.
    pub fn operation(&self) -> Option<&'a str> {
        self.attribute(attribute::GEN_AI_OPERATION_NAME.key())
    }

    /// The value of an attribute that is a string and no content.
    pub fn attribute(&self, key: &str) -> Option<&'a str> {
        let attribute = self.attributes.iter().find(|attribute| attribute.key == key)?;
        match attribute.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text),
            _ => None,
        }
    }
}

/// Name and scope; attributes may hold anything.
impl fmt::Debug for OperationView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationView")
            .field("name", &self.name)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
