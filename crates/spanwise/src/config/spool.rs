//! What is kept on disk until it can be delivered.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::env::Reader;
use crate::error::{InitError, Source};

/// A spool: what cannot be delivered now waits on disk, in this process and for the next.
///
/// Each signal's way to each destination has a spool of its own below the directory, which several
/// processes may share; what a process left that is no more is delivered by another with the same
/// destination. Files are readable by their owner alone (0600; folders 0700), and hold what would have been
/// sent, after redaction.
///
/// What is not said here is taken from the environment (`SPANWISE_SPOOL_*`), and then has its default.
///
/// ```
/// # use std::time::Duration;
/// # use spanwise::{SpoolSettings, SpoolSync};
/// let spool = SpoolSettings::new("/var/lib/support-bot/telemetry")
///     .max_bytes(64 << 20)
///     .max_age(Duration::from_secs(24 * 3600))
///     .sync(SpoolSync::Rotation);
/// # let _ = spool;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a spool is used once it is part of a configuration"]
pub struct SpoolSettings {
    directory: PathBuf,
    max_bytes: Option<u64>,
    max_age: Option<Duration>,
    sync: Option<SpoolSync>,
    write_ahead: Option<bool>,
    write_ahead_within: Option<Duration>,
}

impl SpoolSettings {
    /// A spool in this directory, which is made when it is needed.
    ///
    /// From the environment: `SPANWISE_SPOOL_DIR`, without which, and without code, nothing is spooled.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            max_bytes: None,
            max_age: None,
            sync: None,
            write_ahead: None,
            write_ahead_within: None,
        }
    }

    /// How many bytes of disk each signal to each destination may take, in each process. Beyond it the
    /// oldest are dropped, and counted as [`SpoolFull`](crate::DropReason).
    ///
    /// Defaults to `SPANWISE_SPOOL_MAX_BYTES`, then to 256 MiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// How long something waits at most before it is dropped, and counted.
    ///
    /// Defaults to `SPANWISE_SPOOL_MAX_AGE` in milliseconds, then to three days: a weekend.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// When the disk is asked to be done with writing.
    ///
    /// Defaults to `SPANWISE_SPOOL_SYNC` (`never`, `rotation`, `always`), then to
    /// [`SpoolSync::Rotation`].
    pub fn sync(mut self, sync: SpoolSync) -> Self {
        self.sync = Some(sync);
        self
    }

    /// Whether everything goes to disk before it is sent, so that being killed loses of spans, log records and
    /// feedback no more than what was recorded in the last 100 ms, or in the time of
    /// [`write_ahead_within`](Self::write_ahead_within).
    ///
    /// Metrics are on disk once they are collected, which is every 60 s unless `OTEL_METRIC_EXPORT_INTERVAL` or
    /// [`metric_export`](crate::TelemetryConfig::metric_export) says otherwise. Being killed loses what was
    /// measured since they were collected last, whatever the temporality: the next process counts from zero.
    ///
    /// Defaults to `SPANWISE_SPOOL_WRITE_AHEAD`, then to no: only what cannot be delivered goes to disk.
    pub fn write_ahead(mut self, write_ahead: bool) -> Self {
        self.write_ahead = Some(write_ahead);
        self
    }

    /// [Writes ahead](Self::write_ahead), and says how soon: what is recorded is on disk within this time. The
    /// shorter it is, the smaller the batches, and the more requests are sent.
    ///
    /// At least 20 ms, since encoding and writing take their time, and a busy machine adds its own. Defaults to
    /// `SPANWISE_SPOOL_WRITE_AHEAD_WITHIN` in milliseconds, which does not write ahead by itself, then to
    /// 100 ms.
    pub fn write_ahead_within(mut self, time: Duration) -> Self {
        self.write_ahead = Some(true);
        self.write_ahead_within = Some(time);
        self
    }
}

/// When the spool asks the disk to be done with writing (`fdatasync`).
///
/// What was written survives the death of the process, by `kill -9` too, with every one of them: the
/// operating system has it. They differ in what survives the death of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpoolSync {
    /// `never`: the operating system decides, usually within half a minute.
    Never,
    /// `rotation`: when a segment is closed, by size (up to 4 MiB), by age (a minute) or at the end. A power
    /// loss costs the last segment at most.
    #[default]
    Rotation,
    /// `always`: before a record counts as stored. A power loss costs nothing that was spooled; each record
    /// costs a write to the disk itself.
    Always,
}

impl SpoolSync {
    const WORDS: &str = "one of never, rotation, always";

    const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Rotation => "rotation",
            Self::Always => "always",
        }
    }
}

impl FromStr for SpoolSync {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [Self::Never, Self::Rotation, Self::Always];
        all.into_iter().find(|sync| sync.name().eq_ignore_ascii_case(word)).ok_or(())
    }
}

/// The spool, settled: code, then the environment, then the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spooling {
    pub(crate) directory: PathBuf,
    pub(crate) max_bytes: u64,
    pub(crate) max_age: Duration,
    pub(crate) sync: SpoolSync,
    /// Everything goes to disk before it is sent, and is there within this time.
    pub(crate) write_ahead: Option<Duration>,
}

impl Spooling {
    const MAX_BYTES: u64 = 256 << 20;
    const MAX_AGE: Duration = Duration::from_secs(3 * 24 * 3600);
    const WITHIN: Duration = Duration::from_millis(100);
    const LEAST_WITHIN: Duration = Duration::from_millis(20);

    /// `None` where neither code nor the environment names a directory.
    pub(crate) fn settle(
        in_code: Option<&SpoolSettings>,
        reader: &mut Reader<'_>,
    ) -> Result<Option<Self>, InitError> {
        let from_env;
        let settings = match in_code {
            Some(settings) => settings,
            None => match reader.environment().get("SPANWISE_SPOOL_DIR") {
                Some(directory) => {
                    from_env = SpoolSettings::new(directory);
                    &from_env
                }
                None => return Ok(None),
            },
        };
        settings.check()?;
        let max_bytes = settings.max_bytes.or_else(|| {
            let read = reader.count("SPANWISE_SPOOL_MAX_BYTES", Self::MAX_BYTES as usize);
            read.map(|bytes| bytes as u64)
        });
        let max_age = match settings.max_age {
            Some(age) => age,
            None => max_age(reader),
        };
        let sync = settings.sync.or_else(|| {
            let default = SpoolSync::default().name();
            reader
                .parsed("SPANWISE_SPOOL_SYNC", SpoolSync::WORDS, default, |word| word.parse().ok())
        });
        let write_ahead =
            settings.write_ahead.or_else(|| reader.boolean("SPANWISE_SPOOL_WRITE_AHEAD"));
        let within = settings.write_ahead_within.unwrap_or_else(|| write_ahead_within(reader));
        Ok(Some(Self {
            directory: settings.directory.clone(),
            max_bytes: max_bytes.unwrap_or(Self::MAX_BYTES),
            max_age,
            sync: sync.unwrap_or_default(),
            write_ahead: write_ahead.unwrap_or_default().then_some(within),
        }))
    }
}

fn max_age(reader: &mut Reader<'_>) -> Duration {
    const VARIABLE: &str = "SPANWISE_SPOOL_MAX_AGE";
    match reader.millis(VARIABLE, Spooling::MAX_AGE) {
        Some(Duration::ZERO) => {
            let default = Spooling::MAX_AGE.as_millis();
            reader.warn(format!("{VARIABLE} is 0; the default of {default} ms is in force"));
            Spooling::MAX_AGE
        }
        age => age.unwrap_or(Spooling::MAX_AGE),
    }
}

fn write_ahead_within(reader: &mut Reader<'_>) -> Duration {
    const VARIABLE: &str = "SPANWISE_SPOOL_WRITE_AHEAD_WITHIN";
    let (least, default) = (Spooling::LEAST_WITHIN, Spooling::WITHIN);
    match reader.millis(VARIABLE, default) {
        Some(time) if time < least => {
            let (least, default) = (least.as_millis(), default.as_millis());
            reader.warn(format!(
                "{VARIABLE} is less than {least} ms; the default of {default} ms is in force"
            ));
            Spooling::WITHIN
        }
        time => time.unwrap_or(default),
    }
}

impl SpoolSettings {
    fn check(&self) -> Result<(), InitError> {
        let source = Source::code("spool");
        if self.directory.as_os_str().is_empty() {
            return Err(source.invalid("names no directory", "give the path of one"));
        }
        if self.max_bytes == Some(0) {
            return Err(source.invalid("may take no bytes", "give `max_bytes` some, or no spool"));
        }
        if self.max_age == Some(Duration::ZERO) {
            return Err(source.invalid("may keep nothing", "give `max_age` some, or no spool"));
        }
        if self.write_ahead_within.is_some_and(|time| time < Spooling::LEAST_WITHIN) {
            return Err(source.invalid(
                "has too little time to write ahead",
                "give `write_ahead_within` at least 20 ms, such as the default of 100 ms",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Environment;

    fn settle(
        in_code: Option<&SpoolSettings>,
        variables: &[(&str, &str)],
    ) -> (Result<Option<Spooling>, String>, Vec<String>) {
        let environment = variables.iter().copied().collect::<Environment>();
        let mut reader = Reader::new(&environment);
        let settled = Spooling::settle(in_code, &mut reader).map_err(|error| error.to_string());
        (settled, reader.into_warnings())
    }

    const DIR: (&str, &str) = ("SPANWISE_SPOOL_DIR", "/spool");

    fn defaults() -> Spooling {
        Spooling {
            directory: "/spool".into(),
            max_bytes: 256 << 20,
            max_age: Duration::from_secs(259_200),
            sync: SpoolSync::Rotation,
            write_ahead: None,
        }
    }

    #[test]
    fn nothing_is_spooled_unless_a_directory_is_named() {
        let variables = [("SPANWISE_SPOOL_MAX_BYTES", "1"), ("SPANWISE_SPOOL_DIR", " ")];
        assert_eq!(settle(None, &variables), (Ok(None), vec![]));
        assert_eq!(settle(None, &[DIR]), (Ok(Some(defaults())), vec![]));
    }

    #[test]
    fn variables_say_what_code_leaves_open() {
        let variables = [
            DIR,
            ("SPANWISE_SPOOL_MAX_BYTES", "1000000"),
            ("SPANWISE_SPOOL_MAX_AGE", "60000"),
            ("SPANWISE_SPOOL_SYNC", "Always"),
            ("SPANWISE_SPOOL_WRITE_AHEAD", "true"),
            ("SPANWISE_SPOOL_WRITE_AHEAD_WITHIN", "250"),
        ];
        let of_env = Spooling {
            directory: "/spool".into(),
            max_bytes: 1_000_000,
            max_age: Duration::from_secs(60),
            sync: SpoolSync::Always,
            write_ahead: Some(Duration::from_millis(250)),
        };
        assert_eq!(settle(None, &variables), (Ok(Some(of_env.clone())), vec![]));
        let code = SpoolSettings::new("/elsewhere").max_bytes(5).sync(SpoolSync::Never);
        let mixed = Spooling {
            directory: "/elsewhere".into(),
            max_bytes: 5,
            sync: SpoolSync::Never,
            ..of_env
        };
        assert_eq!(settle(Some(&code), &variables), (Ok(Some(mixed.clone())), vec![]));
        let code = code.write_ahead(false).max_age(Duration::from_secs(1));
        let all = Spooling { write_ahead: None, max_age: Duration::from_secs(1), ..mixed };
        assert_eq!(settle(Some(&code), &variables), (Ok(Some(all)), vec![]));
    }

    #[test]
    fn writing_ahead_has_a_time_which_a_variable_alone_does_not_start() {
        let ahead = |code: &SpoolSettings, variables: &[(&str, &str)]| {
            settle(Some(code), variables).0.unwrap().unwrap().write_ahead
        };
        let spool = || SpoolSettings::new("/spool");
        let millis = Duration::from_millis;
        assert_eq!(ahead(&spool().write_ahead(true), &[]), Some(millis(100)));
        assert_eq!(ahead(&spool().write_ahead_within(millis(20)), &[]), Some(millis(20)));
        let variable = [("SPANWISE_SPOOL_WRITE_AHEAD_WITHIN", "40")];
        assert_eq!(ahead(&spool(), &variable), None);
        assert_eq!(ahead(&spool().write_ahead(true), &variable), Some(millis(40)));
        assert_eq!(ahead(&spool().write_ahead_within(millis(50)), &variable), Some(millis(50)));
        assert_eq!(ahead(&spool().write_ahead_within(millis(50)).write_ahead(false), &[]), None);
    }

    #[test]
    fn nonsense_is_a_warning_from_the_environment_and_an_error_from_code() {
        let (settled, warnings) = settle(
            None,
            &[
                DIR,
                ("SPANWISE_SPOOL_MAX_BYTES", "0"),
                ("SPANWISE_SPOOL_MAX_AGE", "0"),
                ("SPANWISE_SPOOL_SYNC", "sometimes"),
                ("SPANWISE_SPOOL_WRITE_AHEAD_WITHIN", "19"),
            ],
        );
        assert_eq!(settled, Ok(Some(defaults())));
        assert_eq!(
            warnings,
            [
                "SPANWISE_SPOOL_MAX_BYTES is set but is not a whole number above 0; the default of \
                 268435456 is in force",
                "SPANWISE_SPOOL_MAX_AGE is 0; the default of 259200000 ms is in force",
                "SPANWISE_SPOOL_SYNC is set but is not one of never, rotation, always; rotation is in \
                 force",
                "SPANWISE_SPOOL_WRITE_AHEAD_WITHIN is less than 20 ms; the default of 100 ms is in force",
            ]
        );
        let too_soon = "spool has too little time to write ahead: give `write_ahead_within` at least 20 ms, \
                        such as the default of 100 ms";
        for (broken, says) in [
            (SpoolSettings::new(""), "spool names no directory: give the path of one"),
            (
                SpoolSettings::new("/a").max_bytes(0),
                "spool may take no bytes: give `max_bytes` some, or no spool",
            ),
            (
                SpoolSettings::new("/a").max_age(Duration::ZERO),
                "spool may keep nothing: give `max_age` some, or no spool",
            ),
            (SpoolSettings::new("/a").write_ahead_within(Duration::ZERO), too_soon),
            (SpoolSettings::new("/a").write_ahead_within(Duration::from_millis(19)), too_soon),
        ] {
            assert_eq!(settle(Some(&broken), &[]).0, Err(says.to_owned()));
        }
    }
}
