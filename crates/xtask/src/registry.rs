//! The registry's own YAML (`definition/2`), as far as we read it.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) schema_url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    pub(crate) attributes: Vec<AttributeDefinition>,
    pub(crate) attribute_groups: Vec<AttributeGroup>,
    pub(crate) spans: Vec<SpanDefinition>,
    pub(crate) span_refinements: Vec<Refinement>,
    pub(crate) metrics: Vec<MetricDefinition>,
    pub(crate) metric_refinements: Vec<Refinement>,
    pub(crate) events: Vec<EventDefinition>,
    pub(crate) entities: Vec<EntityDefinition>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AttributeDefinition {
    pub(crate) key: String,
    #[serde(rename = "type")]
    pub(crate) value_type: AttributeType,
    #[serde(default)]
    pub(crate) annotations: Option<yaml_serde::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum AttributeType {
    Simple(String),
    Enum { members: Vec<Member> },
}

#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) value: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AttributeGroup {
    pub(crate) id: String,
    pub(crate) attributes: Vec<Reference>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reference {
    #[serde(rename = "ref")]
    pub(crate) attribute: Option<String>,
    pub(crate) ref_group: Option<String>,
    pub(crate) requirement_level: Option<RequirementLevel>,
    pub(crate) sampling_relevant: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum RequirementLevel {
    Plain(String),
    Conditional(std::collections::BTreeMap<String, String>),
}

#[derive(Debug, Deserialize)]
pub(crate) struct SpanDefinition {
    #[serde(rename = "type")]
    pub(crate) span_type: String,
    pub(crate) kind: String,
    pub(crate) name: Note,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) attributes: Vec<Reference>,
    #[serde(default)]
    pub(crate) entity_associations: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Note {
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Refinement {
    pub(crate) id: String,
    #[serde(rename = "ref")]
    pub(crate) of: String,
    #[serde(default)]
    pub(crate) name: Note,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) attributes: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MetricDefinition {
    pub(crate) name: String,
    pub(crate) instrument: String,
    pub(crate) unit: String,
    #[serde(default)]
    pub(crate) annotations: Option<yaml_serde::Value>,
    pub(crate) attributes: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EventDefinition {
    pub(crate) name: String,
    pub(crate) requirement_level: RequirementLevel,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) attributes: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EntityDefinition {
    #[serde(rename = "type")]
    pub(crate) entity_type: String,
    pub(crate) identity: Vec<Reference>,
    #[serde(default)]
    pub(crate) description: Vec<Reference>,
}
