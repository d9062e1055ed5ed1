//! An item on its way to the destinations, with its content beside it.

use std::sync::Arc;

use spanwise_core::Content;

/// An item, and what its operation captured.
#[derive(Clone, Debug)]
pub(crate) struct Carried<T> {
    pub(crate) item: T,
    pub(crate) content: Option<Arc<Content>>,
}

impl<T> Carried<T> {
    pub(crate) fn plain(item: T) -> Self {
        Self { item, content: None }
    }

    /// How many attributes its content will be.
    pub(crate) fn content_attributes(&self) -> usize {
        self.content.as_ref().map_or(0, |content| content.items().len())
    }
}
