//! What a tool's run says of the skill, the resource or the command behind it.

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};

use super::request::named;
use crate::semconv::attribute as key;
use crate::semconv::value::gen_ai_operation_name as operation;

/// The skill that is loaded, read or run by a tool, and the command that is run.
#[derive(Default)]
pub(super) struct Skill {
    pub(super) name: Option<StringValue>,
    pub(super) resource: Option<StringValue>,
    pub(super) description: Option<StringValue>,
    source_uri: Option<StringValue>,
    pub(super) executable: Option<StringValue>,
    pub(super) executable_path: Option<StringValue>,
    pub(super) exit_code: Option<i64>,
}

impl Skill {
    pub(super) fn set_source_uri(&mut self, uri: &str) {
        self.source_uri = Some(without_credentials(uri).into());
    }

    /// `execute_tool {tool} {skill} {resource}`, as far as each is known; a command that is part of no
    /// skill is told by its executable.
    pub(super) fn span_name(&self, tool: Option<&StringValue>) -> Cow<'static, str> {
        let mut name = named(operation::EXECUTE_TOOL, tool);
        let of_skill = [self.name.as_ref(), self.resource.as_ref()];
        let alone = self.executable.as_ref().filter(|_| of_skill == [None, None]);
        for word in of_skill.into_iter().flatten().chain(alone) {
            let name = name.to_mut();
            name.push(' ');
            name.push_str(word.as_str());
        }
        name
    }

    pub(super) fn push_start_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.extend(self.name.clone().map(|name| key::GEN_AI_SKILL_NAME.of(name)));
        let resource = self.resource.clone();
        attributes.extend(resource.map(|name| key::GEN_AI_SKILL_RESOURCE_NAME.of(name)));
    }

    pub(super) fn push_end_attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        let Self { description, source_uri, executable, executable_path, exit_code, .. } =
            std::mem::take(self);
        attributes.extend(description.map(|d| key::GEN_AI_SKILL_DESCRIPTION.of(d)));
        attributes.extend(source_uri.map(|uri| key::GEN_AI_SKILL_SOURCE_URI.of(uri)));
        attributes.extend(executable.map(|name| key::PROCESS_EXECUTABLE_NAME.of(name)));
        attributes.extend(executable_path.map(|path| key::PROCESS_EXECUTABLE_PATH.of(path)));
        attributes.extend(exit_code.map(|code| key::PROCESS_EXIT_CODE.of(code)));
    }
}

/// A URI without what may let anyone in: user and password, query and fragment.
fn without_credentials(uri: &str) -> String {
    let end = uri.find(['?', '#']).unwrap_or(uri.len());
    let uri = &uri[..end];
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_keeps_its_place_and_loses_its_keys() {
        for (uri, kept) in [
            ("https://skills.example/pdf", "https://skills.example/pdf"),
            ("https://me:s3cret@skills.example/pdf", "https://skills.example/pdf"),
            ("https://a@b@skills.example", "https://skills.example"),
            ("https://skills.example/pdf?token=s3cret#x", "https://skills.example/pdf"),
            ("https://skills.example/me@home", "https://skills.example/me@home"),
            ("file:///skills/pdf", "file:///skills/pdf"),
            ("skills/pdf?key=s3cret", "skills/pdf"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(uri), kept, "{uri}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_uri_panics_or_keeps_what_follows_a_question_mark(uri in ".*", query in ".*") {
            let kept = without_credentials(&format!("{uri}?{query}"));
            proptest::prop_assert!(!kept.contains('?'));
        }
    }
}
