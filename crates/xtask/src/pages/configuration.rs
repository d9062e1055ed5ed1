//! `docs/configuration.md` has every setter. That it has every variable is a test of `spanwise`, which sees them read.

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
            into.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_setter_is_there() {
    let page = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let (mut files, mut setters) = (Vec::new(), 0);
    sources(&root().join("crates/spanwise/src/config"), &mut files);
    for text in files {
        for setter in text.split("    pub fn ").skip(1) {
            let signature = setter.split('{').next().unwrap_or_default();
            if !signature.contains("mut self") || signature.contains("&mut self") {
                continue;
            }
            let name = setter.split(['(', '<']).next().unwrap_or_default();
            setters += 1;
            let there = page.contains(&format!("`{name}")) || page.contains(&format!("::{name}"));
            assert!(there, "docs/configuration.md lacks `{name}`");
        }
    }
    assert!(setters > 40, "only {setters} setters were found");
}
