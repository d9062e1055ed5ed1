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
        assert!(
            !std::env::var("SPANWISE_TEST_STACK").is_ok_and(|it| it == "required"),
            "{missing}"
        );
        eprintln!("skipped: {missing}");
    }
    found
}
