//! What takes too long for every change.

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

/// In a new folder: what cargo has once unpacked or compiled of a version is that version to it ever after, also where it
/// is not published yet.
fn publish() -> Result<()> {
    let folder = crate::root().join(format!("target/publish-{}", std::process::id()));
    let published =
        Run::new("cargo publish --workspace --dry-run").env("CARGO_TARGET_DIR", &folder).succeeds();
    let removed = std::fs::remove_dir_all(&folder);
    published.and(removed.with_context(|| format!("removing {}", folder.display())))
}

fn fuzz() -> Result<()> {
    let targets = Run::new("cargo +nightly fuzz list").output()?;
    for target in targets.lines() {
        run(&format!("cargo +nightly fuzz run {target} -- -max_total_time=600"))?;
    }
    Ok(())
}
