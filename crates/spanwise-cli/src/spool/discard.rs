//! `spanwise spool drop`: what nobody wants any more.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::bail;
use clap::Args;

use super::{Outcome, Which, title};
use crate::words;

/// Deletes what waits, for good.
///
/// Asks first; what a living process has is left alone.
#[derive(Args, Debug)]
pub(super) struct Discard {
    #[command(flatten)]
    which: Which,
    /// Does not ask.
    #[arg(long)]
    yes: bool,
}

impl Discard {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::Done;
        let mut claimed = Vec::new();
        // Claimed before it is asked: what is shown is what goes.
        for spool in self.which.spools()? {
            match spool.claim()? {
                Some(claim) => claimed.push((title(&spool), spool.signal(), claim)),
                None => {
                    eprintln!("{}: a living process has it", title(&spool));
                    outcome = Outcome::SomeLeft;
                }
            }
        }
        let mut stdout = io::stdout().lock();
        if claimed.is_empty() {
            writeln!(stdout, "nothing to drop")?;
            return Ok(outcome);
        }
        for (title, signal, claim) in &claimed {
            writeln!(stdout, "{title}: {}", words::items(*signal, claim.items()))?;
        }
        if !self.yes && !confirmed(&mut stdout)? {
            writeln!(stdout, "nothing was dropped")?;
            return Ok(Outcome::SomeLeft);
        }
        for (_, _, mut claim) in claimed {
            while let Some((id, _)) = claim.next_record()? {
                claim.done(id)?;
            }
        }
        writeln!(stdout, "dropped")?;
        Ok(outcome)
    }
}

fn confirmed(stdout: &mut impl io::Write) -> anyhow::Result<bool> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        bail!("nobody is there to be asked: say --yes to drop it");
    }
    write!(stdout, "Drop it for good? [y/N] ")?;
    stdout.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
