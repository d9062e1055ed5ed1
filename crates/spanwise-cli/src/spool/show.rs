//! `spanwise spool show`: what is in it.

use std::io::{self, Write as _};

use clap::Args;
use spanwise::spool::Drawing;

use super::{Outcome, Which, title};

/// Shows what waits: traces as trees, metrics and logs as lines.
///
/// Names, times, tokens and kinds of error are shown, and the text of the program's own log lines. Prompts and
/// completions are in a spool only if they were captured.
#[derive(Args, Debug)]
pub(super) struct Show {
    #[command(flatten)]
    which: Which,
    /// Also every attribute, among them prompts and completions.
    #[arg(long)]
    content: bool,
}

impl Show {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut stdout = io::stdout().lock();
        let spools = self.which.spools()?;
        if spools.is_empty() {
            writeln!(stdout, "nothing is spooled")?;
        }
        for spool in spools {
            writeln!(stdout, "{}", title(&spool))?;
            let mut drawing = Drawing::new().content(self.content);
            for record in spool.records()? {
                stdout.write_all(drawing.add(&record?).as_bytes())?;
            }
            stdout.write_all(drawing.finish().as_bytes())?;
        }
        Ok(Outcome::Done)
    }
}
