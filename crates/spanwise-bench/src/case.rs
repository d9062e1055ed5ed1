//! What is measured: cases, and ways to record them.

use std::str::FromStr;

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// A model call: 20 attributes, three histograms, two counters.
    Generation,
    /// The same around a future.
    GenerationAroundFuture,
    /// A model call with this many bytes of messages captured on the span.
    Content(usize),
    /// A tool.
    Tool,
    /// An agent with five model calls and five tools.
    Agent,
    /// A workflow of ten steps.
    Workflow,
}

/// How it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With the SDK's own API, batch processor and instruments.
    ByHand,
    /// The same where the sampler says no.
    ByHandNotSampled,
    /// With what the API gives where no SDK is installed.
    ByHandNotInstalled,
    /// By spanwise, started with `init_telemetry`.
    Installed,
    /// The same where the sampler says no.
    NotSampled,
    /// By spanwise over the providers of `ByHand`, with plain instruments.
    Attached,
    /// By spanwise where nothing was started.
    NotInstalled,
    /// By spanwise where telemetry is disabled.
    Disabled,
    /// As installed, while a function listens to calls that end.
    OneHandler,
    /// As installed, while four exporters of events listen.
    FourExporters,
    /// As installed, with published prices.
    Priced,
}

impl Case {
    /// All that the instruction counts cover.
    pub const ALL: [Self; 7] = [
        Self::Generation,
        Self::GenerationAroundFuture,
        Self::Content(1 << 10),
        Self::Content(100 << 10),
        Self::Tool,
        Self::Agent,
        Self::Workflow,
    ];

    /// How many bytes of messages there are.
    pub fn content_bytes(self) -> usize {
        if let Self::Content(bytes) = self { bytes } else { 0 }
    }

    /// How many spans it makes.
    pub fn spans(self) -> u32 {
        match self {
            Self::Agent | Self::Workflow => 11,
            _ => 1,
        }
    }

    /// How many times it is recorded before exporters get a pause: what any queue can hold.
    pub fn per_round(self) -> u32 {
        if self.content_bytes() > 10_000 { 16 } else { 500 / self.spans() }
    }

    /// As the command line and the tables say it.
    pub fn name(self) -> String {
        match self {
            Self::Generation => "generation".into(),
            Self::GenerationAroundFuture => "generation-around-future".into(),
            Self::Content(bytes) => format!("content-{}k", bytes >> 10),
            Self::Tool => "tool".into(),
            Self::Agent => "agent".into(),
            Self::Workflow => "workflow".into(),
        }
    }
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ByHand,
        Self::ByHandNotSampled,
        Self::ByHandNotInstalled,
        Self::Installed,
        Self::NotSampled,
        Self::Attached,
        Self::NotInstalled,
        Self::Disabled,
        Self::OneHandler,
        Self::FourExporters,
        Self::Priced,
    ];

    /// Whether its spans are exported.
    pub fn exports(self) -> bool {
        matches!(self.by_hand(), Self::ByHand)
    }

    /// What does the same by hand.
    pub fn by_hand(self) -> Self {
        match self {
            Self::ByHand | Self::Installed | Self::Attached => Self::ByHand,
            Self::OneHandler | Self::FourExporters | Self::Priced => Self::ByHand,
            Self::ByHandNotSampled | Self::NotSampled => Self::ByHandNotSampled,
            Self::ByHandNotInstalled | Self::NotInstalled | Self::Disabled => {
                Self::ByHandNotInstalled
            }
        }
    }

    /// As the command line and the tables say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByHand => "by-hand",
            Self::ByHandNotSampled => "by-hand-not-sampled",
            Self::ByHandNotInstalled => "by-hand-not-installed",
            Self::Installed => "installed",
            Self::NotSampled => "not-sampled",
            Self::Attached => "attached",
            Self::NotInstalled => "not-installed",
            Self::Disabled => "disabled",
            Self::OneHandler => "one-handler",
            Self::FourExporters => "four-exporters",
            Self::Priced => "priced",
        }
    }
}

/// No such case or way.
#[derive(Clone, Copy, Debug)]
pub struct Unknown;

impl FromStr for Case {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|case| case.name() == name).ok_or(Unknown)
    }
}

impl FromStr for Way {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|way| way.name() == name).ok_or(Unknown)
    }
}
