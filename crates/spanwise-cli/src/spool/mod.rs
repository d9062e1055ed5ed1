//! `spanwise spool`: what waits on disk.

mod discard;
mod list;
mod send;
mod show;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use spanwise::Signal;
use spanwise::spool::{Directory, ProcessSpool};

use crate::words;

/// Looks at what is spooled on disk, sends it or drops it.
///
/// Works on a directory that programs are using, and on a copy of one from a machine that is no more. What a
/// living process has is left to it.
///
/// Exit codes: 0 if all went well; 1 if something went wrong, or is left of what should be gone; 2 if the command is
/// not understood.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(crate) struct Spool {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Send(send::Send),
    Drop(discard::Discard),
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Something is left of what should be gone, and has been told of.
    SomeLeft,
}

impl Spool {
    pub(crate) fn run(self) -> anyhow::Result<Outcome> {
        match self.command {
            Command::List(list) => list.run(),
            Command::Show(show) => show.run(),
            Command::Send(send) => send.run(),
            Command::Drop(discard) => discard.run(),
        }
    }
}

/// Where, and what of it.
#[derive(Args, Debug)]
struct Which {
    /// The directory: what `SPANWISE_SPOOL_DIR` or `SpoolSettings` names.
    #[arg(long, value_name = "DIR", env = "SPANWISE_SPOOL_DIR")]
    dir: PathBuf,
    /// Only what goes to this destination.
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// Only this signal.
    #[arg(long)]
    signal: Option<SignalName>,
    /// Only what the process with this id wrote.
    #[arg(long, value_name = "ID")]
    process: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SignalName {
    Traces,
    Metrics,
    Logs,
    Feedback,
}

impl Which {
    fn spools(&self) -> anyhow::Result<Vec<ProcessSpool>> {
        let directory = Directory::open(&self.dir).context("no spool there")?;
        let mut spools = directory.spools()?;
        let signal = self.signal.map(|signal| match signal {
            SignalName::Traces => Signal::Traces,
            SignalName::Metrics => Signal::Metrics,
            SignalName::Logs => Signal::Logs,
            SignalName::Feedback => Signal::Feedback,
        });
        spools.retain(|spool| {
            self.destination.as_deref().is_none_or(|name| name == spool.destination())
                && signal.is_none_or(|signal| signal == spool.signal())
                && self.process.is_none_or(|process| process == spool.process())
        });
        Ok(spools)
    }
}

/// Which spool, in a few words.
fn title(spool: &ProcessSpool) -> String {
    let (destination, signal) = (words::clean(spool.destination()), words::signal(spool.signal()));
    format!("{destination}, {signal} of process {}", spool.process())
}
