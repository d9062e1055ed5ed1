//! Telemetry starts once in a process: each test that starts it runs in a process of its own.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "SPANWISE_TEST_CHILD";

/// A process that runs the body of the test that this stands in; what follows runs only in the parent.
///
/// ```ignore
/// let child = child!({ init_telemetry(TelemetryConfig::from_env()?) … });
/// let said = child.run(&[("OTEL_SDK_DISABLED", "true")]);
/// ```
#[allow(unused_macros, reason = "each test uses its own part of this")]
macro_rules! child {
    ($body:expr) => {{
        fn here() {}
        let name = std::any::type_name_of_val(&here);
        let name = name.split("::").skip(1).collect::<Vec<_>>().join("::");
        let child = $crate::support::Child::of(name.trim_end_matches("::here"));
        if child.is_here() {
            $body;
            child.ran();
            return;
        }
        child
    }};
}
pub(crate) use child;

/// Runs the body of the test that it stands in, in a process of its own, and fails with it.
#[allow(unused_macros, reason = "each test uses its own part of this")]
macro_rules! isolated {
    ($body:expr) => {{
        $crate::support::child!($body).run(&[]);
    }};
}
pub(crate) use isolated;

/// The test binary again, for one test.
pub struct Child {
    test: String,
}

/// What a process wrote.
pub struct Said {
    pub stdout: String,
    pub stderr: String,
}

impl Child {
    pub fn of(test: &str) -> Self {
        Self { test: test.to_owned() }
    }

    pub fn is_here(&self) -> bool {
        std::env::var(CHILD).is_ok_and(|child| child == self.test)
    }

    fn last_words(&self) -> String {
        format!("{} ran to its end", self.test)
    }

    #[allow(clippy::print_stdout, reason = "so the child says that it ran")]
    pub fn ran(&self) {
        println!("{}", self.last_words());
    }

    /// The process to be, with these variables.
    pub fn command(&self, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([&self.test, "--exact", "--nocapture", "--include-ignored"]);
        // What stands in the environment of whoever runs the tests is none of their business.
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if [
                "OTEL_",
                "LANGFUSE_",
                "SPANWISE_EXPORT",
                "SPANWISE_MAX",
                "SPANWISE_OVERFLOW",
                "SPANWISE_RETRY",
                "SPANWISE_SEMCONV_PROFILE",
                "SPANWISE_SPOOL",
                "SPANWISE_CONTENT_",
                "SPANWISE_REDACT",
                "NO_COLOR",
                "COLUMNS",
                "CLICOLOR",
                "FORCE_COLOR",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            {
                command.env_remove(&variable);
            }
        }
        command.envs(variables.iter().copied()).env(CHILD, &self.test).stdin(Stdio::null());
        command
    }

    /// Runs it with these variables, and fails with it.
    #[track_caller]
    pub fn run(&self, variables: &[(&str, &str)]) -> Said {
        self.ended(self.command(variables).output().unwrap())
    }

    /// The same; what [waits](until_told) in it goes on once `meanwhile` is over.
    #[track_caller]
    pub fn run_until(&self, variables: &[(&str, &str)], meanwhile: impl FnOnce()) -> Said {
        let mut command = self.command(variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        meanwhile();
        self.ended(child.wait_with_output().unwrap())
    }

    #[track_caller]
    fn ended(&self, output: Output) -> Said {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (status, said) =
            (output.status, Said { stdout: text(output.stdout), stderr: text(output.stderr) });
        assert!(
            status.success() && said.stdout.contains(&self.last_words()),
            "{} failed in its process ({status}):\n{}\n{}",
            self.test,
            said.stdout,
            said.stderr
        );
        said
    }
}

/// Waits, in a child, until its parent has [seen what it waits for](Child::run_until).
pub fn until_told() {
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

/// Runs something and asserts that it took no longer than this.
#[track_caller]
pub fn finishes_within<T>(limit: Duration, run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = run();
    let took = started.elapsed();
    assert!(took <= limit, "took {took:?}, more than {limit:?}");
    result
}
