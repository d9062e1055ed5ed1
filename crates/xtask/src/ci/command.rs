//! A command that is printed, and whose output is.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A command in the repository's folder.
pub(super) struct Run {
    command: Command,
    shown: String,
}

impl Run {
    /// `line` is what a shell would read, without quotes.
    pub(super) fn new(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(crate::root());
        Self { command, shown: line.to_owned() }
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let value = value.as_ref();
        self.shown = format!("{name}={:?} {}", value, self.shown);
        self.command.env(name, value);
        self
    }

    pub(super) fn without_env(mut self, names: &[&str]) -> Self {
        for name in names {
            self.command.env_remove(name);
        }
        self
    }

    /// Runs it to its end; what it prints is printed.
    pub(super) fn succeeds(mut self) -> Result<()> {
        println!("$ {}", self.shown);
        let status = self.command.status().with_context(|| format!("starting `{}`", self.shown))?;
        if !status.success() {
            bail!("`{}`: {status}", self.shown);
        }
        Ok(())
    }

    /// Runs it to its end, for what it says on stdout.
    pub(super) fn output(mut self) -> Result<String> {
        println!("$ {}", self.shown);
        self.command.stderr(Stdio::inherit());
        let output = self.command.output().with_context(|| format!("starting `{}`", self.shown))?;
        if !output.status.success() {
            bail!("`{}`: {}", self.shown, output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Runs a command whose words are `line`'s.
pub(super) fn run(line: &str) -> Result<()> {
    Run::new(line).succeeds()
}

/// That `cargo NAME` is there, and else how to get it.
pub(super) fn needs(name: &str, how: &str) -> Result<()> {
    let version = Command::new("cargo").args([name, "--version"]).output();
    match version {
        Ok(output) if output.status.success() => {
            print!("{}", String::from_utf8_lossy(&output.stdout));
            Ok(())
        }
        _ => bail!("`cargo {name}` is not installed: {how}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_says_which_and_how() {
        let error = run("cargo no-such-command-of-cargo").unwrap_err().to_string();
        assert!(error.starts_with("`cargo no-such-command-of-cargo`: exit status: "), "{error}");
        let error = run("no-such-program-at-all").unwrap_err().to_string();
        assert_eq!(error, "starting `no-such-program-at-all`");
    }

    #[test]
    fn a_tool_that_is_missing_is_named_with_how_to_get_it() {
        let error = needs("no-such-tool", "cargo install it").unwrap_err().to_string();
        assert_eq!(error, "`cargo no-such-tool` is not installed: cargo install it");
    }
}
