//! A call to a service: who is called, where, and for which model.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry::{KeyValue, StringValue};

use super::attempt::{Attempt, Attempts};
use super::charge::Charge;
use super::outcome::End;
use super::request::{filled, named};
use crate::cost::{BilledUnits, Cost, PricedCall};
use crate::event::ToldOfCall;
use crate::provider::Provider;
use crate::recorder::{Measurement, MetricRecorder, Series};
use crate::semconv::{Metric, attribute as key};
use crate::usage::Usage;

/// What the spans and metrics of every call to a service say.
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) provider: Option<Provider>,
    pub(crate) model: Option<StringValue>,
    pub(crate) server: Option<Server>,
    /// Whether it goes through the provider's API for batches.
    pub(super) batch: bool,
    pub(super) units: BilledUnits,
    attempts: Option<Box<Attempts>>,
}

/// Where requests go: `server.address` and `server.port`.
pub(crate) struct Server {
    address: StringValue,
    port: u16,
}

/// The port that Azure's conventions take for granted.
const HTTPS: u16 = 443;

/// The value of `azure.resource_provider.namespace` for `azure.ai.inference`.
const AZURE_NAMESPACE: &str = "Microsoft.CognitiveServices";

impl Call {
    pub(crate) fn new(operation: &'static str) -> Self {
        Self {
            operation,
            provider: None,
            model: None,
            server: None,
            batch: false,
            units: BilledUnits::default(),
            attempts: None,
        }
    }

    pub(crate) fn to(operation: &'static str, provider: impl Into<Provider>) -> Self {
        Self { provider: Some(provider.into()), ..Self::new(operation) }
    }

    pub(crate) fn with_model(self, model: impl Into<StringValue>) -> Self {
        Self { model: filled(model), ..self }
    }

    pub(crate) fn set_server(&mut self, address: impl Into<StringValue>, port: u16) {
        self.server = filled(address).map(|address| Server { address, port });
    }

    /// Takes over what the event of a call that was made elsewhere tells of it.
    pub(super) fn learn_told(&mut self, told: ToldOfCall) {
        let ToldOfCall { server, batch, units } = told;
        if let Some((address, port)) = server {
            self.set_server(address, port);
        }
        (self.batch, self.units) = (batch, units);
    }

    /// `{operation} {model}`, or the bare operation.
    pub(crate) fn name_with_model(&self) -> Cow<'static, str> {
        named(self.operation, self.model.as_ref())
    }

    pub(crate) fn push_attributes(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(key::GEN_AI_OPERATION_NAME.of(self.operation));
        attributes.extend(self.provider.as_ref().map(|p| key::GEN_AI_PROVIDER_NAME.of(p)));
        attributes.extend(self.model.as_ref().map(|m| key::GEN_AI_REQUEST_MODEL.of(m.clone())));
        if let Some(server) = &self.server {
            attributes.push(key::SERVER_ADDRESS.of(server.address.clone()));
            attributes.extend(self.port().map(|port| key::SERVER_PORT.of(port)));
        }
        if self.is_azure() {
            attributes.push(key::AZURE_RESOURCE_PROVIDER_NAMESPACE.of(AZURE_NAMESPACE));
        }
    }

    fn is_azure(&self) -> bool {
        self.provider == Some(Provider::AzureAiInference)
    }

    fn port(&self) -> Option<i64> {
        let port = self.server.as_ref()?.port;
        (port != HTTPS || !self.is_azure()).then(|| i64::from(port))
    }

    /// The attributes that the metrics of every call have.
    pub(crate) fn series<'a>(&'a self, response_model: Option<&'a StringValue>) -> Series<'a> {
        let server = self.server.as_ref();
        let mut series = Series::new();
        series.push_text(key::GEN_AI_OPERATION_NAME, Some(self.operation));
        series.push_text(key::GEN_AI_PROVIDER_NAME, self.provider.as_ref().map(Provider::as_str));
        series.push_text(key::GEN_AI_REQUEST_MODEL, self.model.as_ref().map(StringValue::as_str));
        series.push_text(key::GEN_AI_RESPONSE_MODEL, response_model.map(StringValue::as_str));
        series.push_text(key::SERVER_ADDRESS, server.map(|server| server.address.as_str()));
        series.push_int(key::SERVER_PORT, self.port());
        series
    }

    /// The attributes that the metrics of attempts and gateways have: limits are those of a provider's model.
    pub(super) fn attempt_series(&self) -> Series<'_> {
        let server = self.server.as_ref();
        let mut series = Series::new();
        series.push_text(key::GEN_AI_PROVIDER_NAME, self.provider.as_ref().map(Provider::as_str));
        series.push_text(key::GEN_AI_REQUEST_MODEL, self.model.as_ref().map(StringValue::as_str));
        series.push_text(key::SERVER_ADDRESS, server.map(|server| server.address.as_str()));
        series.push_int(key::SERVER_PORT, self.port());
        series
    }

    /// An attempt begins, so long after the start.
    pub(super) fn attempt_begins(&mut self, at: Duration) {
        self.attempts.get_or_insert_default().begin(at);
    }

    /// When the attempt that is over now had begun, where that was told.
    pub(super) fn attempt_ends(&mut self) -> Option<Duration> {
        self.attempts.as_mut()?.end()
    }

    /// Notes an attempt that is over, so long after the start.
    pub(crate) fn attempted(&mut self, at: Duration, attempt: Attempt, to: &dyn MetricRecorder) {
        let mut attempts = self.attempts.take().unwrap_or_default();
        attempts.push(at, attempt, &self.attempt_series(), to);
        self.attempts = Some(attempts);
    }

    pub(super) fn attempts_so_far(&self) -> usize {
        self.attempts.as_ref().map_or(0, |attempts| attempts.count())
    }

    /// What there is to say at the end: attributes, and the attempts that may be events.
    pub(super) fn settle(&mut self, attributes: &mut Vec<KeyValue>) -> Option<Box<Attempts>> {
        attributes.extend(self.batch.then(|| key::SPANWISE_REQUEST_BATCH.of(true)));
        self.units.push_attributes(attributes);
        let attempts = self.attempts.take();
        attempts.iter().for_each(|attempts| attempts.push_attributes(attributes));
        attempts
    }

    /// Learns late what is asked: only the model can be news.
    pub(crate) fn learn(&mut self, asked: Self) {
        let Self { operation, model, batch, .. } = asked;
        (self.operation, self.model) = (operation, model);
        self.batch |= batch;
    }

    /// What there is to charge for.
    pub(super) fn charge<'a>(
        &'a self,
        response_model: Option<&'a StringValue>,
        usage: Option<Usage>,
        told: Option<&'a Cost>,
    ) -> Charge<'a> {
        let call = PricedCall {
            operation: self.operation,
            provider: self.provider.as_ref().map(Provider::as_str),
            request_model: self.model.as_ref().map(StringValue::as_str),
            response_model: response_model.map(StringValue::as_str),
            usage,
            units: self.units,
            service_tier: None,
            batch: self.batch,
            server_address: self.server.as_ref().map(|server| server.address.as_str()),
            started_at: SystemTime::UNIX_EPOCH,
        };
        Charge { call, told }
    }

    /// Records `gen_ai.client.operation.duration`, the metric of every call that is no inference.
    pub(crate) fn measure(
        &self,
        response_model: Option<&StringValue>,
        end: &End<'_>,
        metrics: &dyn MetricRecorder,
    ) {
        measure_duration(self.series(response_model), end, metrics);
    }
}

/// Records `gen_ai.client.operation.duration` with these attributes and `error.type`.
pub(crate) fn measure_duration(series: Series<'_>, end: &End<'_>, metrics: &dyn MetricRecorder) {
    let series = series.text(key::ERROR_TYPE, end.outcome.error_type());
    let seconds = end.duration.as_secs_f64();
    metrics.record(&series, &[Measurement::seconds(Metric::GenAiClientOperationDuration, seconds)]);
}
