//! Where telemetry goes, settled.

use opentelemetry::KeyValue;
use spanwise_core::ContentLevel;
use spanwise_core::semconv::SemconvProfile;

use super::recording;
use crate::config::backend::BackendFacts;
use crate::config::delivery::DeliverySettings;
use crate::config::destination::{DestinationKind, OtlpOptions};
use crate::config::endpoint::{Endpoint, EndpointReader};
use crate::config::feedback::FeedbackEndpoint;
use crate::config::prometheus::{self, Scraping};
use crate::config::span_view::{SpanView, View};
use crate::config::values::{Signals, Temporality};
use crate::config::{Configured, ContentPolicy, Destination, TelemetryConfig};
use crate::env::Reader;
use crate::error::InitError;
use crate::signal::Signal;

/// One destination, settled. What is made only once, such as an SDK exporter, stays in the configuration.
#[derive(Debug)]
pub(crate) struct DestinationSettings {
    pub(crate) name: String,
    pub(crate) route: Route,
    pub(crate) temporality: Temporality,
    pub(crate) view: View,
    pub(crate) delivery: DeliverySettings,
    pub(crate) content: ContentPolicy,
    /// Of the resource, for this destination alone.
    pub(crate) resource: Vec<KeyValue>,
    /// What a preset knows of what is there.
    pub(crate) backend: Option<&'static BackendFacts>,
}

#[derive(Debug)]
pub(crate) enum Route {
    /// An endpoint for each signal that goes there, and one for feedback.
    Otlp(Vec<(Signal, Endpoint)>, Option<Box<FeedbackEndpoint>>),
    Console(Signals),
    /// The exporter at this place among the configured destinations.
    Sdk(usize),
}

impl Route {
    /// Whether this signal may go there.
    pub(super) fn takes(&self, signal: Signal) -> bool {
        match self {
            Self::Otlp(endpoints, _) => endpoints.iter().any(|(goes, _)| *goes == signal),
            Self::Console(signals) => signals.includes(signal),
            // The exporter knows.
            Self::Sdk(_) => true,
        }
    }
}

/// What holds for every destination that does not say otherwise.
#[derive(Clone, Copy)]
struct Defaults {
    allowed: Signals,
    profile: SemconvProfile,
    delivery: DeliverySettings,
}

/// The exporters that a variable lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExporterName {
    Otlp,
    Console,
    Prometheus,
}

/// The variables any of which means that telemetry shall go somewhere.
const SAYS_WHERE: [&str; 7] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_LOGS_EXPORTER",
];

pub(super) fn routes(
    config: &TelemetryConfig,
    content: &ContentPolicy,
    reader: &mut Reader<'_>,
) -> Result<Vec<DestinationSettings>, InitError> {
    let allowed = config.signals.unwrap_or_default();
    let profile = recording::profile(config, reader);
    let delivery = DeliverySettings::of_all(config.delivery, reader)?;
    let defaults = Defaults { allowed, profile, delivery };
    let mut routes = Vec::new();
    if config.otlp_in_code || config.destinations.is_empty() {
        if !config.otlp_in_code && !reader.environment().any_set(&SAYS_WHERE) {
            return Ok(vec![console(Signals::TRACES, allowed, content)]);
        }
        let options = OtlpOptions { from_env: true, ..config.otlp.clone() };
        let (otlp, shown) =
            if config.otlp_in_code { (allowed, Signals::NONE) } else { exporters(allowed, reader) };
        let otlp = OtlpOptions { signals: Some(otlp), ..options };
        let given = (defaults, content.clone(), SpanView::default());
        routes.push(otlp_route("otlp", &otlp, given, reader)?);
        if shown != Signals::NONE {
            routes.push(console(shown, allowed, content));
        }
    }
    for (index, configured) in config.destinations.iter().enumerate() {
        let preset;
        let Destination { name, kind, content: own, view } = match configured {
            Configured::Destination(destination) => destination,
            Configured::Preset(named) => {
                preset = Destination::from(named.destination()?);
                &preset
            }
        };
        view.check(name)?;
        let content = match own {
            Some(own) => {
                own.check()?;
                content.and(own)
            }
            None => content.clone(),
        };
        routes.push(match kind {
            DestinationKind::Otlp(options) => {
                otlp_route(name, options, (defaults, content, view.clone()), reader)?
            }
            DestinationKind::Console(signals) => {
                let console = console(*signals, allowed, &content);
                let view = View { spans: view.clone(), ..console.view };
                DestinationSettings { name: name.clone(), view, ..console }
            }
            DestinationKind::Sdk(exporter) if allowed.includes(exporter.signal()) => {
                DestinationSettings {
                    name: name.clone(),
                    route: Route::Sdk(index),
                    temporality: Temporality::default(),
                    view: View { profile, spans: view.clone() },
                    delivery,
                    content,
                    resource: Vec::new(),
                    backend: None,
                }
            }
            DestinationKind::Sdk(_) => continue,
        });
    }
    routes
        .retain(|route| !matches!(&route.route, Route::Otlp(signals, None) if signals.is_empty()));
    unique_names(&mut routes);
    Ok(routes)
}

const METRICS_EXPORTER: &str = "OTEL_METRICS_EXPORTER";

/// Whether metrics are kept to be scraped. As with other exporters, the variable is heard where code names no
/// destination.
pub(super) fn scraping(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<Option<Scraping>, InitError> {
    if !config.signals.unwrap_or_default().includes(Signal::Metrics) {
        return Ok(None);
    }
    let asked = !config.otlp_in_code
        && config.destinations.is_empty()
        && exporter_names(METRICS_EXPORTER, reader).contains(&ExporterName::Prometheus);
    let profile = recording::profile(config, reader);
    prometheus::settle(config, (asked, profile), reader)
}

/// Which signals the variables send by OTLP, and which to the terminal.
fn exporters(allowed: Signals, reader: &mut Reader<'_>) -> (Signals, Signals) {
    let (mut otlp, mut shown) = (Signals::NONE, Signals::NONE);
    for signal in Signal::OTLP {
        let variable = format!("OTEL_{}_EXPORTER", signal.variable());
        let names = exporter_names(&variable, reader);
        let on = allowed.includes(signal);
        otlp.set(signal, on && names.contains(&ExporterName::Otlp));
        shown.set(signal, on && names.contains(&ExporterName::Console));
    }
    (otlp, shown)
}

fn exporter_names(variable: &str, reader: &mut Reader<'_>) -> Vec<ExporterName> {
    let Some(list) = reader.environment().get(variable) else { return vec![ExporterName::Otlp] };
    let mut names = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "otlp" => names.push(ExporterName::Otlp),
            "console" | "logging" => names.push(ExporterName::Console),
            "none" => return Vec::new(),
            "prometheus" if variable == METRICS_EXPORTER => names.push(ExporterName::Prometheus),
            _ => {
                let prometheus = if variable == METRICS_EXPORTER { " prometheus," } else { "" };
                reader.warn(format!(
                    "{variable} is set but is not a list of otlp, console,{prometheus} none; otlp is in force"
                ));
                return vec![ExporterName::Otlp];
            }
        }
    }
    names
}

fn console(signals: Signals, allowed: Signals, content: &ContentPolicy) -> DestinationSettings {
    DestinationSettings {
        name: "console".into(),
        route: Route::Console(signals.and(allowed)),
        temporality: Temporality::Cumulative,
        // The tree is drawn from the names of today.
        view: View { profile: SemconvProfile::Latest, spans: SpanView::default() },
        delivery: DeliverySettings::default(),
        // It shows none.
        content: content.and(&ContentPolicy::new(ContentLevel::Off)),
        resource: Vec::new(),
        backend: None,
    }
}

fn otlp_route(
    name: &str,
    options: &OtlpOptions,
    (defaults, content, spans): (Defaults, ContentPolicy, SpanView),
    reader: &mut Reader<'_>,
) -> Result<DestinationSettings, InitError> {
    let signals = options.signals.unwrap_or_default().and(defaults.allowed);
    let temporality = match options.temporality {
        Some(temporality) => temporality,
        None if options.from_env => reader
            .parsed(
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
                "one of cumulative, delta, lowmemory",
                "cumulative",
                |word| word.parse().ok(),
            )
            .unwrap_or_default(),
        None => Temporality::default(),
    };
    let mut endpoints = Vec::new();
    for signal in Signal::ALL.into_iter().filter(|signal| signals.includes(*signal)) {
        let endpoint = EndpointReader { name, options, reader }.read(signal)?;
        endpoints.push((signal, endpoint));
    }
    if let Some(backend) = options.backend {
        backend.check(name, &endpoints)?;
    }
    let feedback =
        options.feedback.as_ref().map(|api| api.settle(name).map(Box::new)).transpose()?;
    Ok(DestinationSettings {
        name: name.to_owned(),
        route: Route::Otlp(endpoints, feedback),
        temporality,
        view: View { profile: options.profile.unwrap_or(defaults.profile), spans },
        delivery: defaults.delivery.of_one(name, options.delivery)?,
        content,
        resource: options.resource.clone(),
        backend: options.backend,
    })
}

/// Reports tell destinations apart by name: the second `otlp` becomes `otlp-2`.
fn unique_names(routes: &mut [DestinationSettings]) {
    for index in 0..routes.len() {
        let base = routes[index].name.clone();
        let mut number = 1;
        while routes[..index].iter().any(|route| route.name == routes[index].name) {
            number += 1;
            routes[index].name = format!("{base}-{number}");
        }
    }
}
