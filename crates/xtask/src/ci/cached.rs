//! What is cached of the stack. It takes too long to be built for every change: what is there must pass, and what is
//! not is named.

use anyhow::Result;

use super::command::Run;

/// What `scripts/stack` would have to build first.
pub(super) fn missing() -> Result<Vec<String>> {
    Ok(not_installed(&Run::new("scripts/stack status").output()?))
}

/// Tests, of which those of the stack may skip nothing where all of it is there.
pub(super) fn tests(line: &str) -> Result<Run> {
    let missing = missing()?;
    if missing.is_empty() {
        return Ok(Run::new(line).env("SPANWISE_TEST_STACK", "required"));
    }
    println!(
        "skipped: what asks for {} of the stack, not cached; `scripts/stack install` builds it",
        missing.join(", ")
    );
    Ok(Run::new(line))
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
    }

    #[test]
    fn the_script_says_of_each_program_whether_it_is_installed() {
        let status = Run::new("scripts/stack status")
            .env("SPANWISE_STACK_DIR", crate::root().join("no-such-folder"))
            .output()
            .unwrap();
        assert_eq!(not_installed(&status), ["otelcol", "jaeger", "prometheus"]);
    }
}
