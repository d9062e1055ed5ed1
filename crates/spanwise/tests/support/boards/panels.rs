//! Each query of each panel, as Grafana asks it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::{Answered, Api, files, query};

/// One query of one panel.
pub struct Panel {
    /// The board and the panel.
    pub name: String,
    pub unit: String,
    pub legend: String,
    pub query: String,
}

/// All of all boards.
pub fn panels() -> Vec<Panel> {
    let mut all = Vec::new();
    for file in files("dashboards", "json") {
        let board: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for panel in board["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                all.push(Panel {
                    name: format!("{}: {}", text(&board["title"]), text(&panel["title"])),
                    unit: text(&panel["fieldConfig"]["defaults"]["unit"]),
                    legend: text(&target["legendFormat"]),
                    query: text(&target["expr"]),
                });
            }
        }
    }
    assert!(all.len() > 40);
    all
}

/// What the conventions of 1.41 do not count.
const ONLY_TODAY: [&str; 2] =
    ["Tokens and cost: Input from the cache", "Tokens and cost: Reasoning in the output"];

/// Shares that go beyond the whole.
const BEYOND: [&str; 2] = ["Tokens and cost: Budgets used", "Tokens and cost: Budget burn"];

impl Panel {
    /// Whether services by the conventions of 1.41 have nothing for it.
    pub fn only_today(&self) -> bool {
        ONLY_TODAY.contains(&&*self.name)
    }

    /// What its legend says of an answer.
    pub fn legend_of(&self, labels: &BTreeMap<String, String>) -> String {
        let mut parts = self.legend.split("{{");
        let mut legend = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (label, rest) = part.split_once("}}").unwrap();
            legend.push_str(labels.get(label).map_or("", |value| value));
            legend.push_str(rest);
        }
        legend
    }
}

/// Asks one panel's query for one job, and looks whether the answer can be right.
#[track_caller]
pub fn check_panel(server: &mut dyn Api, panel: &Panel, job: &str) -> Answered {
    let Panel { name, unit, legend, query: text } = panel;
    let text = text.replace("$service", job);
    let text = text.replace("$__rate_interval", "1m").replace("$__range", "1m");
    assert!(!text.contains('$'), "{name}: {text}");
    let finite = |answer: &Answered| {
        !answer.is_empty() && answer.iter().all(|(_, number)| number.is_finite())
    };
    let answer = query(server, &text, finite);
    let labels = legend.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0);
    for label in labels {
        for (told, _) in &answer {
            assert!(told.get(label).is_some_and(|value| !value.is_empty()), "{name}: {told:?}");
        }
    }
    let most = match unit.as_str() {
        "percentunit" if !BEYOND.contains(&&**name) => 1.0,
        "s" => 60.0,
        _ => f64::MAX,
    };
    for (told, number) in &answer {
        assert!((0.0..=most).contains(number), "{name}: {number} of {told:?}");
    }
    answer
}
