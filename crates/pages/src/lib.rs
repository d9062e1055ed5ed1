//! The code of the repository's pages, compiled and run with the tests (`cargo test --doc -p pages`).
//!
//! A block that starts with ```` ```rust ```` is run, with `rust,no_run` only compiled. `cargo xtask` looks at what is
//! not Rust: links and commands.

#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($page:ident = $path:literal,)*) => {
            $(#[doc = include_str!(concat!("../../../", $path))] struct $page;)*
        };
    }

    pages! {
        Readme = "README.md",
        Contributing = "CONTRIBUTING.md",
    }

    pages! {
        Budgets = "docs/budgets.md",
        Clients = "docs/clients.md",
        ComingFrom = "docs/coming-from.md",
        Concepts = "docs/concepts.md",
        Events = "docs/events.md",
        Feedback = "docs/feedback.md",
        GettingStarted = "docs/getting-started.md",
        Metrics = "docs/metrics.md",
        Privacy = "docs/privacy.md",
        PrivacyDuties = "docs/privacy-duties.md",
        Providers = "docs/providers.md",
        Reports = "docs/reports.md",
        Scope = "docs/scope.md",
        Streaming = "docs/streaming.md",
        Symptoms = "docs/symptoms.md",
        Troubleshooting = "docs/troubleshooting.md",
    }

    pages! {
        Backends = "docs/backends/README.md",
        Arize = "docs/backends/arize.md",
        Aws = "docs/backends/aws.md",
        AzureMonitor = "docs/backends/azure-monitor.md",
        Braintrust = "docs/backends/braintrust.md",
        Datadog = "docs/backends/datadog.md",
        DatadogAgent = "docs/backends/datadog-agent.md",
        GoogleCloud = "docs/backends/google-cloud.md",
        GrafanaCloud = "docs/backends/grafana-cloud.md",
        Helicone = "docs/backends/helicone.md",
        Honeycomb = "docs/backends/honeycomb.md",
        Jaeger = "docs/backends/jaeger.md",
        Laminar = "docs/backends/laminar.md",
        Langfuse = "docs/backends/langfuse.md",
        LangSmith = "docs/backends/langsmith.md",
        Logfire = "docs/backends/logfire.md",
        MlFlow = "docs/backends/mlflow.md",
        NewRelic = "docs/backends/new-relic.md",
        OpenLit = "docs/backends/openlit.md",
        Opik = "docs/backends/opik.md",
        Phoenix = "docs/backends/phoenix.md",
        Prometheus = "docs/backends/prometheus.md",
        SigNoz = "docs/backends/signoz.md",
        Traceloop = "docs/backends/traceloop.md",
        VictoriaMetrics = "docs/backends/victoria-metrics.md",
        Weave = "docs/backends/weave.md",
    }
}
