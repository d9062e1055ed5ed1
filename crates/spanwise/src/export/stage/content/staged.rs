//! Spans, log records and metrics, as the stages see them.

use std::sync::Arc;

#[cfg(feature = "prometheus")]
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric};
use opentelemetry_proto::tonic::trace::v1::Span;
use spanwise_core::{Content, ContentItem, ContentLevel, ForeignContent, SCOPE_NAME, TextPlace};

use super::foreign::{self, Form};
use super::policy::PolicyInForce;
use super::redaction::Redactors;
use super::{ContentStages, keys};
use crate::export::OperationView;
use crate::export::stage::project::Project;

/// An item whose texts go through the stages.
pub(crate) trait Staged: Project {
    fn stage(&mut self, stages: &mut ContentStages, scope: &str, content: Option<Arc<Content>>);
}

fn tells_of_models(attributes: &[KeyValue]) -> bool {
    attributes.iter().any(|attribute| keys::tells_of_model_calls(&attribute.key))
}

impl Staged for Span {
    fn stage(&mut self, stages: &mut ContentStages, scope: &str, content: Option<Arc<Content>>) {
        let level = content.as_ref().map_or(ContentLevel::Full, |content| content.level());
        let of_model = tells_of_models(&self.attributes);
        let name = self.name.clone();
        let of = Of { name: &name, scope, form: Form::Text, level, of_model };
        stages.without_errors(&mut self.attributes, of);
        stages.attributes(of, &mut self.attributes, content);
        for event in &mut self.events {
            let of = Of {
                name: &event.name,
                of_model: of_model || tells_of_models(&event.attributes),
                ..of
            };
            stages.without_errors(&mut event.attributes, of);
            stages.attributes(of, &mut event.attributes, None);
            stages.text(&mut event.name, &TextPlace::attribute("event.name"));
        }
        for link in &mut self.links {
            stages.attributes(of, &mut link.attributes, None);
        }
        stages.text(&mut self.name, &TextPlace::SPAN_NAME);
        if let Some(status) = &mut self.status {
            if !of.tells_errors(&stages.policy) {
                status.message.clear();
            }
            stages.text(&mut status.message, &TextPlace::STATUS_DESCRIPTION);
        }
    }
}

impl Staged for LogRecord {
    fn stage(&mut self, stages: &mut ContentStages, scope: &str, content: Option<Arc<Content>>) {
        let level = content.as_ref().map_or(ContentLevel::Full, |content| content.level());
        let of_model = tells_of_models(&self.attributes);
        let view = OperationView { name: "", scope, attributes: &self.attributes };
        let name = match self.event_name.as_str() {
            "" => view.attribute("event.name").unwrap_or_default().to_owned(),
            name => name.to_owned(),
        };
        let of = Of { name: &name, scope, form: Form::Structured, level, of_model };
        stages.without_errors(&mut self.attributes, of);
        stages.attributes(of, &mut self.attributes, content);
        if keys::side_of_event(&name).is_some() {
            // The body is a message: an attribute for as long as it goes through the stages.
            let body = ForeignContent::new(name.as_str(), foreign::read(self.body.take()).0);
            let mut attributes = Vec::new();
            let mut content = Content::default();
            content.set(ContentItem::Foreign(body));
            stages.attributes(of, &mut attributes, Some(Arc::new(content)));
            self.body = attributes.pop().and_then(|attribute| attribute.value);
        } else {
            let redactors = Redactors(&stages.policy.redactors);
            redactors.any(self.body.as_mut(), &TextPlace::LOG_BODY);
        }
    }
}

/// Metrics hold no content, but attributes of any kind.
impl Staged for Metric {
    fn stage(&mut self, stages: &mut ContentStages, _: &str, _: Option<Arc<Content>>) {
        Redactors(&stages.policy.redactors).metric(self);
    }
}

impl Redactors<'_> {
    /// Everything that is collected at once, for readers of which no destination knows.
    #[cfg(feature = "prometheus")]
    pub(crate) fn collected(&self, collected: &mut ExportMetricsServiceRequest) {
        for resource in collected.resource_metrics.iter_mut().filter(|_| !self.is_empty()) {
            let known = resource.resource.iter_mut();
            known.for_each(|known| self.attributes(&mut known.attributes, None));
            for scope in &mut resource.scope_metrics {
                let known = scope.scope.iter_mut();
                known.for_each(|known| self.attributes(&mut known.attributes, None));
                scope.metrics.iter_mut().for_each(|metric| self.metric(metric));
            }
        }
    }

    fn metric(&self, metric: &mut Metric) {
        if self.is_empty() {
            return;
        }
        let exemplars = |exemplars: &mut Vec<Exemplar>| {
            for exemplar in exemplars {
                self.attributes(&mut exemplar.filtered_attributes, None);
            }
        };
        macro_rules! points {
            ($data:expr) => {
                for point in &mut $data.data_points {
                    self.attributes(&mut point.attributes, None);
                    exemplars(&mut point.exemplars);
                }
            };
        }
        match &mut metric.data {
            Some(Data::Gauge(gauge)) => points!(gauge),
            Some(Data::Sum(sum)) => points!(sum),
            Some(Data::Histogram(histogram)) => points!(histogram),
            Some(Data::ExponentialHistogram(histogram)) => points!(histogram),
            Some(Data::Summary(summary)) => {
                for point in &mut summary.data_points {
                    self.attributes(&mut point.attributes, None);
                }
            }
            None => {}
        }
    }
}

/// What attributes belong to.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) name: &'a str,
    pub(super) scope: &'a str,
    /// How content is written there.
    pub(super) form: Form,
    /// At most this, whatever the policy says.
    pub(super) level: ContentLevel,
    /// Whether it tells of a model call.
    pub(super) of_model: bool,
}

impl Of<'_> {
    fn is_own(&self) -> bool {
        self.scope == SCOPE_NAME
    }

    pub(super) fn view<'a>(&'a self, attributes: &'a [KeyValue]) -> OperationView<'a> {
        OperationView { name: self.name, scope: self.scope, attributes }
    }

    pub(super) fn level(&self, policy: &PolicyInForce, content: Option<&Content>) -> ContentLevel {
        let own = content.map_or(ContentLevel::Full, Content::level);
        policy.level.min(own).min(self.level)
    }

    fn tells_errors(&self, policy: &PolicyInForce) -> bool {
        match (self.is_own(), self.of_model) {
            (true, _) => policy.own_errors,
            (false, true) => policy.foreign_errors,
            (false, false) => true,
        }
    }
}

impl ContentStages {
    fn text(&self, text: &mut String, place: &TextPlace<'_>) {
        Redactors(&self.policy.redactors).text(text, place);
    }

    /// Takes the texts of an error out of attributes.
    fn without_errors(&self, attributes: &mut Vec<KeyValue>, of: Of<'_>) {
        const TEXTS: [&str; 2] = ["exception.message", "exception.stacktrace"];
        if !of.tells_errors(&self.policy) {
            attributes.retain(|attribute| !TEXTS.contains(&attribute.key.as_str()));
        }
    }
}
