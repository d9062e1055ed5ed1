//! What calls cost, on the whole path: spans, events and metrics say the same, and what cannot be used stops the start.

mod support;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use spanwise::{
    Agent, ChannelExporter, CostTotals, Currency, Decimal, Environment, Generation, PriceTable,
    Prices, Provider, TelemetryConfig, TelemetryEvent, Usage,
};
use support::{Receiver, attribute, block_on, config, isolated};

const OWN: &str =
    "version = \"contract\"\n[[prices]]\nmodel = \"house-*\"\ninput = 0.15\noutput = 0.6";

#[test]
fn sums_by_spans_and_events_are_equal_and_the_metrics_is_within_a_billionth() {
    isolated!({
        let receiver = Receiver::start();
        let prices = Prices::none().own(PriceTable::from_toml(OWN).unwrap());
        let config = config().endpoint(receiver.http_url()).pricing(prices);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let (exporter, mut events) = ChannelExporter::new(2000);
        spanwise::add_exporter(exporter);
        let work = Agent::new("triage").run_sync(|_| {
            for call in 0..500_u64 {
                let generation = Generation::chat(Provider::from("house"), "house-7b").start();
                generation.usage(Usage::new(1 + call * 7 % 1000, 1 + call * 13 % 300));
                generation.finish();
            }
            Generation::chat(Provider::from("house"), "unheard-of").start().finish();
            Ok::<_, std::io::Error>(())
        });
        work.unwrap();
        block_on(async {
            assert!(spanwise::flush_exporters(support::PATIENCE).await);
            telemetry.shutdown().await;
        });

        let mut by_events = CostTotals::default();
        let mut around = None;
        while let Some(event) = events.try_receive() {
            match event {
                TelemetryEvent::Generation(event) => {
                    event.cost.iter().for_each(|cost| by_events.add(cost));
                }
                TelemetryEvent::Orchestrator(event) => around = Some(event.total_cost),
                _ => {}
            }
        }
        let by_spans: Decimal = receiver
            .spans()
            .iter()
            .filter_map(|span| match attribute(&span.attributes, "spanwise.cost.amount")? {
                Value::DoubleValue(amount) => amount.to_string().parse::<Decimal>().ok(),
                _ => None,
            })
            .sum();
        let (mut by_metric, mut missed) = (0.0, 0);
        for metric in receiver.metrics() {
            let Some(Data::Sum(sum)) = metric.data else { continue };
            for point in sum.data_points {
                let source = support::text(&point.attributes, "spanwise.cost.source");
                match (metric.name.as_str(), point.value) {
                    ("spanwise.cost", Some(Number::AsDouble(amount))) => by_metric += amount,
                    ("spanwise.cost.calls", Some(Number::AsInt(calls))) if source == "none" => {
                        missed += calls;
                    }
                    _ => {}
                }
            }
        }
        let expected: u64 =
            (0..500_u64).map(|call| 15 * (1 + call * 7 % 1000) + 60 * (1 + call * 13 % 300)).sum();
        let expected = Decimal::from(expected) / Decimal::from(100_000_000);
        assert_eq!(by_events.get(Currency::USD), Some(expected));
        assert_eq!(around.unwrap(), by_events);
        assert_eq!(by_spans, expected);
        let difference = by_metric - expected.to_string().parse::<f64>().unwrap();
        assert!(difference.abs() < 1e-9, "{difference}");
        assert_eq!(missed, 1);
    });
}

fn starting(prices: &str) -> Result<(), String> {
    let environment = Environment::from_iter([("SPANWISE_PRICES", prices)]);
    let config = TelemetryConfig::new("test").environment(environment);
    spanwise::init_telemetry(config).map(drop).map_err(|error| error.to_string())
}

#[test]
fn prices_that_cannot_be_used_stop_the_start_with_file_line_and_what_would_be_right() {
    isolated!({
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("prices.toml");
        std::fs::write(&path, "[[prices]]\nmodel = \"a\"\ninput = -1\n").unwrap();
        let path = path.to_str().unwrap();
        let error = starting(path).unwrap_err();
        assert!(error.starts_with("SPANWISE_PRICES names prices that cannot be used ("), "{error}");
        assert!(error.contains("prices.toml, line 3: a price is a decimal number"), "{error}");
        assert!(starting("nowhere.toml").unwrap_err().contains("cannot be read"));
        std::fs::write(path, OWN).unwrap();
        starting(path).unwrap();
    });
}

#[test]
fn a_budget_that_is_used_by_half_is_an_event_for_exporters() {
    isolated!({
        let receiver = Receiver::start();
        let budget = spanwise::Budget::tokens("daily", 100).thresholds([50]).build().unwrap();
        let config = config().endpoint(receiver.http_url()).budget(budget);
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let (exporter, mut events) = ChannelExporter::new(100);
        spanwise::add_exporter(exporter);
        for _ in 0..3 {
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
            generation.usage(Usage::new(20, 10));
            generation.finish();
        }
        block_on(async {
            assert!(spanwise::flush_exporters(support::PATIENCE).await);
            telemetry.shutdown().await;
        });
        let events = std::iter::from_fn(|| events.try_receive());
        let thresholds: Vec<_> = events
            .filter_map(|event| match event {
                TelemetryEvent::Span(event) => Some(event),
                _ => None,
            })
            .collect();
        let [threshold] = &thresholds[..] else { panic!("{thresholds:?}") };
        assert_eq!(threshold.name, "budget.threshold");
        assert_eq!(threshold.attributes["spanwise.budget.name"], "daily");
        assert_eq!(threshold.attributes["spanwise.budget.spent"], 60.0);
    });
}
