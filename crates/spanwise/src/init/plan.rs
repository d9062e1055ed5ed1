//! What can fail without a thread, done for every destination.

use opentelemetry::KeyValue;

use crate::config::{
    ContentPolicy, DestinationSettings, Route, Settings, Signals, Temporality, View,
};
use crate::error::InitError;
use crate::export::SdkExporter;
use crate::export::feedback::FeedbackSettings;
use crate::export::lane::otlp::OtlpSettings;
use crate::signal::Signal;

/// One destination, with everything that can fail without a thread done.
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) temporality: Temporality,
    pub(super) view: View,
    pub(super) content: ContentPolicy,
    pub(super) resource: Vec<KeyValue>,
    pub(super) route: PlannedRoute,
}

pub(super) enum PlannedRoute {
    Otlp(Vec<(Signal, OtlpSettings)>, Option<Box<FeedbackSettings>>),
    Console(Signals),
    Sdk(SdkExporter),
}

impl Plan {
    pub(super) fn takes(&self) -> [bool; Signal::COUNT] {
        Signal::ALL.map(|signal| match &self.route {
            PlannedRoute::Otlp(_, feedback) if signal == Signal::Feedback => feedback.is_some(),
            PlannedRoute::Otlp(signals, _) => signals.iter().any(|(goes, _)| *goes == signal),
            PlannedRoute::Console(signals) => signals.includes(signal),
            PlannedRoute::Sdk(exporter) => exporter.signal() == signal,
        })
    }
}

pub(super) fn plan(
    settings: &Settings,
    exporters: &mut [Option<SdkExporter>],
) -> Result<Vec<Plan>, InitError> {
    let mut plans = Vec::new();
    for settings_of_one in &settings.routes {
        let DestinationSettings { name, route, temporality, view, delivery, .. } = settings_of_one;
        let DestinationSettings { content, resource, backend, .. } = settings_of_one;
        let route = match route {
            Route::Otlp(endpoints, feedback) => {
                let mut signals = Vec::new();
                for (signal, endpoint) in endpoints {
                    let timeout = settings.export_timeout(*signal);
                    let otlp = OtlpSettings::new(*signal, endpoint, timeout, *delivery)?;
                    signals.push((*signal, otlp.of_backend(*backend)));
                }
                let feedback = feedback
                    .as_ref()
                    .map(|api| FeedbackSettings::new(api, *delivery).map(Box::new));
                PlannedRoute::Otlp(signals, feedback.transpose()?)
            }
            Route::Console(signals) => PlannedRoute::Console(*signals),
            Route::Sdk(index) => match exporters.get_mut(*index).and_then(Option::take) {
                Some(exporter) => PlannedRoute::Sdk(exporter),
                None => continue,
            },
        };
        plans.push(Plan {
            name: name.clone(),
            temporality: *temporality,
            view: view.clone(),
            content: content.clone(),
            resource: resource.clone(),
            route,
        });
    }
    Ok(plans)
}
