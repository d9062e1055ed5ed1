//! Names as Prometheus has them.
//!
//! Source: [Prometheus compatibility](https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/)

use super::family::Kind;

/// A metric's name with its unit, and the unit in words, which may be none. `_total` is not part of it.
pub(super) fn of_metric(name: &str, unit: &str, kind: Kind) -> (String, String) {
    let mut words = words(name);
    let unit = unit_in_words(unit, kind);
    for word in unit.split('_').filter(|word| !word.is_empty()) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    match kind {
        Kind::Counter => words.retain(|word| *word != "total"),
        // At the end, wherever it stood.
        Kind::Gauge if unit == "ratio" => {
            words.retain(|word| *word != "ratio");
            words.push("ratio");
        }
        Kind::Gauge | Kind::Histogram => {}
    }
    let mut told = words.join("_");
    if !told.starts_with(|first: char| first.is_ascii_alphabetic()) {
        told.insert(0, '_');
    }
    // OpenMetrics wants a unit at the very end, and nowhere else.
    let unit = if told.ends_with(&format!("_{unit}")) { unit } else { String::new() };
    (told, unit)
}

/// An attribute's key.
pub(super) fn of_label(key: &str) -> String {
    let mut told = String::with_capacity(key.len());
    for character in key.chars() {
        let character = if character.is_ascii_alphanumeric() { character } else { '_' };
        if character != '_' || !told.ends_with('_') {
            told.push(character);
        }
    }
    if !told.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        told.insert(0, '_');
    }
    told
}

fn words(name: &str) -> Vec<&str> {
    // Colons are for rules.
    name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// A UCUM unit; annotations in braces say nothing.
fn unit_in_words(unit: &str, kind: Kind) -> String {
    let unit = match unit.split_once('{') {
        Some((before, rest)) => {
            format!("{before}{}", rest.split_once('}').map_or("", |(_, after)| after))
        }
        None => unit.to_owned(),
    };
    let unit = unit.trim();
    if unit == "1" {
        return if kind == Kind::Gauge { "ratio".to_owned() } else { String::new() };
    }
    let Some((many, one)) = unit.split_once('/') else { return several(unit) };
    let (many, one) = (several(many.trim()), single(one.trim()));
    match (many.is_empty(), one.is_empty()) {
        (_, true) => many,
        (true, false) => format!("per_{one}"),
        (false, false) => format!("{many}_per_{one}"),
    }
}

fn several(unit: &str) -> String {
    let word = match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        "$" => "dollars",
        "1" => "",
        other => return words(other).join("_"),
    };
    word.to_owned()
}

fn single(unit: &str) -> String {
    let word = match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        other => return words(other).join("_"),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_translation() {
        use Kind::{Counter, Gauge, Histogram};

        for (name, unit, kind, told) in [
            (
                "gen_ai.client.inference.duration",
                "s",
                Histogram,
                "gen_ai_client_inference_duration_seconds",
            ),
            ("gen_ai.client.token.usage", "{token}", Histogram, "gen_ai_client_token_usage"),
            ("spanwise.cache.size", "By", Gauge, "spanwise_cache_size_bytes"),
            ("spanwise.checklist.pass_rate", "1", Histogram, "spanwise_checklist_pass_rate"),
            ("queue.fill", "1", Gauge, "queue_fill_ratio"),
            ("queue.ratio.now", "1", Gauge, "queue_now_ratio"),
            ("requests.total", "{request}", Counter, "requests"),
            ("total.requests", "", Counter, "requests"),
            ("speed", "m/s", Gauge, "speed_meters_per_second"),
            ("rate", "{packet}/s", Gauge, "rate_per_second"),
            ("wait.seconds", "s", Gauge, "wait_seconds"),
            ("__odd..name--x:y", "", Gauge, "odd_name_x_y"),
            ("4xx", "", Gauge, "_4xx"),
            ("größe", "", Gauge, "gr_e"),
            ("", "", Gauge, "_"),
            ("cost", "USD", Counter, "cost_USD"),
        ] {
            assert_eq!(of_metric(name, unit, kind).0, told, "{name}");
        }
    }

    #[test]
    fn labels_have_no_characters_that_labels_have_not() {
        for (key, told) in [
            ("gen_ai.request.model", "gen_ai_request_model"),
            ("a..b", "a_b"),
            ("1st", "_1st"),
            ("__name__", "_name_"),
            ("ä", "_"),
            ("", "_"),
        ] {
            assert_eq!(of_label(key), told, "{key}");
        }
    }
}
