//! Our tables to the one file that `assert_conformant` of `spanwise-testing` judges by.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::table::{Earlier, Table};

/// All tables in one, as JSON with one fact a line: a change upstream is a small change here.
pub(crate) fn conventions(genai: &Table, spanwise: &Table, v1_41: &Earlier) -> Result<String> {
    let mut all = serde_json::to_value(genai)?;
    merge(&mut all, serde_json::to_value(spanwise)?);
    merge(&mut all, serde_json::json!({ "earlier": v1_41 }));

    // Whatever feature of `serde_json` someone turns on, the file is the same.
    all.sort_all_objects();

    let mut text = String::from("{\n");
    let sections = all.as_object().context("a table is an object")?;
    for (at, (name, section)) in sections.iter().enumerate() {
        let comma = if at + 1 < sections.len() { "," } else { "" };
        let _ = writeln!(text, "{}: {}{comma}", serde_json::to_string(name)?, lines(section)?);
    }
    text.push_str("}\n");
    Ok(text)
}

fn lines(section: &Value) -> Result<String> {
    let Some(facts) = section.as_object() else {
        return Ok(serde_json::to_string(section)?);
    };
    let facts: Vec<String> = facts
        .iter()
        .map(|(name, fact)| Ok(format!("  {}: {fact}", serde_json::to_string(name)?)))
        .collect::<Result<_>>()?;
    Ok(format!("{{\n{}\n}}", facts.join(",\n")))
}

/// Adds what `more` says to what is there; no table repeats another.
fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}
