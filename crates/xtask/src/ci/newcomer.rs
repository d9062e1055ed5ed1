//! A program of one's own, made of nothing but what `docs/getting-started.md` shows.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{read, root};

/// Where the page has the checkout.
const CHECKOUT: &str = "../spanwise/";

/// What the page says that it prints.
const PRINTED: &str = "A-17 arrives tomorrow.";

/// Makes it in an empty folder, and runs it: without a receiver, as the page does.
pub(super) fn walk() -> Result<()> {
    let page = read(&root().join("docs/getting-started.md"))?;
    let folder = std::env::temp_dir().join(format!("spanwise-newcomer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let walked = in_folder(&page, &folder);
    std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    walked
}

fn in_folder(page: &str, folder: &Path) -> Result<()> {
    let program = folder.join("support-bot");
    cargo(folder, "new support-bot")?;
    let manifest = program.join("Cargo.toml");
    let dependencies = block(page, "toml", "[dependencies]")?;
    let (_, dependencies) = dependencies.split_once('\n').unwrap_or_default();
    let checkout = format!("{}/", root().canonicalize()?.display());
    let made = read(&manifest)? + &dependencies.replace(CHECKOUT, &checkout);
    std::fs::write(&manifest, made).context("writing its manifest")?;
    let main = block(page, "rust", "#[tokio::main]")?;
    std::fs::write(program.join("src/main.rs"), main).context("writing its code")?;
    let printed = cargo(&program, "run")?;
    ensure!(printed.contains(PRINTED), "it printed {printed:?}, and not {PRINTED:?}");
    print!("{printed}");
    Ok(())
}

/// The first block of this language in which this stands.
fn block<'a>(page: &'a str, language: &str, with: &str) -> Result<&'a str> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1).filter_map(|rest| rest.split_once("```"));
    let mut blocks = blocks.map(|(block, _)| block);
    blocks.find(|block| block.contains(with)).with_context(|| format!("the page has no {with}"))
}

/// What it says on stdout. What is compiled is kept below the repository's target folder.
fn cargo(folder: &Path, arguments: &str) -> Result<String> {
    println!("$ cargo {arguments}");
    let output = Command::new("cargo")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", root().join("target"))
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting `cargo {arguments}`"))?;
    if !output.status.success() {
        bail!("`cargo {arguments}`: {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
