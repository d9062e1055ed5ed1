//! What stands in for Helicone on this machine: it shows the headers that it gets, and answers as Helicone and a
//! model would, the second time from its cache.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, Response};

/// Starts it; gives back the base URL for a client of OpenAI's API.
pub(crate) async fn start() -> Result<String, std::io::Error> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let requests = Arc::new(AtomicUsize::new(0));
    let app = Router::new().fallback(move |headers: HeaderMap| {
        let number = requests.fetch_add(1, Ordering::Relaxed);
        async move { answer(number, &headers) }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(format!("http://{address}/v1"))
}

fn answer(number: usize, headers: &HeaderMap) -> Response<String> {
    eprintln!("request {} at the gateway:", number + 1);
    for (name, value) in headers {
        let name = name.as_str();
        if name.starts_with("helicone-") || name == "cache-control" {
            let value = value.to_str().unwrap_or_default();
            eprintln!("  {name}: {}", if name == "helicone-auth" { "Bearer …" } else { value });
        }
    }
    let mut response = Response::new(
        r#"{"id":"chatcmpl-1","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,
            "message":{"role":"assistant","content":"It left our warehouse this morning."},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":8}}"#
            .to_owned(),
    );
    let cache = if number == 0 { "MISS" } else { "HIT" };
    let told = [
        ("content-type", "application/json"),
        ("helicone-id", "f47ac10b-58cc-4372-a567-0e02b2c3d479"),
        ("helicone-status", "success"),
        ("helicone-cache", cache),
        ("helicone-ratelimit-limit", "1000"),
        ("helicone-ratelimit-remaining", "998"),
        ("helicone-ratelimit-reset", "3600"),
    ];
    for (name, value) in told {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
