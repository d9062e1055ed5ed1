//! What pages say is so: their links lead somewhere, their commands exist, and their code is compiled.

mod commands;
mod configuration;
mod links;
mod markdown;

use std::path::{Path, PathBuf};

use crate::root;

/// A page of the repository, by its path from the root.
struct Page {
    path: PathBuf,
    text: String,
}

/// Every page that people read.
fn all() -> Vec<Page> {
    let mut paths = Vec::new();
    let at_root =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "deploy/README.md"];
    paths.extend(at_root.map(PathBuf::from));
    collect(Path::new("docs"), &mut paths);
    for crate_ in std::fs::read_dir(root().join("crates")).unwrap().flatten() {
        let readme = Path::new("crates").join(crate_.file_name()).join("README.md");
        if root().join(&readme).exists() {
            paths.push(readme);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        Page { path, text }
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root().join(folder)).unwrap().flatten() {
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            into.push(path);
        }
    }
}

#[test]
fn the_code_of_every_page_is_compiled() {
    let compiled = std::fs::read_to_string(root().join("crates/pages/src/lib.rs")).unwrap();
    for page in all().iter().filter(|page| page.text.contains("```rust")) {
        let path = page.path.to_str().unwrap();
        assert!(compiled.contains(&format!("\"{path}\"")), "{path} is not in crates/pages");
        assert!(!page.text.contains("```rust,ignore"), "{path} has code that is not compiled");
    }
}
