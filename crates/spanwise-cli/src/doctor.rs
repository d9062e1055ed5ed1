//! `spanwise doctor`: why nothing arrives.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use spanwise::{TelemetryConfig, preset};

/// Checks what the environment configures, step by step, and says what is likely wrong and what to do.
///
/// It says what is in force and where each setting came from, and, for each signal's way to each destination, whether
/// the host's name is known, a connection can be made, TLS works, the protocol is spoken, the path is known, the key is
/// accepted, the clocks agree, and a request is taken. One span is sent, named `spanwise doctor`. No secret is shown.
///
/// Exit codes: 0 if nothing failed; 1 if something did, or the configuration cannot be used; 2 if the command is not
/// understood.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// A backend's preset, by its own variables, in place of the OTEL_EXPORTER_OTLP_* variables: langfuse, phoenix, …
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let mut config = TelemetryConfig::from_env()?;
        if let Some(name) = &self.preset {
            config = config.preset(backend(name)?.from_env()?);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let diagnosis = runtime.block_on(config.doctor())?;
        let text = if self.json {
            serde_json::to_string_pretty(&diagnosis.to_json())?
        } else {
            diagnosis.to_string()
        };
        writeln!(io::stdout().lock(), "{text}")?;
        Ok(if diagnosis.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn backend(name: &str) -> anyhow::Result<&'static preset::Backend> {
    match preset::by_name(name) {
        Some(backend) => Ok(backend),
        None => {
            let known: Vec<_> = preset::ALL.iter().map(|backend| backend.name()).collect();
            bail!("there is no preset of that name; there are {}", known.join(", "))
        }
    }
}
