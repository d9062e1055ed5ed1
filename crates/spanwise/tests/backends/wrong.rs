//! Mistakes, and what becomes of each.

use std::time::Duration;

use spanwise::preset::{
    Datadog, GoogleCloud, HeliconeLogging, HeliconeRegion, Honeycomb, Jaeger, LangSmith, Langfuse,
    Logfire, LogfireRegion, Phoenix, Prometheus,
};
use spanwise::semconv::SemconvProfile;
use spanwise::{
    Compression, Credentials, Destination, OtlpDestination, OtlpProtocol, Signal, Signals,
    SpanFilter, TelemetryConfig, Temporality,
};
use spanwise_testing::Receiver;

use super::products::{KEY, USER};
use super::right::{preset, signed};

/// One mistake.
pub struct Wrong {
    pub mistake: &'static str,
    /// Whose receiver it is.
    pub product: &'static str,
    pub made: fn(TelemetryConfig, &Receiver) -> TelemetryConfig,
    pub shows: Shows,
}

/// How it shows.
pub enum Shows {
    /// Telemetry does not start; the error says all of this.
    AtTheStart(&'static [&'static str]),
    /// The product refuses with this status, and a warning says all of this.
    Refused(u16, &'static [&'static str]),
    /// The two do not understand each other, and a warning says all of this.
    NotUnderstood(&'static [&'static str]),
    /// The product takes it, and this is what it makes of it.
    Misread(&'static str),
}

use Shows::{AtTheStart, Misread, NotUnderstood, Refused};

/// The right preset, but for this.
fn but(
    name: &'static str,
    config: TelemetryConfig,
    receiver: &Receiver,
    change: impl Fn(OtlpDestination) -> OtlpDestination + Send + Sync + 'static,
) -> TelemetryConfig {
    config.preset_with(preset(name, receiver, KEY), change)
}

/// A destination by hand, with the product's path, as whoever knows no preset would make it.
fn by_hand(receiver: &Receiver, path: &str) -> OtlpDestination {
    Destination::otlp(receiver.http_url() + path).compression(Compression::Gzip)
}

fn right_key() -> Credentials {
    Credentials::basic(USER, KEY)
}

fn soon(destination: OtlpDestination) -> OtlpDestination {
    destination.retry_timeout(Duration::from_millis(300)).timeout(Duration::from_millis(500))
}

macro_rules! key_of_another {
    ($($product:literal: $($status:literal, $says:expr)?;)*) => {
        [$($(Wrong {
            mistake: concat!($product, " with the key of another project"),
            product: $product,
            made: |config, receiver| config.preset(preset($product, receiver, "another")),
            shows: Refused($status, $says),
        },)?)*]
    };
}

/// A wrong key, or one of another region, is answered by a warning that names the variable and never the key.
pub static KEYS: [Wrong; 20] = key_of_another! {
    "langfuse": 401, &["LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "region"];
    "phoenix": 401, &["PHOENIX_API_KEY"];
    "arize": 401, &["ARIZE_API_KEY", "ARIZE_SPACE_ID", "region"];
    "logfire": 401, &["LOGFIRE_TOKEN", "region"];
    "langsmith": 401, &["LANGSMITH_API_KEY", "region"];
    "braintrust": 401, &["BRAINTRUST_API_KEY", "region"];
    "laminar": 401, &["LMNR_PROJECT_API_KEY"];
    "opik": 401, &["OPIK_API_KEY"];
    "mlflow": 401, &["MLFLOW_TRACKING_TOKEN"];
    "weave": 401, &["WANDB_API_KEY"];
    "traceloop": 401, &["TRACELOOP_API_KEY"];
    "signoz": 401, &["SIGNOZ_INGESTION_KEY", "region"];
    "honeycomb": 401, &["HONEYCOMB_API_KEY", "region"];
    "datadog": 403, &["DD_API_KEY", "DD_SITE"];
    "new-relic": 403, &["NEW_RELIC_LICENSE_KEY", "region"];
    "grafana-cloud": 401, &["GRAFANA_CLOUD_API_KEY", "GRAFANA_CLOUD_ZONE"];
    "helicone": 401, &["HELICONE_API_KEY", "region"];
    "azure-monitor": 401, &["token"];
    "aws": 403, &["signature", "region"];
    "google-cloud": 401, &["token"];
};

macro_rules! in_the_words_of_today {
    ($($product:literal)*) => {
        [$(Wrong {
            mistake: concat!($product, " in words that it does not read"),
            product: $product,
            made: |config, receiver| {
                but($product, config, receiver, |it| it.semconv_profile(SemconvProfile::Latest))
            },
            shows: Misread("tokens that were written to a cache are counted as input alone"),
        },)*]
    };
}

/// Where the names of the conventions changed, these products know those of before.
pub static WORDS: [Wrong; 13] = in_the_words_of_today! {
    "langfuse" "phoenix" "arize" "logfire" "langsmith" "braintrust" "laminar" "opik" "mlflow" "weave" "traceloop"
    "datadog-agent" "datadog"
};

pub static WRONG: [Wrong; 61] = [
    Wrong {
        mistake: "Langfuse with a public key as a bearer",
        product: "langfuse",
        made: |config, receiver| {
            but("langfuse", config, receiver, |langfuse| {
                langfuse.header("authorization", "Bearer pk-lf-1")
            })
        },
        shows: Refused(403, &["use a project's keys"]),
    },
    Wrong {
        mistake: "Langfuse without an ingestion version",
        product: "langfuse",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "/api/public/otel").signals(Signals::TRACES);
            config.destination(by_hand.credentials(|_| right_key()))
        },
        shows: Misread("without an ingestion version data shows up to ten minutes later"),
    },
    Wrong {
        mistake: "Langfuse with an ingestion version that does not exist",
        product: "langfuse",
        made: |config, receiver| {
            but("langfuse", config, receiver, |it| it.header("x-langfuse-ingestion-version", "5"))
        },
        shows: Refused(400, &[]),
    },
    Wrong {
        mistake: "Langfuse at the path of others",
        product: "langfuse",
        made: |config, receiver| {
            let url = format!("{}/v1/traces", receiver.http_url());
            but("langfuse", config, receiver, move |it| it.signal_endpoint(Signal::Traces, &url))
        },
        shows: Refused(404, &["LANGFUSE_BASE_URL"]),
    },
    Wrong {
        mistake: "Langfuse with metrics by hand",
        product: "langfuse",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "/api/public/otel").credentials(|_| right_key());
            config.destination(by_hand.header("x-langfuse-ingestion-version", "4"))
        },
        shows: Misread("metrics are taken and not stored"),
    },
    Wrong {
        mistake: "Langfuse as if we were its SDK",
        product: "langfuse",
        made: |config, receiver| {
            but("langfuse", config, receiver, |it| it.header("x-langfuse-sdk-name", "python"))
        },
        shows: Misread("it pretends to be an SDK of Langfuse's own"),
    },
    Wrong {
        mistake: "Langfuse without its types of observations",
        product: "langfuse",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "/api/public/otel").signals(Signals::TRACES);
            let by_hand = by_hand.credentials(|_| right_key());
            config.destination(by_hand.header("x-langfuse-ingestion-version", "4"))
        },
        shows: Misread("a retrieval, a workflow or a plan is a span like any other"),
    },
    Wrong {
        mistake: "Langfuse with all signals",
        product: "langfuse",
        made: |config, receiver| but("langfuse", config, receiver, |it| it.signals(Signals::ALL)),
        shows: AtTheStart(&["signals of destination `langfuse`", "leave it traces"]),
    },
    Wrong {
        mistake: "Langfuse over gRPC",
        product: "langfuse",
        made: |config, receiver| {
            but("langfuse", config, receiver, |it| it.protocol(OtlpProtocol::Grpc))
        },
        shows: AtTheStart(&["protocol of destination `langfuse` is grpc", "use http/protobuf"]),
    },
    Wrong {
        mistake: "Langfuse with zstd",
        product: "langfuse",
        made: |config, receiver| {
            but("langfuse", config, receiver, |it| it.compression(Compression::Zstd))
        },
        shows: AtTheStart(&["compression of destination `langfuse` is zstd", "use gzip"]),
    },
    Wrong {
        mistake: "Langfuse with keys that were never filled in",
        product: "langfuse",
        made: |config, _| config.preset(Langfuse::new("<public key>", "<secret key>")),
        shows: AtTheStart(&["the public key of Langfuse is a placeholder"]),
    },
    Wrong {
        mistake: "Phoenix with JSON",
        product: "phoenix",
        made: |config, receiver| {
            but("phoenix", config, receiver, |it| it.protocol(OtlpProtocol::HttpJson))
        },
        shows: AtTheStart(&[
            "protocol of destination `phoenix` is http/json",
            "use http/protobuf or grpc",
        ]),
    },
    Wrong {
        mistake: "Phoenix in the words of today",
        product: "phoenix",
        made: |config, receiver| {
            but("phoenix", config, receiver, |it| it.semconv_profile(SemconvProfile::Latest))
        },
        shows: Misread("an output message says no finish reason, and all of them are dropped"),
    },
    Wrong {
        mistake: "Phoenix without OpenInference",
        product: "phoenix",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").signals(Signals::TRACES);
            let by_hand = by_hand.semconv_profile(SemconvProfile::V1_41);
            config.destination(by_hand.credentials(|_| Credentials::bearer(KEY)))
        },
        shows: Misread("a workflow has no kind"),
    },
    Wrong {
        mistake: "Phoenix with its project in the header alone",
        product: "phoenix",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").signals(Signals::TRACES);
            let by_hand = by_hand.header("x-project-name", "support");
            config.destination(by_hand.credentials(|_| Credentials::bearer(KEY)))
        },
        shows: Misread("the project is not named to servers before 15.5"),
    },
    Wrong {
        mistake: "Phoenix with media of no modality",
        product: "phoenix",
        made: |config, receiver| but("phoenix", config, receiver, |phoenix| phoenix),
        shows: Misread("media says no modality, and is dropped"),
    },
    Wrong {
        mistake: "Phoenix with messages as another client has them",
        product: "phoenix",
        made: |config, receiver| but("phoenix", config, receiver, |phoenix| phoenix),
        shows: Misread("messages are no JSON text, and ignored"),
    },
    Wrong {
        mistake: "Phoenix over HTTP at its port for gRPC",
        product: "phoenix",
        made: |config, receiver| config.preset_with(Phoenix::new().host(receiver.grpc_url()), soon),
        shows: NotUnderstood(&["set the protocol to grpc"]),
    },
    Wrong {
        mistake: "Phoenix over gRPC at its port for HTTP",
        product: "phoenix",
        made: |config, receiver| {
            let url = receiver.http_url();
            config.preset_with(Phoenix::new().grpc(), move |it| soon(it.endpoint(&url)))
        },
        shows: NotUnderstood(&["set the protocol to http/protobuf"]),
    },
    Wrong {
        mistake: "Arize AX without a project",
        product: "arize",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").signals(Signals::TRACES);
            let by_hand = by_hand.header("arize-space-id", USER).header("arize-api-key", KEY);
            config.destination(by_hand)
        },
        shows: Refused(400, &[]),
    },
    Wrong {
        mistake: "Logfire with a token of the EU in the US",
        product: "logfire",
        made: |config, _| config.preset(Logfire::new("pylf_v1_eu_0").region(LogfireRegion::Us)),
        shows: AtTheStart(&["the region of Logfire is Us, and the token names another"]),
    },
    Wrong {
        mistake: "LangSmith without the provider's earlier name",
        product: "langsmith",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "/otel").signals(Signals::TRACES);
            config.destination(by_hand.header("x-api-key", KEY))
        },
        shows: Misread("no provider is shown"),
    },
    Wrong {
        mistake: "LangSmith with the word Bearer before the key",
        product: "langsmith",
        made: |config, receiver| {
            config.preset(LangSmith::new(format!("Bearer {KEY}")).host(receiver.http_url()))
        },
        shows: AtTheStart(&["the API key of LangSmith begins with the word"]),
    },
    Wrong {
        mistake: "Braintrust with a parent that names nothing",
        product: "braintrust",
        made: |config, receiver| {
            but("braintrust", config, receiver, |it| it.header("x-bt-parent", "support"))
        },
        shows: Refused(400, &[]),
    },
    Wrong {
        mistake: "Braintrust with requests as large as may be",
        product: "braintrust",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "/otel").signals(Signals::TRACES);
            let by_hand = by_hand.header("x-bt-parent", "project_name:support");
            config.destination(by_hand.credentials(|_| Credentials::bearer(KEY)))
        },
        shows: Refused(413, &[]),
    },
    Wrong {
        mistake: "Opik with the word Bearer before the key",
        product: "opik",
        made: |config, receiver| {
            but("opik", config, receiver, |it| it.header("authorization", format!("Bearer {KEY}")))
        },
        shows: Refused(401, &["without the word Bearer"]),
    },
    Wrong {
        mistake: "Opik without the provider's earlier name",
        product: "opik",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "/opik/api/v1/private/otel").signals(Signals::TRACES);
            config.destination(by_hand.header("authorization", KEY).header("comet-workspace", USER))
        },
        shows: Misread("no provider is shown"),
    },
    Wrong {
        mistake: "Opik without the path of its API",
        product: "opik",
        made: |config, receiver| {
            let opik = spanwise::preset::Opik::new(USER, KEY).host(receiver.http_url());
            config.preset(opik)
        },
        shows: Refused(404, &["OPIK_URL_OVERRIDE", "/api"]),
    },
    Wrong {
        mistake: "MLflow with an experiment that does not exist",
        product: "mlflow",
        made: |config, receiver| {
            but("mlflow", config, receiver, |it| it.header("x-mlflow-experiment-id", "77"))
        },
        shows: Refused(404, &["MLFLOW_EXPERIMENT_ID"]),
    },
    Wrong {
        mistake: "MLflow without an experiment",
        product: "mlflow",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").signals(Signals::TRACES);
            config.destination(by_hand.credentials(|_| Credentials::bearer(KEY)))
        },
        shows: Refused(422, &[]),
    },
    Wrong {
        mistake: "Weave without a project",
        product: "weave",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "/otel").signals(Signals::TRACES);
            config.destination(by_hand.header("wandb-api-key", KEY))
        },
        shows: Refused(400, &[]),
    },
    Wrong {
        mistake: "Honeycomb with metrics that have no dataset",
        product: "honeycomb",
        made: |config, receiver| {
            config.destination(by_hand(receiver, "").header("x-honeycomb-team", KEY))
        },
        shows: Misread("metrics of every service are in one dataset that nobody has named"),
    },
    Wrong {
        mistake: "Honeycomb with texts of any length",
        product: "honeycomb",
        made: |config, receiver| {
            config.destination(by_hand(receiver, "").header("x-honeycomb-team", KEY))
        },
        shows: Misread("a field is longer than fields may be"),
    },
    Wrong {
        mistake: "Honeycomb with a Classic key and no dataset",
        product: "honeycomb",
        made: |config, _| config.preset(Honeycomb::new("0123456789abcdef0123456789abcdef")),
        shows: AtTheStart(&["HONEYCOMB_DATASET"]),
    },
    Wrong {
        mistake: "Honeycomb from a service without a name",
        product: "honeycomb",
        made: |config, receiver| {
            but("honeycomb", config, receiver, |it| it.resource_attribute("service.name", ""))
        },
        shows: Misread("spans are in no service's dataset"),
    },
    Wrong {
        mistake: "Datadog's Agent with totals",
        product: "datadog-agent",
        made: |config, receiver| {
            but("datadog-agent", config, receiver, |it| it.temporality(Temporality::Cumulative))
        },
        shows: Misread("totals are shown as they are, and not as rates"),
    },
    Wrong {
        mistake: "Datadog's Agent with a key",
        product: "datadog-agent",
        made: |config, receiver| {
            but("datadog-agent", config, receiver, |it| it.header("dd-api-key", KEY))
        },
        shows: Misread("a key goes to an Agent that has its own"),
    },
    Wrong {
        mistake: "Datadog with totals",
        product: "datadog",
        made: |config, receiver| {
            but("datadog", config, receiver, |it| it.temporality(Temporality::Cumulative))
        },
        shows: Refused(400, &[]),
    },
    Wrong {
        mistake: "Datadog without the source of spans",
        product: "datadog",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").temporality(Temporality::Delta);
            config.destination(by_hand.header("dd-api-key", KEY))
        },
        shows: Misread("spans do not reach LLM Observability"),
    },
    Wrong {
        mistake: "Datadog with requests as large as others take",
        product: "datadog",
        made: |config, receiver| {
            but("datadog", config, receiver, |it| {
                it.max_signal_request_bytes(Signal::Traces, 15 << 20)
            })
        },
        shows: Refused(413, &[]),
    },
    Wrong {
        mistake: "Datadog with JSON",
        product: "datadog",
        made: |config, _| {
            config.preset_with(Datadog::new(KEY), |it| it.protocol(OtlpProtocol::HttpJson))
        },
        shows: AtTheStart(&["protocol of destination `datadog` is http/json", "use http/protobuf"]),
    },
    Wrong {
        mistake: "New Relic with requests as large as others take",
        product: "new-relic",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").temporality(Temporality::Delta);
            config.destination(by_hand.header("api-key", KEY))
        },
        shows: Refused(413, &[]),
    },
    Wrong {
        mistake: "New Relic with texts of any length",
        product: "new-relic",
        made: |config, receiver| {
            config.destination(
                by_hand(receiver, "").header("api-key", KEY).max_request_bytes(500_000),
            )
        },
        shows: Misread("a text is longer than is kept"),
    },
    Wrong {
        mistake: "New Relic with totals",
        product: "new-relic",
        made: |config, receiver| {
            but("new-relic", config, receiver, |it| it.temporality(Temporality::Cumulative))
        },
        shows: Misread("totals cost more to keep than what was added"),
    },
    Wrong {
        mistake: "Grafana Cloud without /otlp",
        product: "grafana-cloud",
        made: |config, receiver| {
            let url = receiver.http_url();
            but("grafana-cloud", config, receiver, move |it| it.endpoint(&url))
        },
        shows: Refused(404, &["begins with /otlp"]),
    },
    Wrong {
        mistake: "Helicone with every span",
        product: "helicone",
        made: |config, receiver| but("helicone", config, receiver, |it| it.filter(SpanFilter::All)),
        shows: Misread("a span that is no call of a model is shown as a request"),
    },
    Wrong {
        mistake: "Helicone in words that it does not read",
        product: "helicone",
        made: |config, receiver| {
            let url = format!("{}/v1/trace/log", receiver.http_url());
            let by_hand = Destination::otlp(receiver.http_url())
                .protocol(OtlpProtocol::HttpJson)
                .signals(Signals::TRACES)
                .signal_endpoint(Signal::Traces, url)
                .filter(SpanFilter::ModelCallsOnly)
                .credentials(|_| Credentials::bearer(KEY));
            config.destination(by_hand)
        },
        shows: Misread("a call is shown empty"),
    },
    Wrong {
        mistake: "Helicone with a European key in the US",
        product: "helicone",
        made: |config, _| {
            let helicone = HeliconeLogging::new("sk-helicone-eu-0").region(HeliconeRegion::Us);
            config.preset(helicone)
        },
        shows: AtTheStart(&["the region of Helicone is Us"]),
    },
    Wrong {
        mistake: "Jaeger with metrics",
        product: "jaeger",
        made: |config, _| config.preset_with(Jaeger::new(), |it| it.signals(Signals::ALL)),
        shows: AtTheStart(&["signals of destination `jaeger` hold metrics", "leave it traces"]),
    },
    Wrong {
        mistake: "Jaeger at a path of another of its ports",
        product: "jaeger",
        made: |config, receiver| {
            let url = format!("{}/api/v1/traces", receiver.http_url());
            but("jaeger", config, receiver, move |it| it.signal_endpoint(Signal::Traces, &url))
        },
        shows: Refused(404, &["4317", "4318", "14268"]),
    },
    Wrong {
        mistake: "Prometheus with what was added since last time",
        product: "prometheus",
        made: |config, receiver| {
            but("prometheus", config, receiver, |it| it.temporality(Temporality::Delta))
        },
        shows: Refused(400, &["cumulative"]),
    },
    Wrong {
        mistake: "Prometheus from instances without an id",
        product: "prometheus",
        made: |config, receiver| {
            but("prometheus", config, receiver, |it| {
                it.resource_attribute("service.instance.id", "")
            })
        },
        shows: Misread("two instances write the same series"),
    },
    Wrong {
        mistake: "Prometheus whose receiver is off",
        product: "jaeger",
        made: |config, receiver| config.preset(Prometheus::new().host(receiver.http_url())),
        shows: Refused(404, &["--web.enable-otlp-receiver"]),
    },
    Wrong {
        mistake: "VictoriaMetrics with what was added since last time",
        product: "victoria-metrics",
        made: |config, receiver| {
            but("victoria-metrics", config, receiver, |it| it.temporality(Temporality::Delta))
        },
        shows: Misread("what was added since last time is taken for a total"),
    },
    Wrong {
        mistake: "Azure Monitor with totals",
        product: "azure-monitor",
        made: |config, receiver| {
            but("azure-monitor", config, receiver, |it| it.temporality(Temporality::Cumulative))
        },
        shows: Misread("totals are taken for what was added"),
    },
    Wrong {
        mistake: "AWS with spans of any size",
        product: "aws",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").signals(Signals::TRACES);
            config.destination(by_hand.credentials(|request| signed(request, KEY)))
        },
        shows: Misread("a span is larger than spans may be, and dropped"),
    },
    Wrong {
        mistake: "AWS with logs that have no group",
        product: "aws",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").signals(Signals::LOGS);
            config.destination(by_hand.credentials(|request| signed(request, KEY)))
        },
        shows: Refused(400, &[]),
    },
    Wrong {
        mistake: "AWS with requests as large as others take",
        product: "aws",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").signals(Signals::TRACES);
            config.destination(by_hand.credentials(|request| signed(request, KEY)))
        },
        shows: Refused(413, &[]),
    },
    Wrong {
        mistake: "Google Cloud without a project",
        product: "google-cloud",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").credentials(|_| Credentials::bearer(KEY));
            config.destination(by_hand)
        },
        shows: Refused(400, &[]),
    },
    Wrong {
        mistake: "Google Cloud with texts of any length",
        product: "google-cloud",
        made: |config, receiver| {
            let by_hand = by_hand(receiver, "").resource_attribute("gcp.project_id", "support-1");
            config.destination(by_hand.credentials(|_| Credentials::bearer(KEY)))
        },
        shows: Misread("a value is longer than values may be"),
    },
    Wrong {
        mistake: "Google Cloud with an empty token",
        product: "google-cloud",
        made: |config, _| config.preset(GoogleCloud::new("support-1").token("")),
        shows: AtTheStart(&["the token of Google Cloud is empty"]),
    },
];
