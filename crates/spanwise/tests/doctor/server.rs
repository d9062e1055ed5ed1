//! Servers that misbehave as real ones do, byte by byte.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// A server on loopback, which answers each request as it was told, and ends the connection.
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Answers what a function makes of a request: its head, and its body as text.
    pub fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        Self::at(0, answer)
    }

    /// The same on this port.
    pub fn at(port: u16, answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        Self::serve(port, move |mut stream| {
            let request = read(&mut stream);
            let _ = stream.write_all(answer(&request).as_bytes());
        })
    }

    /// Takes OTLP at this path, and knows no other.
    pub fn otlp_at(path: &'static str) -> Self {
        Self::start(move |request| {
            let is_there = request.starts_with(&format!("POST {path} "));
            let status = if is_there { "200 OK" } else { "404 Not Found" };
            format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
        })
    }

    /// Says this to whoever comes, whatever they say.
    pub fn greeting(words: &'static str) -> Self {
        Self::serve(0, move |mut stream| {
            let _ = stream.write_all(words.as_bytes());
            // Until the client has enough of it.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        })
    }

    fn serve(port: u16, each: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || listener.incoming().flatten().for_each(&each));
        Self { address }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A request, as far as it says how long it is.
fn read(stream: &mut TcpStream) -> String {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
            });
            if bytes.len() >= head.len() + 4 + length.unwrap_or(0usize) {
                return text;
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return text,
            Ok(more) => bytes.extend_from_slice(&chunk[..more]),
        }
    }
}
