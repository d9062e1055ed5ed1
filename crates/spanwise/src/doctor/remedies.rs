//! What is likely wrong, and what to do: what was seen, looked up in the table.

mod table;
#[cfg(test)]
mod tests;

use self::table::{ELSE, PORTS, ROWS, Row};
use super::case::{Case, Symptom};
use super::report::Finding;
use crate::config::{OtlpProtocol, Route, Settings};

/// What is likely wrong, and what to do.
pub(super) fn finding(case: &Case) -> Finding {
    let seen = case.symptom.to_string();
    if case.is_no_receiver()
        && let Some((_, known)) = PORTS.iter().find(|(port, _)| *port == case.port)
    {
        let port = if case.protocol == OtlpProtocol::Grpc { 4317 } else { 4318 };
        let remedy = format!("set {{endpoint}} to http://{{host}}:{port}");
        let mistake = format!("{known}; OTLP is 4317 / 4318");
        return Finding { seen, mistake, remedy: case.fill(&remedy) };
    }
    let meant = case.backend.and_then(|backend| {
        let kind = match &case.symptom {
            Symptom::Status(status) => status.to_string(),
            Symptom::Grpc(code) => code.clone(),
            _ => return None,
        };
        backend.refusal(&kind)
    });
    let Row { mistake, remedy, .. } = ROWS.iter().find(|row| (row.when)(case)).unwrap_or(&ELSE);
    // Who knows the product knows better.
    let mistake = meant.map_or_else(|| case.fill(mistake), str::to_owned);
    Finding { seen, mistake, remedy: case.fill(remedy) }
}

/// What the settings alone are likely to be wrong about.
pub(super) fn of_settings(settings: &Settings) -> Vec<Finding> {
    let only_terminal = settings.routes.iter().all(|it| matches!(it.route, Route::Console(_)));
    let findings = [
        (
            !settings.enabled,
            "telemetry is disabled",
            "it was switched off, perhaps for tests",
            "take OTEL_SDK_DISABLED out, or `enabled(false)`",
        ),
        (
            settings.routes.is_empty(),
            "nothing goes anywhere",
            "every exporter is `none`",
            "take OTEL_TRACES_EXPORTER and the like out, or add a destination",
        ),
        (
            !settings.routes.is_empty() && only_terminal,
            "spans are drawn in the terminal, and leave for nowhere",
            "no endpoint is set",
            "set OTEL_EXPORTER_OTLP_ENDPOINT, such as http://localhost:4318, or use a preset",
        ),
        (
            settings.sampling.is_off(),
            "no span is sampled",
            "the sampler is off",
            "set OTEL_TRACES_SAMPLER to parentbased_always_on, or take it out",
        ),
    ];
    let holds = findings.into_iter().filter(|(holds, ..)| *holds);
    let finding = |(_, seen, mistake, remedy): (bool, &str, &str, &str)| Finding {
        seen: seen.to_owned(),
        mistake: mistake.to_owned(),
        remedy: remedy.to_owned(),
    };
    holds.map(finding).collect()
}

impl Case {
    fn fill(&self, sentence: &str) -> String {
        sentence
            .replace("{signal_path}", &format!("/{}", self.signal.http_path()))
            .replace("{signal}", self.signal.name())
            .replace("{SIGNAL}", self.signal.variable())
            .replace("{host}", &self.host)
            .replace("{port}", &self.port.to_string())
            .replace("{endpoint}", &self.endpoint)
            .replace("{protocol}", &self.protocol_setting)
            .replace("{headers}", &self.headers)
    }
}
