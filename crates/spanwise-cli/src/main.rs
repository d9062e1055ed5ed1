//! The command `spanwise`.

mod spool;
mod words;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Works with what spanwise leaves behind.
#[derive(Debug, Parser)]
#[command(name = "spanwise", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Spool(spool::Spool),
}

fn main() -> ExitCode {
    let Command::Spool(command) = Cli::parse().command;
    match command.run() {
        Ok(spool::Outcome::Done) => ExitCode::SUCCESS,
        Ok(spool::Outcome::SomeLeft) => ExitCode::FAILURE,
        // Whoever reads has seen enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("spanwise: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
