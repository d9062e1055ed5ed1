//! Five hops, one trace: axum, a task, tonic, a thread, a queue, reqwest. Every span that arrives is in it, of
//! this session, user and tags, those of other crates too.

#![cfg(feature = "tls")]

mod support;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::{get, post};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use spanwise::opentelemetry::Context;
use spanwise::opentelemetry::trace::Tracer as _;
use spanwise::propagation::BaggageKeys;
use spanwise::{
    Agent, Step, Tool, TraceRef, extract_from_headers, inject_into_headers, propagate_closure,
    propagate_context, scope, with_context,
};
use spanwise_http::{
    ExtractContextLayer, GenAi, GenAiMiddleware, InjectContextLayer, InjectContextMiddleware,
};
use support::{Receiver, attribute, config, isolated, text};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tonic::transport::server::TcpIncoming;
use tower::Layer as _;

/// What stands in the queue: nothing of this process but its words.
struct Message {
    trace: String,
    headers: HashMap<String, String>,
    done: oneshot::Sender<()>,
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Spans that are not ours.
fn foreign(name: &'static str) {
    tracing::info_span!("tracing", otel.name = name).in_scope(|| {
        spanwise::opentelemetry::global::tracer("other").in_span(name, |_| {});
    });
}

/// Hop 5: the model, which is asked over reqwest.
async fn serve_model() -> String {
    let (listener, url) = listener().await;
    let answer = || async {
        Tool::new("in the model").start().finish();
        foreign("model");
        r#"{"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#
    };
    let app =
        Router::new().route("/v1/chat/completions", post(answer)).layer(ExtractContextLayer::new());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// Hop 4: takes messages from the queue.
fn take_from_queue(mut queue: mpsc::Receiver<Message>, model: String) {
    tokio::spawn(async move {
        let genai = GenAi::default().propagate_to("127.0.0.1");
        let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
            .with(GenAiMiddleware::new(genai))
            .build();
        while let Some(Message { trace, headers, done }) = queue.recv().await {
            let reference: TraceRef = trace.parse().unwrap();
            let context = extract_from_headers(&headers);
            let url = format!("{model}/v1/chat/completions");
            let work = Step::new("from the queue").link(&reference).run_with(async |_| {
                foreign("queue");
                let answer = http.post(url).body(r#"{"model":"m"}"#).send().await;
                answer.map_err(|error| error.to_string())?.text().await.map_err(|e| e.to_string())
            });
            let work =
                with_context(&context, || propagate_context(scope().under(&reference).run(work)));
            work.await.unwrap();
            done.send(()).unwrap();
        }
    });
}

/// Hops 2 and 3: a service of gRPC, and a thread that it works on.
struct Orders(mpsc::Sender<Message>);

#[tonic::async_trait]
impl TraceService for Orders {
    async fn export(
        &self,
        _: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let queue = self.0.clone();
        let (done, finished) = oneshot::channel();
        let work = propagate_closure(move || {
            let tool = Tool::new("on a thread").run_sync(|tool| {
                foreign("thread");
                let mut headers = HashMap::new();
                inject_into_headers(&Context::current(), &mut headers);
                let trace = tool.trace_ref().to_string();
                queue.blocking_send(Message { trace, headers, done }).map_err(|_| "closed")
            });
            tool.unwrap();
        });
        foreign("grpc");
        std::thread::spawn(work);
        finished.await.unwrap();
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn serve_orders(queue: mpsc::Sender<Message>) -> String {
    let (listener, url) = listener().await;
    let server = tonic::transport::Server::builder()
        .layer(ExtractContextLayer::new())
        .add_service(TraceServiceServer::new(Orders(queue)))
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);
    url
}

/// Hop 1: the edge, which knows whose request it is, and a task that it starts.
async fn serve_edge(orders: String) -> String {
    let (listener, url) = listener().await;
    let handle = move || async move {
        let asked = scope().session("s-1").user("u-9").tags(["beta", "night"]);
        let answer = asked.run(Agent::new("edge").run_with(async |_| {
            foreign("edge");
            let call = propagate_context(Tool::new("ask for orders").run(async move {
                let channel = tonic::transport::Endpoint::from_shared(orders).unwrap();
                let channel = channel.connect().await.map_err(|error| error.to_string())?;
                let channel = InjectContextLayer::to_its_peer().layer(channel);
                let request = ExportTraceServiceRequest::default();
                let answer = TraceServiceClient::new(channel).export(request).await;
                answer.map(drop).map_err(|status| status.to_string())
            }));
            tokio::spawn(call).await.unwrap()
        }));
        answer.await.unwrap();
        "done"
    };
    let app = Router::new().route("/", get(handle)).layer(ExtractContextLayer::new());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[test]
fn five_hops_are_one_trace_and_every_span_says_whose_it_is() {
    isolated!({
        let _ = rustls::crypto::ring::default_provider().install_default();
        let receiver = Receiver::start();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime
            .unwrap()
            .block_on(async {
                let keys = BaggageKeys::of(["session.id", "user.id", "spanwise.tags"]);
                let config = config().endpoint(receiver.http_url()).baggage(keys);
                let config = config.tracing(spanwise::TracingMode::default());
                let telemetry = spanwise::init_telemetry(config).unwrap();

                let model = serve_model().await;
                let (queue, taken) = mpsc::channel(1);
                take_from_queue(taken, model);
                let edge = serve_edge(serve_orders(queue).await).await;

                let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
                    .with(InjectContextMiddleware::to(["127.0.0.1"]))
                    .build();
                let browser = scope().session("s-1").user("u-9").tags(["beta", "night"]);
                let asked = browser.run(Agent::new("browser").run_with(async |_| {
                    let answer =
                        client.get(edge).send().await.map_err(|error| error.to_string())?;
                    answer.text().await.map_err(|error| error.to_string())
                }));
                assert_eq!(asked.await, Ok::<_, String>("done".to_owned()));
                telemetry.shutdown().await;
                Ok::<_, Infallible>(())
            })
            .unwrap();

        receiver.assert_conformant();
        let spans = receiver.spans();
        for span in &spans {
            assert_eq!(span.trace_id, spans[0].trace_id, "{}", span.name);
            assert_eq!(text(&span.attributes, "session.id"), "s-1", "{}", span.name);
            assert_eq!(text(&span.attributes, "user.id"), "u-9", "{}", span.name);
            let tags = format!("{:?}", attribute(&span.attributes, "spanwise.tags"));
            assert!(tags.contains("beta") && tags.contains("night"), "{}: {tags}", span.name);
        }
        let hops = [
            "execute_tool in the model",
            "chat m",
            "step from the queue",
            "execute_tool on a thread",
            "execute_tool ask for orders",
            "invoke_agent edge",
            "invoke_agent browser",
        ];
        let named = |name: &str| {
            let mut same = spans.iter().filter(|span| span.name == name);
            same.next().unwrap_or_else(|| panic!("no {name}"))
        };
        for pair in hops.windows(2) {
            assert_eq!(named(pair[0]).parent_span_id, named(pair[1]).span_id, "{pair:?}");
        }
        assert_eq!(named(hops[2]).links.len(), 1);
        // Two spans of others at each of five places.
        assert_eq!(spans.len(), hops.len() + 2 * 5);
    });
}
