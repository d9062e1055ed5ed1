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

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    /// Every command of this program that a page shows, in code or in a block.
    fn shown(page: &str) -> impl Iterator<Item = &str> {
        let begins = |text: &&str| {
            let rest = text.trim().trim_start_matches("$ ").strip_prefix("spanwise ");
            rest.is_some_and(|rest| {
                ["cost", "doctor", "spool"].iter().any(|it| rest.starts_with(it))
            })
        };
        let in_blocks = page.lines().filter(begins);
        let in_lines = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        in_blocks.chain(in_lines.filter(begins))
    }

    /// By its name alone, or without the file and the folder that variables name.
    fn is_incomplete(error: ErrorKind) -> bool {
        [
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
            ErrorKind::MissingRequiredArgument,
            ErrorKind::MissingSubcommand,
        ]
        .contains(&error)
    }

    fn pages() -> Vec<std::path::PathBuf> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let docs = std::fs::read_dir(root.join("docs")).unwrap().flatten().map(|it| it.path());
        let pages = docs.filter(|path| path.extension().is_some_and(|it| it == "md"));
        pages.chain([root.join("README.md")]).collect()
    }

    #[test]
    fn every_command_that_a_page_shows_is_understood() {
        let (mut looked_at, mut wrong) = (0, Vec::new());
        for path in pages() {
            let page = std::fs::read_to_string(&path).unwrap();
            for command in shown(&page) {
                looked_at += 1;
                let words = command.trim().trim_start_matches("$ ").split_whitespace();
                let words = words.take_while(|word| !["|", ">", "#", "&&"].contains(word));
                if let Err(error) = Cli::try_parse_from(words)
                    && !is_incomplete(error.kind())
                {
                    wrong.push(format!("{}: {command}: {error}", path.display()));
                }
            }
        }
        assert!(looked_at > 10, "only {looked_at} commands were found");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
