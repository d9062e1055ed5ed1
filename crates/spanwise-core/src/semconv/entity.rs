// Written by `cargo xtask semconv generate`; not edited by hand.

//! Entities, which are parts of a resource.

use super::{attribute, Entity};

/// `gen_ai.main_agent`.
pub const GEN_AI_MAIN_AGENT: Entity = Entity {
    name: "gen_ai.main_agent",
    identity: &[attribute::GEN_AI_MAIN_AGENT_ID.key()],
    description: &[attribute::GEN_AI_MAIN_AGENT_DESCRIPTION.key(), attribute::GEN_AI_MAIN_AGENT_NAME.key()],
};
