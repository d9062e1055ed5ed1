//! `gen_ai.system`, as the provider's name was called until 1.36, for backends that know no other.

use opentelemetry_proto::tonic::trace::v1::Span;
use spanwise_core::semconv::value::gen_ai_provider_name as provider;

use super::added::Added;
use super::told::Told;

pub(super) const KEY: &str = "gen_ai.system";

pub(super) fn project(span: &mut Span) {
    let mut added = Added::to(&span.attributes, &[KEY]);
    added.some(KEY, Told::of(&span.attributes).provider.map(earlier));
    let added = added.into_attributes();
    span.attributes.extend(added);
}

/// What the provider was called then.
pub(super) fn earlier(name: &str) -> &str {
    if name == provider::X_AI { "xai" } else { name }
}
