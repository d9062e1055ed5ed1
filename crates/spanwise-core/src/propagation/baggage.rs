//! W3C Baggage: what travels along with requests, by an allow-list of keys.
//!
//! Source: [Baggage](https://www.w3.org/TR/baggage/)

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use opentelemetry::baggage::{Baggage, BaggageExt as _};
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::{Context, Key, StringValue};

use super::percent;
use crate::scope::{ActiveScope, Scope, ScopeField};
use crate::semconv::attribute as key;

pub(super) const HEADER: &str = "baggage";

/// Beyond these, whole members are left out.
const MOST_MEMBERS: usize = 64;
const MOST_BYTES: usize = 8192;

/// One entry of baggage.
///
/// `Debug` shows its key alone.
#[derive(Clone, PartialEq, Eq)]
pub struct BaggageItem {
    key: Key,
    value: StringValue,
}

impl BaggageItem {
    /// This key with this value.
    pub fn new(key: impl Into<Key>, value: impl Into<StringValue>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl fmt::Debug for BaggageItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BaggageItem").field(&self.key.as_str()).finish()
    }
}

/// The context with more baggage: what is there stays, and is replaced where a key comes again. At most 64
/// entries and 8,192 bytes fit; keys are tokens of HTTP. What does not fit is left out.
///
/// ```
/// use opentelemetry::Context;
/// use spanwise_core::{BaggageItem, get_baggage, with_baggage};
///
/// let context = with_baggage(&Context::current(), [BaggageItem::new("tenant-id", "acme")]);
/// assert_eq!(get_baggage(&context, "tenant-id").as_deref(), Some("acme"));
/// ```
#[must_use]
pub fn with_baggage(context: &Context, items: impl IntoIterator<Item = BaggageItem>) -> Context {
    let mut all = copy(context.baggage());
    for BaggageItem { key, value } in items {
        all.insert(key, value);
    }
    context.with_baggage(all)
}

/// What the baggage of a context has under this key.
pub fn get_baggage(context: &Context, key: &str) -> Option<String> {
    context.baggage().get(key).map(|value| value.as_str().to_owned())
}

/// Baggage is no `Clone`.
fn copy(baggage: &Baggage) -> Baggage {
    let entries = baggage.iter().map(|(key, entry)| (key.clone(), entry.clone()));
    entries.collect()
}

type Redact = Arc<dyn Fn(&str, &str) -> Option<String> + Send + Sync>;

/// Which baggage may leave the process: the keys that are named, and no other.
///
/// Keys of a [`scope`](crate::scope()) are its attributes, such as `session.id`, `user.id`,
/// `spanwise.tags` and `spanwise.metadata.<key>`; what a caller says under them is taken over.
#[derive(Clone, Default)]
pub struct BaggageKeys {
    keys: Vec<String>,
    all: bool,
    redact: Option<Redact>,
}

impl BaggageKeys {
    /// None: what there is by default.
    pub fn none() -> Self {
        Self::default()
    }

    /// These.
    pub fn of<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self { keys: keys.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Every entry of the baggage, whoever put it there, and these keys of the scope.
    ///
    /// For processes that pass on what others send, inside a network that is trusted.
    #[must_use]
    pub fn and_all_baggage(self) -> Self {
        Self { all: true, ..self }
    }

    /// Changes values before they leave: what the closure gives is sent, and nothing where it gives none.
    /// It is called with key and value of every entry that is allowed.
    #[must_use]
    pub fn redact(
        self,
        redact: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self { redact: Some(Arc::new(redact)), ..self }
    }

    fn names(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.all
    }

    fn leaves<'a>(&self, key: &str, value: &'a str) -> Option<Cow<'a, str>> {
        match &self.redact {
            Some(redact) => redact(key, value).map(Into::into),
            None => Some(value.into()),
        }
    }
}

impl fmt::Debug for BaggageKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaggageKeys")
            .field("keys", &self.keys)
            .field("all", &self.all)
            .finish_non_exhaustive()
    }
}

pub(super) fn inject(keys: &BaggageKeys, context: &Context, injector: &mut dyn Injector) {
    if keys.is_empty() {
        return;
    }
    let mut members: BTreeMap<&str, (Cow<'_, str>, &str)> = BTreeMap::new();
    for (key, (value, metadata)) in context.baggage() {
        if keys.all || keys.names(key.as_str()) {
            members.insert(key.as_str(), (value.as_str().into(), metadata.as_str()));
        }
    }
    let scope = ActiveScope::of(context);
    for key in &keys.keys {
        if let Some(value) = scope.and_then(|scope| of_scope(scope, key)) {
            members.insert(key, (value, ""));
        }
    }
    let (mut header, mut written) = (String::new(), 0);
    for (key, (value, properties)) in members {
        let Some(value) = keys.leaves(key, &value).filter(|_| is_token(key)) else { continue };
        let mut member = String::with_capacity(key.len() + value.len() + 2);
        member.push_str(if header.is_empty() { "" } else { "," });
        member.push_str(key);
        member.push('=');
        percent::encode(&value, &mut member);
        if !properties.is_empty() && properties.bytes().all(is_property) {
            member.push(';');
            member.push_str(properties);
        }
        if written < MOST_MEMBERS && header.len() + member.len() <= MOST_BYTES {
            header.push_str(&member);
            written += 1;
        }
    }
    if !header.is_empty() {
        injector.set(HEADER, header);
    }
}

fn of_scope<'a>(scope: &'a ActiveScope, name: &str) -> Option<Cow<'a, str>> {
    if name == key::SPANWISE_TAGS.key() {
        let tags: Vec<&str> = scope.tags().collect();
        return Some(serde_json::to_string(&tags).ok()?.into()).filter(|_| !tags.is_empty());
    }
    if let Some(field) = ScopeField::of_key(name) {
        return scope.get(field).map(Into::into);
    }
    let name = metadata_name(name)?;
    scope.metadata().find(|(known, _)| *known == name).map(|(_, value)| value.into())
}

fn metadata_name(key: &str) -> Option<&str> {
    key.strip_prefix(key::SPANWISE_METADATA.prefix())?.strip_prefix('.')
}

pub(super) fn extract(keys: &BaggageKeys, context: Context, extractor: &dyn Extractor) -> Context {
    let Some(headers) = extractor.get_all(HEADER) else { return context };
    let mut baggage = copy(context.baggage());
    let mut scope: Option<Scope> = None;
    let mut bytes = 0;
    let members = headers.iter().flat_map(|header| header.split(','));
    for member in members.take(MOST_MEMBERS) {
        bytes += member.len() + 1;
        if bytes > MOST_BYTES + 1 {
            break;
        }
        let Some((key, value, properties)) = parse(member) else { continue };
        if keys.names(key) {
            scope = Some(taken_over(scope.unwrap_or_default(), key, &value));
        }
        baggage.insert_with_metadata(key.to_owned(), value, properties);
    }
    let context = context.with_baggage(baggage);
    match scope {
        Some(scope) => scope.context_in(&context),
        None => context,
    }
}

fn taken_over(scope: Scope, name: &str, value: &str) -> Scope {
    if name == key::SPANWISE_TAGS.key() {
        return scope.tags(serde_json::from_str::<Vec<String>>(value).unwrap_or_default());
    }
    match (ScopeField::of_key(name), metadata_name(name)) {
        (Some(field), _) => scope.set(field, value.to_owned()),
        (None, Some(name)) => scope.metadata(name, value.to_owned()),
        (None, None) => scope,
    }
}

/// Key, value and properties of a member.
fn parse(member: &str) -> Option<(&str, String, &str)> {
    const SPACE: [char; 2] = [' ', '\t'];
    let (entry, properties) = member.split_once(';').unwrap_or((member, ""));
    // The value may have equal signs of its own.
    let (key, value) = entry.split_once('=')?;
    let (key, value) = (key.trim_matches(SPACE), value.trim_matches(SPACE));
    let legal = is_token(key) && value.bytes().all(percent::is_octet);
    let properties = properties.trim_matches(SPACE);
    legal.then(|| (key, percent::decode(value), properties))
}

/// A token of HTTP.
fn is_token(key: &str) -> bool {
    let known = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
    !key.is_empty() && key.bytes().all(known)
}

fn is_property(c: u8) -> bool {
    percent::is_octet(c) || matches!(c, b';' | b' ' | b'\t')
}
