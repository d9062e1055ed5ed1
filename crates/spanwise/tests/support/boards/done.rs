//! What the boards say, compared with what was done.
//!
//! Rates are about a minute, and Prometheus guesses at its edges. With the last total of each series in place of its rate, the
//! same query has to answer what was done, to the last call.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answered, Api, Panel, query};

/// What loads did, one or several together.
pub struct Done(Vec<Value>);

/// Each legend, and its number.
type Expected = BTreeMap<String, f64>;

impl Done {
    /// Of what each of them told.
    pub fn of<'a>(told: impl IntoIterator<Item = &'a str>) -> Self {
        Self(told.into_iter().map(|told| serde_json::from_str(told).unwrap()).collect())
    }

    /// This number of each of them that did it at all.
    fn each(&self, kind: &str, field: &str) -> Expected {
        let mut all = Expected::new();
        for (name, worked) in self.0.iter().flat_map(|done| done[kind].as_object().unwrap()) {
            *all.entry(name.clone()).or_default() += worked[field].as_f64().unwrap();
        }
        assert!(all.len() > 2, "{kind}: {all:?}");
        all
    }

    /// This number of all of them.
    fn all(&self, kind: &str, field: &str) -> f64 {
        self.each(kind, field).values().sum()
    }

    /// How often each of these happened.
    fn counted(&self, what: &str) -> Expected {
        let mut all = Expected::new();
        for (which, times) in
            self.0.iter().flat_map(|done| done["counted"][what].as_object().unwrap())
        {
            *all.entry(which.clone()).or_default() += times.as_f64().unwrap();
        }
        all
    }

    fn workflows(&self, field: &str) -> f64 {
        self.0.iter().map(|done| done["workflows"][field].as_f64().unwrap()).sum()
    }

    /// How many calls this budget refused.
    fn refused(&self, budget: &str) -> f64 {
        self.0.iter().map(|done| done["refused"][budget].as_f64().unwrap()).sum()
    }

    /// What a panel has to say of it, or nothing where that depends on the clock.
    fn expected(&self, panel: &Panel) -> Option<Expected> {
        let (_, title) = panel.name.split_once(": ").unwrap();
        let one = |number: f64| Expected::from([(panel.legend.clone(), number)]);
        let dollars = |number: f64| Expected::from([("USD".to_owned(), number / 1e6)]);
        let (calls, cost) = (self.all("models", "times"), self.all("models", "cost_micros"));
        let answered = calls - self.all("models", "failed");
        let of_model = |field: &str| self.each("models", field);
        let times = |all: Expected, by: f64| all.into_iter().map(|(it, n)| (it, n * by)).collect();
        Some(match (title, &*panel.legend) {
            ("Requests", _) => one(calls),
            ("Failed", _) => one(self.all("models", "failed") / calls),
            ("Requests by model", _) => of_model("times"),
            ("Requests by provider", _) => self.each("providers", "times"),
            ("Failures by kind", _) => self.counted("failures"),
            ("Share of failures by model", _) => over(of_model("failed"), &of_model("times")),
            ("Refused for limits", _) => self.counted("limits"),
            ("Retries and fallbacks", which) => one(self.counted("again")[which]),
            ("Cache hits", _) => {
                let cache = self.counted("cache");
                one(cache["hit"] / (cache["hit"] + cache["miss"]))
            }
            ("Cost", _) => dollars(cost),
            ("Cost of a request", _) => dollars(cost / answered),
            ("Cost an hour by model", _) => {
                let named = |(model, micros)| (format!("{model} USD"), 3600.0 * micros / 1e6);
                of_model("cost_micros").into_iter().map(named).collect()
            }
            ("Cost by day and model", _) => times(of_model("cost_micros"), 1e-6),
            ("Cost by user", _) => times(self.each("users", "cost_micros"), 1e-6),
            ("Priced and unpriced calls", _) => Expected::from([("own".to_owned(), answered)]),
            ("Input tokens", _) | ("Tokens by day", "input") => {
                one(self.all("models", "input_tokens"))
            }
            ("Output tokens", _) | ("Tokens by day", "output") => {
                one(self.all("models", "output_tokens"))
            }
            ("Input tokens by model", _) => of_model("input_tokens"),
            ("Output tokens by model", _) => of_model("output_tokens"),
            ("Tokens by user", legend) => {
                let kind = legend.rsplit(' ').next().unwrap();
                let users = self.each("users", &format!("{kind}_tokens"));
                users.into_iter().map(|(user, n)| (format!("{user} {kind}"), n)).collect()
            }
            ("Input from the cache", _) => {
                over(of_model("cached_tokens"), &of_model("input_tokens"))
            }
            ("Reasoning in the output", _) => {
                over(of_model("reasoning_tokens"), &of_model("output_tokens"))
            }
            ("Refused calls", _) => Expected::from([("trial".to_owned(), self.refused("trial"))]),
            ("Turns of agents", _) => self.each("agents", "times"),
            ("Share of failures by agent", _) => {
                over(self.each("agents", "failed"), &self.each("agents", "times"))
            }
            ("Retries of agents", _) => self.counted("retries of agents"),
            ("Model calls in a turn", _) => {
                over(self.counted("calls of agents"), &self.each("agents", "times"))
            }
            ("Tool calls in a turn", _) => {
                over(self.counted("tools of agents"), &self.each("agents", "times"))
            }
            ("Tool runs", _) => self.each("tools", "times"),
            ("Share of failures by tool", _) => {
                over(self.each("tools", "failed"), &self.each("tools", "times"))
            }
            ("Workflows", "all") => one(self.workflows("times")),
            ("Workflows", "failed") => one(self.workflows("failed")),
            ("Guards", _) => self.counted("guards"),
            ("Validations", _) => self.counted("validations"),
            ("Decisions of routers", _) => self.counted("routers"),
            _ => {
                let clock = ["histogram_quantile(", "spanwise_budget_", "spanwise_export_"];
                let knows = clock.iter().any(|part| panel.query.contains(part));
                assert!(knows, "{}: nothing says what is right", panel.name);
                return None;
            }
        })
    }
}

/// Each number over that of the same name.
fn over(all: Expected, whole: &Expected) -> Expected {
    all.into_iter().map(|(name, number)| (name.clone(), number / whole[&name])).collect()
}

/// The query with what there was in the end in place of rates.
fn of_totals(query: &str) -> String {
    let mut text =
        query.replace("increase(", "last_over_time(").replace("rate(", "last_over_time(");
    for range in ["[$__rate_interval]", "[$__range]", "[1d]"] {
        text = text.replace(range, "[1h]");
    }
    text
}

/// Waits until all turns of these jobs have arrived.
#[track_caller]
pub fn until_all_is_there(server: &mut dyn Api, jobs: &str, done: &Done) {
    let turns = done.workflows("times");
    let count = "gen_ai_invoke_workflow_duration_seconds_count";
    query(server, &format!("sum(last_over_time({count}{{job=~\"{jobs}\"}}[1h]))"), |answer| {
        answer.first().is_some_and(|(_, number)| *number == turns)
    });
}

/// What a panel answers where totals stand in place of rates.
#[track_caller]
fn totals(server: &mut dyn Api, panel: &Panel, jobs: &str) -> Expected {
    let answer = query(server, &of_totals(&panel.query).replace("$service", jobs), |_| true);
    answer.iter().map(|(labels, number)| (panel.legend_of(labels), *number)).collect()
}

/// Compares a panel's answer for these jobs with what they did.
#[track_caller]
pub fn check_totals(server: &mut dyn Api, panel: &Panel, jobs: &str, done: &Done) {
    let Some(expected) = done.expected(panel) else { return };
    let answer = totals(server, panel, jobs);
    let same = answer.keys().eq(expected.keys())
        && answer
            .iter()
            .all(|(legend, number)| (number - expected[legend]).abs() < 1e-6 * number.max(1.0));
    assert!(same, "{} of {jobs}: {answer:#?} instead of {expected:#?}", panel.name);
}

/// Whether a percentile of two jobs together lies between those of each.
#[track_caller]
pub fn check_between(server: &mut dyn Api, panel: &Panel, jobs: [&str; 2]) {
    if !panel.query.contains("histogram_quantile(") {
        return;
    }
    let [first, second] = jobs.map(|job| totals(server, panel, job));
    let together = totals(server, panel, &jobs.join("|"));
    assert!(!together.is_empty(), "{}", panel.name);
    for (legend, number) in together {
        let (Some(one), Some(other)) = (first.get(&legend), second.get(&legend)) else { continue };
        let (least, most) = (one.min(*other), one.max(*other));
        let between = match most - least {
            nothing if nothing < 1e-6 => (number - least).abs() < 1e-6,
            _ => least < number && number < most,
        };
        assert!(between, "{}, {legend}: {number} of {one} and {other}", panel.name);
    }
}

/// Whether the budgets' metrics say what was spent and refused.
#[track_caller]
pub fn check_budgets(server: &mut dyn Api, job: &str, done: &Done) {
    let last = |name: &str| {
        format!("max by (spanwise_budget_name) (last_over_time({name}{{job=\"{job}\"}}[1h]))")
    };
    let mut number = |text: &str, budget: &str| {
        let of = |answer: &Answered| {
            let mut its = answer.iter().filter(|(it, _)| it["spanwise_budget_name"] == budget);
            its.next().map(|(_, number)| *number)
        };
        of(&query(server, text, |answer| of(answer).is_some())).unwrap()
    };
    let (used, limit) = (last("spanwise_budget_use_ratio"), last("spanwise_budget_limit"));
    let spent = number(&format!("{used} * {limit}"), "load");
    let told = done.all("models", "cost_micros");
    assert!((1e6 * spent - told).abs() < 1e-3, "{job}: {spent} of {told}");
    let refused = done.refused("trial");
    assert!(refused > 0.0);
    assert_eq!(number(&last("spanwise_budget_refusals_total"), "trial"), refused, "{job}");
}
