//! What a scope switches off: everything, or content and metadata of what runs inside.

use super::Scope;
use crate::capture::CapturePolicy;

/// What is still on. A scope switches off, and never on again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switches {
    pub(crate) enabled: bool,
    pub(crate) inputs: bool,
    pub(crate) outputs: bool,
    pub(crate) metadata: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self { enabled: true, inputs: true, outputs: true, metadata: true }
    }
}

impl Switches {
    /// What is on inside of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            enabled: self.enabled && other.enabled,
            inputs: self.inputs && other.inputs,
            outputs: self.outputs && other.outputs,
            metadata: self.metadata && other.metadata,
        }
    }

    /// What a policy lets through where these are in force.
    pub(crate) fn narrow(self, policy: CapturePolicy) -> CapturePolicy {
        let (inputs, outputs) = (policy.inputs && self.inputs, policy.outputs && self.outputs);
        CapturePolicy { inputs, outputs, metadata: policy.metadata && self.metadata, ..policy }
    }
}

impl Scope {
    /// Whether anything is recorded inside: with `false`, no span, no metric and no event, of other crates
    /// neither. `true` changes nothing: what is off around a scope stays off.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.switches.enabled &= enabled;
        self
    }

    /// Whether instructions, input messages, tool definitions and arguments of operations inside are content to
    /// capture. `true` changes nothing: what is not captured, or off around a scope, stays so.
    pub fn record_inputs(mut self, record: bool) -> Self {
        self.switches.inputs &= record;
        self
    }

    /// The same for output messages, documents and results.
    pub fn record_outputs(mut self, record: bool) -> Self {
        self.switches.outputs &= record;
        self
    }

    /// Whether operations inside have attributes and span events of the program's own. `true` changes nothing.
    pub fn record_metadata(mut self, record: bool) -> Self {
        self.switches.metadata &= record;
        self
    }
}
