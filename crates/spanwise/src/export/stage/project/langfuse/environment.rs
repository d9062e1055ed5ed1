//! Environments, by the rules of Langfuse, which calls all that break them `default`.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::told;

const MOST: usize = 40;

/// The environment, if it has to be said: one that stands in the resource and keeps the rules is found there.
pub(super) fn of(of_span: Option<&str>, resource: &Resource) -> Option<String> {
    let named = |key: &str| {
        let found =
            resource.attributes.iter().find(|attribute: &&KeyValue| attribute.key == key)?;
        told::text(found.value.as_ref()?)
    };
    let of_resource = || {
        let name = named("langfuse.environment").or_else(|| named("deployment.environment.name"));
        name.filter(|name| permitted(name) != *name)
    };
    Some(permitted(of_span.or_else(of_resource)?)).filter(|name| !name.is_empty())
}

/// Lower case letters, digits, `-` and `_`, at most 40, and nothing that begins with `langfuse`.
fn permitted(name: &str) -> String {
    let mut name = name.trim().to_lowercase();
    while let Some(rest) = name.strip_prefix("langfuse") {
        name = rest.trim_start_matches(['-', '_']).to_owned();
    }
    let letter = |it: char| match it {
        'a'..='z' | '0'..='9' | '-' | '_' => it,
        _ => '-',
    };
    name.chars().take(MOST).map(letter).collect()
}
