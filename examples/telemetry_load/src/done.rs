//! What was done, to compare with what arrives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Each model's calls.
    pub models: BTreeMap<String, Worked>,
    /// Each tool's runs.
    pub tools: BTreeMap<String, Worked>,
    /// Each agent's turns.
    pub agents: BTreeMap<String, Worked>,
    /// Each provider's calls.
    pub providers: BTreeMap<String, Worked>,
    /// Who asked.
    pub users: BTreeMap<String, Worked>,
    /// Whole turns, with all that is in them.
    pub workflows: Worked,
    /// How many calls each budget refused.
    pub refused: BTreeMap<String, u64>,
    /// What else happened, how often: what of, and which of them.
    pub counted: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Done {
    /// One more of these.
    pub(crate) fn count(&mut self, what: &str, which: &str) {
        *self.counted.entry(what.into()).or_default().entry(which.into()).or_default() += 1;
    }
}

/// How often, and how much.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Worked {
    /// How often.
    pub times: u64,
    /// How often it failed.
    pub failed: u64,
    /// How often it was streamed.
    pub streamed: u64,
    /// Tokens that went in.
    pub input_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// Those of the input that came from a cache.
    pub cached_tokens: u64,
    /// Those of the output that were reasoning.
    pub reasoning_tokens: u64,
    /// What it cost, in millionths of a dollar.
    pub cost_micros: u64,
}

impl Worked {
    pub(crate) fn add(&mut self, other: &Self) {
        self.times += other.times;
        self.failed += other.failed;
        self.streamed += other.streamed;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cached_tokens += other.cached_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
        self.cost_micros += other.cost_micros;
    }

    /// Once, well or not.
    pub(crate) fn once(failed: bool) -> Self {
        Self { times: 1, failed: u64::from(failed), ..Self::default() }
    }
}
