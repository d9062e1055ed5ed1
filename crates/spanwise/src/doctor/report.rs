//! What the doctor says.

use std::fmt;

use serde::Serialize;

use crate::config::InForce;

/// What is in force, and what is wrong with it. `Display` says it for people, [`to_json`](Self::to_json) for
/// programs; neither shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The settings in force, for all destinations.
    pub settings: Vec<InForce>,
    /// What the environment says that cannot be used.
    pub warnings: Vec<String>,
    /// What the settings alone are likely to be wrong about.
    pub findings: Vec<Finding>,
    /// Each destination.
    pub destinations: Vec<DestinationDiagnosis>,
}

/// What was found at one destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DestinationDiagnosis {
    /// Its name.
    pub name: String,
    /// What is in force for it.
    pub settings: Vec<InForce>,
    /// Each signal's way there.
    pub ways: Vec<WayDiagnosis>,
}

/// What was found on one signal's way to a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WayDiagnosis {
    /// The signal, such as `traces`.
    pub signal: &'static str,
    /// Where it goes, without user, password and query.
    pub endpoint: String,
    /// By which protocol.
    pub protocol: &'static str,
    /// What was looked at, in order. After something that failed nothing else was.
    pub checks: Vec<CheckResult>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckResult {
    /// What it was.
    pub check: Check,
    /// What came of it.
    pub outcome: Outcome,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// What headers hold, as far as that shows a mistake.
    Headers,
    /// Whether the host's name is known.
    Name,
    /// Whether a connection can be made.
    Connect,
    /// Whether TLS works, and who is there.
    Tls,
    /// Whether the receiver speaks the protocol.
    Protocol,
    /// Whether it knows the path.
    Path,
    /// Whether it accepts the key.
    Auth,
    /// Whether its clock and that of this machine agree.
    Clock,
    /// Whether it takes what it is sent.
    Accepted,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is as it should be.
    Passed(String),
    /// It works, and is likely not what is wanted.
    Doubtful(Finding),
    /// It is wrong.
    Failed(Finding),
}

/// Something wrong: what was seen, what it likely means, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was seen.
    pub seen: String,
    /// The likely mistake.
    pub mistake: String,
    /// What to do about it.
    pub remedy: String,
}

impl Diagnosis {
    /// Whether nothing failed.
    pub fn is_healthy(&self) -> bool {
        let all = self.destinations.iter().flat_map(|destination| &destination.ways);
        let mut checks = all.flat_map(|way| &way.checks);
        self.findings.is_empty() && !checks.any(|it| matches!(it.outcome, Outcome::Failed(_)))
    }

    /// Everything that was found: first what the settings say, then each destination's, in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let ways = self.destinations.iter().flat_map(|destination| &destination.ways);
        let checks = ways.flat_map(|way| &way.checks);
        self.findings.iter().chain(checks.filter_map(|check| match &check.outcome {
            Outcome::Doubtful(finding) | Outcome::Failed(finding) => Some(finding),
            Outcome::Passed(_) => None,
        }))
    }

    /// All of it, for programs.
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(self).unwrap_or_default();
        json["healthy"] = self.is_healthy().into();
        json
    }
}

impl Check {
    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Path => "path",
            Self::Auth => "key",
            Self::Clock => "clock",
            Self::Accepted => "accepted",
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "settings")?;
        settings(f, &self.settings)?;
        for warning in &self.warnings {
            writeln!(f, "  ! {warning}")?;
        }
        for finding in &self.findings {
            finding.write(f, "✗", "")?;
        }
        for DestinationDiagnosis { name, settings: own, ways } in &self.destinations {
            writeln!(f, "\ndestination {name}")?;
            settings(f, own)?;
            for way in ways {
                writeln!(f, "  {} to {} over {}", way.signal, way.endpoint, way.protocol)?;
                for CheckResult { check, outcome } in &way.checks {
                    match outcome {
                        Outcome::Passed(what) => {
                            writeln!(f, "    ✓ {:<9} {what}", check.name())?;
                        }
                        Outcome::Doubtful(finding) => finding.write(f, "  !", check.name())?,
                        Outcome::Failed(finding) => finding.write(f, "  ✗", check.name())?,
                    }
                }
            }
        }
        let found = self.findings().count();
        match found {
            0 => write!(f, "\nnothing wrong was found"),
            1 => write!(f, "\n1 thing was found"),
            _ => write!(f, "\n{found} things were found"),
        }
    }
}

impl Finding {
    fn write(&self, f: &mut fmt::Formatter<'_>, mark: &str, check: &str) -> fmt::Result {
        let Self { seen, mistake, remedy } = self;
        writeln!(f, "  {mark} {check:<9} {seen}")?;
        writeln!(f, "                likely: {mistake}")?;
        writeln!(f, "                do:     {remedy}")
    }
}

fn settings(f: &mut fmt::Formatter<'_>, settings: &[InForce]) -> fmt::Result {
    let widest = |text: fn(&InForce) -> String| {
        settings.iter().map(|it| text(it).chars().count()).max().unwrap_or_default()
    };
    let (first, second) = (widest(|it| it.setting.to_owned()), widest(|it| it.value.clone()));
    for InForce { setting, value, origin } in settings {
        writeln!(f, "  {setting:<first$}  {value:<second$}  {origin}")?;
    }
    Ok(())
}
