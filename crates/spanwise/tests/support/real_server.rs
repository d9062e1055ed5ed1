//! Servers that others have made, as processes on this machine.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A server in a folder of its own, until this is dropped.
pub struct Server {
    process: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Long enough for a server in Python to come up on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A port that nobody listens on just now.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Server {
    pub fn start(program: &str, make: impl FnOnce(&mut Command, u16)) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        make(&mut command, port);
        command.current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let process = command.spawn().unwrap();
        Self { process, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), folder }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks until the answer holds this.
    #[track_caller]
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        while Instant::now() < deadline {
            if let Some(ended) = self.process.try_wait().unwrap() {
                panic!("the server ended ({ended}):\n{}", self.log());
            }
            if let Ok(answer) = self.asked(method, path, body) {
                if holds(&answer) {
                    return answer;
                }
                last = answer;
            }
            // Nothing tells when a server has come so far.
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{path} never holds what it should: {last:#}\n{}", self.log());
    }

    fn asked(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        Ok(serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// The program that this variable names, or a plain word that there is none.
pub fn program(variable: &str) -> Option<String> {
    let program = std::env::var(variable).ok();
    if program.is_none() {
        eprintln!("skipped: {variable} names no program");
    }
    program
}
