//! Helicone's headers: each setting as it is documented, at a server that writes down what it gets, and nothing
//! at all at any other.

mod support;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::FutureExt as _;
use serde_json::json;
use spanwise_core::{Agent, Tool, Workflow, scope};
use spanwise_http::helicone::{
    Helicone, HeliconeCache, HeliconeFallback, HeliconePropagator, HeliconeRetry, HeliconeRoute,
    HeliconeSettings, RateLimitPolicy, TokenLimitHandler,
};
use spanwise_http::{GenAi, GenAiMiddleware, TargetHostExt as _};
use spanwise_testing::Capture;
use support::{ANSWER, REQUEST, Script, serve};

/// A server on loopback that writes down the headers of every request.
#[derive(Clone)]
struct Recording {
    port: u16,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Recording {
    async fn start() -> Self {
        let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = seen.clone();
        let app = Router::new().fallback(move |headers: HeaderMap| {
            kept.lock().unwrap().push(headers);
            async { r#"{"id":"1","choices":[],"model":"m"}"# }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { port, seen }
    }

    fn take(&self) -> BTreeMap<String, String> {
        let headers = self.seen.lock().unwrap().pop().unwrap();
        let own = headers.iter().filter(|(name, _)| {
            name.as_str().starts_with("helicone")
                || ["cache-control"].contains(&name.as_str())
                || ["traceparent", "tracestate", "baggage"].contains(&name.as_str())
        });
        own.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }
}

/// Helicone is at this address; by its name the same server is another host.
const HELICONE: &str = "127.0.0.1";
const OTHER: &str = "localhost";

fn client(settings: HeliconeSettings) -> reqwest_middleware::ClientWithMiddleware {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let genai = GenAi::default().propagator(HeliconePropagator::new(settings));
    reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(GenAiMiddleware::new(genai))
        .build()
}

async fn sent(
    server: &Recording,
    client: &reqwest_middleware::ClientWithMiddleware,
    host: &str,
) -> BTreeMap<String, String> {
    let url = format!("http://{host}:{}/v1/chat/completions", server.port);
    client.post(url).body(r#"{"model":"gpt-4o"}"#).send().await.unwrap().text().await.unwrap();
    server.take()
}

fn fallback() -> HeliconeFallback {
    HeliconeFallback::new("https://api.anthropic.com")
        .header("x-api-key", "sk-ant")
        .on_code(429)
        .on_codes(500..=599)
        .body_key("model", "claude-sonnet-ü")
}

const UUID: &str = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
const HOUR: Duration = Duration::from_secs(3600);

type Setting = fn(Helicone) -> Helicone;

#[rustfmt::skip]
/// A setting, the header that it is, and the value that is documented for it.
fn table() -> Vec<(Setting, &'static str, &'static str)> {
    vec![
        (|h| h, "helicone-auth", "Bearer sk-helicone-test"),
        (|h| h.target_url("https://api.cohere.com"), "helicone-target-url", "https://api.cohere.com"),
        (
            |h| h.route(&HeliconeRoute::to("https://api.cohere.com/v2").unwrap()),
            "helicone-target-url",
            "https://api.cohere.com",
        ),
        (|h| h.target_provider("cohere"), "helicone-target-provider", "cohere"),
        (|h| h.openai_api_base("https://x.openai.azure.com"), "helicone-openai-api-base", "https://x.openai.azure.com"),
        (|h| h.request_id(UUID), "helicone-request-id", UUID),
        (|h| h.user_id("u-1"), "helicone-user-id", "u-1"),
        (|h| h.property("App", "bot 1"), "helicone-property-app", "bot 1"),
        (|h| h.session_id("s-1"), "helicone-session-id", "s-1"),
        (|h| h.session_path("/a/b"), "helicone-session-path", "/a/b"),
        (|h| h.session_name("Support"), "helicone-session-name", "Support"),
        (|h| h.prompt_id("p-1"), "helicone-prompt-id", "p-1"),
        (|h| h.prompt_version("3"), "helicone-prompt-version", "3"),
        (|h| h.prompt_name("greeting"), "helicone-prompt-name", "greeting"),
        (|h| h.prompt_mode("production"), "helicone-prompt-mode", "production"),
        (|h| h.prompt_format("jinja"), "helicone-prompt-format", "jinja"),
        (|h| h.model_override("gpt-4o"), "helicone-model-override", "gpt-4o"),
        (|h| h.cache(HeliconeCache::on()), "helicone-cache-enabled", "true"),
        (|h| h.cache(HeliconeCache::save_only()), "helicone-cache-save", "true"),
        (|h| h.cache(HeliconeCache::read_only()), "helicone-cache-read", "true"),
        (|h| h.cache(HeliconeCache::on().max_age(HOUR)), "cache-control", "max-age=3600"),
        (|h| h.cache(HeliconeCache::on().bucket_size(20)), "helicone-cache-bucket-max-size", "20"),
        (|h| h.cache(HeliconeCache::on().seed("u-1")), "helicone-cache-seed", "u-1"),
        (|h| h.cache(HeliconeCache::on().ignore_keys(["id", "ts"])), "helicone-cache-ignore-keys", "id,ts"),
        (|h| h.rate_limit(RateLimitPolicy::requests(10, HOUR)), "helicone-ratelimit-policy", "10;w=3600"),
        (|h| h.rate_limit(RateLimitPolicy::cents(500, HOUR)), "helicone-ratelimit-policy", "500;w=3600;u=cents"),
        (|h| h.rate_limit(RateLimitPolicy::requests(1, HOUR).per_user()), "helicone-ratelimit-policy", "1;w=3600;s=user"),
        (|h| h.rate_limit(RateLimitPolicy::cents(1, HOUR).per_property("team")), "helicone-ratelimit-policy", "1;w=3600;u=cents;s=team"),
        (|h| h.rate_limit_cost_cents(3), "helicone-ratelimit-cost-cents", "3"),
        (|h| h.retry(HeliconeRetry::on()), "helicone-retry-enabled", "true"),
        (|h| h.retry(HeliconeRetry::on().attempts(3)), "helicone-retry-num", "3"),
        (|h| h.retry(HeliconeRetry::on().factor(1.5)), "helicone-retry-factor", "1.5"),
        (|h| h.retry(HeliconeRetry::on().min_timeout(Duration::from_millis(250))), "helicone-retry-min-timeout", "250"),
        (|h| h.retry(HeliconeRetry::on().max_timeout(Duration::from_secs(4))), "helicone-retry-max-timeout", "4000"),
        (|h| h.fallbacks([fallback()]), "helicone-fallbacks", FALLBACKS),
        (Helicone::omit_request, "helicone-omit-request", "true"),
        (Helicone::omit_response, "helicone-omit-response", "true"),
        (Helicone::moderations, "helicone-moderations-enabled", "true"),
        (Helicone::llm_security, "helicone-llm-security-enabled", "true"),
        (Helicone::llm_security_advanced, "helicone-llm-security-advanced", "true"),
        (Helicone::stream_usage, "helicone-stream-usage", "true"),
        (Helicone::stream_force_format, "helicone-stream-force-format", "true"),
        (Helicone::increase_timeout, "helicone-increase-timeout", "true"),
        (Helicone::webhook, "helicone-webhook-enabled", "true"),
        (|h| h.token_limit(TokenLimitHandler::Truncate), "helicone-token-limit-exception-handler", "truncate"),
        (|h| h.token_limit(TokenLimitHandler::MiddleOut), "helicone-token-limit-exception-handler", "middle-out"),
        (|h| h.token_limit(TokenLimitHandler::Fallback), "helicone-token-limit-exception-handler", "fallback"),
        (|h| h.node_id("n"), "helicone-node-id", "n"),
        (|h| h.experiment_id("e"), "helicone-experiment-id", "e"),
        (|h| h.experiment_column_id("c"), "helicone-experiment-column-id", "c"),
        (|h| h.experiment_row_index(7), "helicone-experiment-row-index", "7"),
        (|h| h.posthog_key("k"), "helicone-posthog-key", "k"),
        (|h| h.posthog_host("https://p"), "helicone-posthog-host", "https://p"),
        (|h| h.lytix_key("k"), "helicone-lytix-key", "k"),
        (|h| h.lytix_host("https://l"), "helicone-lytix-host", "https://l"),
        (|h| h.manual_access_key("k"), "helicone-manual-access-key", "k"),
    ]
}

const FALLBACKS: &str = r#"[{"bodyKeyOverride":{"model":"claude-sonnet-\u00fc"},"headers":{"x-api-key":"sk-ant"},"onCodes":[429,{"from":500,"to":599}],"target-url":"https://api.anthropic.com"}]"#;

#[tokio::test]
async fn every_setting_arrives_as_it_is_documented_and_at_no_other_host() {
    let server = Recording::start().await;
    let table = table();
    assert!(table.len() >= 40, "{}", table.len());
    for (setting, header, value) in table {
        let settings = setting(Helicone::new("sk-helicone-test").host(HELICONE)).build().unwrap();
        let client = client(settings);
        let headers = sent(&server, &client, HELICONE).await;
        // Of JSON the order of keys is nobody's promise.
        let shown = |text: &str| match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json @ serde_json::Value::Array(_)) => json,
            _ => json!(text),
        };
        assert_eq!(headers.get(header).map(|text| shown(text)), Some(shown(value)), "{header}");
        assert_eq!(headers["helicone-auth"], "Bearer sk-helicone-test");
        assert_eq!(sent(&server, &client, OTHER).await, BTreeMap::new(), "{header}");
    }
    let fallbacks: serde_json::Value = serde_json::from_str(FALLBACKS).unwrap();
    assert_eq!(fallbacks[0]["bodyKeyOverride"], json!({"model": "claude-sonnet-ü"}));
}

#[tokio::test]
async fn a_scope_is_told_by_helicones_words_and_the_span_tree_is_the_path() {
    let server = Recording::start().await;
    let client = client(Helicone::new("k").host(HELICONE).user_id("default").build().unwrap());
    let capture = Capture::builder().build();
    let around = scope()
        .session("s-1")
        .user("ada")
        .tenant("acme")
        .tags(["beta", "Größe"])
        .metadata("Plan B", "pro\r\nx: y")
        .request_id(UUID)
        .prompt_name("greeting")
        .prompt_version("3");
    let call = Workflow::new("handle ticket").run(
        Agent::new("triage/first")
            .run_with(async |_| Ok::<_, String>(sent(&server, &client, HELICONE).await)),
    );
    let headers = around.run(call).with_context(capture.context()).await.unwrap();
    let expected = [
        ("helicone-auth", "Bearer k"),
        ("helicone-prompt-id", "greeting"),
        ("helicone-prompt-version", "3"),
        ("helicone-property-plan-b", "pro%0D%0Ax: y"),
        ("helicone-property-tags", "beta,Gr%C3%B6%C3%9Fe"),
        ("helicone-property-tenant", "acme"),
        ("helicone-request-id", UUID),
        ("helicone-session-id", "s-1"),
        ("helicone-session-name", "handle ticket"),
        ("helicone-session-path", "/handle ticket/triage_first/chat gpt-4o"),
        ("helicone-user-id", "ada"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, BTreeMap::from(expected));
    assert_eq!(capture.finish().spans().len(), 3);
}

#[tokio::test]
async fn a_request_id_that_helicone_would_replace_is_not_sent() {
    let server = Recording::start().await;
    let client = client(Helicone::new("k").host(HELICONE).build().unwrap());
    for id in ["01890a5d-ac96-774b-bcce-b302099a8057", "req-1"] {
        let headers = scope().request_id(id).run(sent(&server, &client, HELICONE)).await;
        assert!(!headers.contains_key("helicone-request-id"), "{id}");
    }
}

#[tokio::test]
async fn settings_of_one_request_win() {
    let server = Recording::start().await;
    let client = client(Helicone::new("k").host(HELICONE).user_id("default").build().unwrap());
    let own = Helicone::without_key().user_id("this once").cache(HeliconeCache::on());
    let context = own.build().unwrap().in_context(&scope().user("ada").context());
    let headers = sent(&server, &client, HELICONE).with_context(context).await;
    assert_eq!(headers["helicone-user-id"], "this once");
    assert_eq!(headers["helicone-cache-enabled"], "true");
    assert_eq!(headers["helicone-auth"], "Bearer k");
}

#[tokio::test]
async fn it_stands_beside_w3c_and_each_goes_to_its_own_hosts() {
    let server = Recording::start().await;
    let settings = Helicone::new("k").host(HELICONE).build().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let genai = GenAi::default().propagator(HeliconePropagator::new(settings)).propagate_to(OTHER);
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(GenAiMiddleware::new(genai))
        .build();
    let capture = Capture::builder().build();
    let work = async {
        let helicone = sent(&server, &client, HELICONE).await;
        assert_eq!(helicone.keys().collect::<Vec<_>>(), ["helicone-auth"]);
        let other = sent(&server, &client, OTHER).await;
        assert_eq!(other.keys().collect::<Vec<_>>(), ["traceparent"]);
    };
    capture.run_async(work).await;
}

fn written(settings: HeliconeSettings, context: &Context) -> BTreeMap<String, String> {
    let mut headers = std::collections::HashMap::new();
    HeliconePropagator::new(settings).inject_context(context, &mut headers);
    headers.into_iter().collect()
}

#[test]
fn without_a_target_nothing_is_written_and_only_helicones_hosts_are_one() {
    let settings = || Helicone::new("k").host("helicone.internal").build().unwrap();
    let context = scope().user("ada").session("s-1").context();
    assert_eq!(written(settings(), &context), BTreeMap::new());
    for host in [
        "https://oai.helicone.ai/v1",
        "https://AI-gateway.Helicone.ai",
        "https://gateway.hconeai.com",
        "http://helicone.internal:8585/v1",
    ] {
        let headers = written(settings(), &context.with_target_host(host));
        assert_eq!(headers["helicone-auth"], "Bearer k", "{host}");
        assert_eq!(headers["helicone-user-id"], "ada");
    }
    for host in [
        "https://api.openai.com/v1",
        "https://evilhelicone.ai",
        "https://helicone.ai.evil.example",
        "https://oai.helicone.ai@evil.example",
        "https://x.helicone.internal",
        "https://evil.example/oai.helicone.ai",
        "helicone",
        "",
    ] {
        let target = context.with_target_host(host);
        assert_eq!(written(settings(), &target), BTreeMap::new(), "{host}");
    }
}

#[test]
#[rustfmt::skip]
fn what_cannot_be_sent_is_refused_by_its_name_and_never_shown() {
    let refused: [(Setting, &str); 20] = [
        (|h| h.user_id("canary\r\nx-evil: 1"), "Helicone-User-Id"),
        (|h| h.user_id(""), "Helicone-User-Id"),
        (|h| h.prompt_id("canary ü"), "Helicone-Prompt-Id"),
        (|h| h.session_name(" canary"), "Helicone-Session-Name"),
        (|h| h.property("App\r\nx", "canary"), "Helicone-Property-<name>"),
        (|h| h.property("", "canary"), "Helicone-Property-<name>"),
        (|h| h.property("App", "canary\n"), "Helicone-Property-App"),
        (|h| h.request_id("01890a5d-ac96-774b-bcce-b302099a8057"), "Helicone-Request-Id"),
        (|h| h.request_id("canary"), "Helicone-Request-Id"),
        (|h| h.cache(HeliconeCache::on().max_age(HOUR * 24 * 366)), "Cache-Control"),
        (|h| h.cache(HeliconeCache::on().max_age(Duration::ZERO)), "Cache-Control"),
        (|h| h.cache(HeliconeCache::on().bucket_size(21)), "Helicone-Cache-Bucket-Max-Size"),
        (|h| h.cache(HeliconeCache::on().bucket_size(0)), "Helicone-Cache-Bucket-Max-Size"),
        (|h| h.cache(HeliconeCache::on().ignore_keys(["a,b"])), "Helicone-Cache-Ignore-Keys"),
        (|h| h.rate_limit(RateLimitPolicy::requests(0, HOUR)), "Helicone-RateLimit-Policy"),
        (|h| h.rate_limit(RateLimitPolicy::cents(1, Duration::from_secs(59))), "Helicone-RateLimit-Policy"),
        (|h| h.retry(HeliconeRetry::on().factor(f64::NAN)), "helicone-retry-factor"),
        (|h| h.retry(HeliconeRetry::on().min_timeout(HOUR).max_timeout(HOUR / 2)), "helicone-retry-max-timeout"),
        (|h| h.fallbacks([HeliconeFallback::new("canary").on_code(429)]), "Helicone-Fallbacks"),
        (|h| h.fallbacks([HeliconeFallback::new("https://x")]), "Helicone-Fallbacks"),
    ];
    for (setting, header) in refused {
        let error = setting(Helicone::new("sk-canary")).build().unwrap_err();
        assert_eq!(error.header(), header);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert!(error.to_string().len() > header.len() + 10, "{error}");
    }
    assert_eq!(Helicone::new("sk\ncanary").build().unwrap_err().header(), "Helicone-Auth");
}

#[test]
fn debug_shows_no_key() {
    let builder = || Helicone::new("sk-canary").posthog_key("canary").fallbacks([fallback()]);
    let settings = builder().build().unwrap();
    let shown = format!(
        "{:?} {settings:?} {:?} {:?}",
        builder(),
        HeliconePropagator::new(settings.clone()),
        fallback().header("authorization", "canary"),
    );
    assert!(!shown.contains("canary") && !shown.contains("sk-ant"), "{shown}");
    assert!(shown.contains("Helicone-Auth"));
}

#[test]
fn a_route_keeps_the_providers_own_path() {
    for (own, routed) in [
        ("https://api.openai.com/v1", "https://oai.helicone.ai/v1"),
        ("https://api.anthropic.com", "https://anthropic.helicone.ai"),
        ("https://api.groq.com/openai/v1/", "https://groq.helicone.ai/openai/v1"),
        ("https://openrouter.ai/api/v1", "https://openrouter.helicone.ai/api/v1"),
        ("https://my.openai.azure.com/openai", "https://gateway.helicone.ai/openai"),
    ] {
        assert_eq!(HeliconeRoute::to(own).unwrap().base_url(), routed, "{own}");
    }
    for none in ["", "api.openai.com", "http://api.openai.com", "/v1"] {
        assert_eq!(HeliconeRoute::to(none), None, "{none}");
    }
    let own = HeliconeRoute::self_hosted("http://localhost:8585/");
    assert_eq!(own.base_url(), "http://localhost:8585/v1/gateway/oai/v1");
}

#[tokio::test]
async fn requests_that_are_no_model_calls_have_them_too() {
    let server = Recording::start().await;
    let client = client(Helicone::new("k").host(HELICONE).build().unwrap());
    let url = format!("http://{HELICONE}:{}/v1/files", server.port);
    let capture = Capture::builder().build();
    let call = Tool::new("upload").run(async { client.get(url).send().await });
    capture.run_async(call).await.unwrap();
    assert_eq!(server.take()["helicone-auth"], "Bearer k");
}

#[tokio::test]
async fn what_helicone_answers_is_on_the_span_its_events_and_the_metrics_of_the_cache() {
    let told = [
        ("Helicone-Id", UUID),
        ("Helicone-Status", "success"),
        ("Helicone-Cache", "HIT"),
        ("Helicone-Cache-Bucket-Idx", "2"),
        ("Helicone-Fallback-Index", "1"),
        ("Helicone-RateLimit-Limit", "100"),
        ("Helicone-RateLimit-Remaining", "99"),
        ("Helicone-RateLimit-Reset", "60"),
        ("Helicone-RateLimit-Policy", "100;w=60"),
        ("content-type", "application/json"),
    ];
    let miss =
        [("Helicone-Id", UUID), ("Helicone-Cache", "MISS"), ("Helicone-Cache-Bucket-Idx", "x")];
    let refused = [("Helicone-Id", UUID), ("Helicone-Status", "error")];
    let nothing = [("Helicone-Cache", "HIT")];
    let scripts = [(200, &told[..]), (200, &miss[..]), (429, &refused[..]), (200, &nothing[..])];
    let scripts = scripts.map(|(status, headers)| {
        let script = Script::json(ANSWER).status(status);
        headers.iter().fold(script, |script, (name, value)| script.header(name, value))
    });
    let base = serve(scripts).await;
    let client = client(Helicone::new("k").build().unwrap());
    let capture = Capture::builder().build();
    let calls = async {
        for _ in 0..4 {
            let call = client.post(format!("{base}/chat/completions")).body(REQUEST);
            call.send().await.unwrap().bytes().await.unwrap();
        }
    };
    capture.run_async(calls).await;
    let captured = capture.finish();
    captured.assert_conformant();
    let [hit, miss, refused, nothing] = captured.spans() else { panic!() };
    for (key, value) in [
        ("spanwise.gateway.name", "helicone"),
        ("spanwise.gateway.request.id", UUID),
        ("spanwise.gateway.status", "success"),
        ("spanwise.gateway.fallback.index", "1"),
        ("spanwise.cache.outcome", "hit"),
        ("spanwise.cache.bucket.index", "2"),
    ] {
        assert_eq!(hit.text(key), value, "{key}");
    }
    let events = &hit.data().events;
    let names: Vec<_> = events.iter().map(|event| event.name.as_ref()).collect();
    assert_eq!(names, ["spanwise.cache", "spanwise.gateway.rate_limit"]);
    let limits = events[1].attributes.iter().map(|kv| format!("{}={}", kv.key, kv.value));
    assert_eq!(
        limits.collect::<Vec<_>>(),
        [
            "spanwise.gateway.rate_limit.limit=100",
            "spanwise.gateway.rate_limit.remaining=99",
            "spanwise.gateway.rate_limit.reset=60",
            "spanwise.gateway.rate_limit.policy=100;w=60",
        ]
    );
    assert_eq!(miss.text("spanwise.cache.outcome"), "miss");
    assert!(miss.attribute("spanwise.cache.bucket.index").is_none());
    assert_eq!(refused.text("spanwise.gateway.status"), "error");
    assert!(nothing.attribute("spanwise.gateway.name").is_none());

    let points = captured.points("spanwise.cache.operations");
    let mut counted: Vec<_> = points
        .iter()
        .map(|point| {
            (point.text("spanwise.cache.outcome"), point.text("gen_ai.request.model"), point.sum)
        })
        .collect();
    counted.sort_by(|one, other| one.0.cmp(&other.0));
    let model = || "gpt-4o".to_owned();
    assert_eq!(counted, [("hit".to_owned(), model(), 1.0), ("miss".to_owned(), model(), 1.0)]);
}
