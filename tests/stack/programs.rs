//! Where the programs are.

use std::path::PathBuf;

use crate::file;

/// The program of this name, or nothing, said plainly.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let variable = format!("SPANWISE_TEST_{}", name.to_uppercase());
    let found = match std::env::var_os(&variable) {
        Some(named) => Some(PathBuf::from(named)).filter(|path| path.is_file()),
        None => {
            let stack = std::env::var_os("SPANWISE_STACK_DIR");
            let stack = stack.map_or_else(|| file(".stack"), PathBuf::from).join("bin");
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(stack).chain(std::env::split_paths(&path));
            folders.map(|folder| folder.join(name)).find(|path| path.is_file())
        }
    };
    if found.is_none() {
        let missing = format!("there is no {name}: `scripts/stack install`, or set {variable}");
        let required = std::env::var("SPANWISE_TEST_STACK").unwrap_or_default();
        assert!(!is_required(&required, name), "{missing}");
        eprintln!("skipped: {missing}");
    }
    found
}

/// Whether a list of programs has it, or is of all of them. promtool comes with prometheus.
fn is_required(list: &str, name: &str) -> bool {
    let name = if name == "promtool" { "prometheus" } else { name };
    list.split(',').any(|it| it == "required" || it == name)
}

#[test]
fn what_is_listed_is_required_and_nothing_else() {
    assert!(is_required("required", "jaeger"));
    assert!(is_required("otelcol,prometheus", "otelcol"));
    assert!(is_required("otelcol,prometheus", "promtool"));
    assert!(!is_required("otelcol,prometheus", "jaeger"));
    assert!(!is_required("", "otelcol"));
}
