//! Where in the trace an operation stands, by the names of those around it: for systems that know no trace.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;

/// The names of the operations around a place, from the outermost. Kept only where someone asks for it, since
/// it costs every operation an allocation: by [`keep`](Self::keep).
///
/// An agent, a tool, a workflow and a step are called by their own names, all others by their spans'.
///
/// ```
/// use spanwise_core::{Agent, OperationPath, Tool};
///
/// OperationPath::keep();
/// let agent = Agent::new("triage").start();
/// # let _ = OperationPath::of(&agent.context());
/// ```
#[derive(Clone)]
pub struct OperationPath(Arc<Node>);

struct Node {
    name: Cow<'static, str>,
    parent: Option<OperationPath>,
    depth: usize,
}

static KEPT: AtomicBool = AtomicBool::new(false);

/// Operations further inside are on no path.
const DEEPEST: usize = 32;

/// What stands before a name that is its own.
const OPERATIONS: [&str; 4] = ["invoke_agent ", "execute_tool ", "invoke_workflow ", "step "];

impl OperationPath {
    /// Has paths kept from here on, for the life of the process.
    pub fn keep() {
        KEPT.store(true, Ordering::Relaxed);
    }

    /// The path in this context: where operations in it run.
    pub fn of(context: &Context) -> Option<&Self> {
        context.get::<Self>()
    }

    /// The names, from the outermost.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names = Vec::with_capacity(self.0.depth);
        let mut node = Some(self);
        while let Some(Self(inner)) = node {
            names.push(own_name(&inner.name));
            node = inner.parent.as_ref();
        }
        names.into_iter().rev()
    }

    pub(super) fn are_kept() -> bool {
        KEPT.load(Ordering::Relaxed)
    }

    /// The context, one operation further inside.
    pub(super) fn inside(context: &Context, span: Cow<'static, str>) -> Context {
        let parent = Self::of(context).cloned();
        let depth = parent.as_ref().map_or(1, |parent| parent.0.depth + 1);
        if depth > DEEPEST {
            return context.clone();
        }
        context.with_value(Self(Arc::new(Node { name: span, parent, depth })))
    }
}

pub(super) fn own_name(span: &str) -> &str {
    OPERATIONS.iter().find_map(|operation| span.strip_prefix(operation)).unwrap_or(span)
}

impl fmt::Debug for OperationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
