//! The values that a scope has by name.

use opentelemetry_semantic_conventions::attribute as core;

use crate::semconv::attribute as key;

/// A value of a [`scope`](crate::scope()) that is a single text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScopeField {
    /// `session.id`
    Session,
    /// `user.id`
    User,
    /// `spanwise.tenant.id`
    Tenant,
    /// `deployment.environment.name`
    Environment,
    /// `spanwise.release`
    Release,
    /// `spanwise.request.id`
    RequestId,
    /// `gen_ai.conversation.id`
    ConversationId,
    /// `gen_ai.agent.name`
    AgentName,
    /// `gen_ai.prompt.name`
    PromptName,
    /// `gen_ai.prompt.version`
    PromptVersion,
}

impl ScopeField {
    /// Every field.
    pub const ALL: [Self; 10] = [
        Self::Session,
        Self::User,
        Self::Tenant,
        Self::Environment,
        Self::Release,
        Self::RequestId,
        Self::ConversationId,
        Self::AgentName,
        Self::PromptName,
        Self::PromptVersion,
    ];

    /// The attribute.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Session => core::SESSION_ID,
            Self::User => core::USER_ID,
            Self::Tenant => key::SPANWISE_TENANT_ID.key(),
            Self::Environment => core::DEPLOYMENT_ENVIRONMENT_NAME,
            Self::Release => key::SPANWISE_RELEASE.key(),
            Self::RequestId => key::SPANWISE_REQUEST_ID.key(),
            Self::ConversationId => key::GEN_AI_CONVERSATION_ID.key(),
            Self::AgentName => key::GEN_AI_AGENT_NAME.key(),
            Self::PromptName => key::GEN_AI_PROMPT_NAME.key(),
            Self::PromptVersion => key::GEN_AI_PROMPT_VERSION.key(),
        }
    }

    /// The field with this attribute.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }

    /// Whether every span has it; the conventions say where the others stand.
    pub(super) const fn is_on_every_span(self) -> bool {
        matches!(
            self,
            Self::Session
                | Self::User
                | Self::Tenant
                | Self::Environment
                | Self::Release
                | Self::RequestId
        )
    }
}
