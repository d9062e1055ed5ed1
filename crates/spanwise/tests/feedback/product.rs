//! Servers that take feedback as the products do: path, method, content type, key and every field are
//! checked, and what has the id of something stored takes its place.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::support::PATIENCE;

/// What a product checks and stores: the key of what is stored, or a status and what it says.
type Product = fn(path: &str, body: &Value) -> Result<String, (u16, &'static str)>;

/// A server of one product, on a thread of its own.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrives: Condvar,
}

#[derive(Default)]
struct State {
    stored: BTreeMap<String, Value>,
    arrived: Vec<Arrived>,
    /// What the next ones are answered instead, with a time to wait.
    answers: Vec<(u16, Option<&'static str>)>,
    /// What all others are answered instead.
    then: Option<u16>,
    hangs: bool,
}

#[derive(Clone, Debug)]
pub struct Arrived {
    pub at: Instant,
    pub headers: HeaderMap,
    pub body: Value,
    pub status: u16,
}

impl Server {
    pub fn langfuse(authorization: &'static str) -> Self {
        Self::start(langfuse, authorization)
    }

    pub fn phoenix(authorization: &'static str) -> Self {
        Self::start(phoenix, authorization)
    }

    pub fn helicone(authorization: &'static str) -> Self {
        Self::start(helicone, authorization)
    }

    fn start(product: Product, authorization: &'static str) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { address, shared: Arc::default() };
        let serving = server.clone();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let app = Router::new().fallback(move |request: Request| {
                    let serving = serving.clone();
                    async move { serving.answer(product, authorization, request).await }
                });
                axum::serve(listener, app).await.unwrap();
            });
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next requests so.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = (u16, Option<&'static str>)>) {
        self.state().answers.extend(answers);
    }

    /// Answers everything so from now on, or as the product does.
    pub fn answer_all(&self, status: Option<u16>) {
        self.state().then = status;
    }

    /// Never answers, from now on.
    pub fn hang(&self) {
        self.state().hangs = true;
    }

    /// What it has, in the order of its keys.
    pub fn stored(&self) -> Vec<Value> {
        self.state().stored.values().cloned().collect()
    }

    /// Waits until it has so much.
    pub fn wait_for(&self, most: usize) {
        let fewer = |state: &mut State| state.stored.len() < most;
        let waited = self.shared.arrives.wait_timeout_while(self.state(), PATIENCE, fewer);
        assert!(!waited.unwrap().1.timed_out(), "{most} never came: {:?}", self.stored());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// The only thing that it has.
    #[track_caller]
    pub fn only(&self) -> Value {
        let stored = self.stored();
        assert_eq!(stored.len(), 1, "{stored:?}");
        stored.into_iter().next().unwrap()
    }

    /// Everything that came, whatever it was answered.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.state().arrived.clone()
    }

    async fn answer(&self, product: Product, authorization: &str, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let at = Instant::now();
        let bytes = to_bytes(body, 1 << 20).await.unwrap_or_else(|_| Bytes::new());
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let (status, after, says) = {
            let mut state = self.state();
            let planned = (!state.answers.is_empty()).then(|| state.answers.remove(0));
            let planned = planned.or(state.then.map(|status| (status, None)));
            let (status, after, says) = match planned {
                Some((status, after)) => (status, after, "as planned".to_owned()),
                None => match check(
                    product,
                    authorization,
                    (&head.method, &head.headers),
                    head.uri.path(),
                    &body,
                ) {
                    Ok(key) => {
                        let says = json!({ "id": key }).to_string();
                        state.stored.insert(key, body.clone());
                        (200, None, says)
                    }
                    // Products quote what they do not like.
                    Err((status, says)) => (status, None, format!("{says}: {body}")),
                },
            };
            state.arrived.push(Arrived { at, headers: head.headers, body, status });
            (status, after, says)
        };
        self.shared.arrives.notify_all();
        if self.state().hangs {
            std::future::pending::<()>().await;
        }
        let mut response = (StatusCode::from_u16(status).unwrap(), says).into_response();
        if let Some(after) = after {
            response.headers_mut().insert(header::RETRY_AFTER, after.parse().unwrap());
        }
        response
    }
}

fn check(
    product: Product,
    authorization: &str,
    (method, headers): (&Method, &HeaderMap),
    path: &str,
    body: &Value,
) -> Result<String, (u16, &'static str)> {
    if headers.get(header::AUTHORIZATION).is_none_or(|sent| sent != authorization) {
        return Err((401, "no such key"));
    }
    if method != Method::POST {
        return Err((405, "POST alone"));
    }
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/json") {
        return Err((415, "JSON alone"));
    }
    product(path, body)
}

fn is_hex(value: Option<&Value>, digits: usize) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.len() == digits && text.bytes().all(digit)
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Scores: replaced by id.
fn langfuse(path: &str, body: &Value) -> Result<String, (u16, &'static str)> {
    const FIELDS: [&str; 10] = [
        "id",
        "sessionId",
        "traceId",
        "observationId",
        "name",
        "value",
        "dataType",
        "comment",
        "metadata",
        "environment",
    ];
    if path != "/api/public/scores" {
        return Err((404, "no such path"));
    }
    let score = body.as_object().ok_or((400, "no object"))?;
    if let Some(_unknown) = score.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err((400, "a field that is not known"));
    }
    let of_session = text(score, "sessionId").is_some();
    if of_session == score.contains_key("traceId") {
        return Err((400, "not of one thing"));
    }
    if !of_session && !is_hex(score.get("traceId"), 32) {
        return Err((400, "no trace"));
    }
    if of_session && score.contains_key("observationId") {
        return Err((400, "an observation of a session"));
    }
    if score.contains_key("observationId") && !is_hex(score.get("observationId"), 16) {
        return Err((400, "no observation"));
    }
    text(score, "name").ok_or((400, "no name"))?;
    let value = &score["value"];
    let fits = match text(score, "dataType") {
        Some("NUMERIC") => value.is_number(),
        Some("BOOLEAN") => value.as_i64().is_some_and(|value| value == 0 || value == 1),
        Some("CATEGORICAL") => value.is_string(),
        Some("TEXT") => {
            value.as_str().is_some_and(|text| (1..=500).contains(&text.chars().count()))
        }
        _ => false,
    };
    if !fits {
        return Err((400, "a value that is not of its type"));
    }
    if let Some(environment) = score.get("environment") {
        let environment = environment.as_str().unwrap_or_default();
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let fits = (1..=40).contains(&environment.len()) && environment.chars().all(legal);
        if !fits || environment.starts_with("langfuse") {
            return Err((400, "no environment"));
        }
    }
    Ok(text(score, "id").ok_or((400, "no id"))?.to_owned())
}

/// Annotations: replaced by name, what they are of, and identifier.
fn phoenix(path: &str, body: &Value) -> Result<String, (u16, &'static str)> {
    let (id, digits) = match path {
        "/v1/span_annotations" => ("span_id", 16),
        "/v1/trace_annotations" => ("trace_id", 32),
        _ => return Err((404, "no such path")),
    };
    let annotations = body["data"].as_array().ok_or((422, "no data"))?;
    let [annotation] = annotations.as_slice() else { return Err((422, "not one annotation")) };
    let annotation = annotation.as_object().ok_or((422, "no annotation"))?;
    if !is_hex(annotation.get(id), digits) {
        return Err((422, "of nothing"));
    }
    let name = text(annotation, "name").ok_or((422, "no name"))?;
    if !["LLM", "CODE", "HUMAN"].contains(&text(annotation, "annotator_kind").unwrap_or_default()) {
        return Err((422, "by nobody"));
    }
    let result = annotation.get("result").and_then(Value::as_object).ok_or((422, "no result"))?;
    let is_text = |key| result.get(key).is_none_or(|it| it.is_null() || it.is_string());
    let score = result.get("score").is_none_or(|score| score.is_null() || score.is_number());
    if !score || !is_text("label") || !is_text("explanation") {
        return Err((422, "a result of another type"));
    }
    let identifier = text(annotation, "identifier").unwrap_or_default();
    Ok(format!("{name} {} {identifier}", annotation[id]))
}

/// One rating for a request, and scores by name: yes or no, and whole numbers.
fn helicone(path: &str, body: &Value) -> Result<String, (u16, &'static str)> {
    let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
    let ["v1", "request", request, kind] = segments.as_slice() else {
        return Err((404, "no such path"));
    };
    let fields = body.as_object().filter(|fields| fields.len() == 1).ok_or((400, "no object"))?;
    match *kind {
        "feedback" if fields.get("rating").is_some_and(Value::is_boolean) => {
            Ok(format!("{request} rating"))
        }
        "score" => {
            let scores =
                fields.get("scores").and_then(Value::as_object).ok_or((400, "no scores"))?;
            let fits = |score: &Value| score.is_boolean() || score.is_i64();
            match scores.iter().next() {
                Some((name, score)) if scores.len() == 1 && fits(score) => {
                    Ok(format!("{request} {name}"))
                }
                _ => Err((400, "no score")),
            }
        }
        _ => Err((400, "neither rating nor score")),
    }
}
