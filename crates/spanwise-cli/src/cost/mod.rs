//! `spanwise cost`: what calls used and cost, by a ledger.

mod table;
mod time;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use spanwise::{CostBy, CostRow, CostSum, LedgerReader};

/// Sums up what model calls used and cost, by the ledger that programs keep.
///
/// Programs keep one with `TelemetryConfig::ledger` or SPANWISE_LEDGER. It is read while they write, and stays as it is.
/// Days and months are those of UTC.
#[derive(Args, Debug)]
pub(crate) struct Cost {
    /// The ledger: what SPANWISE_LEDGER or `TelemetryConfig::ledger` names.
    #[arg(long, value_name = "FILE", env = "SPANWISE_LEDGER")]
    ledger: PathBuf,
    /// From when: a date such as 2026-11-01, or a time such as 2026-11-01T08:00:00Z. Defaults to the first of this month.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when: the end of a date, or just before a time. Defaults to now.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// By what: model, provider, operation, day, month, session, user, tenant, agent, workflow, step; several with commas.
    #[arg(long, value_name = "WORDS", value_delimiter = ',', default_value = "model")]
    by: Vec<CostBy>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people; in a terminal with a bar for each row.
    Table,
    /// An object with a list of rows, and the total.
    Json,
    /// With a row for each currency.
    Csv,
}

impl Cost {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let from = match &self.from {
            Some(text) => time::begin(text)?,
            None => time::this_month()?,
        };
        let to = match &self.to {
            Some(text) => time::end(text)?,
            None => SystemTime::now(),
        };
        if to <= from {
            bail!("--to is not after --from: nothing lies between them");
        }
        let ledger = LedgerReader::open(self.ledger)?;
        let rows = ledger.costs(from, to, &self.by)?;
        let total = total(&rows);
        let text = match self.format {
            Format::Table => {
                let terminal = io::stdout().is_terminal().then(terminal_size::terminal_size);
                let width = terminal.map(|size| size.map_or(80, |(width, _)| width.0.into()));
                table::table(rows, &total, &self.by, width)
            }
            Format::Json => as_json(&rows, &total, &self.by, (from, to))?,
            Format::Csv => as_csv(&rows, &self.by)?,
        };
        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(())
    }
}

fn total(rows: &[CostRow]) -> CostSum {
    rows.iter().map(|row| &row.sum).sum()
}

fn as_json(
    rows: &[CostRow],
    total: &CostSum,
    by: &[CostBy],
    (from, to): (SystemTime, SystemTime),
) -> anyhow::Result<String> {
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let named = by.iter().zip(&row.of);
        let mut object: Map<_, _> =
            named.map(|(by, of)| (by.name().to_owned(), Value::from(of.clone()))).collect();
        if let Value::Object(sum) = serde_json::to_value(&row.sum)? {
            object.extend(sum);
        }
        list.push(Value::Object(object));
    }
    let all =
        json!({ "from": time::text(from), "to": time::text(to), "rows": list, "total": total });
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

const SUMS: [&str; 10] = [
    "requests",
    "errors",
    "unpriced",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost",
    "currency",
];

/// What costs in several currencies has further lines, which say nothing but the cost.
fn as_csv(rows: &[CostRow], by: &[CostBy]) -> anyhow::Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(by.iter().map(|by| by.name()).chain(SUMS))?;
    for CostRow { of, sum } in rows {
        let counts = [
            sum.requests,
            sum.errors,
            sum.unpriced,
            sum.input_tokens,
            sum.output_tokens,
            sum.cache_read_tokens,
            sum.cache_write_tokens,
            sum.reasoning_tokens,
        ];
        let of = of.iter().map(|of| of.clone().unwrap_or_default());
        let mut costs = sum.cost.iter();
        let (amount, currency) =
            costs.next().map_or_else(Default::default, |(currency, amount)| {
                (amount.to_string(), currency.to_string())
            });
        let counted = counts.map(|count| count.to_string());
        csv.write_record(of.clone().chain(counted).chain([amount, currency]))?;
        for (currency, amount) in costs {
            let zeros = counts.map(|_| "0".to_owned());
            let cost = [amount.to_string(), currency.to_string()];
            csv.write_record(of.clone().chain(zeros).chain(cost))?;
        }
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}
