//! What happens inside agents and workflows, kept for as long as someone listens.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::Context;

use crate::cost::{Cost, CostTotals};
use crate::usage::Usage;

/// What happened inside an agent or a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// What happened directly inside, in the order in which it ended.
    pub steps: Vec<String>,
    /// The tokens of all model calls inside.
    pub usage: Option<Usage>,
    /// What all calls inside cost that were priced.
    pub cost: CostTotals,
}

/// More steps than these are not told.
const MOST_STEPS: usize = 1000;

/// The nearest agent or workflow around, in an OpenTelemetry context.
#[derive(Clone)]
pub(crate) struct InsideContext(Arc<Node>);

struct Node {
    inside: Mutex<Inside>,
    around: Option<InsideContext>,
}

impl InsideContext {
    /// The context, one agent or workflow further inside.
    pub(crate) fn within(context: &Context) -> Context {
        let around = context.get::<Self>().cloned();
        context.with_value(Self(Arc::new(Node { inside: Mutex::default(), around })))
    }

    pub(crate) fn of(context: &Context) -> Option<&Self> {
        context.get::<Self>()
    }

    /// What has happened inside so far.
    pub(crate) fn told(&self) -> Inside {
        self.0.inside.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What happened inside is known from elsewhere.
    pub(crate) fn say(&self, inside: Inside) {
        *self.0.inside.lock().unwrap_or_else(PoisonError::into_inner) = inside;
    }

    /// An operation inside has ended.
    pub(crate) fn ended(&self, name: &str) {
        let mut inside = self.0.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.steps.len() < MOST_STEPS {
            inside.steps.push(name.to_owned());
        }
    }

    /// A call inside has used tokens, or cost something: those around count it as well.
    pub(crate) fn used(&self, usage: Option<Usage>, cost: Option<&Cost>) {
        let mut node = Some(self).filter(|_| usage.is_some() || cost.is_some());
        while let Some(Self(inner)) = node {
            let mut inside = inner.inside.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(usage) = usage {
                inside.usage = Some(inside.usage.map_or(usage, |so_far| so_far.plus(&usage)));
            }
            cost.into_iter().for_each(|cost| inside.cost.add(cost));
            drop(inside);
            node = inner.around.as_ref();
        }
    }
}
