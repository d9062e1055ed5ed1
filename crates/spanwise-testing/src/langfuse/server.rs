//! What Langfuse's endpoint for traces answers.

use std::fmt;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use crate::receiver::{Answer, Arrived, Message};

/// Answers like Langfuse's endpoint for OTLP: a rule for [`Receiver::answer_by`](crate::Receiver::answer_by).
///
/// ```
/// use spanwise_testing::{LangfuseServer, Receiver};
///
/// let receiver = Receiver::start();
/// let server = LangfuseServer::new("Basic cGstbGYtMTpzay1sZi0x");
/// receiver.answer_by(move |message, arrived| server.answer(message, arrived));
/// ```
#[derive(Clone)]
pub struct LangfuseServer {
    authorization: String,
}

impl LangfuseServer {
    /// One that knows a project by this `Authorization` header.
    pub fn new(authorization: impl Into<String>) -> Self {
        Self { authorization: authorization.into() }
    }

    /// What it answers to a request.
    pub fn answer(&self, message: &Message, arrived: &Arrived) -> Answer {
        match self.refuses(message, arrived) {
            Some((status, why)) => Answer::Http(status, None, why),
            None => Answer::Accept,
        }
    }

    /// Why it does not take a request, if it does not: the status, and what is said.
    pub fn refuses(&self, message: &Message, arrived: &Arrived) -> Option<(u16, &'static str)> {
        let header = |name: &str| arrived.headers.get(name).map(String::as_str);
        match arrived.path.as_str() {
            "/api/public/otel/v1/traces" => {}
            // Taken, and thrown away.
            "/api/public/otel/v1/metrics" => return None,
            _ => return Some((404, "no such route")),
        }
        let Message::Traces(request) = message else {
            return Some((400, "Failed to parse OTel Trace"));
        };
        match header("authorization") {
            Some(known) if known == self.authorization => {}
            // A public key alone may score, and nothing else.
            Some(public) if public.starts_with("Bearer pk-lf-") => {
                return Some((403, "Access denied"));
            }
            _ => return Some((401, "Invalid credentials")),
        }
        let content_type = header("content-type").unwrap_or_default();
        if !["application/x-protobuf", "application/json"]
            .iter()
            .any(|it| content_type.contains(it))
        {
            return Some((400, "Invalid content type"));
        }
        if header("content-encoding").is_some_and(|it| it != "gzip") {
            return Some((400, "Failed to parse OTel Trace"));
        }
        let version = header("x-langfuse-ingestion-version").map(str::parse::<u32>);
        if version.is_some_and(|version| version.map_or(true, |version| version > 4)) {
            return Some((400, "Unsupported x-langfuse-ingestion-version"));
        }
        (!has_good_ids(request)).then_some((400, "Invalid span ids"))
    }

    /// Whether what arrives takes the direct way, and is seen at once.
    pub fn takes_the_direct_way(arrived: &Arrived) -> bool {
        arrived.headers.get("x-langfuse-ingestion-version").is_some_and(|it| it == "4")
    }
}

/// One span without good ids costs the whole request.
fn has_good_ids(request: &ExportTraceServiceRequest) -> bool {
    let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    scopes.flat_map(|it| &it.spans).all(|span| {
        span.trace_id.len() == 16
            && span.span_id.len() == 8
            && matches!(span.parent_span_id.len(), 0 | 8)
    })
}

/// No key.
impl fmt::Debug for LangfuseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LangfuseServer").finish_non_exhaustive()
    }
}
