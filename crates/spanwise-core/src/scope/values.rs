//! What scopes say, within its limits, and how an inner one adds to an outer one.

use std::fmt;
use std::sync::Arc;

use opentelemetry::{Array, Key, KeyValue, StringValue, Value};

use super::field::ScopeField;
use crate::semconv::attribute as key;

/// Characters of a value; of a value of metadata or a variable; of a name of either.
const VALUE_LENGTH: usize = 256;
const METADATA_LENGTH: usize = 1024;
const NAME_LENGTH: usize = 128;
/// Tags, entries of metadata, and variables: so many of each.
const MOST: usize = 64;

/// What one scope says, or all around a place do.
#[derive(Clone, Default)]
pub(crate) struct Values {
    fields: [Option<StringValue>; ScopeField::ALL.len()],
    tags: Vec<StringValue>,
    metadata: Named,
    variables: Named,
    /// How many values did not fit.
    dropped: usize,
}

/// Names and values, in the order in which they came.
type Named = Vec<(StringValue, StringValue)>;

impl Values {
    pub(super) fn set(&mut self, field: ScopeField, value: &StringValue) {
        if let Some(value) = cut(value, VALUE_LENGTH) {
            self.fields[field as usize] = Some(value);
        }
    }

    pub(super) fn add_tag(&mut self, tag: &StringValue) {
        if let Some(tag) = cut(tag, VALUE_LENGTH) {
            self.add_cut_tag(tag);
        }
    }

    fn add_cut_tag(&mut self, tag: StringValue) {
        if self.tags.contains(&tag) {
            return;
        }
        match self.tags.len() < MOST {
            true => self.tags.push(tag),
            false => self.dropped += 1,
        }
    }

    pub(super) fn set_metadata(&mut self, name: &str, value: &StringValue) {
        set_named(&mut self.metadata, &mut self.dropped, name, value);
    }

    pub(super) fn set_variable(&mut self, name: &str, value: &StringValue) {
        set_named(&mut self.variables, &mut self.dropped, name, value);
    }

    /// These inside others: what is said here wins, tags are added up.
    pub(super) fn inside(self, outer: &Self) -> Self {
        let mut all = outer.clone();
        if self.fields[ScopeField::PromptName as usize].is_some() {
            // They belong to the prompt that is in use no more.
            all.fields[ScopeField::PromptVersion as usize] = None;
            all.variables.clear();
        }
        for (place, value) in all.fields.iter_mut().zip(self.fields) {
            *place = value.or(place.take());
        }
        all.dropped += self.dropped;
        self.tags.into_iter().for_each(|tag| all.add_cut_tag(tag));
        for (name, value) in self.metadata {
            insert_named(&mut all.metadata, &mut all.dropped, name, value);
        }
        for (name, value) in self.variables {
            insert_named(&mut all.variables, &mut all.dropped, name, value);
        }
        all
    }

    pub(super) fn get(&self, field: ScopeField) -> Option<&StringValue> {
        self.fields[field as usize].as_ref()
    }

    pub(super) fn tags(&self) -> &[StringValue] {
        &self.tags
    }

    pub(super) fn metadata(&self) -> &[(StringValue, StringValue)] {
        &self.metadata
    }

    pub(super) fn variables(&self) -> &[(StringValue, StringValue)] {
        &self.variables
    }

    /// What every span has.
    pub(super) fn attributes(&self) -> Box<[KeyValue]> {
        let fields = ScopeField::ALL.into_iter().filter(|field| field.is_on_every_span());
        let mut attributes: Vec<KeyValue> = fields
            .filter_map(|field| Some(KeyValue::new(field.key(), self.get(field)?.clone())))
            .collect();
        if !self.tags.is_empty() {
            let tags = Value::Array(Array::String(self.tags.clone()));
            attributes.push(KeyValue::new(key::SPANWISE_TAGS.key(), tags));
        }
        attributes.extend(self.metadata.iter().map(|(name, value)| {
            let key: Arc<str> = key::SPANWISE_METADATA.key(name.as_str()).into();
            KeyValue::new(Key::from(key), value.clone())
        }));
        if let Some(dropped) = i64::try_from(self.dropped).ok().filter(|dropped| *dropped > 0) {
            attributes.push(key::SPANWISE_SCOPE_DROPPED.of(dropped));
        }
        attributes.into()
    }
}

fn set_named(all: &mut Named, dropped: &mut usize, name: &str, value: &StringValue) {
    let name = cut(&StringValue::from(name.to_owned()), NAME_LENGTH);
    if let (Some(name), Some(value)) = (name, cut(value, METADATA_LENGTH)) {
        insert_named(all, dropped, name, value);
    }
}

fn insert_named(all: &mut Named, dropped: &mut usize, name: StringValue, value: StringValue) {
    match all.iter().position(|(known, _)| *known == name) {
        Some(place) => all[place].1 = value,
        None if all.len() < MOST => all.push((name, value)),
        None => *dropped += 1,
    }
}

/// The text, shared so that spans copy no letters, and not longer than this many characters; `None` where it
/// is empty.
fn cut(text: &StringValue, length: usize) -> Option<StringValue> {
    let text = text.as_str();
    let text = match text.char_indices().nth(length) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    (!text.is_empty()).then(|| StringValue::from(Arc::<str>::from(text)))
}

/// Which there are, not what they say.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = ScopeField::ALL.into_iter().filter(|field| self.get(*field).is_some());
        f.debug_struct("Values")
            .field("given", &given.map(ScopeField::key).collect::<Vec<_>>())
            .field("tags", &self.tags.len())
            .field("metadata", &self.metadata.len())
            .field("variables", &self.variables.len())
            .finish()
    }
}
