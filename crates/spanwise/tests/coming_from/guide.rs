//! A guide: its names, its table, and what shows each row.

use std::collections::BTreeSet;
use std::path::PathBuf;

use libtest_mimic::Failed;

use crate::shown::Shown;
use crate::things::{contain, without_row, words};

#[derive(Clone, Copy)]
pub(crate) struct Guide {
    /// How its file is called, and its tests.
    pub(crate) file: &'static str,
    /// Its heading on the page.
    title: &'static str,
    names: &'static str,
    shown: Shown,
}

/// A row of its table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
}

impl Guide {
    pub(crate) fn new(
        file: &'static str,
        title: &'static str,
        names: &'static str,
        shown: Shown,
    ) -> Self {
        Self { file, title, names, shown }
    }

    pub(crate) fn rows(&self, page: &'static str) -> Vec<Row> {
        let heading = format!("\n## {}\n", self.title);
        let section = page.split_once(heading.as_str()).map_or("", |(_, rest)| rest);
        let section = section.split("\n## ").next().unwrap_or_default();
        section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "))
            .map(|(name, _)| Row { name })
            .collect()
    }

    pub(crate) fn has_rows(&self, page: &'static str) -> Result<(), Failed> {
        let rows = self.rows(page);
        let named: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
        let names: BTreeSet<_> = self.names.lines().collect();
        check(rows.len() == named.len(), "a name has two rows")?;
        let differ: Vec<_> = names.symmetric_difference(&named).collect();
        check(differ.is_empty(), format!("without a row, or without a name: {differ:?}"))?;
        let tested = self.shown.iter().flat_map(|(names, _)| names.iter());
        let unknown: Vec<_> = tested.filter(|name| !names.contains(**name)).collect();
        check(unknown.is_empty(), format!("tested, and in no list: {unknown:?}"))
    }

    /// Where the guide itself is at hand, every name must stand in it, and what stands in it must have a row, unless
    /// it is passed over.
    pub(crate) fn is_followed(&self) -> Result<(), Failed> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let guides = std::env::var_os("SPANWISE_TEST_GUIDES");
        let guides = guides.map_or_else(|| root.join("../shared/guides"), PathBuf::from);
        let path = guides.join(format!("{}.md", self.file));
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("left out: the guide of {} is not at hand", self.title);
            return Ok(());
        };
        let names: Vec<_> = self.names.lines().collect();
        let words = words(&text);
        let absent: Vec<_> = names.iter().filter(|name| !stands_in(&words, name)).collect();
        check(absent.is_empty(), format!("not in the guide: {absent:?}"))?;
        let passed_over: BTreeSet<_> = passed_over(self.file).map(str::to_owned).collect();
        let without = without_row(&text, &names);
        let unlisted: Vec<_> = without.difference(&passed_over).collect();
        check(unlisted.is_empty(), format!("in the guide, and without a row: {unlisted:?}"))?;
        let idle: Vec<_> = passed_over.difference(&without).collect();
        check(idle.is_empty(), format!("passed over, and not there, or with a row: {idle:?}"))
    }

    pub(crate) fn show(&self, row: &Row) -> Result<(), Failed> {
        let show = self.shown.iter().find(|(names, _)| names.contains(&row.name));
        check(show.is_some(), "has no test")?;
        show.into_iter().for_each(|(_, show)| show());
        Ok(())
    }
}

/// A path stands there where its parts do, each as a whole: `GenerationEvent.id` is a field in a list of fields.
fn stands_in(guide: &[&str], name: &str) -> bool {
    let mut parts = name.split(['.', ':']).filter(|part| !part.is_empty());
    contain(guide, &words(name)) || parts.all(|part| contain(guide, &words(part)))
}

/// What stands in a guide, and asks for no row: names of its examples' own, and of other people's libraries; headings
/// and advice that name nothing.
fn passed_over(file: &str) -> impl Iterator<Item = &'static str> {
    let of_guide = format!("# {file}\n");
    let lists = include_str!("names/passed_over.txt");
    let list = lists.split_once(of_guide.as_str()).map_or("", |(_, rest)| rest);
    list.lines().take_while(|line| !line.starts_with("# ")).filter(|line| !line.is_empty())
}

fn check(holds: bool, otherwise: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(otherwise.into().into()) }
}
