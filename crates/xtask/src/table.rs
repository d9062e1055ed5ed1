//! The conventions as facts: what `semconv/*.yaml` hold.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// Every list in it is a map by name, so that a change upstream is a small change here.
#[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The schema URL that telemetry names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema_url: Option<String>,
    pub(crate) attributes: BTreeMap<String, Attribute>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) spans: BTreeMap<String, Span>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) span_refinements: BTreeMap<String, SpanRefinement>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metrics: BTreeMap<String, Metric>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metric_refinements: BTreeMap<String, MetricRefinement>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) events: BTreeMap<String, Event>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) entities: BTreeMap<String, Entity>,
    /// The JSON shape of each content attribute.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) shapes: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attribute {
    #[serde(rename = "type")]
    pub(crate) value_type: ValueType,
    /// The values of an open enum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
    /// Defined by the core conventions, and only used here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) core: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq)]
pub(crate) enum ValueType {
    #[serde(rename = "string")]
    Text,
    #[serde(rename = "int")]
    Int,
    #[serde(rename = "double")]
    Double,
    #[serde(rename = "boolean")]
    Boolean,
    #[serde(rename = "string[]")]
    TextList,
    #[serde(rename = "any")]
    Any,
    #[serde(rename = "template[string]")]
    TextTemplate,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Span {
    /// The first is the usual one.
    pub(crate) kinds: Vec<String>,
    /// Span names, fullest first; the next one holds where an attribute is missing.
    pub(crate) names: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) operations: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) entities: Vec<String>,
    pub(crate) attributes: Requirements,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpanRefinement {
    pub(crate) of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) names: Vec<String>,
    /// Where it differs from the span that it refines.
    pub(crate) attributes: Requirements,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metric {
    pub(crate) instrument: String,
    pub(crate) unit: String,
    pub(crate) value: ValueType,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) boundaries: Vec<f64>,
    pub(crate) attributes: Requirements,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricRefinement {
    pub(crate) of: String,
    pub(crate) attributes: Requirements,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<u8>,
    pub(crate) attributes: Requirements,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entity {
    pub(crate) identity: Requirements,
    pub(crate) description: Requirements,
}

/// An earlier version of the conventions, as far as it differs: what `semconv/v1_41.yaml` holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Earlier {
    pub(crate) schema_url: String,
    pub(crate) attributes: BTreeMap<String, EarlierAttribute>,
    /// Whether each output message must hold its `finish_reason`.
    pub(crate) finish_reason_in_messages: bool,
    /// The attribute that told input tokens from output tokens.
    pub(crate) token_type: String,
    pub(crate) metrics: BTreeMap<String, EarlierMetric>,
    /// Metrics of today that have no counterpart.
    pub(crate) metrics_left_out: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EarlierAttribute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) value_type: Option<ValueType>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EarlierMetric {
    pub(crate) name: String,
    /// The value of the attribute that told tokens apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_type: Option<String>,
}

impl Earlier {
    pub(crate) fn from_yaml(text: &str) -> Result<Self> {
        yaml_serde::from_str(text).context("semconv/v1_41.yaml")
    }
}

pub(crate) type Requirements = BTreeMap<String, Requirement>;

/// How much an attribute is asked for: `required`, or `required at_start` where samplers read it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Requirement {
    pub(crate) level: Level,
    pub(crate) at_start: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Required,
    ConditionallyRequired,
    Recommended,
    /// Recommended under a condition.
    RecommendedIf,
    OptIn,
}

const LEVELS: [(Level, &str); 5] = [
    (Level::Required, "required"),
    (Level::ConditionallyRequired, "conditionally_required"),
    (Level::Recommended, "recommended"),
    (Level::RecommendedIf, "recommended_if"),
    (Level::OptIn, "opt_in"),
];

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = LEVELS.iter().find(|(level, _)| *level == self.level).ok_or(fmt::Error)?;
        f.write_str(name)?;
        if self.at_start { f.write_str(" at_start") } else { Ok(()) }
    }
}

impl FromStr for Requirement {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (level, at_start) = match text.strip_suffix(" at_start") {
            Some(level) => (level, true),
            None => (text, false),
        };
        match LEVELS.iter().find(|(_, name)| *name == level) {
            Some((level, _)) => Ok(Self { level: *level, at_start }),
            None => bail!("`{text}` is no requirement level"),
        }
    }
}

impl Serialize for Requirement {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Requirement {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Table {
    pub(crate) fn from_yaml(text: &str) -> Result<Self> {
        yaml_serde::from_str(text).context("not a table of conventions")
    }

    pub(crate) fn to_yaml(&self) -> Result<String> {
        let header =
            "# Distilled from the registry by `cargo xtask semconv import`; not edited by hand.\n";
        Ok(format!("{header}{}", yaml_serde::to_string(self)?))
    }
}
