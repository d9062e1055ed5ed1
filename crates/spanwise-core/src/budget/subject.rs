//! Whose spending is told apart.

use opentelemetry::Context;

use crate::operation::Surroundings;
use crate::scope::{ActiveScope, ScopeField};

/// Whose spending a [`Budget`](crate::Budget) tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BudgetBy {
    /// Nobody's: everything that the process does.
    #[default]
    Process,
    /// That of each session, as the scope says: `session.id`.
    Session,
    /// That of each user: `user.id`.
    User,
    /// That of each tenant: `spanwise.tenant.id`.
    Tenant,
    /// That of each agent: the nearest around, or the scope's.
    Agent,
    /// That of each tag: a call with several is charged to each of them.
    Tag,
}

impl BudgetBy {
    /// Its word, such as `user`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Session => "session",
            Self::User => "user",
            Self::Tenant => "tenant",
            Self::Agent => "agent",
            Self::Tag => "tag",
        }
    }

    /// Whose a call in this context is, one after the other until something is found.
    pub(super) fn each<R>(
        self,
        context: &Context,
        only: Option<&str>,
        mut find: impl FnMut(&str) -> Option<R>,
    ) -> Option<R> {
        let mut one = |subject: &str| match only {
            Some(only) if only != subject => None,
            _ => find(subject),
        };
        let scope = ActiveScope::of(context);
        let mut of_scope = |field: ScopeField| one(scope?.get(field)?);
        match self {
            Self::Session => of_scope(ScopeField::Session),
            Self::User => of_scope(ScopeField::User),
            Self::Tenant => of_scope(ScopeField::Tenant),
            Self::Process => one(""),
            Self::Agent => one(Surroundings::agent_in(context)?.as_str()),
            Self::Tag => scope?.tags().find_map(one),
        }
    }
}
