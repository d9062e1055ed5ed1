//! What a model was asked with.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::{Map, Value};
use spanwise_core::semconv::attribute as key;
use spanwise_core::semconv::value::gen_ai_output_type as output_type;

use crate::export::stage::content::foreign;

/// The parameters as a JSON object, by the names of most providers; `None` where there are none.
pub(super) fn of(attributes: &[KeyValue]) -> Option<String> {
    let mut parameters = Map::new();
    for attribute in attributes {
        let value = || foreign::read(attribute.value.clone()).0;
        if let Some(name) = name(&attribute.key) {
            parameters.insert(name.to_owned(), value());
        } else if attribute.key == key::GEN_AI_REQUEST_ENCODING_FORMATS.key() {
            match value() {
                Value::Array(mut formats) if formats.len() == 1 => {
                    parameters.extend(formats.pop().map(|it| ("encoding_format".to_owned(), it)));
                }
                formats => drop(parameters.insert("encoding_formats".to_owned(), formats)),
            }
        } else if attribute.key == key::GEN_AI_OUTPUT_TYPE.key()
            && let Some(format) = value().as_str().and_then(format)
        {
            let format = Map::from_iter([("type".to_owned(), format.into())]);
            parameters.insert("response_format".to_owned(), Value::Object(format));
        }
    }
    (!parameters.is_empty()).then(|| Value::Object(parameters).to_string())
}

/// What most providers call it.
fn name(attribute: &str) -> Option<&'static str> {
    let names = [
        (key::GEN_AI_REQUEST_TEMPERATURE.key(), "temperature"),
        (key::GEN_AI_REQUEST_TOP_P.key(), "top_p"),
        (key::GEN_AI_REQUEST_TOP_K.key(), "top_k"),
        (key::GEN_AI_REQUEST_MAX_TOKENS.key(), "max_tokens"),
        (key::GEN_AI_REQUEST_FREQUENCY_PENALTY.key(), "frequency_penalty"),
        (key::GEN_AI_REQUEST_PRESENCE_PENALTY.key(), "presence_penalty"),
        (key::GEN_AI_REQUEST_SEED.key(), "seed"),
        (key::GEN_AI_REQUEST_STREAM.key(), "stream"),
        (key::GEN_AI_REQUEST_CHOICE_COUNT.key(), "n"),
        (key::GEN_AI_REQUEST_STOP_SEQUENCES.key(), "stop"),
        (key::GEN_AI_REQUEST_REASONING_LEVEL.key(), "reasoning_effort"),
    ];
    names.into_iter().find_map(|(key, name)| (key == attribute).then_some(name))
}

fn format(name: &str) -> Option<&'static str> {
    match name {
        output_type::JSON => Some("json_object"),
        output_type::TEXT => Some("text"),
        _ => None,
    }
}
