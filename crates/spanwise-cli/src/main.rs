//! The command `spanwise`.

mod cost;
mod doctor;
mod spool;
mod words;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Finds out why telemetry does not arrive, and works with what spanwise leaves behind.
#[derive(Debug, Parser)]
#[command(name = "spanwise", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cost(cost::Cost),
    Doctor(doctor::Doctor),
    Spool(spool::Spool),
}

fn main() -> ExitCode {
    let ran = match Cli::parse().command {
        Command::Cost(command) => command.run().map(|()| ExitCode::SUCCESS),
        Command::Doctor(command) => command.run(),
        Command::Spool(command) => command.run().map(|outcome| match outcome {
            spool::Outcome::Done => ExitCode::SUCCESS,
            spool::Outcome::SomeLeft => ExitCode::FAILURE,
        }),
    };
    match ran {
        Ok(code) => code,
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
