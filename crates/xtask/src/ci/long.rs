//! What takes too long for every change.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::command::{Run, needs, run};
use super::{Step, cached, newcomer};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "stack",
        about: "Collector, Jaeger and Prometheus, by the files of the repository; scripts/stack install",
        run: stack,
    },
    Step {
        name: "newcomer",
        about: "a program in an empty folder, made of what docs/getting-started.md shows",
        run: newcomer::walk,
    },
    Step {
        name: "backends",
        about: "servers of real backends; SPANWISE_TEST_PHOENIX, SPANWISE_TEST_MLFLOW, SPANWISE_TEST_PROMETHEUS",
        run: backends,
    },
    Step { name: "soak", about: "faults of delivery, with twenty minutes of soak", run: soak },
    Step { name: "powerset", about: "features of `spanwise` in pairs", run: powerset },
    Step {
        name: "minimal-versions",
        about: "the oldest dependencies that manifests allow",
        run: minimal_versions,
    },
    Step { name: "advisories", about: "no dependency with a known hole", run: advisories },
    Step { name: "publish", about: "what is published compiles by itself", run: publish },
    Step { name: "fuzz", about: "ten minutes for each target", run: fuzz },
];

/// Wants the whole stack to be there.
const DEMO: &str = "telemetry_demo";

#[cfg(test)]
pub(super) fn runs_example(name: &str) -> bool {
    name == DEMO
}

fn stack() -> Result<()> {
    cached::tests("cargo test -p spanwise --all-features --test stack -- --nocapture")?
        .succeeds()?;
    if !cached::missing()?.is_empty() {
        println!("skipped: the demo, which wants the whole stack");
        return Ok(());
    }
    run("scripts/stack start")?;
    let shown = run(&format!("cargo run -q --example {DEMO} -- --seconds 10"));
    run("scripts/stack stop")?;
    shown
}

fn backends() -> Result<()> {
    run("cargo test -p spanwise --all-features --test real_servers --test real_prometheus")
}

fn soak() -> Result<()> {
    Run::new("cargo test -p spanwise --test faults").env("SPANWISE_SOAK_SECONDS", "1200").succeeds()
}

fn powerset() -> Result<()> {
    needs("hack", "cargo install cargo-hack --locked")?;
    run(
        "cargo hack clippy -p spanwise --feature-powerset --depth 2 --exclude-features cloud -- -D warnings",
    )
}

/// With the lock file that is checked in put back afterwards, whatever happens.
fn minimal_versions() -> Result<()> {
    let lock = crate::root().join("Cargo.lock");
    let checked_in = std::fs::read(&lock).context("reading Cargo.lock")?;
    let held = run("cargo +nightly update -Z direct-minimal-versions").and_then(|()| {
        run("cargo check --workspace --exclude xtask --exclude spanwise-bench --all-features")
    });
    std::fs::write(&lock, checked_in).context("putting Cargo.lock back")?;
    held
}

fn advisories() -> Result<()> {
    needs("deny", "cargo install cargo-deny --locked")?;
    run("cargo deny --all-features check advisories")
}

fn publish() -> Result<()> {
    forget_unpacked()?;
    run("cargo publish --workspace --dry-run")
}

/// Cargo unpacks a version once, also one that is not published yet: the next time it would compile what was there then.
fn forget_unpacked() -> Result<()> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let unpacked = home.context("there is no home directory")?.join("registry/src");
    // What comes from a folder has no host before the dash.
    for source in named(&unpacked, "-") {
        for package in named(&source, "spanwise") {
            std::fs::remove_dir_all(&package)
                .with_context(|| format!("removing {}", package.display()))?;
        }
    }
    Ok(())
}

/// What is in a folder under names that begin so; nothing where there is no such folder.
fn named(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(beginning));
    entries.filter(|entry| is(&entry.file_name())).map(|entry| entry.path()).collect()
}

fn fuzz() -> Result<()> {
    let targets = Run::new("cargo +nightly fuzz list").output()?;
    for target in targets.lines() {
        run(&format!("cargo +nightly fuzz run {target} -- -max_total_time=600"))?;
    }
    Ok(())
}
