//! The local server: every provider's paths, which have nothing in common.

use axum::Router;
use axum::routing::post;

use crate::{anthropic, bedrock, cohere, gemini, ollama, openai};

/// Starts it on a free port of this machine.
pub(crate) async fn start() -> Result<String, std::io::Error> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .merge(openai::routes())
        .route("/v1/messages", post(anthropic::messages))
        .route("/v1beta/models/{call}", post(gemini::call))
        .route("/model/{model}/converse", post(bedrock::converse))
        .route("/model/{model}/converse-stream", post(bedrock::converse_stream))
        .route("/v2/chat", post(cohere::chat))
        .route("/v2/embed", post(cohere::embed))
        .route("/v2/rerank", post(cohere::rerank))
        .route("/api/chat", post(ollama::chat))
        .route("/api/embed", post(ollama::embed));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(format!("http://{address}"))
}
