//! `spanwise spool list`: what there is.

use std::io::{self, Write as _};
use std::time::SystemTime;

use clap::Args;
use serde_json::json;
use spanwise::spool::{ProcessSpool, Summary};

use super::{Outcome, Which};
use crate::words;

/// Lists what waits, for each destination, signal and process.
#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    which: Which,
    /// As JSON: a list of objects.
    #[arg(long)]
    json: bool,
}

const COLUMNS: [&str; 7] = ["DESTINATION", "SIGNAL", "PROCESS", "ITEMS", "SIZE", "OLDEST", "STATE"];

impl List {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let spools = self.which.spools()?;
        let mut rows = Vec::with_capacity(spools.len());
        for spool in spools {
            let summary = spool.summary()?;
            rows.push((spool, summary));
        }
        let text = if self.json { as_json(&rows)? } else { as_table(&rows) };
        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(Outcome::Done)
    }
}

fn as_table(rows: &[(ProcessSpool, Summary)]) -> String {
    if rows.is_empty() {
        return "nothing is spooled\n".to_owned();
    }
    let mut table = vec![COLUMNS.map(str::to_owned)];
    table.extend(rows.iter().map(|(spool, summary)| row(spool, summary)));
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|i| width(i).unwrap_or_default());
    let mut text = String::new();
    for row in &table {
        let line: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            // Numbers stand below one another.
            .map(|(column, (cell, width))| match column {
                2..=5 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(spool: &ProcessSpool, summary: &Summary) -> [String; COLUMNS.len()] {
    let mut state = if spool.is_in_use() { "in use" } else { "left behind" }.to_owned();
    if summary.unreadable > 0 {
        let lost = words::items(spool.signal(), summary.unreadable);
        state.push_str(&format!(", {lost} unreadable"));
    }
    if summary.damaged > 0 {
        state.push_str(&format!(", {}", words::counted(summary.damaged, "damaged place")));
    }
    [
        words::clean(spool.destination()),
        words::signal(spool.signal()).to_owned(),
        spool.process().to_string(),
        summary.items.to_string(),
        words::bytes(summary.bytes),
        summary.oldest.map(words::age).unwrap_or_default(),
        state,
    ]
}

fn as_json(rows: &[(ProcessSpool, Summary)]) -> anyhow::Result<String> {
    let unix_ms = |time: Option<SystemTime>| {
        let since = time?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        u64::try_from(since.as_millis()).ok()
    };
    let rows: Vec<_> = rows
        .iter()
        .map(|(spool, summary)| {
            json!({
                "destination": spool.destination(),
                "endpoint": spool.endpoint(),
                "protocol": spool.protocol(),
                "signal": words::signal(spool.signal()),
                "process": spool.process(),
                "path": spool.path().to_string_lossy(),
                "in_use": spool.is_in_use(),
                "records": summary.records,
                "items": summary.items,
                "bytes": summary.bytes,
                "oldest_unix_ms": unix_ms(summary.oldest),
                "newest_unix_ms": unix_ms(summary.newest),
                "unreadable_items": summary.unreadable,
                "damaged_places": summary.damaged,
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&rows)? + "\n")
}
