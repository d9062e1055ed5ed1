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
    /// Who asked.
    pub users: BTreeMap<String, Worked>,
    /// How many calls each budget refused.
    pub refused: BTreeMap<String, u64>,
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
        self.cost_micros += other.cost_micros;
    }

    /// Once, well or not.
    pub(crate) fn once(failed: bool) -> Self {
        Self { times: 1, failed: u64::from(failed), ..Self::default() }
    }
}
