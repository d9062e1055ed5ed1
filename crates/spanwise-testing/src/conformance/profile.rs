//! The conventions as one profile speaks them: names of 1.41 put where, or beside where, names of today are.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use spanwise_core::semconv::SemconvProfile;

use super::content::Shapes;
use super::conventions::{
    Attribute, Conventions, Level, Metric, MetricRefinement, Requirements, ValueType,
};

/// What telemetry in one profile is judged by.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) profile: SemconvProfile,
    pub(super) table: Conventions,
    /// The URL that every scope of ours carries.
    pub(super) schema_url: String,
    pub(super) shapes: Shapes,
    /// Keys of today and of then, where both are called for.
    pub(super) pairs: Vec<(String, String)>,
}

impl Dialect {
    /// Parsed once for each profile.
    pub(super) fn of(profile: SemconvProfile) -> &'static Self {
        static LATEST: OnceLock<Dialect> = OnceLock::new();
        static V1_41: OnceLock<Dialect> = OnceLock::new();
        static BOTH: OnceLock<Dialect> = OnceLock::new();
        let cell = match profile {
            SemconvProfile::Latest => &LATEST,
            SemconvProfile::V1_41 => &V1_41,
            SemconvProfile::Both => &BOTH,
        };
        cell.get_or_init(|| Self::new(profile))
    }

    fn new(profile: SemconvProfile) -> Self {
        let mut table = Conventions::of_today();
        if profile.has_v1_41() {
            speak_earlier(&mut table, profile.has_latest());
        }
        let schema_url =
            if profile.has_latest() { &table.schema_url } else { &table.earlier.schema_url };
        let renamed = table.earlier.attributes.iter();
        let pairs = renamed.filter_map(|(key, earlier)| Some((key.clone(), earlier.name.clone()?)));
        Self {
            profile,
            schema_url: schema_url.clone(),
            shapes: Shapes::new(
                &table.shapes,
                profile.has_v1_41() && table.earlier.finish_reason_in_messages,
            ),
            pairs: if profile == SemconvProfile::Both { pairs.collect() } else { Vec::new() },
            table,
        }
    }

    /// The type of an attribute. Of one that has two names, the earlier one keeps its earlier type.
    pub(super) fn value_type(
        &self,
        key: &str,
        attribute: &Attribute,
        asked: &Requirements,
    ) -> ValueType {
        let stands_for =
            |(today, earlier): &&(String, String)| earlier == key && asked.contains_key(today);
        let pair = self.pairs.iter().find(stands_for);
        let earlier = pair.and_then(|(today, _)| self.table.earlier.attributes.get(today));
        earlier.and_then(|earlier| earlier.value_type).unwrap_or(attribute.value_type)
    }
}

/// Rewrites a table to the earlier names; with `beside` they are added to those of today.
fn speak_earlier(table: &mut Conventions, beside: bool) {
    let earlier = table.earlier.clone();
    for (key, then) in &earlier.attributes {
        let Some(today) = table.attributes.get(key).cloned() else { continue };
        let name = then.name.as_ref().unwrap_or(key);
        if !beside && name != key {
            table.attributes.remove(key);
        }
        if !beside || !table.attributes.contains_key(name) {
            let value_type = then.value_type.unwrap_or(today.value_type);
            table.attributes.insert(name.clone(), Attribute { value_type, ..today });
        }
        let spans = table.spans.values_mut().map(|span| &mut span.attributes);
        let refined = table.span_refinements.values_mut().map(|span| &mut span.attributes);
        let events = table.events.values_mut().map(|event| &mut event.attributes);
        for asked in spans.chain(refined).chain(events) {
            rename(asked, key, name, beside);
        }
    }
    speak_earlier_metrics(table, beside);
}

fn rename(asked: &mut Requirements, key: &str, name: &str, beside: bool) {
    if let Some(level) = asked.get(key).copied() {
        if !beside {
            asked.remove(key);
        }
        asked.entry(name.to_owned()).or_insert(level);
    }
}

fn speak_earlier_metrics(table: &mut Conventions, beside: bool) {
    let mut then: BTreeMap<String, Metric> = BTreeMap::new();
    let mut refined = Vec::new();
    let mut token_types = Vec::new();
    for (name, earlier) in &table.earlier.metrics {
        let Some(mut metric) = table.metrics.get(name).cloned() else { continue };
        if let Some(token_type) = &earlier.token_type {
            metric.attributes.insert(table.earlier.token_type.clone(), Level::Required);
            token_types.push(token_type.clone());
        }
        let refinements = table.metric_refinements.values().filter(|it| it.of == *name);
        refined.extend(refinements.map(|refinement| MetricRefinement {
            of: earlier.name.clone(),
            attributes: refinement.attributes.clone(),
        }));
        then.insert(earlier.name.clone(), metric);
    }
    if !beside {
        let gone = table.earlier.metrics.keys().chain(&table.earlier.metrics_left_out);
        gone.for_each(|name| drop(table.metrics.remove(name)));
    }
    for (name, metric) in then {
        // A name that stands for other operations today keeps what it asks for there.
        table.metrics.entry(name).or_insert(metric);
    }
    for (at, refinement) in refined.into_iter().enumerate() {
        table.metric_refinements.insert(format!("{} {at}", refinement.of), refinement);
    }
    let token_type = Attribute { value_type: ValueType::Text, values: token_types };
    table.attributes.insert(table.earlier.token_type.clone(), token_type);
}
