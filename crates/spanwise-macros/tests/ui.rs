//! How the attributes may be used, and what the compiler says where they are not used so.
//!
//! `TRYBUILD=overwrite cargo test -p spanwise-macros --test ui` writes down what is said today.

use std::process::Command;

/// The compiler whose own words stand in `ui/types`; another one's differ.
const WRITTEN_WITH: &str = "rustc 1.95.";

#[test]
fn what_is_right_compiles_and_what_is_wrong_is_told_where_it_stands() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/ok/*.rs");
    cases.compile_fail("tests/ui/err/*.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output();
    let version = version.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    match version {
        Ok(version) if version.starts_with(WRITTEN_WITH) => {
            cases.compile_fail("tests/ui/types/*.rs");
        }
        other => eprintln!("tests/ui/types is left out: {other:?} is not {WRITTEN_WITH}x"),
    }
}
