//! Model calls through Helicone: a cache, a rate limit and retries by settings; user, session and path by the
//! scope and the trace.
//!
//! ```text
//! cargo run --example helicone
//! ```
//!
//! Without `HELICONE_API_KEY` and `OPENAI_API_KEY` the gateway is a small server that the example starts on this
//! machine, and which shows the headers that it gets. Without an OTLP endpoint the trace is drawn in the terminal.

mod gateway;

use std::time::Duration;

use serde_json::{Value, json};
use spanwise::{Agent, TelemetryConfig, scope};
use spanwise_http::helicone::{
    Helicone, HeliconeCache, HeliconePropagator, HeliconeRetry, HeliconeRoute, RateLimitPolicy,
};
use spanwise_http::{GenAi, GenAiMiddleware};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let telemetry =
        spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("support-bot"))?;

    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = std::env::var("OPENAI_API_KEY").ok().filter(|key| !key.is_empty());
    let real = key.is_some() && std::env::var_os("HELICONE_API_KEY").is_some();
    let (base_url, helicone) = if real {
        let route = HeliconeRoute::to("https://api.openai.com/v1").ok_or("no URL")?;
        (route.base_url().to_owned(), Helicone::from_env())
    } else {
        (gateway::start().await?, Helicone::new("sk-helicone-local").host("127.0.0.1"))
    };
    let hour = Duration::from_secs(3600);
    let settings = helicone
        .cache(HeliconeCache::on().max_age(hour))
        .rate_limit(RateLimitPolicy::requests(1000, hour).per_user())
        .retry(HeliconeRetry::on().attempts(3))
        .property("App", "support-bot")
        .build()?;

    let genai = GenAi::default().propagator(HeliconePropagator::new(settings));
    let client = reqwest_middleware::ClientBuilder::new(
        // A redirect would carry the keys to another host.
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?,
    )
    .with(GenAiMiddleware::new(genai))
    .build();

    let turn = Agent::new("triage").run_with(async |_| {
        let mut last = Value::Null;
        for _ in 0..2 {
            let request = client
                .post(format!("{base_url}/chat/completions"))
                .bearer_auth(key.as_deref().unwrap_or("sk-local"))
                .json(&json!({
                    "model": "gpt-4o-mini",
                    "messages": [{"role": "user", "content": "Where is my order A-17?"}],
                }));
            last = request.send().await?.error_for_status()?.json().await?;
        }
        Ok::<_, Error>(last)
    });
    let answer = scope().session("s-1").user("u-9").tag("beta").run(turn).await?;
    eprintln!("\n{}\n", answer["choices"][0]["message"]["content"].as_str().unwrap_or_default());

    eprintln!("{}", telemetry.shutdown().await);
    Ok(())
}
