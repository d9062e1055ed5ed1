//! What a backend takes, and what it means when it refuses: known by its preset, checked at the start.

use super::endpoint::Endpoint;
use super::values::{Compression, OtlpProtocol, Signals};
use crate::error::{InitError, Source};
use crate::signal::Signal;

/// What a preset knows of its backend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BackendFacts {
    pub(crate) product: &'static str,
    /// The first is the one that is used where nothing else is said.
    pub(crate) protocols: &'static [OtlpProtocol],
    /// Beside none.
    pub(crate) compressions: &'static [Compression],
    pub(crate) signals: Signals,
    /// What an HTTP status of refusal means there, and what to do.
    pub(crate) refusals: &'static [(u16, &'static str)],
}

impl BackendFacts {
    /// Whether it takes what it would be sent.
    pub(crate) fn check(
        &self,
        name: &str,
        endpoints: &[(Signal, Endpoint)],
    ) -> Result<(), InitError> {
        let product = self.product;
        let source = |setting| Source::code(format!("{setting} of destination `{name}`"));
        for (signal, endpoint) in endpoints {
            if !self.signals.includes(*signal) {
                let problem = format!("hold {}, which {product} does not take", signal.name());
                let takes =
                    Signal::OTLP.into_iter().filter(|signal| self.signals.includes(*signal));
                let remedy = format!("leave it {}", in_words(takes.map(Signal::name)));
                return Err(source("signals").invalid(problem, remedy));
            }
            if !self.protocols.contains(&endpoint.protocol) {
                let protocol = endpoint.protocol.name();
                let problem = format!("is {protocol}, which {product} does not take");
                let takes = in_words(self.protocols.iter().map(|protocol| protocol.name()));
                return Err(source("protocol").invalid(problem, format!("use {takes}")));
            }
            let compression = endpoint.compression;
            if compression != Compression::None && !self.compressions.contains(&compression) {
                let problem = format!("is {}, which {product} does not take", compression.name());
                let takes = self.compressions.iter().map(|compression| compression.name());
                let takes = in_words(takes.chain(["none"]));
                return Err(source("compression").invalid(problem, format!("use {takes}")));
            }
        }
        Ok(())
    }

    /// What a refusal means, by its HTTP status or what stands for that over gRPC.
    pub(crate) fn refusal(&self, kind: &str) -> Option<&'static str> {
        let status = match kind {
            "Unauthenticated" => 401,
            "PermissionDenied" => 403,
            "Unimplemented" | "NotFound" => 404,
            status => status.parse().ok()?,
        };
        self.refusals.iter().find(|(known, _)| *known == status).map(|(_, meaning)| *meaning)
    }
}

/// `a`, `a or b`, `a, b or c`.
fn in_words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.collect();
    match words.as_slice() {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(in_words(["a"].into_iter()), "a");
        assert_eq!(in_words(["a", "b", "c"].into_iter()), "a, b or c");
    }
}
