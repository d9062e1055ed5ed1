//! One observation.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

use super::attributes::{Attributes, has_a_forbidden_segment};
use super::{content, fields, figures};

/// A span, as Langfuse shows it. What is not there is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LangfuseObservation {
    /// What it is called: tools by their own name.
    pub name: String,
    /// `span`, `generation`, `event`, `embedding`, `agent`, `tool`, `chain`, `retriever`, `guardrail` or
    /// `evaluator`.
    pub observation_type: String,
    /// `DEBUG`, `DEFAULT`, `WARNING` or `ERROR`.
    pub level: String,
    /// What is said of how it ended.
    pub status_message: Option<String>,
    /// The model, for whatever is no agent.
    pub model: Option<String>,
    /// What the model was asked with.
    pub model_parameters: BTreeMap<String, Value>,
    /// Tokens by kind; none stands in two kinds, but for the `total`.
    pub usage_details: BTreeMap<String, f64>,
    /// Cost by kind, in US dollars.
    pub cost_details: BTreeMap<String, f64>,
    /// Name and version of the linked prompt, of generations.
    pub prompt: Option<(String, i64)>,
    /// When the first token came.
    pub completion_start_time: Option<String>,
    /// What went in.
    pub input: Option<Value>,
    /// What came out.
    pub output: Option<Value>,
    /// Metadata that can be filtered by.
    pub metadata: BTreeMap<String, Value>,
    /// The name of its trace.
    pub trace_name: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// The tags of its trace.
    pub tags: Vec<String>,
    /// Whether everyone who has the link sees the trace.
    pub public: bool,
    /// The environment; `default` where none is said, or one that cannot be used.
    pub environment: String,
    /// The version of the program.
    pub version: Option<String>,
    /// The release.
    pub release: Option<String>,
    /// The experiment that it belongs to: what begins with `langfuse.experiment.`.
    pub experiment: BTreeMap<String, Value>,
    /// Whether it is the top of what its process sends.
    pub is_app_root: bool,
    /// What was sent and is not used, each as a sentence.
    pub dropped: Vec<String>,
}

impl LangfuseObservation {
    pub(super) fn of(span: &Span, scope: &str, resource: &Attributes) -> Self {
        let attributes = Attributes::of(&span.attributes);
        let mut observation = Self::default();
        for attribute in span.attributes.iter().filter(|it| has_a_forbidden_segment(&it.key)) {
            observation.drop(format!("the attribute `{}`, for a name in its key", attribute.key));
        }
        if changes_the_reading(scope) {
            observation.drop(format!("the usual reading, since the scope is called `{scope}`"));
        }
        fields::read(span, &attributes, resource, &mut observation);
        figures::read(&attributes, &mut observation);
        content::read(&attributes, &mut observation);
        observation
    }

    pub(super) fn drop(&mut self, what: String) {
        self.dropped.push(what);
    }
}

/// Scopes whose spans are read by rules of their own.
fn changes_the_reading(scope: &str) -> bool {
    matches!(scope, "ai" | "genkit-tracer" | "pydantic-ai" | "gcp.vertex.agent")
        || scope.starts_with("langfuse-sdk")
}
