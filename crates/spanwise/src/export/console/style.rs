//! How much fits, and in which colours.

use std::io::IsTerminal as _;

use terminal_size::{Height, Width};
use unicode_width::UnicodeWidthChar as _;

/// Where there is no terminal to fit into.
const DEFAULT_WIDTH: usize = 120;
const LEAST_WIDTH: usize = 40;

#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) width: usize,
    pub(super) colour: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Ink {
    Plain,
    Dim,
    Model,
    Tool,
    Process,
    Failed,
    Cancelled,
}

impl Style {
    pub(super) fn of_stderr() -> Self {
        let stderr = std::io::stderr();
        Self::of(terminal_size::terminal_size_of(&stderr), stderr.is_terminal())
    }

    pub(super) fn of_stdout() -> Self {
        let stdout = std::io::stdout();
        Self::of(terminal_size::terminal_size_of(&stdout), stdout.is_terminal())
    }

    fn of(size: Option<(Width, Height)>, is_terminal: bool) -> Self {
        let set = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let width = size.map(|(width, _)| width.0.into());
        Self {
            width: width.unwrap_or(DEFAULT_WIDTH).max(LEAST_WIDTH),
            colour: is_terminal && !set("NO_COLOR") && !dumb,
        }
    }

    pub(super) fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Dim => "2",
            Ink::Model => "36",
            Ink::Tool => "33",
            Ink::Process => "1",
            Ink::Failed => "31",
            Ink::Cancelled => "35",
        };
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Names come from anywhere: what could move the cursor is shown as a dot.
pub(super) fn clean(text: &str) -> String {
    let harmless = |c: char| if c.is_control() || is_bidi_control(c) { '·' } else { c };
    text.chars().map(harmless).collect()
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The text in at most so many columns, with an ellipsis where something is left out.
pub(super) fn fitted(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut taken = 0;
    let mut kept = String::new();
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if taken + wide + 1 > width {
            break;
        }
        taken += wide;
        kept.push(c);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}
