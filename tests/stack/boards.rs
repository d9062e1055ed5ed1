//! Every panel and every rule of `dashboards/`, asked of Prometheus behind the Collector.

use serde_json::Value;

use crate::machine::Machine;
use crate::process::ask;
use crate::support::boards::{
    Api, Done, check_budgets, check_panel, check_rules, check_totals, panels, query,
    until_all_is_there,
};
use crate::support::told_by_example;

impl Api for &Machine {
    #[track_caller]
    fn ask_until(&mut self, path: &str, holds: &dyn Fn(&Value) -> bool) -> Value {
        ask(self.prometheus, path, |answer| holds(answer).then(|| answer.clone()))
    }
}

/// A load's own service, of the namespace that says how it sends.
fn load(way: &str, protocol: &str, endpoint: &str) -> String {
    told_by_example(
        "telemetry_load",
        &["--seconds", "15", "--rate", "20"],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_RESOURCE_ATTRIBUTES", &format!("service.namespace={way}")),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
        ],
    )
}

#[test]
fn every_panel_and_every_rule_has_its_answer_over_grpc_and_over_http() {
    let Some(machine) = Machine::start(&["prometheus"]) else { return };
    let ways = machine.ways();
    let jobs = ways.each_ref().map(|(way, ..)| format!("{way}/telemetry-load"));
    let loads = ways.map(|(way, protocol, endpoint)| {
        std::thread::spawn(move || load(way, protocol, &endpoint))
    });
    let (panels, server) = (panels(), &mut &machine);
    for job in &jobs {
        let turns = format!("sum(gen_ai_invoke_agent_duration_seconds_count{{job=\"{job}\"}})");
        query(server, &turns, |answer| answer.first().is_some_and(|(_, turns)| *turns > 150.0));
        // What the boards offer to choose from.
        query(server, &format!("target_info{{job=\"{job}\"}}"), |answer| !answer.is_empty());
        for panel in &panels {
            check_panel(server, panel, job);
        }
    }
    check_rules(server, &jobs.each_ref().map(String::as_str));
    let told = loads.map(|load| load.join().unwrap());
    for (job, told) in jobs.iter().zip(&told) {
        let done = Done::of([&**told]);
        until_all_is_there(server, job, &done);
        for panel in &panels {
            check_totals(server, panel, job, &done);
        }
        check_budgets(server, job, &done);
    }
}
