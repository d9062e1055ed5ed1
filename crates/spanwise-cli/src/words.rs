//! Numbers, as people read them.

use std::time::{Duration, SystemTime};

use spanwise::Signal;

pub(crate) fn signal(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "traces",
        Signal::Metrics => "metrics",
        Signal::Logs => "logs",
        Signal::Feedback => "feedback",
    }
}

/// So many items of a signal.
pub(crate) fn items(signal: Signal, count: u64) -> String {
    let item = match signal {
        Signal::Traces => "span",
        Signal::Metrics => "point",
        Signal::Logs => "log record",
        Signal::Feedback => "score",
    };
    counted(count, item)
}

pub(crate) fn counted(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{size:.1} {}", UNITS[unit]) }
}

/// How long ago that was.
pub(crate) fn age(time: SystemTime) -> String {
    let age = time.elapsed().unwrap_or(Duration::ZERO).as_secs();
    match age {
        0..60 => format!("{age} s"),
        60..3600 => format!("{} min", age / 60),
        3600..172_800 => format!("{} h", age / 3600),
        _ => format!("{} days", age / 86_400),
    }
}

/// What a file says, with nothing in it that could move the cursor.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        let sizes = [0, 1023, 1024, 1536, 256 << 20, 5 << 40].map(bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "256.0 MiB", "5120.0 GiB"]);
    }

    #[test]
    fn ages_have_the_unit_that_fits() {
        let ages = [3, 61, 7200, 300_000]
            .map(|seconds| age(SystemTime::now() - Duration::from_secs(seconds)));
        assert_eq!(ages, ["3 s", "1 min", "2 h", "3 days"]);
        assert_eq!(age(SystemTime::now() + Duration::from_secs(60)), "0 s");
    }
}
