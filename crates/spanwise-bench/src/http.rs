//! A model call as it goes over HTTP: its request, and its answer whole or in events.

use spanwise::ContentCapture;

/// What of content is captured, by the program's first argument.
pub fn asked_content() -> ContentCapture {
    match std::env::args().nth(1).as_deref() {
        Some("content") => ContentCapture::SpanOnly,
        _ => ContentCapture::NoContent,
    }
}

/// The headers of an answer that comes whole, but for its length.
pub const ANSWER_HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/json"),
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-reset-requests", "8.64s"),
];

/// The body of a request.
pub fn request(stream: bool) -> String {
    let text = "What is the weather like? ".repeat(32);
    let message = format!(r#"{{"role":"user","content":"{text}"}}"#);
    format!(
        r#"{{"model":"gpt-4o-mini","max_tokens":256,"stream":{stream},"messages":[{message}]}}"#
    )
}

/// The body of an answer that comes whole.
pub fn whole_answer() -> String {
    let text = "It is sunny, and warmer than yesterday. ".repeat(20);
    format!(
        r#"{{"id":"chatcmpl-9f2c41d7b6e84a0d93c5e1aa","object":"chat.completion","created":1,"model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":200,"completion_tokens":180,"total_tokens":380,"prompt_tokens_details":{{"cached_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0}}}},"system_fingerprint":"fp_1"}}"#
    )
}

/// An answer in so many events, and the one that ends it.
pub fn streamed_answer(chunks: usize) -> impl Iterator<Item = String> {
    let event = |choice: &str| {
        let data = format!(
            r#"{{"id":"chatcmpl-9f2c41d7b6e84a0d93c5e1aa","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_1","choices":[{choice}]}}"#
        );
        format!("data: {data}\n\n")
    };
    let said = event(r#"{"index":0,"delta":{"content":" weather"},"finish_reason":null}"#);
    let end = event(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#);
    std::iter::repeat_n(said, chunks - 1).chain([end, "data: [DONE]\n\n".to_owned()])
}
