//! Which spans a destination gets, and in whose words beside those of the conventions.

use spanwise_core::semconv::SemconvProfile;

use crate::error::{InitError, Source};

/// Which spans go to a destination; given to [`Destination::filter`](crate::Destination::filter).
///
/// The tree stays whole: a span whose parent is left out goes below the nearest span above it that is sent, or
/// becomes a root where there is none. [`Counts::filtered`](crate::Counts::filtered) says how many were left
/// out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanFilter {
    /// All of them.
    #[default]
    All,
    /// What has to do with language models: operations, and the spans of other crates that say something of a
    /// model call, an agent or a tool, by an attribute that begins with `gen_ai.`, `llm.`, `openinference.`,
    /// `traceloop.` or `langfuse.`. The conversation's id, which every span of a scope has, is not enough.
    ///
    /// A span that says so only after it has started is sent as well; its children, if it has any, may then be
    /// found beside it instead of below it.
    LlmOnly,
    /// Calls of models, each as a trace's only span: chats, completions, generated content and embeddings. For
    /// backends that take every span for a request to a model.
    ModelCallsOnly,
}

/// What a backend wants to be told in words of its own; given to
/// [`Destination::projection`](crate::Destination::projection).
///
/// Attributes are added, beside those of the conventions; what is there already stays. They are made from what
/// the content policy has left, on the thread that exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Projection {
    /// The attributes of [OpenInference](https://github.com/Arize-ai/openinference/tree/main/spec): for Phoenix
    /// before 15.10, and what later ones do not make themselves.
    OpenInference,
    /// The attributes of [Langfuse](https://langfuse.com/integrations/native/opentelemetry): the type of each
    /// observation, usage, cost, prompt, times and levels, and on every span the name of its trace.
    ///
    /// Two kinds of attributes are moved to Langfuse's metadata, since it would misread them: those of prompts
    /// (`gen_ai.prompt.name`, `.version`, `.variable.*`), which would hide the messages, and
    /// `gen_ai.operation.name` of an agent elsewhere, whose usage would be dropped.
    Langfuse,
    /// The flattened attributes of earlier years that Helicone's logging endpoint reads.
    Helicone,
    /// `gen_ai.system`, as `gen_ai.provider.name` was called before: for LangSmith and Opik.
    GenAiSystem,
}

/// Which spans go to a destination, and in which words.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpanView {
    pub(crate) filter: SpanFilter,
    pub(crate) projections: Vec<Projection>,
    /// The share of traces that goes there, where it is not all of them.
    pub(crate) share: Option<f64>,
}

impl SpanView {
    /// Whether it matters which span is above which.
    pub(crate) fn wants_lineage(&self) -> bool {
        self.filter == SpanFilter::LlmOnly || self.projections.contains(&Projection::Langfuse)
    }

    pub(crate) fn check(&self, destination: &str) -> Result<(), InitError> {
        match self.share {
            Some(share) if !(0.0..=1.0).contains(&share) => {
                let source = Source::code(format!("sample_rate of destination `{destination}`"));
                Err(source.invalid("is no share", "give a number from 0 to 1"))
            }
            _ => Ok(()),
        }
    }

    /// Once is enough.
    pub(crate) fn project(&mut self, projection: Projection) {
        if !self.projections.contains(&projection) {
            self.projections.push(projection);
        }
    }
}

/// How a destination is spoken to.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) profile: SemconvProfile,
    pub(crate) spans: SpanView,
}
