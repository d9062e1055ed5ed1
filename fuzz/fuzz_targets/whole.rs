//! Requests, answers and refusals that are anything: the first byte says whose.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_providers::{
    AnthropicMessages, Bedrock, Codec, Cohere, Gemini, Mistral, Ollama, OpenAiChat,
    OpenAiEmbeddings, OpenAiResponses,
};

const CODECS: [(&dyn Codec, &str); 16] = [
    (&OpenAiChat, "/v1/chat/completions"),
    (&OpenAiResponses, "/v1/responses"),
    (&OpenAiResponses, "/v1/responses/resp_1?stream=true&starting_after=4"),
    (&OpenAiEmbeddings, "/v1/embeddings"),
    (&AnthropicMessages, "/v1/messages"),
    (&Gemini, "/v1beta/models/gemini-2.5-pro:generateContent"),
    (&Gemini, "/v1beta/models/text-embedding-004:embedContent"),
    (&Bedrock, "/model/amazon.nova-lite-v1%3A0/converse"),
    (&Bedrock, "/model/anthropic.claude-v2/invoke"),
    (&Cohere, "/v2/chat"),
    (&Cohere, "/v2/embed"),
    (&Cohere, "/v2/rerank"),
    (&Mistral, "/v1/chat/completions"),
    (&Ollama, "/api/chat"),
    (&Ollama, "/api/generate"),
    (&Ollama, "/api/embed"),
];

fuzz_target!(|input: &[u8]| {
    let Some((which, body)) = input.split_first() else { return };
    let (codec, path) = CODECS[usize::from(*which) % CODECS.len()];
    let with = codec.request(path, body, true);
    let without = codec.request(path, body, false);
    assert_eq!(without.content, Default::default(), "content that nobody asked for");
    assert_eq!((with.model, with.stream), (without.model, without.stream));
    let _ = codec.answer(body, true);
    let _ = codec.answer(body, false);
    let _ = codec.error(body);
});
