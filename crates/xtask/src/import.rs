//! Registry YAML to our table: references resolved, prose left behind.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::Value;

use crate::registry::{self, AttributeType, Reference, RequirementLevel};
use crate::table::{
    Attribute, Entity, Event, Level, Metric, MetricRefinement, Requirement, Requirements, Span,
    SpanRefinement, Table, ValueType,
};

/// The facts that the registry states in prose or elsewhere (`semconv/supplement.yaml`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Supplement {
    /// Types of the core conventions' attributes that are used here.
    core_attributes: BTreeMap<String, ValueType>,
    /// Histogram boundaries, and the metrics that have them.
    boundaries: Vec<Boundaries>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Boundaries {
    values: Vec<f64>,
    metrics: Vec<String>,
}

const FOLDERS: [&str; 4] = ["gen-ai", "openai", "aws-bedrock", "mcp"];

pub(crate) fn import(registry: &Path, supplement: &str) -> Result<Table> {
    let supplement: Supplement =
        yaml_serde::from_str(supplement).context("semconv/supplement.yaml")?;
    let model = registry.join("model");
    let manifest: registry::Manifest = read_yaml(&model.join("manifest.yaml"))?;
    let files = read_files(&model)?;
    let groups = Groups::of(&files);

    let mut table = Table { schema_url: Some(manifest.schema_url), ..Table::default() };
    for file in &files {
        for attribute in &file.attributes {
            add_attribute(&mut table, attribute, registry)?;
        }
    }
    for (key, value_type) in &supplement.core_attributes {
        let attribute = Attribute { value_type: *value_type, values: vec![], core: true };
        table.attributes.insert(key.clone(), attribute);
    }
    for file in &files {
        for span in &file.spans {
            table.spans.insert(span.span_type.clone(), span_of(span, &groups)?);
        }
        for refinement in &file.span_refinements {
            let provider = quoted_after(&refinement.note, "`gen_ai.provider.name` MUST be set to");
            let distilled = SpanRefinement {
                of: refinement.of.clone(),
                provider,
                names: names_in(&refinement.name.note),
                attributes: groups.resolve_changes(refinement)?,
            };
            table.span_refinements.insert(refinement.id.clone(), distilled);
        }
        for metric in &file.metrics {
            let distilled = metric_of(metric, &groups, &supplement)?;
            table.metrics.insert(metric.name.clone(), distilled);
        }
        for refinement in &file.metric_refinements {
            let attributes = groups.resolve_changes(refinement)?;
            let distilled = MetricRefinement { of: refinement.of.clone(), attributes };
            table.metric_refinements.insert(refinement.id.clone(), distilled);
        }
        for event in &file.events {
            let distilled = Event {
                level: level_of(Some(&event.requirement_level))?,
                severity: severity_in(&event.note),
                attributes: groups.resolve(&event.attributes)?,
            };
            table.events.insert(event.name.clone(), distilled);
        }
        for entity in &file.entities {
            let distilled = Entity {
                identity: groups.resolve(&entity.identity)?,
                description: groups.resolve(&entity.description)?,
            };
            table.entities.insert(entity.entity_type.clone(), distilled);
        }
    }
    claim_operations(&mut table);
    check(&table)?;
    Ok(table)
}

fn read_yaml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    yaml_serde::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

fn read_files(model: &Path) -> Result<Vec<registry::File>> {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        for entry in std::fs::read_dir(model.join(folder))? {
            paths.push(entry?.path());
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths.iter().map(|path| read_yaml(path)).collect()
}

fn add_attribute(
    table: &mut Table,
    definition: &registry::AttributeDefinition,
    registry: &Path,
) -> Result<()> {
    let (value_type, values) = match &definition.value_type {
        AttributeType::Simple(name) => (yaml_serde::from_str(name)?, vec![]),
        AttributeType::Enum { members } => {
            (ValueType::Text, members.iter().map(|member| member.value.clone()).collect())
        }
    };
    let schema = definition
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get("type")?.get("json_schema")?.as_str());
    if let Some(schema) = schema {
        let text = std::fs::read_to_string(registry.join(schema))?;
        let shape = without_prose(serde_json::from_str(&text)?);
        table.shapes.insert(definition.key.clone(), shape);
    }
    table.attributes.insert(definition.key.clone(), Attribute { value_type, values, core: false });
    Ok(())
}

/// A JSON schema with the words taken out: what a validator needs, and nothing to read aloud.
fn without_prose(schema: Value) -> Value {
    const PROSE: [&str; 6] = ["description", "title", "examples", "format", "$comment", "$schema"];
    match schema {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                // A property may well be called `title`; only the keyword's value is a string.
                .filter(|(key, value)| {
                    !(PROSE.contains(&key.as_str()) && (value.is_string() || value.is_array()))
                })
                .map(|(key, value)| (key, without_prose(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_prose).collect()),
        other => other,
    }
}

fn span_of(span: &registry::SpanDefinition, groups: &Groups<'_>) -> Result<Span> {
    let mut kinds = vec![span.kind.clone()];
    if span.note.contains("MAY be set to `INTERNAL`") {
        kinds.push("internal".into());
    }
    Ok(Span {
        kinds,
        names: names_in(&span.name.note),
        operations: operations_in(&span.note),
        entities: span.entity_associations.clone(),
        attributes: groups.resolve(&span.attributes)?,
    })
}

fn metric_of(
    metric: &registry::MetricDefinition,
    groups: &Groups<'_>,
    supplement: &Supplement,
) -> Result<Metric> {
    let value = metric.annotations.as_ref().and_then(|annotations| {
        annotations.get("code_generation")?.get("metric_value_type")?.as_str()
    });
    let boundaries = supplement
        .boundaries
        .iter()
        .find(|boundaries| boundaries.metrics.contains(&metric.name))
        .map(|boundaries| boundaries.values.clone());
    if metric.instrument == "histogram" && boundaries.is_none() {
        return Err(anyhow!("semconv/supplement.yaml has no boundaries for {}", metric.name));
    }
    Ok(Metric {
        instrument: metric.instrument.clone(),
        unit: metric.unit.clone(),
        value: if value == Some("int") { ValueType::Int } else { ValueType::Double },
        boundaries: boundaries.unwrap_or_default(),
        attributes: groups.resolve(&metric.attributes)?,
    })
}

/// Attribute lists by the id that others refer to them with.
struct Groups<'a>(BTreeMap<String, &'a [Reference]>);

impl<'a> Groups<'a> {
    fn of(files: &'a [registry::File]) -> Self {
        let mut groups = BTreeMap::new();
        for file in files {
            for group in &file.attribute_groups {
                groups.insert(group.id.clone(), group.attributes.as_slice());
            }
            for span in &file.spans {
                groups.insert(format!("span.{}", span.span_type), span.attributes.as_slice());
            }
            for metric in &file.metrics {
                groups.insert(format!("metric.{}", metric.name), metric.attributes.as_slice());
            }
        }
        Self(groups)
    }

    /// Later references to an attribute override what earlier ones said of it.
    fn resolve(&self, references: &[Reference]) -> Result<Requirements> {
        let mut merged = BTreeMap::new();
        self.merge(references, &mut merged)?;
        merged
            .into_iter()
            .map(|(key, (level, at_start))| {
                let level = level_of(level.as_ref())?;
                Ok((key, Requirement { level, at_start: at_start.unwrap_or(false) }))
            })
            .collect()
    }

    /// A refinement's attributes, without those that it only words differently.
    fn resolve_changes(&self, refinement: &registry::Refinement) -> Result<Requirements> {
        let base = self
            .0
            .get(&format!("span.{}", refinement.of))
            .or_else(|| self.0.get(&format!("metric.{}", refinement.of)))
            .ok_or_else(|| anyhow!("{} refines nothing known", refinement.id))?;
        let before = self.resolve(base)?;
        let mut after = base.to_vec();
        after.extend_from_slice(&refinement.attributes);
        let mut changed = self.resolve(&after)?;
        changed.retain(|key, requirement| before.get(key) != Some(requirement));
        Ok(changed)
    }

    fn merge(
        &self,
        references: &[Reference],
        merged: &mut BTreeMap<String, (Option<RequirementLevel>, Option<bool>)>,
    ) -> Result<()> {
        for reference in references {
            if let Some(group) = &reference.ref_group {
                let attributes =
                    self.0.get(group).ok_or_else(|| anyhow!("no attribute group `{group}`"))?;
                self.merge(attributes, merged)?;
            } else if let Some(key) = &reference.attribute {
                let entry = merged.entry(key.clone()).or_default();
                entry.0 = reference.requirement_level.clone().or(entry.0.take());
                entry.1 = reference.sampling_relevant.or(entry.1);
            }
        }
        Ok(())
    }
}

fn level_of(level: Option<&RequirementLevel>) -> Result<Level> {
    let name = match level {
        None => "recommended",
        Some(RequirementLevel::Plain(name)) => name,
        Some(RequirementLevel::Conditional(condition)) => match condition.keys().next() {
            Some(name) if name == "recommended" => "recommended_if",
            Some(name) => name,
            None => "recommended",
        },
    };
    name.parse::<Requirement>().map(|requirement| requirement.level)
}

/// The span names in a note: the first template in backticks, and what begins with its first word.
fn names_in(note: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in backticked(note) {
        let fits = match names.first() {
            None => name.contains('{'),
            Some(first) => name.split(' ').next() == first.split(' ').next(),
        };
        if fits && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The operations in ``The `gen_ai.operation.name` SHOULD be one of `a`, `b` ``: that sentence's.
fn operations_in(note: &str) -> Vec<String> {
    let Some(start) = note.find("`gen_ai.operation.name` SHOULD be") else {
        return vec![];
    };
    let sentence = &note[start..];
    let end = sentence.find(".\n").unwrap_or(sentence.len());
    backticked(&sentence[..end]).into_iter().skip(1).collect()
}

fn backticked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn quoted_after(text: &str, phrase: &str) -> Option<String> {
    let rest = &text[text.find(phrase)? + phrase.len()..];
    rest.split('"').nth(1).map(str::to_owned)
}

fn severity_in(note: &str) -> Option<u8> {
    let rest = &note[note.find("(severity number ")? + "(severity number ".len()..];
    rest.split(')').next()?.parse().ok()
}

/// Operations that no other span names belong to the inference span, which names none.
fn claim_operations(table: &mut Table) {
    let claimed: Vec<String> =
        table.spans.values().flat_map(|span| span.operations.clone()).collect();
    let all = table.attributes.get("gen_ai.operation.name").map(|a| a.values.clone());
    if let Some(inference) = table.spans.get_mut("gen_ai.client.inference") {
        inference.operations = all.unwrap_or_default();
        inference.operations.retain(|operation| !claimed.contains(operation));
    }
}

/// Every attribute that is asked for must be defined.
fn check(table: &Table) -> Result<()> {
    let sets = table
        .spans
        .values()
        .map(|span| &span.attributes)
        .chain(table.span_refinements.values().map(|refinement| &refinement.attributes))
        .chain(table.metrics.values().map(|metric| &metric.attributes))
        .chain(table.metric_refinements.values().map(|refinement| &refinement.attributes))
        .chain(table.events.values().map(|event| &event.attributes));
    for key in sets.flat_map(|set| set.keys()) {
        if !table.attributes.contains_key(key) {
            return Err(anyhow!("semconv/supplement.yaml does not say what type {key} has"));
        }
    }
    Ok(())
}
