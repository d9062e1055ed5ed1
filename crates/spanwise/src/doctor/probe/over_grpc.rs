//! A request over gRPC, and what its answer shows.

use std::sync::Mutex;

use http::HeaderMap;

use super::super::case::Symptom;
use super::super::report::Check;
use super::{Look, Stop, cause_of, check_of, clock};
use crate::export::lane::grpc::GrpcSettings;
use crate::export::lane::verdict::{Cause, Verdict};
use crate::signal::Signal;

/// Codes that a receiver gives which has read the request.
const ANSWERS: [&str; 7] = [
    "Unauthenticated",
    "PermissionDenied",
    "Unimplemented",
    "InvalidArgument",
    "ResourceExhausted",
    "NotFound",
    "FailedPrecondition",
];

impl Look {
    pub(super) async fn ask_grpc(&mut self) -> Result<(), Stop> {
        // What cannot be made was refused when the configuration was checked.
        let Ok(settings) = GrpcSettings::new(&self.way.endpoint) else { return Err(Stop) };
        let skew = Mutex::new(None);
        let see = |metadata: &HeaderMap| {
            if let Ok(mut skew) = skew.lock() {
                *skew = clock::skew(metadata);
            }
        };
        let sender = settings.connect();
        let verdict = sender.ask(self.way.signal, self.body(), see).await;
        match &verdict {
            Verdict::Accepted | Verdict::Partial { .. } => {
                self.passed(Check::Protocol, self.way.endpoint.protocol.name());
                self.takes(&verdict);
            }
            _ => match self.refusal(&cause_of(&verdict), &verdict).await {
                // It knows path and key, and wants something in it.
                Symptom::Grpc(code)
                    if code == "InvalidArgument" && self.way.signal != Signal::Traces =>
                {
                    self.takes(&Verdict::Accepted);
                }
                symptom => self.failed(check_of(&symptom), symptom)?,
            },
        }
        self.compare_clocks(skew.into_inner().unwrap_or_default());
        Ok(())
    }

    /// What it means that it was not taken.
    async fn refusal(&self, cause: &Cause, verdict: &Verdict) -> Symptom {
        let is_answer = cause.hint.is_none() || verdict.is_wrong_key();
        match is_answer && ANSWERS.contains(&cause.kind.as_str()) {
            true => Symptom::Grpc(cause.kind.clone()),
            false => self.unanswered(cause).await,
        }
    }
}
