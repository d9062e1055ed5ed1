//! Streams of events that are anything: the first byte says whose, and lines are events, with a name before
//! the first tab.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_providers::{
    AnthropicMessages, Bedrock, Codec, Cohere, Event, Gemini, Mistral, Ollama, OpenAiChat,
    OpenAiResponses,
};

const CODECS: [&dyn Codec; 8] = [
    &OpenAiChat,
    &OpenAiResponses,
    &AnthropicMessages,
    &Gemini,
    &Bedrock,
    &Cohere,
    &Mistral,
    &Ollama,
];

fuzz_target!(|input: &[u8]| {
    let Some((which, events)) = input.split_first() else { return };
    let codec = CODECS[usize::from(*which) % CODECS.len()];
    for content in [true, false] {
        let mut decoder = codec.decoder(content);
        for line in events.split(|byte| *byte == b'\n') {
            let tab = line.iter().position(|byte| *byte == b'\t');
            let (name, data) = tab.map_or((&[][..], line), |tab| (&line[..tab], &line[tab + 1..]));
            decoder.event(Event { name: std::str::from_utf8(name).unwrap_or_default(), data });
            let _ = decoder.is_done();
        }
        let _ = decoder.take();
    }
});
