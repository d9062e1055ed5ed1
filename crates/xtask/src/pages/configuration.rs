//! `docs/configuration.md` has every variable that is read and every setter, and no variable that is not.

use std::collections::BTreeSet;
use std::path::Path;

use crate::root;

/// Every source of a folder, without the tests beside it.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "tests" {
            sources(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            into.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
        }
    }
}

fn of(folder: &str) -> Vec<String> {
    let mut texts = Vec::new();
    sources(&root().join(folder), &mut texts);
    texts
}

/// What stands between two marks and is the name of a variable, forms for one signal as that for all.
fn variables(text: &str, mark: char) -> BTreeSet<String> {
    let names = text.split(mark).filter(|word| {
        let ours = word.starts_with("OTEL_") || word.starts_with("SPANWISE_");
        ours && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    });
    names.map(for_all_signals).collect()
}

fn for_all_signals(name: &str) -> String {
    let otlp = "OTEL_EXPORTER_OTLP_";
    let Some(rest) = name.strip_prefix(otlp) else { return name.to_owned() };
    let signals = ["TRACES_", "METRICS_", "LOGS_"];
    // The preference for temporality exists for metrics alone.
    let rest = match signals.iter().find_map(|signal| rest.strip_prefix(signal)) {
        Some(common) if !rest.contains("TEMPORALITY") => common,
        _ => rest,
    };
    format!("{otlp}{rest}")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/configuration.md")).unwrap()
}

#[test]
fn every_variable_that_is_read_is_there_and_no_other() {
    let written = variables(&page(), '`');
    let mut read = BTreeSet::new();
    for folder in ["crates/spanwise/src", "crates/spanwise-core/src"] {
        read.extend(of(folder).iter().flat_map(|text| variables(text, '"')));
    }
    // Of tests, and beginnings of names.
    read.retain(|name| !name.starts_with("SPANWISE_TEST_"));
    read.retain(|name| !matches!(name.as_str(), "OTEL_BSP" | "OTEL_BLRP"));
    assert!(read.len() > 40, "only {} variables were found", read.len());
    let missing: Vec<_> = read.difference(&written).collect();
    assert!(missing.is_empty(), "docs/configuration.md lacks {missing:?}");
    let code = of("crates/spanwise/src").concat();
    let prefixes = ["OTEL_EXPORTER_OTLP", "OTEL_BSP", "OTEL_BLRP"];
    // Names that begin alike are put together of their parts.
    let made = |name: &&String| {
        let last = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
        last.is_some_and(|last| {
            code.contains(&format!("}}{last}\"")) || code.contains(&format!("\"{}\"", &last[1..]))
        })
    };
    let unknown: Vec<_> = written.difference(&read).filter(|name| !made(name)).collect();
    assert!(unknown.is_empty(), "nothing reads {unknown:?}");
}

#[test]
fn every_setter_is_there() {
    let page = page();
    let mut setters = 0;
    for text in of("crates/spanwise/src/config") {
        for setter in text.split("    pub fn ").skip(1).filter(|it| it.contains("(mut self")) {
            let name = setter.split(['(', '<']).next().unwrap_or_default();
            setters += 1;
            let there = page.contains(&format!("`{name}")) || page.contains(&format!("::{name}"));
            assert!(there, "docs/configuration.md lacks `{name}`");
        }
    }
    assert!(setters > 20, "only {setters} setters were found");
}

#[test]
fn forms_for_one_signal_are_those_for_all() {
    assert_eq!(for_all_signals("OTEL_EXPORTER_OTLP_LOGS_HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS");
    let preference = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    assert_eq!(for_all_signals(preference), preference);
}
