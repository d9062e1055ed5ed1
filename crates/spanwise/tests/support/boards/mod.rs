//! The panels and rules of `dashboards/`, asked of a Prometheus that has the work of `telemetry_load`.

mod done;
mod panels;
mod query;
mod rules;

pub use done::{Done, check_between, check_budgets, check_totals, until_all_is_there};
pub use panels::{Panel, check_panel, panels};
pub use query::{Answered, Api, query};
pub use rules::check_rules;

use std::path::{Path, PathBuf};

/// The files of a folder of the repository that end so.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let entries = std::fs::read_dir(repository.join(folder)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == ending));
    files.sort();
    files
}
