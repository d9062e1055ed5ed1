//! The examples, as processes, by nothing but their arguments and environment.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The program; built where it is not there yet, as `cargo test --workspace` has done already.
fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let profile = here.ancestors().nth(2).unwrap();
    let program = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--package", name, "--example", name, "--target-dir"]);
        build.arg(profile.parent().unwrap());
        assert!(build.status().unwrap().success());
    }
    program
}

/// What would lead an example elsewhere.
const MEANT_FOR_OTHERS: [&str; 15] = [
    "FLO_",
    "LANGFUSE_",
    "LOGFIRE_",
    "OTEL_",
    "OTLP_",
    "SPANWISE_",
    "OPENAI_",
    "ANTHROPIC_",
    "GEMINI_",
    "GOOGLE_",
    "AWS_",
    "CO_",
    "HELICONE_",
    "OLLAMA_",
    "TELEMETRY_",
];

/// Runs an example, and gives back what it said on stderr.
#[track_caller]
pub fn run_example(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    String::from_utf8(run(name, arguments, variables).stderr).unwrap()
}

/// Runs an example, and gives back what it wrote on stdout.
#[track_caller]
pub fn told_by_example(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    String::from_utf8(run(name, arguments, variables).stdout).unwrap()
}

#[track_caller]
fn run(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program(name));
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if MEANT_FOR_OTHERS.iter().any(|begin| name.starts_with(begin)) {
            command.env_remove(&variable);
        }
    }
    command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {said}");
    output
}
