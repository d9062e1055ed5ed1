//! Repository tasks.
//!
//! ```text
//! registry YAML ──import──► semconv/genai.yaml ──generate─┬► spanwise-core/src/semconv/
//!             semconv/spanwise.yaml, v1_41.yaml ┘         ├► spanwise-testing/src/conformance/
//!                                                         └► docs/operations.md
//! documentation of builders' methods ────────generate───► docs/settings.md
//! ```

mod ci;
mod generate;
mod import;
mod judge;
#[cfg(test)]
mod pages;
mod picture;
mod reference;
mod registry;
mod settings;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::table::{Earlier, Table};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Repository tasks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// What must hold before a change lands.
    Ci {
        /// Steps of either list; without them every step that is not long.
        steps: Vec<String>,
        /// What takes too long for every change.
        #[arg(long, conflicts_with = "steps")]
        long: bool,
        /// Print both lists, and run nothing.
        #[arg(long)]
        list: bool,
    },
    /// Draw `docs/images/terminal.png` of what the quickstart says; needs util-linux and Chromium.
    Picture,
    /// The conventions as data and as code.
    #[command(subcommand)]
    Semconv(Semconv),
}

#[derive(Subcommand)]
enum Semconv {
    /// Distil a checkout of the conventions' registry into `semconv/genai.yaml`.
    Import {
        /// The registry: the folder that holds `model/`.
        #[arg(long)]
        registry: PathBuf,
        /// Compare with the file that is checked in, and write nothing.
        #[arg(long)]
        check: bool,
    },
    /// Write `crates/spanwise-core/src/semconv/`, what `spanwise-testing` judges by, and
    /// `docs/operations.md`, from `semconv/*.yaml`; and `docs/settings.md`.
    Generate {
        /// Compare with the files that are checked in, and write nothing.
        #[arg(long)]
        check: bool,
    },
}

#[allow(clippy::print_stdout, reason = "a list that is asked for")]
fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Ci { list: true, .. } => {
            print!("{}", ci::list());
            Ok(())
        }
        Task::Ci { steps, long, .. } => ci::run(&steps, long),
        Task::Picture => picture::draw(),
        Task::Semconv(Semconv::Import { registry, check }) => {
            let supplement = read(&root().join("semconv/supplement.yaml"))?;
            let table = import::import(&registry, &supplement)?;
            settle(&root().join("semconv/genai.yaml"), &table.to_yaml()?, check)
        }
        Task::Semconv(Semconv::Generate { check }) => {
            for (path, text) in generated()? {
                settle(&path, &text, check)?;
            }
            Ok(())
        }
    }
}

/// Every file that is written from something else, with its text.
fn generated() -> Result<Vec<(PathBuf, String)>> {
    let table = |name: &str| read(&root().join("semconv").join(name));
    let genai = Table::from_yaml(&table("genai.yaml")?)?;
    let spanwise = Table::from_yaml(&table("spanwise.yaml")?)?;
    let v1_41 = Earlier::from_yaml(&table("v1_41.yaml")?)?;
    let folder = root().join("crates/spanwise-core/src/semconv");
    let files = generate::generate(&genai, &spanwise, &v1_41);
    let judge = root().join("crates/spanwise-testing/src/conformance/conventions.json");
    let conventions = judge::conventions(&genai, &spanwise, &v1_41)?;
    let code = files.into_iter().map(|(name, text)| (folder.join(name), text));
    let page = root().join("docs/operations.md");
    let operations = reference::page(&genai, &spanwise, &v1_41)?;
    let settings = (root().join("docs/settings.md"), settings::page()?);
    Ok(code.chain([(judge, conventions), (page, operations), settings]).collect())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// Writes `text`, or with `check` fails when the file says something else.
fn settle(path: &Path, text: &str, check: bool) -> Result<()> {
    if !check {
        return std::fs::write(path, text).with_context(|| format!("writing {}", path.display()));
    }
    if read(path)? != text {
        bail!("{} is out of date: run `cargo xtask semconv` without --check", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_code_is_what_the_tables_say() {
        for (path, text) in generated().unwrap() {
            settle(&path, &text, true).unwrap();
        }
    }

    #[test]
    fn the_table_is_what_the_registry_says() {
        let Some(registry) = registry_at_hand() else {
            eprintln!(
                "skipped: no checkout of the conventions' registry (SPANWISE_SEMCONV_REGISTRY)"
            );
            return;
        };
        let supplement = read(&root().join("semconv/supplement.yaml")).unwrap();
        let table = import::import(&registry, &supplement).unwrap();
        settle(&root().join("semconv/genai.yaml"), &table.to_yaml().unwrap(), true).unwrap();
    }

    /// The checkout that is named, or one called `semconv-genai` in a folder beside the repository.
    fn registry_at_hand() -> Option<PathBuf> {
        let given = std::env::var_os("SPANWISE_SEMCONV_REGISTRY").map(PathBuf::from);
        let beside = root().parent().and_then(|folder| folder.read_dir().ok());
        let beside =
            beside.into_iter().flatten().flatten().map(|it| it.path().join("semconv-genai"));
        given.into_iter().chain(beside).find(|path| path.join("model/manifest.yaml").exists())
    }
}
