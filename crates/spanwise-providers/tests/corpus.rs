//! What the fuzz targets start from, once, without fuzzing: `fuzz/corpus`.

use std::fs;

use spanwise_providers::{
    AnthropicMessages, Bedrock, Codec, Cohere, Event, Gemini, Mistral, Ollama, OpenAiChat,
    OpenAiEmbeddings, OpenAiResponses,
};

const CODECS: [(&dyn Codec, &str, &str); 9] = [
    (&AnthropicMessages, "anthropic", "/v1/messages"),
    (&Bedrock, "bedrock", "/model/m/converse"),
    (&Cohere, "cohere", "/v2/chat"),
    (&Gemini, "gemini", "/v1beta/models/m:generateContent"),
    (&Mistral, "mistral", "/v1/chat/completions"),
    (&Ollama, "ollama", "/api/chat"),
    (&OpenAiChat, "openai_chat", "/v1/chat/completions"),
    (&OpenAiEmbeddings, "openai_embeddings", "/v1/embeddings"),
    (&OpenAiResponses, "openai_responses", "/v1/responses"),
];

/// The files of a target that begin with this name, without the byte that says whose they are.
fn corpus(target: &str, name: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let ours = files.filter(|file| {
        file.file_name().and_then(|file| file.to_str()).is_some_and(|file| {
            file.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    });
    ours.map(|file| fs::read(file).unwrap()[1..].to_vec()).collect()
}

#[test]
fn whole_bodies_and_all_their_beginnings_are_survived() {
    for (codec, name, path) in CODECS {
        let bodies = corpus("whole", name);
        assert!(!bodies.is_empty(), "nothing for {name}");
        for body in bodies {
            for end in (0..body.len()).step_by(7).chain([body.len()]) {
                let with = codec.request(path, &body[..end], true);
                let without = codec.request(path, &body[..end], false);
                assert_eq!((with.model, with.stream), (without.model, without.stream), "{name}");
                let _ = codec.answer(&body[..end], true);
                let _ = codec.error(&body[..end]);
            }
        }
    }
}

#[test]
fn streams_are_survived_wherever_they_stop_and_in_any_order() {
    for (codec, name, _) in CODECS.iter().filter(|(_, name, _)| *name != "openai_embeddings") {
        let streams = corpus("streamed", name);
        assert!(!streams.is_empty(), "nothing for {name}");
        for stream in streams {
            let mut events: Vec<_> = stream.split(|byte| *byte == b'\n').collect();
            for _ in 0..2 {
                for end in 0..=events.len() {
                    let mut decoder = codec.decoder(true);
                    for line in &events[..end] {
                        let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(0);
                        let (name, data) = line.split_at(tab);
                        let name = std::str::from_utf8(name).unwrap();
                        decoder.event(Event { name, data: data.trim_ascii_start() });
                    }
                    let _ = decoder.take();
                }
                events.reverse();
            }
        }
    }
}
