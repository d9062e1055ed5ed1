//! What each product looks at, and its traps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality::{Cumulative, Delta};
use serde_json::Value;
use spanwise::Signal;
use spanwise_testing::{Arrived, LangfuseServer, Message, text};

use super::product::{
    ALL, JSON, PLAIN, PROTOBUF, Product, TRACES, any_has, attributes, header, is_told, longest,
    resource, signal, unpacked, wants,
};

/// The key of every preset that has one. Where there are two, the other is [`USER`].
pub const KEY: &str = "key-of-the-right-project";
pub const USER: &str = "user-1";

fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("{USER}:{KEY}")))
}

fn bearer(arrived: &Arrived) -> Result<(), u16> {
    wants(arrived, "authorization", &format!("Bearer {KEY}"), 401)
}

/// JSON in a text attribute.
fn json(message: &Message, key: &str) -> Vec<Value> {
    let of_key = attributes(message).filter(|attribute| attribute.key == key);
    of_key
        .filter_map(|attribute| {
            serde_json::from_str(&text(std::slice::from_ref(attribute), key)).ok()
        })
        .collect()
}

fn messages(message: &Message, key: &str) -> Vec<Value> {
    let all = json(message, key).into_iter();
    all.flat_map(|value| value.as_array().cloned().unwrap_or_default()).collect()
}

fn says_no_provider(_: &Arrived, message: &Message) -> bool {
    message.spans().any(|span| {
        let has = |key: &str| span.attributes.iter().any(|attribute| attribute.key == key);
        has("gen_ai.provider.name") && !has("gen_ai.system")
    })
}

const CACHE_WRITES: (&str, super::product::Rule) =
    ("tokens that were written to a cache are counted as input alone", |_, message| {
        any_has(message, "gen_ai.usage.cache_write.input_tokens")
            && !any_has(message, "gen_ai.usage.cache_creation.input_tokens")
    });

pub static PRODUCTS: [Product; 25] = [
    Product {
        name: "langfuse",
        paths: &[
            (Signal::Traces, "/api/public/otel/v1/traces"),
            (Signal::Metrics, "/api/public/otel/v1/metrics"),
        ],
        server: Some(|arrived, message| {
            let server = LangfuseServer::new(basic());
            server.refuses(message, arrived).map(|(status, _)| status)
        }),
        misreads: &[
            ("without an ingestion version data shows up to ten minutes later", |arrived, _| {
                !LangfuseServer::takes_the_direct_way(arrived)
            }),
            ("metrics are taken and not stored", |_, message| signal(message) == Signal::Metrics),
            ("it pretends to be an SDK of Langfuse's own", |arrived, _| {
                ["python", "javascript"].contains(&header(arrived, "x-langfuse-sdk-name"))
            }),
            ("a retrieval, a workflow or a plan is a span like any other", |_, message| {
                message.spans().any(|span| {
                    let operation = text(&span.attributes, "gen_ai.operation.name");
                    let mapped = text(&span.attributes, "langfuse.observation.type");
                    ["retrieval", "invoke_workflow", "plan"].contains(&operation.as_str())
                        && mapped.is_empty()
                })
            }),
            CACHE_WRITES,
        ],
        takes: (200, "{\"message\":\"OK\"}"),
        ..PLAIN
    },
    Product {
        name: "phoenix",
        paths: TRACES,
        grpc: &[Signal::Traces],
        forms: (&[PROTOBUF], 415),
        knows: bearer,
        misreads: &[
            (
                "an output message says no finish reason, and all of them are dropped",
                |_, message| {
                    messages(message, "gen_ai.output.messages")
                        .iter()
                        .any(|message| message.get("finish_reason").is_none())
                },
            ),
            ("messages are no JSON text, and ignored", |_, message| {
                use opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue;
                let mut of_messages = attributes(message)
                    .filter(|it| it.key.starts_with("gen_ai.") && it.key.ends_with(".messages"));
                of_messages.any(|it| {
                    let value = it.value.as_ref().and_then(|value| value.value.as_ref());
                    !matches!(value, Some(StringValue(_)))
                })
            }),
            ("media says no modality, and is dropped", |_, message| {
                let all = messages(message, "gen_ai.input.messages");
                let parts = all.iter().filter_map(|it| it["parts"].as_array()).flatten();
                let media =
                    |part: &&Value| ["blob", "uri"].iter().any(|kind| part["type"] == *kind);
                parts.filter(media).any(|part| part.get("modality").is_none())
            }),
            ("a workflow has no kind", |_, message| {
                message.spans().any(|span| {
                    let operation = text(&span.attributes, "gen_ai.operation.name");
                    let kind = text(&span.attributes, "openinference.span.kind");
                    operation == "invoke_workflow" && kind.is_empty()
                })
            }),
            ("the project is not named to servers before 15.5", |arrived, message| {
                !header(arrived, "x-project-name").is_empty()
                    && resource(message, "openinference.project.name").is_empty()
            }),
            CACHE_WRITES,
        ],
        ..PLAIN
    },
    Product {
        name: "arize",
        paths: TRACES,
        grpc: &[Signal::Traces],
        forms: (&[PROTOBUF], 415),
        knows: |arrived| {
            wants(arrived, "arize-space-id", USER, 401)?;
            wants(arrived, "arize-api-key", KEY, 401)
        },
        refuses: &[(400, |_, message| resource(message, "openinference.project.name").is_empty())],
        misreads: &[CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "logfire",
        grpc: ALL,
        knows: |arrived| wants(arrived, "authorization", KEY, 401),
        refuses: &[(413, |arrived, _| arrived.bytes > 100_000_000)],
        misreads: &[CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "langsmith",
        paths: &[(Signal::Traces, "/otel/v1/traces")],
        knows: |arrived| wants(arrived, "x-api-key", KEY, 401),
        misreads: &[("no provider is shown", says_no_provider), CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "braintrust",
        paths: &[(Signal::Traces, "/otel/v1/traces")],
        knows: bearer,
        refuses: &[
            (400, |arrived, _| {
                let parent = header(arrived, "x-bt-parent");
                let kinds = ["project_id:", "project_name:", "experiment_id:"];
                !kinds.iter().any(|kind| parent.strip_prefix(kind).is_some_and(|it| !it.is_empty()))
            }),
            (413, |arrived, _| arrived.bytes > 10_000_000),
        ],
        misreads: &[CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "laminar",
        paths: TRACES,
        grpc: &[Signal::Traces],
        knows: bearer,
        misreads: &[CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "opik",
        paths: &[(Signal::Traces, "/opik/api/v1/private/otel/v1/traces")],
        knows: |arrived| {
            // Without the word Bearer.
            wants(arrived, "authorization", KEY, 401)?;
            wants(arrived, "comet-workspace", USER, 403)
        },
        misreads: &[("no provider is shown", says_no_provider), CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "mlflow",
        paths: TRACES,
        forms: (&[PROTOBUF], 400),
        knows: bearer,
        refuses: &[
            (422, |arrived, _| header(arrived, "x-mlflow-experiment-id").is_empty()),
            (404, |arrived, _| header(arrived, "x-mlflow-experiment-id") != USER),
            (400, |_, message| message.spans().count() == 0),
        ],
        misreads: &[CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "weave",
        paths: &[(Signal::Traces, "/otel/v1/traces"), (Signal::Traces, "/agents/otel/v1/traces")],
        forms: (&[PROTOBUF], 415),
        knows: |arrived| {
            let basic = format!("Basic {}", STANDARD.encode(format!("api:{KEY}")));
            wants(arrived, "wandb-api-key", KEY, 401)
                .or_else(|_| wants(arrived, "authorization", &basic, 401))
        },
        refuses: &[(400, |arrived, message| {
            let named = ["wandb.entity", "wandb.project"].map(|key| resource(message, key));
            header(arrived, "project_id").is_empty() && named.iter().any(String::is_empty)
        })],
        misreads: &[CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "traceloop",
        paths: TRACES,
        forms: (&[PROTOBUF], 415),
        knows: bearer,
        misreads: &[CACHE_WRITES],
        ..PLAIN
    },
    Product {
        name: "signoz",
        grpc: ALL,
        encodings: &["gzip", "zstd"],
        knows: |arrived| wants(arrived, "signoz-ingestion-key", KEY, 401),
        ..PLAIN
    },
    Product { name: "openlit", grpc: ALL, encodings: &["gzip", "zstd"], ..PLAIN },
    Product {
        name: "honeycomb",
        grpc: ALL,
        encodings: &["gzip", "zstd"],
        knows: |arrived| wants(arrived, "x-honeycomb-team", KEY, 401),
        misreads: &[
            (
                "metrics of every service are in one dataset that nobody has named",
                |arrived, message| {
                    signal(message) == Signal::Metrics
                        && header(arrived, "x-honeycomb-dataset").is_empty()
                },
            ),
            ("a field is longer than fields may be", |_, message| {
                longest(message, str::len) > 65_535
            }),
            ("spans are in no service's dataset", |_, message| {
                resource(message, "service.name").is_empty()
            }),
        ],
        ..PLAIN
    },
    Product {
        name: "datadog-agent",
        grpc: ALL,
        encodings: &["gzip", "zstd"],
        misreads: &[
            ("a key goes to an Agent that has its own", |arrived, _| {
                !header(arrived, "dd-api-key").is_empty()
            }),
            ("totals are shown as they are, and not as rates", |_, message| {
                is_told(message, Cumulative)
            }),
            CACHE_WRITES,
        ],
        ..PLAIN
    },
    Product {
        name: "datadog",
        forms: (&[PROTOBUF], 415),
        knows: |arrived| wants(arrived, "dd-api-key", KEY, 403),
        refuses: &[
            (413, |arrived, message| {
                signal(message) == Signal::Traces && arrived.bytes > 3_200_000
            }),
            (413, |arrived, message| signal(message) == Signal::Metrics && arrived.bytes > 500_000),
            (400, |_, message| is_told(message, Cumulative)),
        ],
        misreads: &[
            ("spans do not reach LLM Observability", |arrived, message| {
                signal(message) == Signal::Traces && header(arrived, "dd-otlp-source").is_empty()
            }),
            CACHE_WRITES,
        ],
        takes: (202, ""),
        ..PLAIN
    },
    Product {
        name: "new-relic",
        grpc: ALL,
        encodings: &["gzip", "zstd"],
        knows: |arrived| wants(arrived, "api-key", KEY, 403),
        refuses: &[(413, |arrived, _| arrived.bytes > 1_000_000)],
        misreads: &[
            ("a text is longer than is kept", |_, message| {
                longest(message, |text| text.chars().count()) > 4_095
            }),
            ("totals cost more to keep than what was added", |_, message| {
                is_told(message, Cumulative)
            }),
        ],
        ..PLAIN
    },
    Product {
        name: "grafana-cloud",
        paths: &[
            (Signal::Traces, "/otlp/v1/traces"),
            (Signal::Metrics, "/otlp/v1/metrics"),
            (Signal::Logs, "/otlp/v1/logs"),
        ],
        forms: (&[PROTOBUF], 415),
        knows: |arrived| wants(arrived, "authorization", &basic(), 401),
        ..PLAIN
    },
    Product {
        name: "helicone",
        paths: &[(Signal::Traces, "/v1/trace/log")],
        forms: (&[JSON], 400),
        encodings: &[],
        knows: bearer,
        misreads: &[
            ("a span that is no call of a model is shown as a request", |_, message| {
                const CALLS: [&str; 4] =
                    ["chat", "text_completion", "generate_content", "embeddings"];
                message.spans().any(|span| {
                    !CALLS.contains(&text(&span.attributes, "gen_ai.operation.name").as_str())
                })
            }),
            ("a call is shown empty", |_, message| {
                let of = |span: &opentelemetry_proto::tonic::trace::v1::Span, begin: &str| {
                    span.attributes.iter().any(|attribute| attribute.key.starts_with(begin))
                };
                message.spans().any(|span| {
                    of(span, "gen_ai.input.messages") && !of(span, "gen_ai.prompt.0.")
                        || of(span, "gen_ai.provider.name") && !of(span, "gen_ai.system")
                        || of(span, "gen_ai.usage.input_tokens")
                            && !of(span, "gen_ai.usage.prompt_tokens")
                })
            }),
        ],
        takes: (204, ""),
        ..PLAIN
    },
    Product {
        name: "jaeger",
        paths: TRACES,
        grpc: &[Signal::Traces],
        encodings: &["gzip", "zstd"],
        ..PLAIN
    },
    Product {
        name: "prometheus",
        paths: &[(Signal::Metrics, "/api/v1/otlp/v1/metrics")],
        forms: (&[PROTOBUF], 415),
        refuses: &[(400, |_, message| is_told(message, Delta))],
        misreads: &[("two instances write the same series", |_, message| {
            resource(message, "service.instance.id").is_empty()
        })],
        ..PLAIN
    },
    Product {
        name: "victoria-metrics",
        paths: &[(Signal::Metrics, "/opentelemetry/v1/metrics")],
        forms: (&[PROTOBUF], 400),
        misreads: &[("what was added since last time is taken for a total", |_, message| {
            is_told(message, Delta)
        })],
        ..PLAIN
    },
    Product {
        name: "azure-monitor",
        paths: &[
            (Signal::Traces, "/dcr/streams/Microsoft-OTLP-Traces/otlp/v1/traces"),
            (Signal::Metrics, "/dcr/streams/microsoft-otelmetrics/otlp/v1/metrics"),
            (Signal::Logs, "/dcr/streams/Microsoft-OTLP-Logs/otlp/v1/logs"),
        ],
        knows: bearer,
        misreads: &[("totals are taken for what was added", |_, message| {
            is_told(message, Cumulative)
        })],
        ..PLAIN
    },
    Product {
        name: "aws",
        knows: |arrived| {
            let service = match arrived.path.as_str() {
                "/v1/traces" => "xray",
                "/v1/metrics" => "monitoring",
                _ => "logs",
            };
            // What was signed is what arrived.
            let signed = format!("AWS4-HMAC-SHA256 {service} {} {KEY}", arrived.bytes);
            wants(arrived, "authorization", &signed, 403)
        },
        refuses: &[
            (400, |arrived, message| {
                signal(message) == Signal::Logs
                    && ["x-aws-log-group", "x-aws-log-stream"]
                        .iter()
                        .any(|name| header(arrived, name).is_empty())
            }),
            (413, |_, message| unpacked(message) > 5_000_000),
            (400, |_, message| message.spans().count() > 10_000),
        ],
        misreads: &[("a span is larger than spans may be, and dropped", |_, message| {
            message.spans().any(|span| prost::Message::encoded_len(span) > 200_000)
        })],
        ..PLAIN
    },
    Product {
        name: "google-cloud",
        grpc: ALL,
        knows: bearer,
        refuses: &[(400, |_, message| resource(message, "gcp.project_id").is_empty())],
        misreads: &[("a value is longer than values may be", |_, message| {
            longest(message, str::len) > 65_536
        })],
        ..PLAIN
    },
];

/// The product of this name.
pub fn product(name: &str) -> &'static Product {
    PRODUCTS.iter().find(|product| product.name == name).unwrap()
}
