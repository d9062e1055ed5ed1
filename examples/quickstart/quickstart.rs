//! A support agent, seen from the outside: which model was asked what, which tool ran, what it cost.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! Without `OPENAI_API_KEY` or `OPENAI_BASE_URL` the model is a small server that the example starts on this machine. Without an
//! OTLP endpoint the trace is drawn in the terminal.

use std::time::Duration;

use futures_util::StreamExt as _;
use openai_client::{ChatCompletion, ChatRequest, Client, Delta, Error, ToolCall};
use serde_json::{Value, json};
use spanwise::{
    Agent, Embeddings, FutureExt as _, Generation, Message, Provider, TelemetryConfig, Tool,
    ToolDefinition, Workflow,
};

const MODEL: &str = "gpt-4o-mini";
const EMBEDDING_MODEL: &str = "text-embedding-3-small";
const QUESTION: &str = "Where is my order A-17?";
const INSTRUCTIONS: &str = "You help customers of a small shop. Look orders up before you answer.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry =
        spanwise::init_telemetry(TelemetryConfig::from_env()?.service_name("support-bot"))?;
    let client = Client::from_env().await?;
    eprintln!("The model is {}.\n", if client.is_local() { "a local server" } else { "OpenAI's" });

    let answer = Workflow::new("handle_ticket")
        .input(QUESTION)
        .run_with(async |workflow| {
            recall(&client, QUESTION).await?;
            let answer = Agent::new("triage")
                .description("Answers questions about orders.")
                .run_with(async |_agent| triage(&client).await)
                .await?;
            workflow.output(&Message::assistant(answer.text()));
            Ok::<_, Error>(answer)
        })
        .await;

    let report = telemetry.shutdown().await;
    match &answer {
        Ok(answer) => eprintln!("Answer: {}\n", answer.text()),
        Err(error) => eprintln!("No answer: {error}\n"),
    }
    eprintln!("{report}");
    if report.destination("console").is_some() {
        eprintln!(
            "\nSend the same to a collector: \
             OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 cargo run --example quickstart"
        );
    }
    Ok(answer.map(drop)?)
}

/// Finds what is known about similar questions.
async fn recall(client: &Client, question: &str) -> Result<Vec<f32>, Error> {
    let (host, port) = client.server();
    Embeddings::new(Provider::OpenAi, EMBEDDING_MODEL)
        .server(host, port)
        .error_kind(Error::kind)
        .run_with(async |embeddings| {
            let embedding = client.embed(EMBEDDING_MODEL, question).await?;
            embeddings.input_tokens(embedding.input_tokens);
            embeddings.response_model(embedding.model);
            embeddings.dimension_count(embedding.vector.len() as i64);
            Ok(embedding.vector)
        })
        .await
}

/// Asks the model, runs the tool that it wants, and asks again.
async fn triage(client: &Client) -> Result<ChatCompletion, Error> {
    let tools = [ToolDefinition::function("lookup_order")];
    let mut request = ChatRequest {
        model: MODEL.to_owned(),
        messages: vec![
            json!({"role": "system", "content": INSTRUCTIONS}),
            json!({"role": "user", "content": QUESTION}),
        ],
        tools: vec![json!({
            "type": "function",
            "function": {
                "name": "lookup_order",
                "parameters": {
                    "type": "object",
                    "properties": {"order": {"type": "string"}},
                    "required": ["order"],
                },
            },
        })],
        max_completion_tokens: 256,
        ..ChatRequest::default()
    };
    let mut history = vec![Message::system(INSTRUCTIONS), Message::user(QUESTION)];

    let calls = ask_for_tools(client, &request, &history, &tools).await?;
    for call in &calls {
        let result = match call.name.as_str() {
            "lookup_order" => lookup_order(call).await,
            name => format!("there is no tool called {name}"),
        };
        request.messages.push(call.to_json());
        request.messages.push(json!({"role": "tool", "tool_call_id": call.id, "content": result}));
        history.push(Message::assistant("").part(call.part()));
        history.push(Message::tool_response(&call.id, result));
    }
    notify_warehouse().await;

    let (host, port) = client.server();
    Generation::chat(Provider::OpenAi, MODEL)
        .server(host, port)
        .max_tokens(request.max_completion_tokens)
        .input(&history)
        .tool_definitions(&tools)
        .error_kind(Error::kind)
        .run(client.chat(&request))
        .await
}

/// A streamed call: each chunk is passed on, and tells the generation what is in it.
async fn ask_for_tools(
    client: &Client,
    request: &ChatRequest,
    history: &[Message],
    tools: &[ToolDefinition],
) -> Result<Vec<ToolCall>, Error> {
    let (host, port) = client.server();
    let generation = Generation::chat(Provider::OpenAi, MODEL)
        .server(host, port)
        .max_tokens(request.max_completion_tokens)
        .input(history)
        .tool_definitions(tools)
        .error_kind(Error::kind)
        .start();
    let chunks = match client.chat_stream(request).in_operation(&generation).await {
        Ok(chunks) => chunks,
        Err(error) => {
            generation.fail(&error);
            return Err(error);
        }
    };
    let mut chunks = std::pin::pin!(generation.try_stream(chunks, Delta::record_on));
    let mut calls: Vec<ToolCall> = Vec::new();
    while let Some(delta) = chunks.next().await {
        for (index, id, name, arguments) in delta?.tool_calls() {
            if calls.len() <= index {
                calls.resize_with(index + 1, ToolCall::default);
            }
            calls[index].id.push_str(id.unwrap_or_default());
            calls[index].name.push_str(name.unwrap_or_default());
            calls[index].arguments.push_str(arguments);
        }
    }
    Ok(calls)
}

async fn lookup_order(call: &ToolCall) -> String {
    let found = Tool::new("lookup_order")
        .tool_type("function")
        .call_id(call.id.clone())
        .arguments(&call.arguments)
        .run_with(async |tool| {
            tokio::time::sleep(Duration::from_millis(25)).await;
            let order: Value = serde_json::from_str(&call.arguments)?;
            let status =
                json!({"order": order["order"], "status": "shipped", "arrives": "tomorrow"});
            tool.result(&status);
            Ok::<_, serde_json::Error>(status.to_string())
        })
        .await;
    found.unwrap_or_else(|error| error.to_string())
}

/// Fails, so that there is an error to look at; the agent goes on without it.
async fn notify_warehouse() {
    let _ = Tool::new("notify_warehouse")
        .tool_type("function")
        .run(async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Err::<(), _>(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))
        })
        .await;
}
