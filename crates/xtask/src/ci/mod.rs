//! What must hold before a change lands: one list, for `.ci/run` and for whoever works on it.
//!
//! ```text
//! .ci/run  ── installs tools ──► cargo xtask ci          every step, in order, until one fails
//! .ci/long ── installs tools ──► cargo xtask ci --long   what takes too long for every change
//!                                cargo xtask ci STEP …   these, of either list
//! ```
//! Steps are commands. What those print is printed, and the command before it.

#![allow(clippy::print_stdout, reason = "what runs and what came of it is what this is for")]

mod cached;
mod command;
mod long;
mod newcomer;
mod short;

use std::time::Instant;

use anyhow::{Context, Result, bail};

/// One thing that must hold.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<()>,
}

/// Runs the steps of these names, or without names a whole list.
pub(crate) fn run(names: &[String], long: bool) -> Result<()> {
    let steps = chosen(names, long)?;
    let started = Instant::now();
    for step in &steps {
        println!("\n=== {} ({} s): {}", step.name, started.elapsed().as_secs(), step.about);
        (step.run)().with_context(|| {
            format!("the step `{0}` does not hold; again: cargo xtask ci {0}", step.name)
        })?;
    }
    println!("\n=== done ({} s): {} steps hold", started.elapsed().as_secs(), steps.len());
    Ok(())
}

/// Both lists, with what each step shows.
pub(crate) fn list() -> String {
    let row = |step: &Step| format!("  {:<18}{}\n", step.name, step.about);
    let rows = |steps: &[Step]| steps.iter().map(row).collect::<String>();
    format!("cargo xtask ci\n{}\ncargo xtask ci --long\n{}", rows(short::STEPS), rows(long::STEPS))
}

fn chosen(names: &[String], long: bool) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(if long { long::STEPS } else { short::STEPS }.iter().collect());
    }
    let named = |name: &String| {
        let mut all = short::STEPS.iter().chain(long::STEPS);
        match all.find(|step| step.name == name) {
            Some(step) => Ok(step),
            None => bail!("there is no step `{name}`:\n{}", list()),
        }
    };
    names.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(steps: &[&Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn steps_of_either_list_run_by_name_in_the_order_that_is_given() {
        let given = ["fuzz".to_owned(), "format".to_owned()];
        assert_eq!(names(&chosen(&given, false).unwrap()), ["fuzz", "format"]);
        let error = chosen(&["formt".to_owned()], false).err().unwrap().to_string();
        assert!(
            error.starts_with("there is no step `formt`:\ncargo xtask ci\n  format "),
            "{error}"
        );
    }

    #[test]
    fn no_name_stands_for_two_steps() {
        let all: Vec<_> = short::STEPS.iter().chain(long::STEPS).collect();
        let mut once = names(&all);
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len());
    }

    #[test]
    fn every_example_is_run() {
        for folder in std::fs::read_dir(crate::root().join("examples")).unwrap().flatten() {
            let manifest = std::fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
            for example in manifest.split("[[example]]\nname = \"").skip(1) {
                let name = example.split('"').next().unwrap();
                let runs = short::runs_example(name) || long::runs_example(name);
                assert!(runs, "no step of `cargo xtask ci` runs {name}");
            }
        }
    }

    #[test]
    fn the_page_for_contributors_names_every_step() {
        let page = std::fs::read_to_string(crate::root().join("CONTRIBUTING.md")).unwrap();
        for step in short::STEPS.iter().chain(long::STEPS) {
            assert!(page.contains(&format!("| `{}` |", step.name)), "{}", step.name);
        }
    }
}
