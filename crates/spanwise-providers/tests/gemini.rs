//! The Gemini API, and Gemini on Vertex AI.

mod support;

use spanwise_core::Provider;
use spanwise_providers::{Codec, ErrorAnswer, Gemini, Operation};
use support::{streamed, survives_nonsense, whole};

const PATH: &str = "/v1beta/models/gemini-2.5-flash:generateContent";
const STREAM: &str = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
const VERTEX: &str = "/v1/projects/p/locations/l/publishers/google/models/";

const REQUEST: &str = r#"{
    "systemInstruction": {"parts": [{"text": "Be kind."}]},
    "contents": [
        {"role": "user", "parts": [
            {"text": "What is on the picture?"},
            {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
            {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://films/1.mp4"}},
            {"fileData": {"mimeType": "application/pdf", "fileUri": "https://files.example/1"}}
        ]},
        {"role": "model", "parts": [
            {"text": "I look it up.", "thought": true, "thoughtSignature": "c2ln"},
            {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            {"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["q"]}}},
            {"toolResponse": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "response": {"ok": true}}},
            {"functionCall": {"id": "c1", "name": "lookup", "args": {"order": "A-17"}}}
        ]},
        {"role": "function", "parts": [
            {"functionResponse": {"id": "c1", "name": "lookup", "response": {"arrives": "tomorrow"}}}
        ]}
    ],
    "tools": [
        {"functionDeclarations": [{"name": "lookup", "description": "Finds orders",
                                   "parameters": {"type": "OBJECT"}}]},
        {"googleSearch": {}}, {"codeExecution": {}}
    ],
    "generationConfig": {
        "maxOutputTokens": 256, "temperature": 0.5, "topP": 0.25, "topK": 40.0, "candidateCount": 2,
        "stopSequences": ["END"], "seed": 7, "presencePenalty": 0.75, "frequencyPenalty": 0.5,
        "responseMimeType": "application/json", "responseModalities": ["TEXT"],
        "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "LOW"}
    },
    "a_field_of_tomorrow": {"deep": [1, 2, 3]}
}"#;

const ANSWER: &str = r#"{
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": "No."}]}, "finishReason": "SAFETY", "index": 1},
        {"content": {"role": "model", "parts": [
            {"text": "Hm.", "thought": true}, {"text": "A cat."},
            {"functionCall": {"name": "lookup"}}
         ]}, "finishReason": "STOP", "index": 0}
    ],
    "promptFeedback": {"safetyRatings": []},
    "usageMetadata": {
        "promptTokenCount": 300, "toolUsePromptTokenCount": 20, "candidatesTokenCount": 48,
        "thoughtsTokenCount": 16, "cachedContentTokenCount": 40, "totalTokenCount": 384,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 42}, {"modality": "IMAGE", "tokenCount": 258}],
        "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 48}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 30}, {"modality": "DOCUMENT", "tokenCount": 10}]
    },
    "modelVersion": "gemini-2.5-flash-001", "responseId": "r1"
}"#;

fn told(path: &str, request: &str, answer: &str) -> String {
    whole(&Gemini, Provider::GcpGemini, path, request, answer)
}

#[test]
fn a_request_and_its_answer_become_one_span() {
    insta::assert_snapshot!(told(PATH, REQUEST, ANSWER), @r#"
    generate_content gemini-2.5-flash
    gen_ai.input.messages=[{"parts":[{"content":"What is on the picture?","type":"text"},{"content":"iVBO","mime_type":"image/png","modality":"image","type":"blob"},{"mime_type":"video/mp4","modality":"video","type":"uri","uri":"gs://films/1.mp4"},{"mime_type":"application/pdf","modality":"document","type":"uri","uri":"https://files.example/1"}],"role":"user"},{"parts":[{"content":"I look it up.","type":"reasoning"},{"name":"codeExecution","server_tool_call":{"code":"print(1)","language":"PYTHON","type":"executableCode"},"type":"server_tool_call"},{"server_tool_call_response":{"outcome":"OUTCOME_OK","output":"1","type":"codeExecutionResult"},"type":"server_tool_call_response"},{"id":"t1","name":"GOOGLE_SEARCH_WEB","server_tool_call":{"args":{"queries":["q"]},"id":"t1","toolType":"GOOGLE_SEARCH_WEB","type":"toolCall"},"type":"server_tool_call"},{"id":"t1","server_tool_call_response":{"id":"t1","response":{"ok":true},"toolType":"GOOGLE_SEARCH_WEB","type":"toolResponse"},"type":"server_tool_call_response"},{"arguments":{"order":"A-17"},"id":"c1","name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"id":"c1","response":{"arrives":"tomorrow"},"type":"tool_call_response"}],"role":"tool"}]
    gen_ai.operation.name=generate_content
    gen_ai.output.messages=[{"parts":[{"content":"Hm.","type":"reasoning"},{"content":"A cat.","type":"text"},{"arguments":{},"name":"lookup","type":"tool_call"}],"role":"assistant"},{"parts":[{"content":"No.","type":"text"}],"role":"assistant"}]
    gen_ai.output.type=json
    gen_ai.provider.name=gcp.gemini
    gen_ai.request.choice.count=2
    gen_ai.request.frequency_penalty=0.5
    gen_ai.request.max_tokens=256
    gen_ai.request.model=gemini-2.5-flash
    gen_ai.request.presence_penalty=0.75
    gen_ai.request.reasoning.level=LOW
    gen_ai.request.seed=7
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.temperature=0.5
    gen_ai.request.top_k=40
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["STOP","SAFETY"]
    gen_ai.response.id=r1
    gen_ai.response.model=gemini-2.5-flash-001
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"},{"name":"googleSearch","type":"googleSearch"},{"name":"codeExecution","type":"codeExecution"}]
    gen_ai.usage.cache_read.input_tokens=40
    gen_ai.usage.image.input_tokens=258
    gen_ai.usage.input_tokens=320
    gen_ai.usage.output_tokens=64
    gen_ai.usage.reasoning.output_tokens=16
    gen_ai.usage.text.cache_read.input_tokens=30
    gen_ai.usage.text.input_tokens=62
    gen_ai.usage.text.output_tokens=48
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn chunks_tell_the_same_in_pieces() {
    let request =
        r#"{"contents": {"parts": {"text": "Hi"}}, "generationConfig": {"candidateCount": 2}}"#;
    let chunk = |candidates: &str, usage: &str| {
        format!(
            r#"{{"candidates":{candidates},"usageMetadata":{usage},"modelVersion":"gemini-2.5-flash-001","responseId":"r1"}}"#
        )
    };
    let part = |index: u64, part: &str| {
        format!(r#"{{"content":{{"role":"model","parts":[{part}]}},"index":{index}}}"#)
    };
    let on_demand = r#"{"trafficType":"ON_DEMAND"}"#;
    let chunks = [
        chunk(&format!("[{}]", part(0, r#"{"text":"Hm","thought":true}"#)), on_demand),
        chunk(
            &format!(
                "[{},{}]",
                part(0, r#"{"text":". ","thought":true}"#),
                part(1, r#"{"text":"No"}"#)
            ),
            r#"{"promptTokenCount":12,"thoughtsTokenCount":3,"totalTokenCount":15}"#,
        ),
        chunk(&format!("[{}]", part(0, r#"{"text":"A "},{"text":""}"#)), on_demand),
        chunk(
            r#"[{"content":{"role":"model","parts":[{"text":"cat"},{"functionCall":{"name":"look","args":{"a":1}}}]},"finishReason":"STOP"}]"#,
            on_demand,
        ),
        chunk(
            r#"[{"content":{"role":"model"},"finishReason":"MAX_TOKENS","index":1}]"#,
            r#"{"promptTokenCount":12,"candidatesTokenCount":5,"thoughtsTokenCount":3,"totalTokenCount":20}"#,
        ),
    ];
    let events: Vec<_> = chunks.iter().map(|chunk| ("", chunk.as_str())).collect();
    let told = streamed(&Gemini, Provider::GcpVertexAi, STREAM, request, &events);
    insta::assert_snapshot!(told, @r#"
    generate_content gemini-2.5-flash
    gen_ai.input.messages=[{"parts":[{"content":"Hi","type":"text"}],"role":"user"}]
    gen_ai.operation.name=generate_content
    gen_ai.output.messages=[{"parts":[{"content":"Hm. ","type":"reasoning"},{"content":"A cat","type":"text"},{"arguments":{"a":1},"name":"look","type":"tool_call"}],"role":"assistant"},{"parts":[{"content":"No","type":"text"}],"role":"assistant"}]
    gen_ai.provider.name=gcp.vertex_ai
    gen_ai.request.choice.count=2
    gen_ai.request.model=gemini-2.5-flash
    gen_ai.request.stream=true
    gen_ai.response.finish_reasons=["STOP","MAX_TOKENS"]
    gen_ai.response.id=r1
    gen_ai.response.model=gemini-2.5-flash-001
    gen_ai.usage.input_tokens=12
    gen_ai.usage.output_tokens=8
    gen_ai.usage.reasoning.output_tokens=3
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    spanwise.stream.chunks=5
    "#);
}

#[test]
fn what_comes_after_the_last_reason_is_read_as_well() {
    let mut decoder = Gemini.decoder(true);
    let mut event = |data: &str| {
        decoder.event(spanwise_providers::Event { name: "", data: data.as_bytes() });
        decoder.is_done()
    };
    assert!(event(r#"{"candidates": [{"finishReason": "STOP"}]}"#));
    assert!(!event(r#"{"candidates": [{"content": {"parts": [{"text": "late"}]}, "index": 1}]}"#));
    assert!(event(r#"{"candidates": [{"finishReason": "STOP", "index": 1}]}"#));
    assert!(event(r#"{"usageMetadata": {"promptTokenCount": 7}}"#));
    assert_eq!(decoder.take().response.usage.unwrap().input_tokens(), Some(7));
}

#[test]
fn both_spellings_are_read() {
    let request = r#"{
        "system_instruction": {"parts": {"text": "Be kind."}},
        "contents": [{"parts": [
            {"inline_data": {"mime_type": "audio/wav", "data": "UklG"}},
            {"file_data": {"file_uri": "https://files.example/1"}},
            {"function_response": {"name": "lookup", "response": {"x": 1}}}
        ]}],
        "tools": {"function_declarations": [{"name": "lookup"}], "google_search": {}},
        "generation_config": {
            "max_output_tokens": 256, "top_p": 0.25, "top_k": 40, "stop_sequences": ["END"],
            "response_mime_type": "application/json", "response_modalities": ["TEXT", "IMAGE"],
            "thinking_config": {"thinking_level": "high"}
        }
    }"#;
    let answer = r#"{"response_id": "r1", "candidates": [{"finish_reason": "STOP"}],
                     "usage_metadata": {"prompt_token_count": 3}}"#;
    let path = format!("{VERTEX}gemini-2.5-flash:generateContent");
    insta::assert_snapshot!(told(&path, request, answer), @r#"
    generate_content gemini-2.5-flash
    gen_ai.input.messages=[{"parts":[{"content":"UklG","mime_type":"audio/wav","modality":"audio","type":"blob"},{"modality":"document","type":"uri","uri":"https://files.example/1"},{"response":{"x":1},"type":"tool_call_response"}],"role":"user"}]
    gen_ai.operation.name=generate_content
    gen_ai.output.type=image
    gen_ai.provider.name=gcp.gemini
    gen_ai.request.max_tokens=256
    gen_ai.request.model=gemini-2.5-flash
    gen_ai.request.reasoning.level=high
    gen_ai.request.stop_sequences=["END"]
    gen_ai.request.top_k=40
    gen_ai.request.top_p=0.25
    gen_ai.response.finish_reasons=["STOP"]
    gen_ai.response.id=r1
    gen_ai.system_instructions=[{"content":"Be kind.","type":"text"}]
    gen_ai.tool.definitions=[{"name":"lookup","type":"function"},{"name":"googleSearch","type":"googleSearch"}]
    gen_ai.usage.input_tokens=3
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn the_path_says_what_is_called() {
    let called = |path: &str| {
        let request = Gemini.request(path, b"{}", false);
        (request.operation, request.model.unwrap_or_default(), request.stream)
    };
    let generate = |model: &str, stream| (Operation::GenerateContent, model.to_owned(), stream);
    let embed = |model: &str| (Operation::Embeddings, model.to_owned(), false);
    assert_eq!(called(PATH), generate("gemini-2.5-flash", false));
    assert_eq!(called(STREAM), generate("gemini-2.5-flash", true));
    let vertex = format!("{VERTEX}gemini-2.5-flash:streamGenerateContent?alt=sse");
    assert_eq!(called(&vertex), generate("gemini-2.5-flash", true));
    let tuned = "/v1beta/tunedModels/mine:generateContent";
    assert_eq!(called(tuned), generate("tunedModels/mine", false));
    let endpoint = "/v1/projects/p/locations/l/endpoints/17:generateContent";
    assert_eq!(called(endpoint), generate("endpoints/17", false));
    assert_eq!(called("/v1beta/models/e:embedContent"), embed("e"));
    assert_eq!(called("/v1beta/models/e:batchEmbedContents"), embed("e"));
    assert_eq!(called(&format!("{VERTEX}e:predict")), embed("e"));
    let told = Gemini.request("/proxy", br#"{"model": "models/gemini-2.5-pro"}"#, false);
    assert_eq!(told.model.as_deref(), Some("gemini-2.5-pro"));
    let picture =
        Gemini.request("/v1/models/i:predict", br#"{"instances": [{"prompt": "a"}]}"#, true);
    assert_eq!(picture.operation, Operation::GenerateContent);
}

#[test]
fn embeddings_tell_their_length() {
    let request = r#"{"content": {"parts": [{"text": "secret"}]}, "outputDimensionality": 768}"#;
    let answer =
        r#"{"embedding": {"values": [0.1, 0.2, 0.3]}, "usageMetadata": {"promptTokenCount": 9}}"#;
    let path = "/v1beta/models/gemini-embedding-001:embedContent";
    insta::assert_snapshot!(told(path, request, answer), @r#"
    embeddings gemini-embedding-001
    gen_ai.embeddings.dimension.count=3
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=gcp.gemini
    gen_ai.request.model=gemini-embedding-001
    gen_ai.usage.input_tokens=9
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);

    let request = r#"{"requests": [{"content": {}, "outputDimensionality": 768}]}"#;
    let path = "/v1beta/models/gemini-embedding-001:batchEmbedContents";
    let asked = told(path, request, "{}");
    assert!(asked.contains("gen_ai.embeddings.dimension.count=768\n"), "{asked}");
    let answer = r#"{"embeddings": [{"values": [0.1, 0.2]}, {"values": [0.3, 0.4]}]}"#;
    let answered = told(path, request, answer);
    assert!(answered.contains("gen_ai.embeddings.dimension.count=2\n"), "{answered}");
}

#[test]
fn predictions_tell_their_length_and_tokens() {
    let request = r#"{"instances": [{"content": "secret"}, {"content": "more"}],
                      "parameters": {"outputDimensionality": 768}}"#;
    let answer = r#"{"predictions": [
        {"embeddings": {"statistics": {"truncated": false, "token_count": 6}, "values": [0.1, 0.2]}},
        {"embeddings": {"statistics": {"truncated": false, "token_count": 3.0}, "values": [0.3, 0.4]}}
    ]}"#;
    let path = format!("{VERTEX}text-embedding-005:predict");
    insta::assert_snapshot!(told(&path, request, answer), @r#"
    embeddings text-embedding-005
    gen_ai.embeddings.dimension.count=2
    gen_ai.operation.name=embeddings
    gen_ai.provider.name=gcp.gemini
    gen_ai.request.model=text-embedding-005
    gen_ai.usage.input_tokens=9
    server.address=api.example
    server.port=443
    spanwise.outcome=completed
    "#);
}

#[test]
fn thoughts_are_counted_once() {
    let output = |usage: &str| {
        let answer = format!(r#"{{"usageMetadata": {usage}}}"#);
        Gemini.answer(answer.as_bytes(), false).response.usage.unwrap().output_tokens()
    };
    let apart = r#"{"promptTokenCount": 20, "candidatesTokenCount": 198, "thoughtsTokenCount": 405,
                    "totalTokenCount": 623}"#;
    assert_eq!(output(apart), Some(603));
    let within = r#"{"promptTokenCount": 20, "candidatesTokenCount": 603, "thoughtsTokenCount": 405,
                     "totalTokenCount": 623}"#;
    assert_eq!(output(within), Some(603));
    let no_total = r#"{"candidatesTokenCount": 198, "thoughtsTokenCount": 405}"#;
    assert_eq!(output(no_total), Some(603));
    assert_eq!(output(r#"{"promptTokenCount": 20, "totalTokenCount": 20}"#), None);
}

#[test]
fn a_blocked_prompt_says_so() {
    let blocked = r#"{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                      "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4}}"#;
    let told = streamed(&Gemini, Provider::GcpGemini, STREAM, "{}", &[("", blocked)]);
    assert!(told.contains(r#"gen_ai.response.finish_reasons=["PROHIBITED_CONTENT"]"#), "{told}");
}

#[test]
fn a_refusal_of_the_api_says_why() {
    let told = |body: &str| Gemini.error(body.as_bytes());
    let error =
        r#"{"error": {"code": 429, "message": "Slow down", "status": "RESOURCE_EXHAUSTED"}}"#;
    let expected = ErrorAnswer { code: "RESOURCE_EXHAUSTED".into(), message: "Slow down".into() };
    assert_eq!(told(error), Some(expected.clone()));
    assert_eq!(told(&format!("[{error}]")), Some(expected));
    assert_eq!(told(r#"{"error": {"code": 503}}"#).unwrap().code, "503");
    assert_eq!(told(r#"{"error": "no"}"#), None);
    assert_eq!(told("<html>"), None);
}

#[test]
fn an_error_ends_a_stream() {
    let events = [
        ("", r#"{"candidates": [{"content": {"parts": [{"text": "A"}]}}]}"#),
        ("", r#"[{"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}}]"#),
    ];
    let told = streamed(&Gemini, Provider::GcpGemini, STREAM, "{}", &events);
    assert!(told.contains("error.type=UNAVAILABLE\n"), "{told}");
    assert!(told.contains(r#"{"content":"A","type":"text"}"#), "{told}");
}

#[test]
fn a_stream_that_was_read_whole_is_an_answer() {
    let answer = r#"[{"candidates": [{"content": {"parts": [{"text": "A "}]}}]},
                     {"candidates": [{"content": {"parts": [{"text": "cat"}]}, "finishReason": "STOP"}]}]"#;
    let told = told(STREAM, "{}", answer);
    assert!(told.contains(r#"{"content":"A cat","type":"text"}"#), "{told}");
}

#[test]
fn nonsense_is_survived() {
    survives_nonsense(&Gemini, PATH, &[REQUEST, ANSWER]);
    let embed = r#"{"requests": [{"outputDimensionality": 7}], "embeddings": [{"values": [1],
                    "statistics": {"tokenCount": 3}}], "error": {"code": 1, "status": "X"}}"#;
    survives_nonsense(&Gemini, "/v1beta/models/e:batchEmbedContents", &[embed]);
    survives_nonsense(&Gemini, "::", &["{}"]);
}
