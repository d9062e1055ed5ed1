//! Langfuse, as far as one can tell from outside: what its server takes, and what it makes of spans.
//!
//! ```text
//! request ─► answer: path, headers, ids ─► observations: attributes, strongest first ─► LangfuseObservation
//!                                                  └─ what cannot be used ─► LangfuseObservation::dropped
//! ```
//! Written from the server's behaviour, not from what spanwise sends: it reads spans of anyone.
//!
//! Source: [OpenTelemetry in Langfuse](https://langfuse.com/integrations/native/opentelemetry)

mod attributes;
mod content;
mod fields;
mod figures;
mod observation;
mod server;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use self::attributes::Attributes;
pub use self::observation::LangfuseObservation;
pub use self::server::LangfuseServer;

/// What Langfuse makes of a request of spans, in their order.
///
/// ```
/// use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
///
/// let nothing = ExportTraceServiceRequest::default();
/// assert!(spanwise_testing::langfuse_observations(&nothing).is_empty());
/// ```
pub fn langfuse_observations(request: &ExportTraceServiceRequest) -> Vec<LangfuseObservation> {
    let mut observations = Vec::new();
    for of_resource in &request.resource_spans {
        let resource = of_resource.resource.as_ref().map(|resource| &*resource.attributes);
        let resource = Attributes::of(resource.unwrap_or_default());
        for of_scope in &of_resource.scope_spans {
            let scope = of_scope.scope.as_ref().map_or("", |scope| &scope.name);
            let spans = of_scope.spans.iter();
            observations.extend(spans.map(|span| LangfuseObservation::of(span, scope, &resource)));
        }
    }
    observations
}

#[cfg(test)]
mod tests;
