//! Tokens as Gemini counts them: thoughts beside the candidates, what tools fetched beside the prompt.

use spanwise_core::{Modality, Usage};

use super::{each, fields, value_of};
use crate::json::Json;

/// What `usageMetadata` tells, if it counts anything.
pub(super) fn of(metadata: Json<'_>) -> Option<Usage> {
    let mut told = Usage::unknown();
    let mut counts = Counts::default();
    let mut input_of = ByModality::default();
    let mut output_of = ByModality::default();
    let mut cached_of = ByModality::default();
    fields(metadata, |key, value| match key {
        "promptTokenCount" => counts.prompt = value.count(),
        "toolUsePromptTokenCount" => counts.tool_use = value.count(),
        "candidatesTokenCount" => counts.candidates = value.count(),
        "thoughtsTokenCount" => counts.thoughts = value.count(),
        "totalTokenCount" => counts.total = value.count(),
        "cachedContentTokenCount" => {
            told = value.count().map_or(told, |tokens| told.cache_read(tokens));
        }
        "promptTokensDetails" | "toolUsePromptTokensDetails" => input_of.add(value),
        "candidatesTokensDetails" => output_of.add(value),
        "cacheTokensDetails" => cached_of.add(value),
        _ => {}
    });
    told = counts.input().map_or(told, |tokens| told.input(tokens));
    told = counts.output().map_or(told, |tokens| told.output(tokens));
    told = counts.thoughts.map_or(told, |tokens| told.reasoning(tokens));
    told = input_of.told().fold(told, |told, (of, tokens)| told.input_of(of, tokens));
    told = output_of.told().fold(told, |told, (of, tokens)| told.output_of(of, tokens));
    told = cached_of.told().fold(told, |told, (of, tokens)| told.cache_read_of(of, tokens));
    (told != Usage::unknown()).then_some(told)
}

/// What the statistics of embeddings and predictions tell, all of them together.
pub(super) fn of_embeddings(list: Json<'_>) -> Option<Usage> {
    let mut sum = None;
    each(list, |item| {
        let embedding = item.field("embeddings").unwrap_or(item);
        let counted = || value_of(embedding.field("statistics")?, "tokenCount")?.count();
        sum = plus(sum, counted());
    });
    sum.map(|tokens| Usage::unknown().input(tokens))
}

#[derive(Default)]
struct Counts {
    prompt: Option<u64>,
    tool_use: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    total: Option<u64>,
}

impl Counts {
    fn input(&self) -> Option<u64> {
        plus(self.prompt, self.tool_use)
    }

    /// Some models' candidates hold the thoughts already; the total, where it is told, shows it.
    fn output(&self) -> Option<u64> {
        let without = plus(self.input(), self.candidates);
        if self.candidates.is_some() && self.total.is_some() && self.total == without {
            return self.candidates;
        }
        plus(self.candidates, self.thoughts)
    }
}

/// Text, images and audio; documents and films have no place of their own.
#[derive(Default)]
struct ByModality([Option<u64>; 3]);

impl ByModality {
    const KNOWN: [(&str, Modality); 3] =
        [("TEXT", Modality::Text), ("IMAGE", Modality::Image), ("AUDIO", Modality::Audio)];

    fn add(&mut self, details: Json<'_>) {
        each(details, |detail| {
            let modality = detail.field("modality").and_then(Json::text).unwrap_or_default();
            let tokens = value_of(detail, "tokenCount").and_then(Json::count);
            if let Some(place) = Self::KNOWN.iter().position(|(name, _)| *name == modality) {
                self.0[place] = plus(self.0[place], tokens);
            }
        });
    }

    fn told(self) -> impl Iterator<Item = (Modality, u64)> {
        let named = Self::KNOWN.into_iter().zip(self.0);
        named.filter_map(|((_, modality), tokens)| Some((modality, tokens?)))
    }
}

/// The sum of what is known.
fn plus(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}
