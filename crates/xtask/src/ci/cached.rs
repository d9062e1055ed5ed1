//! What is cached of the stack. It takes too long to be built for every change: what is there must pass, and what is
//! not is named.

use anyhow::Result;

use super::command::Run;

/// What `scripts/stack` would have to build first.
pub(super) fn missing() -> Result<Vec<String>> {
    Ok(not_installed(&Run::new("scripts/stack status").output()?))
}

/// Tests, of which those of the stack may skip nothing for want of a program that is there.
pub(super) fn tests(line: &str) -> Result<Run> {
    let status = Run::new("scripts/stack status").output()?;
    let missing = not_installed(&status);
    if !missing.is_empty() {
        println!(
            "skipped: what asks for {} of the stack, not cached; `scripts/stack install` builds it",
            missing.join(", ")
        );
    }
    Ok(Run::new(line).env("SPANWISE_TEST_STACK", required(&status)))
}

/// What is there, as `SPANWISE_TEST_STACK` lists it.
fn required(status: &str) -> String {
    let is_there = |line: &str| {
        let (program, is) = line.split_once(": ")?;
        is.starts_with("installed").then(|| program.to_owned())
    };
    status.lines().filter_map(is_there).collect::<Vec<_>>().join(",")
}

fn not_installed(status: &str) -> Vec<String> {
    let missing = |line: &str| {
        let (program, is) = line.split_once(": ")?;
        is.starts_with("not installed").then(|| program.to_owned())
    };
    status.lines().filter_map(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_missing_whether_or_not_it_runs() {
        let status = "otelcol: installed, does not run\n\
                      jaeger: not installed, does not run\n\
                      prometheus: not installed, runs, healthy\n";
        assert_eq!(not_installed(status), ["jaeger", "prometheus"]);
        assert_eq!(required(status), "otelcol");
    }

    #[test]
    fn the_script_says_of_each_program_whether_it_is_installed() {
        let status = Run::new("scripts/stack status")
            .env("SPANWISE_STACK_DIR", crate::root().join("no-such-folder"))
            .output()
            .unwrap();
        // Some may be on PATH.
        let (missing, there) = (not_installed(&status), required(&status));
        for program in ["otelcol", "jaeger", "prometheus"] {
            let is_there = there.split(',').any(|it| it == program);
            assert_ne!(missing.iter().any(|it| it == program), is_there, "{status}");
        }
    }
}
