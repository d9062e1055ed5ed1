//! A program of the stack, from its start until it is killed.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Long enough for a server to come up, and for telemetry to come through, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Addresses that nobody listens at.
pub(crate) fn free<const N: usize>() -> [SocketAddr; N] {
    // All are held before any is given back, so that no two are the same.
    let held = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    held.map(|listener| listener.local_addr().unwrap())
}

pub(crate) struct Process {
    process: Child,
    program: PathBuf,
    log: PathBuf,
}

impl Process {
    /// Starts it, and waits until this address and path say that it is well.
    pub(crate) fn start(command: &mut Command, log: PathBuf, health: (SocketAddr, &str)) -> Self {
        let file = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let program = PathBuf::from(command.get_program());
        let mut process = Self { process: command.spawn().unwrap(), program, log };
        let deadline = Instant::now() + PATIENCE;
        while get(health.0, health.1).is_err() {
            let ended = process.process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{}", process.said());
            pause();
        }
        process
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn said(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        format!("{}:\n{log}", self.program.display())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Nothing tells when a server has come so far.
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// The body of what a server answers.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        // Of HTTP/1.0 the answer comes in one piece.
        write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    if head.split(' ').nth(1) == Some("200") { Ok(body.to_owned()) } else { Err(answer) }
}

/// Asks until the answer holds this.
#[track_caller]
pub(crate) fn ask<T>(address: SocketAddr, path: &str, holds: impl Fn(&Value) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = get(address, path);
        let read = answer.as_ref().ok().and_then(|body| serde_json::from_str(body).ok());
        if let Some(found) = read.as_ref().and_then(&holds) {
            return found;
        }
        assert!(Instant::now() < deadline, "{path}: {answer:?}");
        pause();
    }
}

/// Runs a program to its end, which must be a good one.
#[track_caller]
pub(crate) fn succeeds(program: &Path, arguments: &[&std::ffi::OsStr]) {
    let output =
        Command::new(program).args(arguments).current_dir(crate::file("")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &said;
    assert!(output.status.success(), "{} {arguments:?}: {said}", program.display());
}
