//! What an operation happens in, by name.

use opentelemetry::{Context, StringValue};

use super::current_agent::CurrentAgent;

/// The nearest agent, workflow and step around an operation, by their names: for those who sum up by them.
///
/// An agent, a workflow and a step count as their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Surroundings {
    /// The agent: the one that runs around it, else the scope's.
    pub agent: Option<StringValue>,
    /// The workflow.
    pub workflow: Option<StringValue>,
    /// The step.
    pub step: Option<StringValue>,
}

/// The nearest workflow and step, in an OpenTelemetry context.
#[derive(Clone, Default)]
struct Process {
    workflow: Option<StringValue>,
    step: Option<StringValue>,
}

impl Surroundings {
    /// Those of what happens in this context.
    pub(crate) fn of(context: &Context) -> Self {
        let Process { workflow, step } = process(context);
        Self { agent: Self::agent_in(context), workflow, step }
    }

    /// The agent alone.
    pub(crate) fn agent_in(context: &Context) -> Option<StringValue> {
        CurrentAgent::name_in(context)
    }

    /// The context, inside these as well, as far as they are known.
    pub(crate) fn around(self, context: Context) -> Context {
        let Self { agent, workflow, step } = self;
        let context = match agent {
            Some(agent) if CurrentAgent::name_in(&context).as_ref() != Some(&agent) => {
                context.with_value(CurrentAgent::new(Some(agent)))
            }
            _ => context,
        };
        let context = match workflow {
            Some(_) => Self::in_workflow(context, workflow),
            None => context,
        };
        match step {
            Some(step) => Self::in_step(context, step),
            None => context,
        }
    }

    pub(super) fn in_workflow(context: Context, workflow: Option<StringValue>) -> Context {
        let step = process(&context).step;
        context.with_value(Process { workflow, step })
    }

    pub(super) fn in_step(context: Context, step: StringValue) -> Context {
        let workflow = process(&context).workflow;
        context.with_value(Process { workflow, step: Some(step) })
    }
}

fn process(context: &Context) -> Process {
    context.get::<Process>().cloned().unwrap_or_default()
}
