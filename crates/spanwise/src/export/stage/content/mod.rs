//! What becomes of content on its way to a destination.
//!
//! ```text
//! native: typed content ─┐
//! others: attributes ────┴─► Filter ──► Redact ──► Truncate ──► attributes ──► Project
//!                            hooks,     texts of    what is
//!                            sides,     any kind    too large
//!                            level,
//!                            history
//! ```
//! The order is fixed. It is gone through once for all destinations whose policies are equal.

pub(crate) mod carried;
pub(crate) mod foreign;
pub(crate) mod keys;
mod level;
mod policy;
mod redaction;
mod seen;
pub(crate) mod truncate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;
use spanwise_core::semconv::attribute;
use spanwise_core::{
    CapturePolicy, Content, ContentItem, ContentLevel, ForeignContent, SCOPE_NAME, TextPlace,
    redact_value,
};

use self::carried::Carried;
use self::foreign::Form;
use self::policy::PolicyInForce;
use self::redaction::Redactors;
use self::seen::{Before, Seen};
use self::truncate::{Length, cut_end};
use super::project::Project;
use crate::config::{ContentPolicy, Limits};
use crate::export::OperationView;
use crate::export::request::{ExportedResource, Group};
use crate::redact::HashKey;
use crate::signal::Signal;

/// The stages of one signal, for the destinations whose policies are equal.
pub(crate) struct ContentStages {
    signal: Signal,
    destinations: Vec<usize>,
    policy: PolicyInForce,
    /// The resource as these destinations see it.
    pub(crate) resource: ExportedResource,
    messages_seen: Seen,
    schemas_seen: Seen,
}

impl ContentStages {
    /// The stages that destinations with these policies need, in their order.
    pub(crate) fn plan(
        destinations: &[ContentPolicy],
        capture: &CapturePolicy,
        limits: &Limits,
        resource: &ExportedResource,
    ) -> Vec<Self> {
        let random: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
        let hash_key = HashKey::new(random);
        let mut planned: Vec<Self> = Vec::new();
        for signal in Signal::ALL {
            for (destination, content) in destinations.iter().enumerate() {
                let policy = PolicyInForce::new(signal, content, capture, limits, &hash_key);
                let same = planned
                    .iter_mut()
                    .find(|stages| stages.signal == signal && stages.policy.is_same_as(&policy));
                match same {
                    Some(stages) => stages.destinations.push(destination),
                    None => planned.push(Self {
                        signal,
                        destinations: vec![destination],
                        resource: redacted_resource(resource, &policy),
                        policy,
                        messages_seen: Seen::default(),
                        schemas_seen: Seen::default(),
                    }),
                }
            }
        }
        planned
    }

    /// Whether what goes to this destination goes through these.
    pub(crate) fn serve(&self, signal: Signal, destination: usize) -> bool {
        self.signal == signal && self.destinations.contains(&destination)
    }

    /// Goes through all of them.
    pub(crate) fn run<T: Staged>(&mut self, groups: Vec<Group<Carried<T>>>) -> Vec<Group<T>> {
        groups.into_iter().map(|group| self.group(group)).collect()
    }

    fn group<T: Staged>(&mut self, group: Group<Carried<T>>) -> Group<T> {
        let Group { mut scope, schema_url, items } = group;
        Redactors(&self.policy.redactors).attributes(&mut scope.attributes, None);
        let items = items
            .into_iter()
            .map(|Carried { mut item, content }| {
                item.stage(self, &scope.name, content);
                item
            })
            .collect();
        Group { scope, schema_url, items }
    }

    /// Goes through the stages with the content of one item, and with its attributes.
    fn attributes(
        &mut self,
        of: Of<'_>,
        attributes: &mut Vec<KeyValue>,
        content: Option<Arc<Content>>,
    ) {
        if self.policy.changes_nothing() {
            let items = content.iter().flat_map(|content| content.items());
            let written = items.map(|item| {
                key_value(
                    item.key().into_owned(),
                    match of.form {
                        Form::Text => Value::String(item.to_text()),
                        Form::Structured => item.to_value(),
                    },
                    of.form,
                )
            });
            attributes.extend(written);
            return;
        }
        let level = of.level(&self.policy, content.as_deref());
        let operation = of.view(attributes).operation().map(str::to_owned);

        // Filter.
        let (mut content, forms) = gathered(content, attributes, of.form);
        let view = of.view(attributes);
        if level == ContentLevel::Off {
            content.retain(|_| false);
        }
        content.retain(|item| {
            keys::side(&item.key()).is_none_or(|side| self.policy.lets_through(side))
        });
        if !content.is_empty() {
            for hook in &self.policy.hooks {
                let ran = catch_unwind(AssertUnwindSafe(|| hook(&mut content, &view)));
                if ran.is_err() {
                    content.retain(|_| false);
                }
            }
        }
        let before = self.new_messages_only(&mut content, level);

        // Redact.
        let redactors = Redactors(&self.policy.redactors);
        let operation = operation.as_deref();
        if !redactors.is_empty() {
            redactors.attributes(attributes, operation);
            if level == ContentLevel::Full {
                content.redact(&redactors, operation);
            }
        }
        let mut pieces = self.pieces(content, level, &forms, of.form, operation);
        let schemas = self.schemas_once(&mut pieces);

        // Truncate.
        self.truncate(&mut pieces);
        self.cut(attributes);

        for Piece { key, value, form } in pieces {
            attributes.retain(|attribute| attribute.key != key);
            attributes.push(key_value(key, value, form));
        }
        if let Some(Before { messages, bytes, hash }) = before {
            let number = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
            attributes.extend([
                said(attribute::SPANWISE_HISTORY_MESSAGES.key(), number(messages)),
                said(attribute::SPANWISE_HISTORY_BYTES.key(), number(bytes)),
                said(attribute::SPANWISE_HISTORY_HASH.key(), hash.into()),
            ]);
        }
        attributes.extend(
            schemas.map(|hash| said(attribute::SPANWISE_TOOL_DEFINITIONS_HASH.key(), hash.into())),
        );
    }

    fn new_messages_only(&mut self, content: &mut Content, level: ContentLevel) -> Option<Before> {
        if cfg!(spanwise_no_content) || !self.policy.new_messages_only || level == ContentLevel::Off
        {
            return None;
        }
        let texts = |key: &str| {
            let item = content.items().iter().find(|item| item.key() == key);
            match item.map(ContentItem::to_value) {
                Some(Value::Array(messages)) => messages.iter().map(Value::to_string).collect(),
                _ => Vec::new(),
            }
        };
        let input = texts(attribute::GEN_AI_INPUT_MESSAGES.key());
        let output = texts(attribute::GEN_AI_OUTPUT_MESSAGES.key());
        let before =
            seen::history(&input, &output, &mut self.messages_seen, &self.policy.hash_key)?;
        for item in content.items_mut() {
            match item {
                ContentItem::InputMessages(messages) => drop(messages.drain(..before.messages)),
                ContentItem::Foreign(foreign)
                    if foreign.key() == attribute::GEN_AI_INPUT_MESSAGES.key() =>
                {
                    if let Value::Array(messages) = foreign.value_mut() {
                        messages.drain(..before.messages);
                    }
                }
                _ => {}
            }
        }
        Some(before)
    }

    /// What is left of content at this level, as JSON.
    fn pieces(
        &self,
        content: Content,
        level: ContentLevel,
        forms: &[(String, Form)],
        form: Form,
        operation: Option<&str>,
    ) -> Vec<Piece> {
        let redactors = Redactors(&self.policy.redactors);
        let piece = |item: ContentItem| {
            let key = item.key().into_owned();
            let value = match item {
                ContentItem::Foreign(mut foreign) => std::mem::take(foreign.value_mut()),
                item => item.to_value(),
            };
            let mut value = level::reduced(&key, value, level, &self.policy.hash_key)?;
            if level != ContentLevel::Full && !redactors.is_empty() {
                // Names and ids are left.
                let place = TextPlace::attribute(&key);
                let place = operation.map_or(place, |operation| place.in_operation(operation));
                redact_value(&mut value, &redactors, place);
            }
            let form =
                forms.iter().find(|(known, _)| *known == key).map_or(form, |(_, form)| *form);
            Some(Piece { key, value, form })
        };
        content.into_items().into_iter().filter_map(piece).collect()
    }

    /// Leaves out the schemas of tools that went before, and gives the hash by which they are found.
    fn schemas_once(&mut self, pieces: &mut [Piece]) -> Option<String> {
        const SCHEMA: [&str; 2] = ["description", "parameters"];
        if cfg!(spanwise_no_content) || !self.policy.schemas_once {
            return None;
        }
        let key = attribute::GEN_AI_TOOL_DEFINITIONS.key();
        let piece = pieces.iter_mut().find(|piece| piece.key == key)?;
        let definitions = piece.value.as_array_mut()?;
        let has_schema = |tool: &Value| SCHEMA.iter().any(|field| tool.get(field).is_some());
        if !definitions.iter().any(has_schema) {
            return None;
        }
        let text = Value::Array(definitions.clone()).to_string();
        let hash = self.policy.hash_key.hash(&text);
        if self.schemas_seen.knows(&hash) {
            for tool in definitions.iter_mut().filter_map(Value::as_object_mut) {
                SCHEMA.iter().for_each(|field| drop(tool.remove(*field)));
            }
        } else {
            self.schemas_seen.add(hash.clone());
        }
        Some(hash)
    }

    fn truncate(&self, pieces: &mut [Piece]) {
        for piece in pieces.iter_mut() {
            if let (Some(length), Value::Array(messages)) = (self.policy.message, &mut piece.value)
            {
                let messages = messages.iter_mut().filter(|message| message.get("role").is_some());
                messages.for_each(|message| length.fit(message));
            }
            self.policy.lengths.iter().for_each(|length| length.fit(&mut piece.value));
        }
        let Some(most) = self.policy.item else { return };
        let sizes: Vec<_> = pieces.iter().map(|piece| most.of(&piece.value)).collect();
        let share = equal_share(&sizes, most.most);
        pieces.iter_mut().for_each(|piece| Length { most: share, ..most }.fit(&mut piece.value));
    }

    /// Cuts attributes that are no content.
    fn cut(&self, attributes: &mut [KeyValue]) {
        for length in &self.policy.lengths {
            let values = attributes.iter_mut().filter_map(|attribute| attribute.value.as_mut());
            values.filter_map(|any| any.value.as_mut()).for_each(|value| cut(value, *length));
        }
    }

    fn text(&self, text: &mut String, place: &TextPlace<'_>) {
        Redactors(&self.policy.redactors).text(text, place);
    }

    /// Takes the texts of an error out of attributes.
    fn without_errors(&self, attributes: &mut Vec<KeyValue>, of: Of<'_>) {
        const TEXTS: [&str; 2] = ["exception.message", "exception.stacktrace"];
        if !of.tells_errors(&self.policy) {
            attributes.retain(|attribute| !TEXTS.contains(&attribute.key.as_str()));
        }
    }
}

/// What attributes belong to.
#[derive(Clone, Copy)]
struct Of<'a> {
    name: &'a str,
    scope: &'a str,
    /// How content is written there.
    form: Form,
    /// At most this, whatever the policy says.
    level: ContentLevel,
    /// Whether it tells of a model call.
    of_model: bool,
}

impl Of<'_> {
    fn is_own(&self) -> bool {
        self.scope == SCOPE_NAME
    }

    fn view<'a>(&'a self, attributes: &'a [KeyValue]) -> OperationView<'a> {
        OperationView { name: self.name, scope: self.scope, attributes }
    }

    fn level(&self, policy: &PolicyInForce, content: Option<&Content>) -> ContentLevel {
        let own = content.map_or(ContentLevel::Full, Content::level);
        policy.level.min(own).min(self.level)
    }

    fn tells_errors(&self, policy: &PolicyInForce) -> bool {
        match (self.is_own(), self.of_model) {
            (true, _) => policy.own_errors,
            (false, true) => policy.foreign_errors,
            (false, false) => true,
        }
    }
}

/// One content attribute to be.
struct Piece {
    key: String,
    value: Value,
    form: Form,
}

/// Typed content, and what stood in attributes, with the forms in which that stood there.
fn gathered(
    content: Option<Arc<Content>>,
    attributes: &mut Vec<KeyValue>,
    form: Form,
) -> (Content, Vec<(String, Form)>) {
    let mut content = content.map(Arc::unwrap_or_clone).unwrap_or_default();
    let mut forms = Vec::new();
    for (foreign, its_form) in foreign::take(attributes) {
        // What an operation captured stays.
        if content.items().iter().any(|item| item.key() == foreign.key()) {
            continue;
        }
        if its_form != form {
            forms.push((foreign.key().to_owned(), its_form));
        }
        content.set(ContentItem::Foreign(foreign));
    }
    (content, forms)
}

/// The most that each may have so that all together have no more than `most`.
fn equal_share(sizes: &[usize], most: usize) -> usize {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let mut left = most;
    for (place, size) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - place);
        if *size > share {
            return share;
        }
        left -= size;
    }
    usize::MAX
}

fn key_value(key: String, value: Value, form: Form) -> KeyValue {
    KeyValue { key, value: Some(foreign::written(value, form)), ..KeyValue::default() }
}

fn said(key: &str, value: Value) -> KeyValue {
    key_value(key.to_owned(), value, Form::Structured)
}

fn cut(value: &mut Any, length: Length) {
    match value {
        Any::StringValue(text) => cut_end(text, length),
        Any::ArrayValue(array) => {
            let values = array.values.iter_mut().filter_map(|any| any.value.as_mut());
            values.for_each(|value| cut(value, length));
        }
        _ => {}
    }
}

fn redacted_resource(resource: &ExportedResource, policy: &PolicyInForce) -> ExportedResource {
    let mut resource = resource.clone();
    Redactors(&policy.redactors).attributes(&mut resource.resource.attributes, None);
    resource
}

/// An item whose texts go through the stages.
pub(crate) trait Staged: Project {
    fn stage(&mut self, stages: &mut ContentStages, scope: &str, content: Option<Arc<Content>>);
}

fn tells_of_models(attributes: &[KeyValue]) -> bool {
    attributes.iter().any(|attribute| keys::tells_of_model_calls(&attribute.key))
}

impl Staged for Span {
    fn stage(&mut self, stages: &mut ContentStages, scope: &str, content: Option<Arc<Content>>) {
        let level = content.as_ref().map_or(ContentLevel::Full, |content| content.level());
        let of_model = tells_of_models(&self.attributes);
        let name = self.name.clone();
        let of = Of { name: &name, scope, form: Form::Text, level, of_model };
        stages.without_errors(&mut self.attributes, of);
        stages.attributes(of, &mut self.attributes, content);
        for event in &mut self.events {
            let of = Of {
                name: &event.name,
                of_model: of_model || tells_of_models(&event.attributes),
                ..of
            };
            stages.without_errors(&mut event.attributes, of);
            stages.attributes(of, &mut event.attributes, None);
            stages.text(&mut event.name, &TextPlace::attribute("event.name"));
        }
        for link in &mut self.links {
            stages.attributes(of, &mut link.attributes, None);
        }
        stages.text(&mut self.name, &TextPlace::SPAN_NAME);
        if let Some(status) = &mut self.status {
            if !of.tells_errors(&stages.policy) {
                status.message.clear();
            }
            stages.text(&mut status.message, &TextPlace::STATUS_DESCRIPTION);
        }
    }
}

impl Staged for LogRecord {
    fn stage(&mut self, stages: &mut ContentStages, scope: &str, content: Option<Arc<Content>>) {
        let level = content.as_ref().map_or(ContentLevel::Full, |content| content.level());
        let of_model = tells_of_models(&self.attributes);
        let view = OperationView { name: "", scope, attributes: &self.attributes };
        let name = match self.event_name.as_str() {
            "" => view.attribute("event.name").unwrap_or_default().to_owned(),
            name => name.to_owned(),
        };
        let of = Of { name: &name, scope, form: Form::Structured, level, of_model };
        stages.without_errors(&mut self.attributes, of);
        stages.attributes(of, &mut self.attributes, content);
        if keys::side_of_event(&name).is_some() {
            // The body is a message: an attribute for as long as it goes through the stages.
            let body = ForeignContent::new(name.as_str(), foreign::read(self.body.take()).0);
            let mut attributes = Vec::new();
            let mut content = Content::default();
            content.set(ContentItem::Foreign(body));
            stages.attributes(of, &mut attributes, Some(Arc::new(content)));
            self.body = attributes.pop().and_then(|attribute| attribute.value);
        } else {
            let redactors = Redactors(&stages.policy.redactors);
            redactors.any(self.body.as_mut(), &TextPlace::LOG_BODY);
        }
    }
}

/// Metrics hold no content, but attributes of any kind.
impl Staged for Metric {
    fn stage(&mut self, stages: &mut ContentStages, _: &str, _: Option<Arc<Content>>) {
        let redactors = Redactors(&stages.policy.redactors);
        if redactors.is_empty() {
            return;
        }
        let exemplars = |exemplars: &mut Vec<Exemplar>| {
            for exemplar in exemplars {
                redactors.attributes(&mut exemplar.filtered_attributes, None);
            }
        };
        macro_rules! points {
            ($data:expr) => {
                for point in &mut $data.data_points {
                    redactors.attributes(&mut point.attributes, None);
                    exemplars(&mut point.exemplars);
                }
            };
        }
        match &mut self.data {
            Some(Data::Gauge(gauge)) => points!(gauge),
            Some(Data::Sum(sum)) => points!(sum),
            Some(Data::Histogram(histogram)) => points!(histogram),
            Some(Data::ExponentialHistogram(histogram)) => points!(histogram),
            Some(Data::Summary(summary)) => {
                for point in &mut summary.data_points {
                    redactors.attributes(&mut point.attributes, None);
                }
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
