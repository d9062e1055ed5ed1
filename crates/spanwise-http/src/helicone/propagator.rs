//! Helicone's headers, for Helicone's hosts.

use std::collections::BTreeMap;

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use spanwise_core::{ActiveScope, OperationPath, ScopeField};

use super::settings::HeliconeSettings;
use super::text;
use crate::hosts::TargetHost;

/// A propagator of OpenTelemetry that writes Helicone's headers from its settings and from the
/// [`scope`](spanwise_core::scope()): only where the [`Context`] has a [`TargetHost`] that is Helicone's, and
/// else nothing.
///
/// | Header | Of the scope |
/// |---|---|
/// | `Helicone-User-Id` | user |
/// | `Helicone-Session-Id` | session |
/// | `Helicone-Session-Path`, `Helicone-Session-Name` | the operations around the call, from the outermost; the outermost |
/// | `Helicone-Prompt-Id`, `Helicone-Prompt-Version` | prompt name, prompt version |
/// | `Helicone-Request-Id` | request id, where it is a UUID of version 1 to 5 |
/// | `Helicone-Property-<key>` | metadata |
/// | `Helicone-Property-Tags`, `-Tenant`, `-Environment`, `-Release`, `-Conversation` | tags, with commas between them, and so on |
///
/// What a header cannot hold is percent-encoded in values of the scope. Settings in the context win over the
/// scope, the scope over the propagator's settings.
///
/// Not for [`global::set_text_map_propagator`](opentelemetry::global::set_text_map_propagator): it is given to
/// [`GenAi::propagator`](crate::GenAi::propagator), or called by hand:
///
/// ```
/// use std::collections::HashMap;
/// use opentelemetry::Context;
/// use opentelemetry::propagation::TextMapPropagator as _;
/// use spanwise_http::TargetHostExt as _;
/// use spanwise_http::helicone::{Helicone, HeliconePropagator};
///
/// # fn main() -> Result<(), spanwise_http::helicone::HeliconeError> {
/// let helicone = HeliconePropagator::new(Helicone::new("sk-helicone-x").build()?);
/// let mut headers = HashMap::new();
/// let context = Context::current().with_target_host("https://oai.helicone.ai/v1");
/// helicone.inject_context(&context, &mut headers);
/// assert_eq!(headers["helicone-auth"], "Bearer sk-helicone-x");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct HeliconePropagator {
    settings: HeliconeSettings,
    fields: Vec<String>,
}

const FIELDS_OF_SCOPE: [(ScopeField, &str); 9] = [
    (ScopeField::User, "Helicone-User-Id"),
    (ScopeField::Session, "Helicone-Session-Id"),
    (ScopeField::PromptName, "Helicone-Prompt-Id"),
    (ScopeField::PromptVersion, "Helicone-Prompt-Version"),
    (ScopeField::RequestId, REQUEST_ID),
    (ScopeField::Tenant, "Helicone-Property-Tenant"),
    (ScopeField::Environment, "Helicone-Property-Environment"),
    (ScopeField::Release, "Helicone-Property-Release"),
    (ScopeField::ConversationId, "Helicone-Property-Conversation"),
];
const REQUEST_ID: &str = "Helicone-Request-Id";
const SESSION_PATH: &str = "Helicone-Session-Path";
const SESSION_NAME: &str = "Helicone-Session-Name";
const TAGS: &str = "Helicone-Property-Tags";

impl HeliconePropagator {
    /// With these settings.
    pub fn new(settings: HeliconeSettings) -> Self {
        OperationPath::keep();
        let of_scope = FIELDS_OF_SCOPE.iter().map(|(_, header)| *header);
        let of_scope = of_scope.chain([SESSION_PATH, SESSION_NAME, TAGS]);
        let mut fields: Vec<String> = of_scope.map(str::to_ascii_lowercase).collect();
        fields.extend(settings.headers().keys().map(|name| name.to_ascii_lowercase()));
        fields.sort_unstable();
        fields.dedup();
        Self { settings, fields }
    }
}

/// Names are the same in any case.
#[derive(Default)]
struct Written(BTreeMap<String, String>);

impl Written {
    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() {
            self.0.insert(name.to_ascii_lowercase(), value);
        }
    }

    fn settings(&mut self, settings: &HeliconeSettings) {
        settings.headers().iter().for_each(|(name, value)| self.set(name, value.clone()));
    }

    fn scope(&mut self, scope: &ActiveScope, context: &Context) {
        for (field, header) in FIELDS_OF_SCOPE {
            let value =
                scope.get(field).filter(|value| header != REQUEST_ID || text::is_uuid(value));
            value.into_iter().for_each(|value| self.set(header, text::legal(value)));
        }
        if scope.get(ScopeField::Session).is_some()
            && let Some(path) = OperationPath::of(context)
        {
            let segments: Vec<_> = path.names().map(segment).collect();
            if let Some(outermost) = segments.first() {
                self.set(SESSION_NAME, outermost.clone());
            }
            self.set(SESSION_PATH, format!("/{}", segments.join("/")));
        }
        let tags: Vec<_> = scope.tags().map(text::legal).collect();
        self.set(TAGS, tags.join(","));
        for (name, value) in scope.metadata() {
            self.set(&format!("Helicone-Property-{}", text::name(name)), text::legal(value));
        }
    }
}

fn segment(name: &str) -> String {
    text::legal(&name.replace('/', "_"))
}

impl TextMapPropagator for HeliconePropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let target = TargetHost::of(context);
        if !target.is_some_and(|host| self.settings.is_for(host.as_str())) {
            return;
        }
        let mut headers = Written::default();
        headers.settings(&self.settings);
        if let Some(scope) = ActiveScope::of(context) {
            headers.scope(scope, context);
        }
        if let Some(own) = context.get::<HeliconeSettings>() {
            headers.settings(own);
        }
        headers.0.into_iter().for_each(|(name, value)| injector.set(&name, value));
    }

    /// There is nothing to read.
    fn extract_with_context(&self, context: &Context, _: &dyn Extractor) -> Context {
        context.clone()
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}
