//! Every preset as it is meant to be used, at a receiver.

use spanwise::preset::{
    ApiKey, Aws, AzureMonitor, Braintrust, BraintrustParent, Datadog, DatadogAgent, GoogleCloud,
    GrafanaCloud, HeliconeLogging, Honeycomb, Jaeger, Laminar, LangSmith, Langfuse, Logfire,
    MlFlow, NewRelic, OpenLit, Opik, Phoenix, Prometheus, SigNoz, Traceloop, VictoriaMetrics,
    Weave,
};
use spanwise::{Credentials, OutgoingRequest, Preset, Signal};
use spanwise_testing::Receiver;

use super::products::USER;

/// The preset of this name at a receiver, with this key where it has one.
pub fn preset(name: &str, receiver: &Receiver, key: &str) -> Box<dyn Preset> {
    made(name, receiver, key.into(), key.to_owned())
}

/// The same with a key that is asked for, where it is no signature.
pub fn asking(
    name: &str,
    receiver: &Receiver,
    ask: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Box<dyn Preset> {
    made(name, receiver, ApiKey::from_fn(ask), String::new())
}

fn made(name: &str, receiver: &Receiver, key: ApiKey, signs: String) -> Box<dyn Preset> {
    let url = receiver.http_url();
    match name {
        "langfuse" => Box::new(Langfuse::new(USER, key).host(url)),
        "phoenix" => Box::new(Phoenix::new().host(url).api_key(key).project("support")),
        "arize" => Box::new(spanwise::preset::ArizeAx::new(USER, key).host(url)),
        "logfire" => Box::new(Logfire::new(key).host(url)),
        "langsmith" => Box::new(LangSmith::new(key).host(url).project("support")),
        "braintrust" => {
            let parent = BraintrustParent::ProjectName("support".to_owned());
            Box::new(Braintrust::new(key, parent).host(url))
        }
        "laminar" => Box::new(Laminar::new(key).host(url)),
        "opik" => Box::new(Opik::new(USER, key).host(url + "/opik/api").project("support")),
        "mlflow" => Box::new(MlFlow::new(USER).host(url).token(key)),
        "weave" => Box::new(Weave::new("acme", "support", key).host(url)),
        "traceloop" => Box::new(Traceloop::new(key).host(url)),
        "signoz" => Box::new(SigNoz::cloud(spanwise::preset::SigNozRegion::Eu, key).host(url)),
        "openlit" => Box::new(OpenLit::new().host(url)),
        "honeycomb" => Box::new(Honeycomb::new(key).host(url)),
        "datadog-agent" => Box::new(DatadogAgent::new().host(url).logs()),
        "datadog" => Box::new(Datadog::new(key).host(url)),
        "new-relic" => Box::new(NewRelic::new(key).host(url)),
        "grafana-cloud" => Box::new(GrafanaCloud::new("prod-eu-west-2", USER, key).host(url)),
        "helicone" => Box::new(HeliconeLogging::new(key).host(url)),
        "jaeger" => Box::new(Jaeger::new().host(url)),
        "prometheus" => Box::new(Prometheus::new().host(url)),
        "victoria-metrics" => Box::new(VictoriaMetrics::new().host(url)),
        "azure-monitor" => {
            let traces = "dcr/streams/Microsoft-OTLP-Traces/otlp/v1/traces";
            let metrics = "dcr/streams/microsoft-otelmetrics/otlp/v1/metrics";
            let logs = "dcr/streams/Microsoft-OTLP-Logs/otlp/v1/logs";
            let azure = AzureMonitor::new().direct(key);
            let azure = azure.url(Signal::Traces, format!("{url}/{traces}"));
            let azure = azure.url(Signal::Metrics, format!("{url}/{metrics}"));
            Box::new(azure.url(Signal::Logs, format!("{url}/{logs}")))
        }
        "aws" => {
            let aws = Aws::new().host(url).log_group("/bots/support", "main");
            Box::new(aws.signed(move |request| signed(request, &signs)))
        }
        "google-cloud" => Box::new(GoogleCloud::new("support-1").host(url).token(key)),
        other => panic!("there is no preset for {other}"),
    }
}

/// The same over gRPC.
pub fn over_grpc(name: &str, receiver: &Receiver, key: &str) -> Box<dyn Preset> {
    let (url, port) = (receiver.grpc_url(), receiver.grpc.port());
    let key = key.to_owned();
    match name {
        "phoenix" => {
            let port = port.to_string();
            let variables = [
                ("PHOENIX_COLLECTOR_ENDPOINT", url.as_str()),
                ("PHOENIX_API_KEY", key.as_str()),
                ("PHOENIX_GRPC_PORT", port.as_str()),
            ];
            let environment = spanwise::Environment::from_iter(variables);
            Box::new(Phoenix::from_environment(&environment).unwrap().grpc())
        }
        "laminar" => Box::new(Laminar::new(key).host(url).grpc(port)),
        "signoz" => {
            let region = spanwise::preset::SigNozRegion::Eu;
            Box::new(SigNoz::cloud(region, key).host(url).grpc(port))
        }
        other => preset(other, receiver, &key),
    }
}

/// What a signature has of a request.
pub fn signed(request: &OutgoingRequest, key: &str) -> Credentials {
    let (service, bytes) = (Aws::service(request.signal()), request.body().len());
    let value = format!("AWS4-HMAC-SHA256 {service} {bytes} {key}");
    Credentials::default().header("authorization", value)
}
