//! Processes that do not come to the end of `main`, and what they still deliver.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use spanwise::{ExportMode, OverflowPolicy, Signals, TelemetryConfig, Tool};
use support::{Answer, Child, PATIENCE, Receiver, block_on, child, config, isolated};

/// Sends spans where the parent says.
fn given() -> TelemetryConfig {
    let endpoint = std::env::var("TEST_ENDPOINT").unwrap();
    config().endpoint(endpoint).signals(Signals::TRACES).shutdown_timeout(PATIENCE)
}

/// Runs the child until it ends by itself or, when it has said that it is ready, by this signal.
fn run(child: &Child, receiver: &Receiver, signal: Option<&str>) -> std::process::ExitStatus {
    let mut command = child.command(&[("TEST_ENDPOINT", &receiver.http_url())]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let said = BufReader::new(process.stdout.take().unwrap());
    if said.lines().map_while(Result::ok).any(|line| line.contains("ready"))
        && let Some(signal) = signal
    {
        let id = process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
    process.wait().unwrap()
}

#[allow(clippy::print_stdout, reason = "so the child says that it is ready")]
fn ready() {
    println!("ready");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_process_as_ever_but_only_after_everything_is_delivered() {
    use std::os::unix::process::ExitStatusExt as _;
    let child = child!({
        let _telemetry = spanwise::init_telemetry(given().flush_on_signals(true)).unwrap();
        Tool::new("t").start().finish();
        let _open = Tool::new("open").start();
        ready();
        std::thread::park_timeout(PATIENCE);
    });
    for (signal, number) in [("-TERM", 15), ("-INT", 2)] {
        let receiver = Receiver::start();
        assert_eq!(run(&child, &receiver, Some(signal)).signal(), Some(number));
        let mut names = receiver.span_names();
        names.sort();
        assert_eq!(names, ["execute_tool open", "execute_tool t"]);
    }
}

#[test]
fn a_panic_flushes_before_the_process_aborts() {
    let child = child!({
        let _telemetry = spanwise::init_telemetry(given().flush_on_panic(true)).unwrap();
        // What `panic = "abort"` does after the hook.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            hook(info);
            std::process::abort();
        }));
        Tool::new("t").start().finish();
        std::hint::black_box(Err::<(), _>("of the test's")).unwrap();
    });
    let receiver = Receiver::start();
    assert!(!run(&child, &receiver, None).success());
    assert_eq!(receiver.span_names(), ["execute_tool t"]);
}

#[test]
fn what_is_not_flushed_before_an_exit_is_lost_and_what_is_flushed_is_not() {
    let child = child!({
        block_on(async {
            let telemetry = spanwise::init_telemetry(given()).unwrap();
            Tool::new("flushed").start().finish();
            assert!(telemetry.flush().await.complete);
            Tool::new("not flushed").start().finish();
            std::process::exit(0);
        });
    });
    let receiver = Receiver::start();
    assert!(run(&child, &receiver, None).success());
    assert_eq!(receiver.span_names(), ["execute_tool flushed"]);
}

#[test]
fn in_immediate_mode_a_finished_trace_leaves_at_once_and_an_unfinished_one_waits() {
    isolated!({
        let receiver = Receiver::start();
        let hour = std::time::Duration::from_secs(3600);
        let batches = spanwise::BatchConfiguration {
            scheduled_delay: hour,
            ..spanwise::BatchConfiguration::SPANS
        };
        let config = config()
            .endpoint(receiver.http_url())
            .signals(Signals::TRACES)
            .span_batches(batches)
            .export_mode(ExportMode::Immediate);
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            spanwise::Agent::new("a")
                .run_with(async |_agent| {
                    Tool::new("inner").run(async { Ok::<_, String>(()) }).await
                })
                .await
                .unwrap();
            receiver.wait_until("the trace", |receiver| receiver.spans().len() == 2);
            assert_eq!(receiver.requests().len(), 1, "in one request");
            drop(telemetry.shutdown().await);
        });
    });
}

#[test]
fn who_blocks_on_a_full_queue_loses_nothing_whatever_the_receiver_takes_its_time_for() {
    isolated!({
        let receiver = Receiver::start();
        let busy = (0..3).map(|_| Answer::Http(503, None, ""));
        receiver.answer_next(busy);
        let config = config()
            .endpoint(receiver.http_url())
            .signals(Signals::TRACES)
            .overflow_policy(OverflowPolicy::Block(PATIENCE))
            .shutdown_timeout(PATIENCE);
        // No runtime here: recording may wait.
        let telemetry = spanwise::init_telemetry(config).unwrap();
        let threads = (0..4).map(|_| {
            std::thread::spawn(|| (0..5000).for_each(|_| Tool::new("t").start().finish()))
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let report = block_on(telemetry.shutdown());
        assert_eq!(report.destinations[0].traces().exported, 20_000);
        assert_eq!(receiver.spans().len(), 20_000);
    });
}
