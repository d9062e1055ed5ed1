//! OpenAI Embeddings.

mod support;

use spanwise_core::Provider;
use spanwise_providers::OpenAiEmbeddings;
use support::{survives_nonsense, whole};

const PATH: &str = "/v1/embeddings";

const REQUEST: &str = r#"{"model": "text-embedding-3-small", "input": "secret", "dimensions": 512,
                          "encoding_format": "float"}"#;

const ANSWER: &str = r#"{"object": "list", "model": "text-embedding-3-small-1",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2, 0.3]}],
    "usage": {"prompt_tokens": 9, "total_tokens": 9}}"#;

#[test]
fn a_request_and_its_answer_become_one_span() {
    insta::assert_snapshot!(whole(&OpenAiEmbeddings, Provider::OpenAi, PATH, REQUEST, ANSWER), @r#"
    embeddings text-embedding-3-small
    gen_ai.embeddings.dimension.count=3
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=openai
    gen_ai.request.encoding_formats=["float"]
    gen_ai.request.model=text-embedding-3-small
    gen_ai.response.model=text-embedding-3-small-1
    gen_ai.usage.input_tokens=9
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn a_vector_in_base64_is_as_long_as_its_numbers() {
    // Three numbers of four bytes are twelve bytes, sixteen letters.
    let answer = r#"{"data": [{"embedding": "AAAAAAAAAAAAAAAA"}]}"#;
    let told = whole(&OpenAiEmbeddings, Provider::OpenAi, PATH, r#"{"model": "m"}"#, answer);
    assert!(told.contains("gen_ai.embeddings.dimension.count=3"), "{told}");
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&OpenAiEmbeddings, PATH, &[REQUEST, ANSWER]);
}
