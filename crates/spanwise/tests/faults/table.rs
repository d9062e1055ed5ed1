//! What the suite says at its end.

use std::sync::{Mutex, PoisonError};

/// What became of everything in one row.
#[derive(Clone, Debug)]
pub struct Line {
    pub row: String,
    pub sent: u64,
    pub received: u64,
    pub duplicated: u64,
    pub dropped: u64,
    pub spooled: u64,
    /// What is to be known besides.
    pub note: String,
}

static LINES: Mutex<Vec<(usize, Line)>> = Mutex::new(Vec::new());

/// Notes the line of the row at this place.
pub fn note(place: usize, line: Line) {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).push((place, line));
}

/// Prints every line that was noted, in the order of the rows.
#[allow(clippy::print_stdout, reason = "the table is what the suite is for")]
pub fn print() {
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    lines.sort_by_key(|(place, _)| *place);
    let width = lines.iter().map(|(_, line)| line.row.chars().count()).max().unwrap_or(3).max(3);
    let [sent, received, duplicated] = ["sent", "received", "duplicated"];
    println!();
    println!(
        "{:width$} {sent:>8} {received:>8} {duplicated:>10} {:>8} {:>8}",
        "row", "dropped", "spooled"
    );
    for (_, Line { row, sent, received, duplicated, dropped, spooled, note }) in lines {
        let numbers = format!("{sent:>8} {received:>8} {duplicated:>10} {dropped:>8} {spooled:>8}");
        println!("{}", format!("{row:width$} {numbers}  {note}").trim_end());
    }
    println!();
}
