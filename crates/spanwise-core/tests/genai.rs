//! `genai`'s answers, recorded by themselves.

use genai::ModelIden;
use genai::adapter::AdapterKind;
use genai::chat::{
    Binary, ChatMessage, ChatRequest, ChatResponse, ContentPart, MessageContent, StopReason, Tool,
    ToolCall, ToolResponse,
};
use serde_json::json;
use spanwise_core::{ContentCapture, Generation, Provider, ToMessages as _, ToolDefinition, Usage};
use spanwise_testing::Capture;

fn call() -> ToolCall {
    ToolCall {
        call_id: "call_1".to_owned(),
        fn_name: "lookup".to_owned(),
        fn_arguments: json!({"a": 1}),
        thought_signatures: None,
    }
}

fn answer() -> ChatResponse {
    ChatResponse {
        content: MessageContent::from_parts(vec![
            ContentPart::ThoughtSignature("signed".to_owned()),
            ContentPart::from_text("A cat."),
            ContentPart::ToolCall(call()),
        ]),
        reasoning_content: Some("A picture.".to_owned()),
        model_iden: ModelIden::new(AdapterKind::OpenAIResp, "gpt-5"),
        provider_model_iden: ModelIden::new(AdapterKind::OpenAIResp, "gpt-5-2026"),
        stop_reason: Some(StopReason::from("tool_calls".to_owned())),
        usage: serde_json::from_value(json!({
            "prompt_tokens": 300, "completion_tokens": 48, "total_tokens": 348,
            "prompt_tokens_details": {"cached_tokens": 40, "cache_creation_tokens": 8, "audio_tokens": 50},
            "completion_tokens_details": {"reasoning_tokens": 16},
        }))
        .unwrap(),
        captured_raw_body: None,
        response_id: Some("resp_1".to_owned()),
    }
}

#[test]
fn an_answer_is_recorded_by_returning_it() {
    let capture = Capture::builder().content(ContentCapture::SpanOnly).build();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(capture.run_async(async {
        let call = async { Ok::<_, std::io::Error>(answer()) };
        Generation::chat(AdapterKind::OpenAIResp, "gpt-5").run(call).await.unwrap();
    }));
    let captured = capture.finish();
    captured.assert_conformant();
    let span = captured.span("chat gpt-5");
    let told: String =
        span.keys().iter().map(|key| format!("{key}={}\n", span.text(key))).collect();
    insta::assert_snapshot!(told, @r#"
    gen_ai.operation.name=chat
    gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"reasoning","content":"A picture."},{"type":"text","content":"A cat."},{"type":"tool_call","id":"call_1","name":"lookup","arguments":{"a":1}}]}]
    gen_ai.provider.name=openai
    gen_ai.request.model=gpt-5
    gen_ai.response.finish_reasons=["tool_calls"]
    gen_ai.response.id=resp_1
    gen_ai.response.model=gpt-5-2026
    gen_ai.usage.audio.input_tokens=50
    gen_ai.usage.cache_read.input_tokens=40
    gen_ai.usage.cache_write.input_tokens=8
    gen_ai.usage.input_tokens=300
    gen_ai.usage.output_tokens=48
    gen_ai.usage.reasoning.output_tokens=16
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_request_is_told_part_by_part() {
    let request = ChatRequest::from_messages(vec![
        ChatMessage::system("Be brief."),
        ChatMessage::user(MessageContent::from_parts(vec![
            ContentPart::from_text("What is it?"),
            ContentPart::Binary(Binary::from_base64("image/png", "iVBORw0K", None)),
            ContentPart::Binary(Binary::from_url(
                "application/pdf",
                "https://a.example/b.pdf",
                None,
            )),
        ])),
        ChatMessage::from(vec![call()]),
        ChatMessage::from(ToolResponse::new("call_1", r#"{"found": true}"#)),
    ]);
    let told = serde_json::to_string_pretty(&request.to_messages()).unwrap();
    insta::assert_snapshot!(told, @r#"
    [
      {
        "role": "system",
        "parts": [
          {
            "type": "text",
            "content": "Be brief."
          }
        ]
      },
      {
        "role": "user",
        "parts": [
          {
            "type": "text",
            "content": "What is it?"
          },
          {
            "type": "blob",
            "modality": "image",
            "mime_type": "image/png",
            "content": "iVBORw0K"
          },
          {
            "type": "uri",
            "modality": "document",
            "mime_type": "application/pdf",
            "uri": "https://a.example/b.pdf"
          }
        ]
      },
      {
        "role": "assistant",
        "parts": [
          {
            "type": "tool_call",
            "id": "call_1",
            "name": "lookup",
            "arguments": {
              "a": 1
            }
          }
        ]
      },
      {
        "role": "tool",
        "parts": [
          {
            "type": "tool_call_response",
            "id": "call_1",
            "response": {
              "found": true
            }
          }
        ]
      }
    ]
    "#);
}

#[test]
fn tools_keep_their_names_and_schemas() {
    let own =
        Tool::new("lookup").with_description("Looks up").with_schema(json!({"type": "object"}));
    let definition = ToolDefinition::function("lookup").description("Looks up");
    assert_eq!(ToolDefinition::from(&own), definition.parameters(json!({"type": "object"})));
    let search = ToolDefinition::from(&Tool::new_web_search());
    assert_eq!(search, ToolDefinition::of_type("web_search", "web_search"));
}

#[test]
fn providers_have_the_conventions_names() {
    for (kind, name) in [
        (AdapterKind::OpenAI, "openai"),
        (AdapterKind::OpenAIResp, "openai"),
        (AdapterKind::Anthropic, "anthropic"),
        (AdapterKind::Gemini, "gcp.gemini"),
        (AdapterKind::Vertex, "gcp.vertex_ai"),
        (AdapterKind::BedrockApi, "aws.bedrock"),
        (AdapterKind::Mistral, "mistral_ai"),
        (AdapterKind::Xai, "x_ai"),
        (AdapterKind::Moonshot, "moonshot_ai"),
        (AdapterKind::DeepSeek, "deepseek"),
        (AdapterKind::Groq, "groq"),
        (AdapterKind::Cohere, "cohere"),
        (AdapterKind::Ollama, "ollama"),
        (AdapterKind::OpenRouter, "openrouter"),
        (AdapterKind::Together, "together"),
    ] {
        assert_eq!(Provider::from(kind).as_str(), name);
    }
}

#[test]
fn counts_that_are_not_told_are_not_made_up() {
    assert_eq!(Usage::from(&genai::chat::Usage::default()), Usage::unknown());
    let negative = genai::chat::Usage { prompt_tokens: Some(-1), ..Default::default() };
    assert_eq!(Usage::from(&negative), Usage::unknown());
}
