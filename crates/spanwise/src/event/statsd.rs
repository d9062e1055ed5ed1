//! Events to a StatsD server, as metrics.

use std::fmt;
use std::io;
use std::net::{ToSocketAddrs, UdpSocket};

use cadence::prelude::*;
use cadence::{MetricBuilder, StatsdClient, UdpMetricSink};
use spanwise_core::{EventStatus, TelemetryEvent};

use super::exporter::{ExportError, TelemetryExporter};

/// Sends what events measure to a StatsD server, over UDP, with tags as Datadog has them.
///
/// | Metric | Type | Tags | Of |
/// |---|---|---|---|
/// | `{prefix}.generation.duration` | timer, ms | `operation`, `provider`, `model`, `status` | model calls |
/// | `{prefix}.generation.tokens.input`, `….output` | counter | `operation`, `provider`, `model` | model calls whose usage is known |
/// | `{prefix}.generation.cost` | counter, billionths | `operation`, `provider`, `model`, `currency`, `source` | model calls whose cost is known |
/// | `{prefix}.tool.duration` | timer, ms | `tool`, `status` | tools |
/// | `{prefix}.orchestrator.duration` | timer, ms | `name`, `operation`, `status` | agents and workflows |
/// | `{prefix}.span.duration` | timer, ms | `name`, `status` | everything else |
/// | `{prefix}.errors` | counter | `event`, `error_type` | what failed |
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let exporter = spanwise::StatsdExporter::udp("127.0.0.1:8125", "llm")?;
/// let id = spanwise::add_exporter(exporter);
/// # spanwise::remove_exporter(id);
/// # Ok(()) }
/// ```
pub struct StatsdExporter(StatsdClient);

impl StatsdExporter {
    /// Sends to this server, metrics that begin with `prefix`.
    ///
    /// # Errors
    ///
    /// Where the address has no meaning, or there is no socket to send from.
    pub fn udp(server: impl ToSocketAddrs, prefix: &str) -> io::Result<Self> {
        let server = server.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let own = if server.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(own)?;
        socket.set_nonblocking(true)?;
        let sink = UdpMetricSink::from(server, socket).map_err(io::Error::other)?;
        Ok(Self(StatsdClient::from_sink(prefix, sink)))
    }

    fn send(&self, event: &TelemetryEvent) -> Result<(), cadence::MetricError> {
        let (name, tags) = described(event);
        if let Some(duration) = event.duration() {
            let metric = format!("{name}.duration");
            let timer = tagged(self.0.time_with_tags(&metric, duration), &tags);
            timer.with_tag("status", status(event.status())).try_send()?;
        }
        if let TelemetryEvent::Generation(generation) = event
            && let Some(usage) = generation.usage
        {
            for (metric, tokens) in [
                ("generation.tokens.input", usage.input_tokens()),
                ("generation.tokens.output", usage.output_tokens()),
            ] {
                if let Some(tokens) = tokens {
                    tagged(self.0.count_with_tags(metric, tokens), &tags).try_send()?;
                }
            }
        }
        if let TelemetryEvent::Generation(generation) = event
            && let Some(cost) = &generation.cost
        {
            // Counters of StatsD are whole numbers.
            let billionths = (cost.amount_f64() * 1e9).round() as u64;
            let counter = tagged(self.0.count_with_tags("generation.cost", billionths), &tags);
            let currency = cost.currency();
            let counter = counter.with_tag("currency", currency.as_str());
            counter.with_tag("source", cost.source().as_str()).try_send()?;
        }
        if let Some(error) = event.error() {
            let errors = self.0.count_with_tags("errors", 1_u64).with_tag("event", name);
            errors.with_tag("error_type", &clean(&error.kind)).try_send()?;
        }
        Ok(())
    }
}

/// The beginning of its metrics, and their tags.
fn described(event: &TelemetryEvent) -> (&'static str, Vec<(&'static str, String)>) {
    let (name, tags): (_, Vec<(&'static str, &str)>) = match event {
        TelemetryEvent::Generation(event) => (
            "generation",
            vec![
                ("operation", &event.operation),
                ("provider", event.provider.as_deref().unwrap_or_default()),
                ("model", &event.model),
            ],
        ),
        TelemetryEvent::ToolExecution(event) => ("tool", vec![("tool", &event.tool_name)]),
        TelemetryEvent::Orchestrator(event) => {
            ("orchestrator", vec![("name", &event.name), ("operation", &event.operation)])
        }
        TelemetryEvent::Span(event) => ("span", vec![("name", &event.name)]),
        _ => ("span", Vec::new()),
    };
    let filled = tags.into_iter().filter(|(_, value)| !value.is_empty());
    (name, filled.map(|(key, value)| (key, clean(value))).collect())
}

/// A value that does not end its tag, its metric or its line.
fn clean(value: &str) -> String {
    value.replace(['|', ',', '#', ':', '@', '\n', '\r'], "_")
}

fn status(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Completed => "completed",
        EventStatus::Failed => "failed",
        EventStatus::Cancelled => "cancelled",
    }
}

fn tagged<'m, 'c, M>(
    metric: MetricBuilder<'m, 'c, M>,
    tags: &'m [(&'static str, String)],
) -> MetricBuilder<'m, 'c, M>
where
    M: cadence::Metric + From<String>,
{
    tags.iter().fold(metric, |metric, (key, value)| metric.with_tag(key, value))
}

impl TelemetryExporter for StatsdExporter {
    async fn export(&self, event: &TelemetryEvent) -> Result<(), ExportError> {
        self.send(event).map_err(|_| ExportError::new("not sent"))
    }
}

impl fmt::Debug for StatsdExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatsdExporter")
    }
}
