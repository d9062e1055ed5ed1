//! What runs for every change.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::command::{Run, needs, run};
use super::{Step, cached};

/// The least Rust that everything but rig's adapter is made for.
const MSRV: &str = "1.88.0";

pub(super) const STEPS: &[Step] = &[
    Step { name: "format", about: "the code is formatted", run: format },
    Step { name: "lints", about: "no warning, with every feature", run: lints },
    Step {
        name: "dependencies",
        about: "no protoc, no cmake, no OpenSSL, no aws-lc",
        run: dependencies,
    },
    Step { name: "tests", about: "the README's command", run: tests },
    Step { name: "tests-features", about: "the same with every feature", run: tests_features },
    Step { name: "documentation", about: "it builds, without a broken link", run: documentation },
    Step { name: "features", about: "each feature alone", run: features },
    Step {
        name: "no-content",
        about: "`--cfg spanwise_no_content` leaves no key of content",
        run: no_content,
    },
    Step { name: "examples", about: "every example runs to its end", run: examples },
    Step { name: "msrv", about: "the least Rust compiles it", run: msrv },
    Step { name: "deny", about: "licences and sources of dependencies", run: deny },
    Step { name: "semver", about: "no break since the last tag", run: semver },
    Step { name: "package", about: "every crate can be packaged", run: package },
];

fn format() -> Result<()> {
    run("cargo fmt --check")?;
    println!("formatted");
    Ok(())
}

fn lints() -> Result<()> {
    run("cargo clippy --workspace --all-targets --all-features -- -D warnings")
}

fn dependencies() -> Result<()> {
    const UNWANTED: [&str; 9] = [
        "openssl",
        "openssl-sys",
        "native-tls",
        "aws-lc-rs",
        "aws-lc-sys",
        "cmake",
        "prost-build",
        "tonic-build",
        "tonic-prost-build",
    ];
    let tree = "cargo tree --workspace --all-features -e normal,build --prefix none";
    let tree = Run::new(tree).output()?;
    let names = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let all: Vec<String> = tree.lines().map(names).collect();
    if let Some(name) =
        all.iter().find(|name| UNWANTED.contains(&name.as_str()) || name.starts_with("protoc"))
    {
        bail!("`{name}` needs more than a linker and a C compiler");
    }
    println!("none of them among {} lines", all.len());
    Ok(())
}

/// The faults of delivery, a minute of soak among them, end with a table of what was sent and what became of it.
fn tests() -> Result<()> {
    cached::tests("cargo test --workspace")?.succeeds()
}

/// Features change nothing of how faults are met, which takes minutes.
fn tests_features() -> Result<()> {
    cached::tests("cargo test --workspace --all-features")?
        .env("SPANWISE_TEST_FAULTS", "skip")
        .succeeds()
}

fn documentation() -> Result<()> {
    Run::new("cargo doc --workspace --no-deps --all-features")
        .env("RUSTDOCFLAGS", "-D warnings")
        .succeeds()
}

fn features() -> Result<()> {
    needs("hack", "cargo install cargo-hack --locked")?;
    // clippy, since it denies warnings without compiling dependencies anew. All together are linted above.
    const CRATES: &str = "-p spanwise -p spanwise-core -p spanwise-http -p spanwise-testing";
    run(&format!(
        "cargo hack clippy {CRATES} --each-feature --exclude-all-features --exclude-features cloud -- -D warnings"
    ))?;
    // What is said of a feature that is missing.
    for features in ["", " --features grpc"] {
        let test = "cargo test -p spanwise --lib --no-default-features";
        run(&format!("{test}{features} missing_feature"))?;
    }
    Ok(())
}

fn no_content() -> Result<()> {
    const KEYS: [&str; 11] = [
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.tool.definitions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.prompt.variable",
        "gen_ai.retrieval.query.text",
        "gen_ai.retrieval.documents",
        "gen_ai.memory.query.text",
        "gen_ai.memory.records",
    ];
    // The wrapper gives the flag to our crates alone: those of others need not be compiled anew.
    let build = "cargo build --workspace --all-features --example quickstart --message-format";
    let messages = Run::new(&format!("{build} json-render-diagnostics"))
        .env("RUSTC_WORKSPACE_WRAPPER", crate::root().join(".ci/without-content"))
        .output()?;
    let program = executable(&messages)?;
    let bytes = std::fs::read(&program).with_context(|| format!("reading {program}"))?;
    // One pass over a hundred megabytes.
    let places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"gen_ai."));
    let mut keys = places
        .map(|at| &bytes[at..])
        .flat_map(|rest| KEYS.iter().filter(move |key| rest.starts_with(key.as_bytes())));
    if let Some(key) = keys.next() {
        bail!("`{key}` stands in {program}, a program without content");
    }
    println!("none of {} keys in {program}", KEYS.len());
    Ok(())
}

/// The program that cargo says it has built.
fn executable(messages: &str) -> Result<String> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter_map(|it| it["executable"].as_str().map(str::to_owned));
    programs.next_back().context("cargo has built no program")
}

const EXAMPLES: [&str; 16] = [
    "quickstart",
    "async_openai",
    "reqwest_middleware",
    "anthropic",
    "rig",
    "genai",
    "distributed",
    "helicone",
    "coming_from_siumai",
    "coming_from_exllm",
    "coming_from_flujo",
    "coming_from_auto_optimizer",
    "coming_from_flo_ai",
    "conformance -- streaming",
    "conformance -- streaming --via bedrock",
    "telemetry_load -- --seconds 2",
];

/// What would send examples to somebody's server.
const OF_PROVIDERS: [&str; 7] = [
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "HELICONE_API_KEY",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "AWS_SECRET_ACCESS_KEY",
];

#[cfg(test)]
pub(super) fn runs_example(name: &str) -> bool {
    EXAMPLES.iter().any(|example| example.split(' ').next() == Some(name))
}

fn examples() -> Result<()> {
    for example in EXAMPLES {
        let run = Run::new(&format!("cargo run -q --example {example}"));
        run.without_env(&OF_PROVIDERS).succeeds()?;
    }
    Ok(())
}

fn msrv() -> Result<()> {
    // rig asks for more, and so does what uses it.
    run(&format!(
        "cargo +{MSRV} check --workspace --exclude spanwise-rig --exclude rig-example --exclude pages --all-features"
    ))
}

fn deny() -> Result<()> {
    needs("deny", "cargo install cargo-deny --locked")?;
    run("cargo deny --all-features check bans licenses sources")
}

fn semver() -> Result<()> {
    let tags = Run::new("git tag --list v* --sort -version:refname").output()?;
    let Some(tag) = tags.lines().next() else {
        println!("skipped: there is no tag yet, and so nothing to compare with");
        return Ok(());
    };
    needs("semver-checks", "cargo install cargo-semver-checks --locked")?;
    run(&format!("cargo semver-checks --workspace --baseline-rev {tag}"))
}

fn package() -> Result<()> {
    run("cargo publish --workspace --dry-run --no-verify --allow-dirty")
}
