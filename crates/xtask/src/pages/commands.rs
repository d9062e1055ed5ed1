//! Commands that pages name can be run: the examples, tests and packages are there.

use std::collections::BTreeSet;

use clap::Parser;

use super::all;
use super::markdown::{parts, without_code};
use crate::{Arguments, root};

/// Commands of blocks that a shell reads, and of code within text.
fn commands(text: &str) -> Vec<String> {
    let (blocks, prose) = parts(text);
    let shell = blocks.iter().filter(|block| matches!(block.language, "sh" | "text" | "console"));
    let lines = shell.flat_map(|block| &block.lines).map(|line| line.trim_start_matches("$ "));
    // Code may go on in the next line.
    let prose = prose.join(" ");
    let code = without_code(&prose).1.into_iter();
    lines.chain(code).filter_map(command).collect()
}

/// The line without variables before it, where it is one of cargo's, docker's or a script of ours.
fn command(line: &str) -> Option<String> {
    let words = line.split(" #").next()?.split_whitespace();
    let words: Vec<_> = words.skip_while(|word| word.contains('=')).collect();
    let first = words.first()?;
    let known = matches!(*first, "cargo" | "docker") || first.starts_with("scripts/");
    known.then(|| words.join(" "))
}

/// Every name that manifests and folders give.
struct Known {
    packages: BTreeSet<String>,
    targets: BTreeSet<String>,
}

impl Known {
    fn of_the_workspace() -> Self {
        let mut known = Self { packages: BTreeSet::new(), targets: BTreeSet::new() };
        for members in ["crates", "examples"] {
            for member in std::fs::read_dir(root().join(members)).unwrap().flatten() {
                known.add(&member.path());
            }
        }
        known
    }

    fn add(&mut self, member: &std::path::Path) {
        let Ok(manifest) = std::fs::read_to_string(member.join("Cargo.toml")) else { return };
        let names = manifest.lines().filter_map(|line| line.strip_prefix("name = \""));
        let mut names = names.map(|rest| rest.trim_end_matches('"').to_owned());
        self.packages.extend(names.next());
        self.targets.extend(names);
        for folder in ["tests", "benches", "src/bin"] {
            let files = std::fs::read_dir(member.join(folder)).into_iter().flatten().flatten();
            let stems = files.filter_map(|it| it.path().file_stem()?.to_str().map(str::to_owned));
            self.targets.extend(stems);
        }
    }

    /// What of a command is not there.
    fn missing(&self, command: &str) -> Option<String> {
        let words: Vec<_> = command.split(' ').take_while(|word| *word != "--").collect();
        if let ["cargo", "xtask", ..] = words[..] {
            let given = command.split(' ').skip(1);
            // Placeholders stand for anything.
            let given =
                given.map(|word| if word == "STEP" || word == "…" { "format" } else { word });
            return Arguments::try_parse_from(given).err().map(|error| error.to_string());
        }
        if words[0].starts_with("scripts/") && !root().join(words[0]).exists() {
            return Some(format!("there is no `{}`", words[0]));
        }
        words.windows(2).find_map(|pair| {
            let there = match pair[0] {
                "-p" | "--package" => self.packages.contains(pair[1]),
                "--example" | "--test" | "--bench" | "--bin" => self.targets.contains(pair[1]),
                "--path" | "-f" => root().join(pair[1]).exists(),
                _ => true,
            };
            (!there).then(|| format!("there is no `{}` for {}", pair[1], pair[0]))
        })
    }
}

#[test]
fn every_command_of_a_page_can_be_run() {
    let known = Known::of_the_workspace();
    let (mut seen, mut wrong) = (0, Vec::new());
    for page in all() {
        for command in commands(&page.text) {
            seen += 1;
            if let Some(missing) = known.missing(&command) {
                wrong.push(format!("{}: `{command}`: {missing}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 20, "only {seen} commands were found");
}

#[test]
fn a_command_that_cannot_be_run_is_found() {
    let known = Known::of_the_workspace();
    assert_eq!(known.missing("cargo run --example quickstart"), None);
    assert_eq!(known.missing("cargo xtask ci --list"), None);
    let missing = known.missing("cargo run --example nothing").unwrap();
    assert_eq!(missing, "there is no `nothing` for --example");
    assert!(known.missing("cargo xtask no-such-task").is_some());
    assert!(known.missing("docker compose -f nothing.yml up").is_some());
    assert!(known.missing("scripts/nothing start").is_some());
    assert_eq!(command("RUST_LOG=debug cargo run # now"), Some("cargo run".to_owned()));
}
