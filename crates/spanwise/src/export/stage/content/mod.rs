//! What becomes of content on its way to a destination.
//!
//! ```text
//! native: typed content ─┐
//! others: attributes ────┴─► Filter ──► Redact ──► Offload ──► Truncate ──► attributes ──► Project
//!                            hooks,     texts of   media to    what is
//!                            sides,     any kind   a store     too large
//!                            level,
//!                            history
//! ```
//! The order is fixed. It is gone through once for all destinations whose policies are equal.

pub(crate) mod carried;
mod feedback;
pub(crate) mod foreign;
pub(crate) mod keys;
mod level;
mod offload;
mod policy;
mod redaction;
mod seen;
mod staged;
pub(crate) mod truncate;

use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use serde_json::Value;
use spanwise_core::semconv::attribute;
use spanwise_core::{
    CapturePolicy, Content, ContentCapture, ContentItem, ContentLevel, TextPlace, redact_value,
};

use self::carried::Carried;
use self::foreign::Form;
use self::policy::PolicyInForce;
pub(crate) use self::redaction::Redactors;
use self::seen::{Before, Seen};
use self::staged::Of;
pub(crate) use self::staged::Staged;
use self::truncate::{Length, cut_end};
use crate::config::{ContentPolicy, Limits};
use crate::export::request::{ExportedResource, Group};
use crate::redact::HashKey;
use crate::signal::Signal;

/// The stages of one signal, for the destinations whose policies are equal.
pub(crate) struct ContentStages {
    signal: Signal,
    /// The destinations, and the resource as each of them sees it.
    destinations: Vec<(usize, ExportedResource)>,
    policy: PolicyInForce,
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
        own: &[Vec<opentelemetry::KeyValue>],
    ) -> Vec<Self> {
        let hash_key = random_key();
        let mut planned: Vec<Self> = Vec::new();
        for signal in Signal::ALL {
            for (destination, content) in destinations.iter().enumerate() {
                let policy = PolicyInForce::new(signal, content, capture, limits, &hash_key);
                let own = own.get(destination).map(Vec::as_slice).unwrap_or_default();
                let resource = redacted_resource(&resource.with(own), &policy);
                let same = planned
                    .iter_mut()
                    .find(|stages| stages.signal == signal && stages.policy.is_same_as(&policy));
                match same {
                    Some(stages) => stages.destinations.push((destination, resource)),
                    None => planned.push(Self {
                        signal,
                        destinations: vec![(destination, resource)],
                        policy,
                        messages_seen: Seen::default(),
                        schemas_seen: Seen::default(),
                    }),
                }
            }
        }
        planned
    }

    /// The stages of events that go to an exporter of events.
    pub(crate) fn of_events(
        content: &ContentPolicy,
        capture: &CapturePolicy,
        characters: Option<usize>,
    ) -> Self {
        let captured = capture.content() != ContentCapture::NoContent;
        let key = random_key();
        Self {
            signal: Signal::Traces,
            destinations: Vec::new(),
            policy: PolicyInForce::of_captured(captured, characters, content, capture, &key),
            messages_seen: Seen::default(),
            schemas_seen: Seen::default(),
        }
    }

    /// Whether what goes to this destination goes through these.
    pub(crate) fn serve(&self, signal: Signal, destination: usize) -> bool {
        self.signal == signal && self.destinations.iter().any(|(one, _)| *one == destination)
    }

    /// The resource as this destination sees it.
    pub(crate) fn resource_for(&self, destination: usize) -> &ExportedResource {
        let found = self.destinations.iter().find(|(one, _)| *one == destination);
        // Those that these serve are all there.
        let (_, resource) = found.unwrap_or(&self.destinations[0]);
        resource
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
        let level = of.level(&self.policy, content.as_deref());
        if level == ContentLevel::Full && self.policy.changes_nothing() {
            let items = content.iter().flat_map(|content| content.items());
            return items.for_each(|item| set(attributes, as_it_is(item, of.form)));
        }
        let operation = of.view(attributes).operation().map(str::to_owned);

        // Filter.
        if !self.policy.comments {
            let comment = attribute::GEN_AI_EVALUATION_EXPLANATION.key();
            attributes.retain(|attribute| attribute.key != comment);
        }
        let (mut content, forms) = gathered(content, attributes, of.form);
        let view = of.view(attributes);
        if level == ContentLevel::Off {
            content.retain(|_| false);
        }
        // What operations captured has been asked about its side before it was copied.
        content.retain(|item| match item {
            ContentItem::Foreign(foreign) => {
                let side = keys::side(foreign.key()).or_else(|| keys::side_of_event(foreign.key()));
                side.is_none_or(|side| self.policy.lets_through(side))
            }
            _ => true,
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

        // Offload, before anything is cut: what is stored is whole.
        if let Some(to) = self.policy.offload.as_ref().filter(|_| level == ContentLevel::Full) {
            pieces.iter_mut().for_each(|piece| offload::offload(&piece.key, &mut piece.value, to));
        }

        // Truncate.
        self.truncate(&mut pieces);
        self.cut(attributes);

        for Piece { key, value, form } in pieces {
            set(attributes, key_value(key, value, form));
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
}

/// A key that nobody knows, from what the system gives hash maps against whoever would guess theirs.
fn random_key() -> HashKey {
    let random = RandomState::new();
    let words: [u64; 4] = std::array::from_fn(|place| random.hash_one(place));
    HashKey::new(words.map(u64::to_le_bytes).concat())
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

/// Sets an attribute, in place of one of its key.
fn set(attributes: &mut Vec<KeyValue>, attribute: KeyValue) {
    attributes.retain(|known| known.key != attribute.key);
    attributes.push(attribute);
}

fn as_it_is(item: &ContentItem, form: Form) -> KeyValue {
    let value = match form {
        Form::Text => Value::String(item.to_text()),
        Form::Structured => item.to_value(),
    };
    key_value(item.key().into_owned(), value, form)
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

#[cfg(test)]
mod tests;
