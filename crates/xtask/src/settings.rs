//! Builders' methods to `docs/settings.md`: every setting, in the words of its documentation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use quote::ToTokens;
use syn::{
    Attribute, Expr, FnArg, ImplItem, Item, ItemImpl, Lit, Meta, ReceiverKind, ReturnType, Type,
    Visibility,
};

use crate::{read, root};

const HEAD: &str = "<!-- Written by `cargo xtask semconv generate` from the documentation of builders' methods; not edited by hand. -->

# Settings

Every setting that is a method in code, with its default and with the variable that says the same.
[configuration.md](configuration.md) tells what belongs together, what the environment alone can say, and what counts where two
say different things.
";

/// What is set at a start, then what its parts are made of, then what clients and exporters take.
const SOURCES: [&str; 10] = [
    "crates/spanwise/src/config",
    "crates/spanwise/src/preset",
    "crates/spanwise/src/event",
    "crates/spanwise/src/redact",
    "crates/spanwise/src/offload",
    "crates/spanwise/src/cost",
    "crates/spanwise/src/ledger",
    "crates/spanwise-core/src/budget",
    "crates/spanwise-http/src",
    "crates/spanwise-rig/src",
];

/// The settings of each type, in the order of the sources.
type Settings = Vec<(String, BTreeMap<String, Setting>)>;

struct Setting {
    takes: Vec<String>,
    about: String,
    feature: Option<String>,
}

/// The page.
pub(crate) fn page() -> Result<String> {
    let mut settings = Settings::new();
    for source in SOURCES {
        for file in rust_files(&root().join(source))? {
            let text = read(&file)?;
            let parsed = syn::parse_file(&text);
            let parsed = parsed.with_context(|| format!("reading {}", file.display()))?;
            gather(&parsed.items, &mut settings);
        }
    }
    settings.sort_by_key(|(of, _)| of != "TelemetryConfig");
    let mut page = HEAD.to_owned();
    for (of, settings) in settings {
        let _ = write!(page, "\n## `{of}`\n\n| Setting | Takes | What it is |\n|---|---|---|\n");
        for (name, Setting { takes, about, feature }) in settings {
            let takes = takes.iter().map(|takes| format!("`{takes}`")).collect::<Vec<_>>();
            let feature = feature.map(|feature| format!(" Feature `{feature}`."));
            let feature = feature.unwrap_or_default();
            let _ = writeln!(page, "| `{name}` | {} | {about}{feature} |", takes.join(", "));
        }
    }
    Ok(page)
}

/// The sources below a path in the order of their names, without tests.
fn rust_files(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut entries = std::fs::read_dir(path)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .with_context(|| format!("reading {}", path.display()))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "tests" {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|it| it == "rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    Ok(files)
}

fn gather(items: &[Item], into: &mut Settings) {
    for item in items {
        let Item::Impl(block) = item else { continue };
        let Some(of) = name_of(block) else { continue };
        for item in &block.items {
            let ImplItem::Fn(method) = item else { continue };
            let public = matches!(method.vis, Visibility::Public(_));
            let mut inputs = method.sig.inputs.iter();
            let takes_itself = matches!(
                inputs.next(),
                Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, ReceiverKind::Value)
            );
            let about = first_paragraph(&method.attrs);
            if !public || !takes_itself || about.is_empty() || !gives_itself(&method.sig.output) {
                continue;
            }
            let takes = inputs.filter_map(|input| match input {
                FnArg::Typed(typed) => Some(written(&typed.ty)),
                FnArg::Receiver(_) => None,
            });
            let feature = feature(&method.attrs).or_else(|| feature(&block.attrs));
            let setting = Setting { takes: takes.collect(), about, feature };
            let place = into.iter().position(|(known, _)| *known == of).unwrap_or_else(|| {
                into.push((of.clone(), BTreeMap::new()));
                into.len() - 1
            });
            into[place].1.insert(method.sig.ident.to_string(), setting);
        }
    }
}

/// Whose methods they are; `None` for those of a trait.
fn name_of(block: &ItemImpl) -> Option<String> {
    match (&block.trait_, &*block.self_ty) {
        (None, Type::Path(path)) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

fn gives_itself(output: &ReturnType) -> bool {
    let ReturnType::Type(_, output) = output else { return false };
    let output = written(output);
    output == "Self" || output.starts_with("Result<Self")
}

/// A type as it is mostly written.
fn written(ty: &Type) -> String {
    let tokens = ty.to_token_stream().to_string();
    [
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ::", "::"),
        (":: ", "::"),
        (" ,", ","),
        ("& ", "&"),
        ("( ", "("),
        (" (", "("),
        (" )", ")"),
    ]
    .iter()
    .fold(tokens, |text, (from, to)| text.replace(from, to))
    .replace("->", "→")
    .replace('|', "\\|")
}

/// What stands before the first empty line, without links.
fn first_paragraph(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(line) => Some(line.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let paragraph = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    without_links(&paragraph).replace('|', "\\|")
}

/// `[text](target)` and `[text]` are the text.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((words, behind)) = link.split_once(']') else {
            plain.push('[');
            rest = link;
            continue;
        };
        plain.push_str(words);
        rest = behind.strip_prefix('(').map_or(behind, behind_target);
    }
    plain + rest
}

/// What follows the target of a link, which may be a function's name.
fn behind_target(link: &str) -> &str {
    let mut open = 1_usize;
    for (place, letter) in link.char_indices() {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return &link[place + 1..];
        }
    }
    ""
}

/// The feature that it needs.
fn feature(attributes: &[Attribute]) -> Option<String> {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let conditions = conditions.filter_map(|attribute| attribute.meta.require_list().ok());
    let mut named = conditions.filter_map(|condition| {
        let text = condition.tokens.to_string();
        let feature = text.strip_prefix("feature = \"")?.strip_suffix('"')?;
        Some(feature.to_owned())
    });
    named.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_told_in_the_words_of_its_documentation() {
        let source = r#"
            impl Config {
                /// How long a [scope](crate::scope()) is. Defaults to [`NEVER`](Self::NEVER),
                /// then to `X`.
                ///
                /// More of it.
                #[cfg(feature = "time")]
                pub fn pause(mut self, pause: impl Into<Option<Duration>>) -> Self { self }
                /// What it is.
                pub fn known(&self) -> Duration { self.pause }
                pub fn undocumented(self) -> Self { self }
            }
        "#;
        let mut settings = Settings::new();
        gather(&syn::parse_file(source).unwrap().items, &mut settings);
        let [(of, settings)] = &settings[..] else { panic!("one type") };
        assert_eq!((of.as_str(), settings.len()), ("Config", 1));
        let Setting { takes, about, feature } = &settings["pause"];
        assert_eq!(takes[..], ["impl Into<Option<Duration>>"]);
        assert_eq!(about, "How long a scope is. Defaults to `NEVER`, then to `X`.");
        assert_eq!(feature.as_deref(), Some("time"));
    }
}
