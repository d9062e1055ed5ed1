//! Whether telemetry follows the conventions.
//!
//! ```text
//! Captured ─ captured ─┐              ┌ span ┐
//!                      ├─► Observed ─►┤metric├─► attributes, values, content ─► Violation
//! Receiver ─ received ─┘              └ event┘            ▲
//!                          conventions.json ─► profile ───┘
//! ```

mod attributes;
mod captured;
mod content;
mod conventions;
mod event;
mod metric;
mod observed;
mod profile;
#[cfg(feature = "receiver")]
mod received;
mod report;
mod span;
#[cfg(test)]
mod tests;
mod values;

use std::fmt::Write as _;

use spanwise_core::SCOPE_NAME;
use spanwise_core::semconv::SemconvProfile;

use self::observed::{Observed, Scope};
use self::profile::Dialect;
use self::report::Findings;
pub use self::report::{Signal, Violation};
use crate::captured::Captured;

/// What telemetry is held to.
///
/// Judged are spans that name an operation (`gen_ai.operation.name`) or come from spanwise, metrics and
/// events whose names begin with `gen_ai.` or `spanwise.`. The program's own are left alone, and so are its
/// own attributes, except on metrics.
///
/// - Spans: kind, name, status, `error.type` where and only where it failed.
/// - Metrics: instrument, unit, boundaries, and no attribute that the conventions do not list.
/// - Events: severity, and no body.
/// - Attributes: those that are required; every key known, in its place and of its type; those that depend on
///   others, such as `server.port`, or parts of a usage, which never exceed the whole. Enums are open, but
///   values of earlier versions are not taken. What arrives has no key twice; of what is captured the last
///   value counts, since the SDK keeps them all until it is exported.
/// - Content: JSON text on spans, structured on events, in the shape that the conventions give it. A part of
///   a known type must have what that type requires.
/// - The schema URL of everything from spanwise.
///
/// The conventions are in this crate; no file is read.
///
/// ```
/// use spanwise_core::semconv::SemconvProfile;
/// use spanwise_core::{Generation, Provider};
/// use spanwise_testing::{Conformance, capture};
///
/// let captured = capture(|| Generation::chat(Provider::OpenAi, "gpt-4o").start().finish());
/// Conformance::new().assert(&captured);
///
/// let missing = Conformance::new().with_recommended().violations(&captured);
/// assert!(missing.iter().any(|it| it.attribute.as_deref() == Some("gen_ai.response.id")));
///
/// let v1_41 = Conformance::new().profile(SemconvProfile::V1_41).violations(&captured);
/// assert!(v1_41.iter().any(|it| it.problem.contains("schema URL")));
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "call `assert` or `violations`"]
pub struct Conformance {
    profile: SemconvProfile,
    strength: Strength,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Strength {
    #[default]
    Required,
    Recommended,
}

impl Conformance {
    /// Holds to the conventions of today, as far as they can be judged without knowing what was called.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds to another version. Defaults to [`SemconvProfile::Latest`].
    ///
    /// With [`SemconvProfile::V1_41`] what has another name there must have that, and only that; with
    /// [`SemconvProfile::Both`] it must have both.
    pub fn profile(mut self, profile: SemconvProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Demands as well what the conventions recommend without a condition.
    ///
    /// On spans of operations that completed, since others lack what a response would tell; and on metrics,
    /// where all operations completed. For tests that set everything that can be known.
    pub fn with_recommended(mut self) -> Self {
        self.strength = Strength::Recommended;
        self
    }

    /// Every departure, in the order of spans, metrics and events; each once.
    pub fn violations(&self, telemetry: &impl Telemetry) -> Vec<Violation> {
        self.judge(&telemetry.observed())
    }

    /// Asserts that there is no departure.
    ///
    /// # Panics
    ///
    /// With a list of all departures, and the spans as a tree.
    #[track_caller]
    pub fn assert(&self, telemetry: &impl Telemetry) {
        let observed = telemetry.observed();
        let violations = self.judge(&observed);
        assert!(violations.is_empty(), "{}", told(&violations, &observed.tree()));
    }

    fn judge(&self, observed: &Observed) -> Vec<Violation> {
        let dialect = Dialect::of(self.profile);
        // The metrics of a call that did not complete cannot be told from others.
        let all_complete = observed.spans.iter().all(span::is_complete);
        let on_metrics = if all_complete { self.strength } else { Strength::Required };
        let spans = observed.spans.iter().flat_map(|it| span::judge(dialect, it, self.strength));
        let points = observed.points.iter().flat_map(|it| metric::judge(dialect, it, on_metrics));
        let events = observed.events.iter().flat_map(|it| event::judge(dialect, it));
        let pairs = metric::judge_pairs(dialect, &observed.points);
        let mut violations: Vec<Violation> = Vec::new();
        for violation in spans.chain(points).chain(pairs).chain(events) {
            if !violations.contains(&violation) {
                violations.push(violation);
            }
        }
        violations
    }
}

fn told(violations: &[Violation], tree: &str) -> String {
    let mut text = format!("departures from the conventions: {}\n", violations.len());
    for violation in violations {
        let _ = writeln!(text, "- {violation}");
    }
    let _ = write!(text, "in:\n{tree}");
    text
}

fn judge_scope(dialect: &Dialect, scope: &Scope, findings: &mut Findings) {
    if scope.name == SCOPE_NAME && scope.schema_url != dialect.schema_url {
        let (found, expected) = (&scope.schema_url, &dialect.schema_url);
        findings.add(format!("the schema URL of its scope is `{found}`, not `{expected}`"));
    }
}

/// Telemetry that can be judged: [`Captured`], and what a `Receiver` took.
pub trait Telemetry: sealed::Sealed {}

impl<T: sealed::Sealed> Telemetry for T {}

mod sealed {
    pub trait Sealed {
        fn observed(&self) -> super::Observed;
    }
}

impl Captured {
    /// Asserts that everything captured follows the conventions of today; [`Conformance`] says what that
    /// means, and asks for more or for other versions.
    ///
    /// # Panics
    ///
    /// With a list of all departures, and the spans as a tree.
    ///
    /// ```
    /// use spanwise_core::Tool;
    ///
    /// let captured = spanwise_testing::capture(|| Tool::new("lookup_order").start().finish());
    /// captured.assert_conformant();
    /// ```
    #[track_caller]
    pub fn assert_conformant(&self) {
        Conformance::new().assert(self);
    }

    /// Every departure from the conventions of today; see [`Conformance`].
    pub fn violations(&self) -> Vec<Violation> {
        Conformance::new().violations(self)
    }
}
