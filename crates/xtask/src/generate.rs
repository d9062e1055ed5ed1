//! Our tables to the Rust of `spanwise-core/src/semconv/`.

use std::fmt::Write as _;

use crate::table::{Earlier, Metric, Requirements, Table, ValueType};

const HEADER: &str = "// Written by `cargo xtask semconv generate`; not edited by hand.\n\n";

/// Parts of the registry that nothing here records yet.
const LEFT_OUT: [&str; 6] = ["mcp.", "jsonrpc.", "network.", "client.", "rpc.", "gen_ai.server."];

/// The files by name.
pub(crate) fn generate(
    genai: &Table,
    spanwise: &Table,
    v1_41: &Earlier,
) -> Vec<(&'static str, String)> {
    let tables = [genai, spanwise];
    vec![
        ("attribute.rs", attributes(&tables)),
        ("schema.rs", schema(genai)),
        ("value.rs", values(&tables)),
        ("metric.rs", metrics(&tables, v1_41)),
        ("event.rs", events(&tables)),
        ("entity.rs", entities(genai)),
        ("v1_41.rs", earlier(v1_41)),
    ]
}

pub(crate) fn recorded(name: &str) -> bool {
    !LEFT_OUT.iter().any(|prefix| name.starts_with(prefix))
}

/// What the export side tells of itself is looked at when metrics are collected, and never recorded.
fn observed(name: &str) -> bool {
    name.starts_with("spanwise.export.")
}

fn attributes(tables: &[&Table]) -> String {
    let all = tables.iter().flat_map(|table| &table.attributes);
    let mut text = format!(
        "{HEADER}//! Attribute keys, each with the type of its value.\n\n\
         use opentelemetry::StringValue;\n\
         use opentelemetry_semantic_conventions::attribute as core;\n\n\
         use super::{{Attribute, Json, Template}};\n"
    );
    let mut keys = Vec::new();
    for (key, attribute) in all.filter(|(key, _)| recorded(key)) {
        keys.push(key);
        let name = constant(key);
        let (described, rust) = types(attribute.value_type);
        let _ = write!(text, "\n/// `{key}`: {described}.\n");
        let key = if attribute.core { format!("core::{name}") } else { format!("{key:?}") };
        let _ = if attribute.value_type == ValueType::TextTemplate {
            writeln!(text, "pub const {name}: Template = Template::new({key});")
        } else {
            writeln!(text, "pub const {name}: Attribute<{rust}> = Attribute::new({key});")
        };
    }
    keys.sort();
    text.push_str(
        "\n/// Every key above, sorted; without those of content where there is none, by \
         `--cfg spanwise_no_content`.\n",
    );
    text.push_str("pub const ALL: &[&str] = &[\n");
    for key in keys {
        if is_content(key, tables) {
            text.push_str("    #[cfg(not(spanwise_no_content))]\n");
        }
        let _ = writeln!(text, "    {key:?},");
    }
    text.push_str("];\n");
    text
}

/// Whether an attribute holds what people or models wrote.
fn is_content(key: &str, tables: &[&Table]) -> bool {
    const TEXTS: [&str; 3] =
        ["gen_ai.memory.query.text", "gen_ai.prompt.variable", "gen_ai.retrieval.query.text"];
    let of = |table: &&Table| table.attributes.get(key).map(|known| known.value_type);
    TEXTS.contains(&key) || tables.iter().find_map(of) == Some(ValueType::Any)
}

/// How documentation names a type, and how Rust does.
fn types(value_type: ValueType) -> (&'static str, &'static str) {
    match value_type {
        ValueType::Text => ("string", "StringValue"),
        ValueType::Int => ("int", "i64"),
        ValueType::Double => ("double", "f64"),
        ValueType::Boolean => ("boolean", "bool"),
        ValueType::TextList => ("string[]", "Vec<StringValue>"),
        ValueType::Any => ("structured; a JSON string on spans", "Json"),
        ValueType::TextTemplate => ("prefix of string attributes", "StringValue"),
    }
}

fn schema(genai: &Table) -> String {
    let url = genai.schema_url.as_deref().unwrap_or_default();
    format!(
        "{HEADER}/// The schema that the names follow; every instrumentation scope of ours carries it.\n\
         pub const SCHEMA_URL: &str = {url:?};\n"
    )
}

fn values(tables: &[&Table]) -> String {
    let mut text = format!("{HEADER}//! The values of enum attributes. Every enum is open.\n");
    for (key, attribute) in tables.iter().flat_map(|table| &table.attributes) {
        if attribute.values.is_empty() || !recorded(key) {
            continue;
        }
        let module = key.replace('.', "_");
        let _ = write!(text, "\n/// Values of `{key}`.\npub mod {module} {{\n");
        for value in &attribute.values {
            let name = constant(value);
            let _ = writeln!(text, "    /// `{value}`.\n    pub const {name}: &str = {value:?};");
        }
        let list: Vec<String> = attribute.values.iter().map(|value| constant(value)).collect();
        let _ = write!(
            text,
            "    /// All of them.\n    pub const ALL: [&str; {}] = [{}];\n}}\n",
            list.len(),
            list.join(", ")
        );
    }
    text
}

fn metrics(tables: &[&Table], v1_41: &Earlier) -> String {
    let all = tables.iter().flat_map(|table| &table.metrics);
    let mut all: Vec<(&String, &Metric)> = all.filter(|(name, _)| recorded(name)).collect();
    let told: Vec<_> = all.extract_if(.., |(name, _)| observed(name)).collect();
    for (name, earlier) in &v1_41.metrics {
        let metric = all.iter().find(|(known, _)| *known == name).map(|(_, metric)| *metric);
        if !all.iter().any(|(known, _)| **known == earlier.name) {
            all.extend(metric.map(|metric| (&earlier.name, metric)));
        }
    }
    let mut text = format!(
        "{HEADER}//! Metrics: name, instrument, unit and histogram boundaries.\n\n\
         use super::{{Descriptor, Instrument}};\n\n\
         /// A metric that operations record.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n#[non_exhaustive]\n\
         pub enum Metric {{\n"
    );
    for (name, metric) in &all {
        let _ = writeln!(
            text,
            "    /// `{name}` ({}, unit `{}`).\n    {},",
            metric.instrument,
            metric.unit,
            variant(name)
        );
    }
    let _ = write!(
        text,
        "}}\n\nimpl Metric {{\n    /// How many metrics there are.\n    pub const COUNT: usize = {};\n\n    \
         /// All of them, in the order of their discriminants.\n    pub const ALL: [Self; Self::COUNT] = [\n",
        all.len()
    );
    for (name, _) in &all {
        let _ = writeln!(text, "        Self::{},", variant(name));
    }
    text.push_str(
        "    ];\n\n    /// What an instrument for it is made from.\n    \
         pub const fn descriptor(self) -> Descriptor {\n        match self {\n",
    );
    for (name, metric) in &all {
        let instrument = match (metric.instrument.as_str(), metric.value) {
            ("counter", ValueType::Double) => "DoubleCounter",
            ("counter", _) => "Counter",
            ("gauge", ValueType::Double) => "DoubleGauge",
            ("gauge", _) => "Gauge",
            (_, ValueType::Int) => "IntHistogram",
            _ => "DoubleHistogram",
        };
        let boundaries: Vec<String> =
            metric.boundaries.iter().map(|boundary| format!("{boundary:?}")).collect();
        let _ = write!(
            text,
            "            Self::{} => Descriptor {{\n                name: {name:?},\n                \
             unit: {:?},\n                instrument: Instrument::{instrument},\n                \
             boundaries: &[{}],\n            }},\n",
            variant(name),
            metric.unit,
            boundaries.join(", ")
        );
    }
    text.push_str("        }\n    }\n}\n");
    for (name, metric) in told {
        let Metric { instrument, unit, .. } = metric;
        let _ = write!(
            text,
            "\n/// `{name}` ({instrument}, unit `{unit}`), which the export side tells of itself.\n\
             pub const {}: &str = {name:?};\n",
            constant(name)
        );
    }
    text
}

fn events(tables: &[&Table]) -> String {
    let mut text = format!(
        "{HEADER}//! Names of events: the conventions' are log records, our own are events of a span.\n"
    );
    for (name, event) in tables.iter().flat_map(|table| &table.events) {
        let severity = match event.severity {
            Some(number) => format!(", severity number {number}"),
            None => String::new(),
        };
        let _ = write!(
            text,
            "\n/// `{name}`{severity}.\npub const {}: &str = {name:?};\n",
            constant(name)
        );
    }
    text
}

fn entities(genai: &Table) -> String {
    let mut text = format!(
        "{HEADER}//! Entities, which are parts of a resource.\n\n\
         use super::{{attribute, Entity}};\n"
    );
    let keys = |requirements: &Requirements| {
        let keys = requirements.keys().map(|key| format!("attribute::{}.key()", constant(key)));
        keys.collect::<Vec<_>>().join(", ")
    };
    for (name, entity) in &genai.entities {
        let _ = write!(
            text,
            "\n/// `{name}`.\npub const {}: Entity = Entity {{\n    name: {name:?},\n    \
             identity: &[{}],\n    description: &[{}],\n}};\n",
            constant(name),
            keys(&entity.identity),
            keys(&entity.description)
        );
    }
    text
}

fn earlier(v1_41: &Earlier) -> String {
    let mut text = format!(
        "{HEADER}//! What the core conventions 1.41 call what has changed since.\n\n\
         use super::profile::{{Earlier, EarlierMetric}};\n\
         use super::Metric;\n\n\
         /// Their schema.\npub const SCHEMA_URL: &str = {:?};\n\n\
         /// Whether each output message holds its `finish_reason`.\n\
         pub const FINISH_REASON_IN_MESSAGES: bool = {};\n\n\
         /// The attribute that told tokens apart.\npub const TOKEN_TYPE: &str = {:?};\n\n\
         /// Attributes by their key of today.\npub const ATTRIBUTES: [Earlier; {}] = [\n",
        v1_41.schema_url,
        v1_41.finish_reason_in_messages,
        v1_41.token_type,
        v1_41.attributes.len()
    );
    for (key, attribute) in &v1_41.attributes {
        let earlier = attribute.name.as_ref().unwrap_or(key);
        let double = attribute.value_type == Some(ValueType::Double);
        let _ = writeln!(
            text,
            "    Earlier {{ key: {key:?}, earlier: {earlier:?}, double: {double} }},"
        );
    }
    text.push_str(
        "];\n\n/// The metric that was recorded instead; `None` where nothing was.\n\
         pub(crate) const fn metric(metric: Metric) -> Option<EarlierMetric> {\n    match metric {\n",
    );
    for (name, earlier) in &v1_41.metrics {
        let _ = writeln!(
            text,
            "        Metric::{} => Some(EarlierMetric {{ metric: Metric::{}, token_type: {:?} }}),",
            variant(name),
            variant(&earlier.name),
            earlier.token_type
        );
    }
    for name in &v1_41.metrics_left_out {
        let _ = writeln!(text, "        Metric::{} => None,", variant(name));
    }
    text.push_str(
        "        same => Some(EarlierMetric { metric: same, token_type: None }),\n    }\n}\n",
    );
    text
}

/// `gen_ai.request.model` as `GEN_AI_REQUEST_MODEL`.
fn constant(name: &str) -> String {
    name.replace('.', "_").to_uppercase()
}

/// `gen_ai.client.inference.duration` as `GenAiClientInferenceDuration`.
fn variant(name: &str) -> String {
    name.split(['.', '_']).map(|word| word[..1].to_uppercase() + &word[1..]).collect::<String>()
}
