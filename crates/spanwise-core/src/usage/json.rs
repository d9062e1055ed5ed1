//! Usage as JSON: what is known, by the names that the conventions' attributes end in.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ByModality, Count, Usage};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Modalities::is_empty")]
    input: Modalities,
    #[serde(skip_serializing_if = "Modalities::is_empty")]
    output: Modalities,
    #[serde(skip_serializing_if = "Modalities::is_empty")]
    cache_read: Modalities,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Modalities {
    #[serde(skip_serializing_if = "Option::is_none")]
    text_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_tokens: Option<u64>,
}

impl Modalities {
    fn is_empty(&self) -> bool {
        self.to_split() == [Count::UNKNOWN; 3]
    }

    fn of(split: ByModality) -> Self {
        let [text_tokens, image_tokens, audio_tokens] = split.map(Count::known);
        Self { text_tokens, image_tokens, audio_tokens }
    }

    fn to_split(&self) -> ByModality {
        [self.text_tokens, self.image_tokens, self.audio_tokens].map(Count::told)
    }
}

impl Serialize for Usage {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written {
            input_tokens: self.input.known(),
            output_tokens: self.output.known(),
            cache_read_input_tokens: self.cache_read.known(),
            cache_write_input_tokens: self.cache_write.known(),
            reasoning_output_tokens: self.reasoning.known(),
            input: Modalities::of(self.input_of),
            output: Modalities::of(self.output_of),
            cache_read: Modalities::of(self.cache_read_of),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Usage {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(from)?;
        Ok(Self {
            input: Count::told(written.input_tokens),
            output: Count::told(written.output_tokens),
            cache_read: Count::told(written.cache_read_input_tokens),
            cache_write: Count::told(written.cache_write_input_tokens),
            reasoning: Count::told(written.reasoning_output_tokens),
            input_of: written.input.to_split(),
            output_of: written.output.to_split(),
            cache_read_of: written.cache_read.to_split(),
        })
    }
}
