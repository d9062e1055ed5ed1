//! What calls cost by the prices that providers publish, reckoned by hand.

use std::time::{Duration, SystemTime};

use spanwise_core::{BilledUnits, Modality, PricedCall, Usage};

use crate::Prices;

/// The day of the call; provider, model, what was used, dollars. The page above is where the provider publishes its prices;
/// they were written down as known for that day, and most pages could not be opened where this was written.
const CASES: [(&str, &str, &str, &str, &str); 74] = [
    // https://platform.openai.com/docs/pricing
    ("2025-11-15", "openai", "gpt-4o", "1000 in, 500 out", "0.0075"),
    ("2025-11-15", "openai", "gpt-4o", "1000 in, 400 cached, 500 out", "0.007"),
    ("2025-11-15", "openai", "gpt-4o-2024-05-13", "1000 in, 500 out", "0.0125"),
    ("2025-11-15", "openai", "gpt-4o-2024-08-06", "1 in, 1 out", "0.0000125"),
    ("2025-11-15", "openai", "gpt-4o-mini", "10000 in, 2500 cached, 300 out", "0.0014925"),
    ("2025-11-15", "openai", "gpt-4o-mini", "1 in, 1 cached", "0.000000075"),
    ("2025-11-15", "openai", "gpt-4.1", "120000 in, 100000 cached, 2000 out", "0.106"),
    ("2025-11-15", "openai", "gpt-4.1-mini", "5000 in, 700 out", "0.00312"),
    ("2025-11-15", "openai", "gpt-4.1-nano", "5000 in, 4000 cached, 700 out", "0.00048"),
    ("2025-11-15", "openai", "o3", "800 in, 2000 out, 1500 reasoning", "0.0176"),
    (
        "2025-11-15",
        "openai",
        "o4-mini",
        "1000 in, 500 cached, 3000 out, 2900 reasoning",
        "0.0138875",
    ),
    ("2025-11-15", "openai", "o1", "1000 in, 200 cached, 1000 out, 600 reasoning", "0.0735"),
    ("2025-11-15", "openai", "o3-mini", "1000 in, 1000 out", "0.0055"),
    ("2025-11-15", "openai", "gpt-5", "10000 in, 8000 cached, 1000 out, 640 reasoning", "0.0135"),
    ("2025-11-15", "openai", "gpt-5-mini", "10000 in, 8000 cached, 1000 out", "0.0027"),
    ("2025-11-15", "openai", "gpt-5-nano", "10001 in, 1 cached, 7 out", "0.000502805"),
    ("2025-11-15", "openai", "gpt-4-turbo", "1000 in, 1000 out", "0.04"),
    ("2025-11-15", "openai", "gpt-4", "1000 in, 1000 out", "0.09"),
    ("2025-11-15", "openai", "gpt-3.5-turbo", "1000 in, 1000 out", "0.002"),
    ("2025-11-15", "openai", "text-embedding-3-small", "8191 in", "0.00016382"),
    ("2025-11-15", "openai", "text-embedding-3-large", "8191 in", "0.00106483"),
    ("2025-11-15", "openai", "text-embedding-ada-002", "8191 in", "0.0008191"),
    (
        "2025-11-15",
        "openai",
        "gpt-4o-audio-preview",
        "1000 in, 600 audio in, 500 out, 400 audio out",
        "0.058",
    ),
    (
        "2025-11-15",
        "openai",
        "gpt-4o-mini-audio-preview",
        "1000 in, 600 audio in, 500 out, 400 audio out",
        "0.01412",
    ),
    // https://platform.openai.com/docs/pricing
    ("2026-10-20", "openai", "gpt-4o", "1000 in, 500 out, batch", "0.00375"),
    ("2026-10-20", "openai", "gpt-4.1", "1000 in, 500 out, batch", "0.003"),
    ("2026-10-20", "openai", "o3", "1000 in, 500 cached, 1000 out, tier flex", "0.004625"),
    ("2026-10-20", "openai", "gpt-5", "1000 in, 500 cached, 1000 out, tier flex", "0.00534375"),
    ("2026-10-20", "openai", "gpt-5", "1000 in, 500 cached, 1000 out, tier priority", "0.021375"),
    ("2026-10-20", "openai", "gpt-4o", "1000 in, 500 out, tier priority", "0.01275"),
    // https://platform.claude.com/docs/en/about-claude/pricing
    ("2025-11-15", "anthropic", "claude-opus-4-1-20250805", "1000 in, 500 out", "0.0525"),
    (
        "2025-11-15",
        "anthropic",
        "claude-opus-4-1-20250805",
        "20000 in, 15000 cached, 3000 written, 500 out",
        "0.14625",
    ),
    ("2025-11-15", "anthropic", "claude-sonnet-4-5-20250929", "1000 in, 500 out", "0.0105"),
    ("2025-11-15", "anthropic", "claude-sonnet-4-5-20250929", "200000 in, 500 out", "0.6075"),
    ("2025-11-15", "anthropic", "claude-sonnet-4-5-20250929", "200001 in, 500 out", "1.211256"),
    (
        "2025-11-15",
        "anthropic",
        "claude-sonnet-4-5-20250929",
        "250000 in, 200000 cached, 40000 written, 1000 out",
        "0.5025",
    ),
    (
        "2025-11-15",
        "anthropic",
        "claude-haiku-4-5-20251001",
        "1000 in, 100 cached, 100 written, 500 out",
        "0.003435",
    ),
    (
        "2025-11-15",
        "anthropic",
        "claude-3-5-haiku-20241022",
        "1000 in, 100 cached, 100 written, 500 out",
        "0.002748",
    ),
    (
        "2025-11-15",
        "anthropic",
        "claude-3-haiku-20240307",
        "1000 in, 100 cached, 100 written, 500 out",
        "0.000858",
    ),
    // https://platform.claude.com/docs/en/about-claude/pricing
    (
        "2026-10-20",
        "anthropic",
        "claude-opus-4-5",
        "1000 in, 100 cached, 100 written, 500 out",
        "0.017175",
    ),
    ("2026-10-20", "anthropic", "claude-haiku-4-5", "1000 in, 500 out, batch", "0.00175"),
    (
        "2026-10-20",
        "anthropic",
        "claude-sonnet-4-5",
        "1000 in, 100 cached, 500 out, batch",
        "0.005115",
    ),
    // https://ai.google.dev/gemini-api/docs/pricing
    ("2025-11-15", "gcp.gemini", "gemini-2.5-pro", "200000 in, 1000 out", "0.26"),
    ("2025-11-15", "gcp.gemini", "gemini-2.5-pro", "200001 in, 1000 out", "0.5150025"),
    (
        "2025-11-15",
        "gcp.gemini",
        "gemini-2.5-pro",
        "300000 in, 100000 cached, 1000 out, 700 reasoning",
        "0.54",
    ),
    ("2025-11-15", "gcp.gemini", "gemini-2.5-flash", "10000 in, 1000 out, 900 reasoning", "0.0055"),
    ("2025-11-15", "gcp.gemini", "gemini-2.5-flash", "10000 in, 4000 audio in, 1000 out", "0.0083"),
    (
        "2025-11-15",
        "gcp.gemini",
        "gemini-2.5-flash",
        "10000 in, 4000 audio in, 1000 cached, 1000 audio cached, 1000 out",
        "0.0074",
    ),
    (
        "2025-11-15",
        "gcp.gemini",
        "gemini-2.5-flash-lite",
        "10000 in, 5000 cached, 1000 out",
        "0.00095",
    ),
    ("2025-11-15", "gcp.gemini", "gemini-2.0-flash", "10000 in, 1000 audio in, 1000 out", "0.002"),
    ("2025-11-15", "gcp.gemini", "gemini-embedding-001", "2048 in", "0.0003072"),
    // https://api-docs.deepseek.com/quick_start/pricing
    ("2025-11-15", "deepseek", "deepseek-chat", "10000 in, 6000 cached, 1000 out", "0.001708"),
    ("2025-11-15", "deepseek", "deepseek-reasoner", "10000 in, 1000 out, 800 reasoning", "0.00322"),
    // https://mistral.ai/pricing
    ("2025-11-15", "mistral_ai", "codestral-latest", "1000 in, 500 out", "0.00075"),
    ("2025-11-15", "mistral_ai", "mistral-small-latest", "1000 in, 500 out", "0.00025"),
    // https://groq.com/pricing
    ("2025-11-15", "groq", "llama-3.3-70b-versatile", "1000 in, 500 out", "0.000985"),
    ("2025-11-15", "groq", "llama-3.1-8b-instant", "1001 in, 500 out", "0.00009005"),
    // https://docs.x.ai/docs/models
    ("2025-11-15", "x_ai", "grok-3", "1000 in, 400 cached, 500 out", "0.0096"),
    ("2025-11-15", "x_ai", "grok-3-mini", "1000 in, 400 cached, 500 out, 300 reasoning", "0.00046"),
    ("2025-11-15", "x_ai", "grok-code-fast-1", "1000 in, 400 cached, 500 out", "0.000878"),
    // https://cohere.com/pricing
    ("2025-11-15", "cohere", "command-a-03-2025", "1000 in, 500 out", "0.0075"),
    ("2025-11-15", "cohere", "command-r7b-12-2024", "1001 in, 501 out", "0.0001126875"),
    ("2025-11-15", "cohere", "rerank-v3.5", "1 searches", "0.002"),
    ("2025-11-15", "cohere", "rerank-v3.5", "3 searches", "0.006"),
    // https://aws.amazon.com/bedrock/pricing
    (
        "2025-11-15",
        "aws.bedrock",
        "amazon.nova-pro-v1:0",
        "1000 in, 400 cached, 500 out",
        "0.00216",
    ),
    (
        "2025-11-15",
        "aws.bedrock",
        "amazon.nova-micro-v1:0",
        "1001 in, 401 cached, 501 out",
        "0.00009464875",
    ),
    // https://platform.openai.com/docs/pricing: speech, $15.00 and $30.00 for a million characters.
    ("2026-10-20", "openai", "tts-1", "4096 characters", "0.06144"),
    ("2026-10-20", "openai", "tts-1-hd", "4096 characters", "0.12288"),
    // https://groq.com/pricing: transcription, $0.111 and $0.04 for an hour.
    ("2026-10-20", "groq", "whisper-large-v3", "3600000 milliseconds", "0.111"),
    ("2026-10-20", "groq", "whisper-large-v3-turbo", "90000 milliseconds", "0.001"),
    // https://platform.claude.com/docs/en/about-claude/pricing: $10.00 for 1,000 searches of the web, beside the tokens.
    ("2026-10-20", "anthropic", "claude-haiku-4-5", "1000 in, 500 out, 3 searches", "0.0335"),
    // $1.25 for a million tokens that are kept for five minutes, $2.00 for those that are kept for an hour.
    (
        "2026-10-20",
        "anthropic",
        "claude-haiku-4-5",
        "2000 in, 1500 written, 1000 written 1h",
        "0.003125",
    ),
    // https://platform.openai.com/docs/pricing: $5 for a million tokens of text, $10 for pictures in, $40 for pictures out.
    (
        "2026-10-20",
        "openai",
        "gpt-image-1",
        "1000 in, 400 image in, 2000 out, 2000 image out",
        "0.087",
    ),
    // https://platform.openai.com/docs/pricing: what is charged by characters costs nothing that is known by tokens.
    ("2026-10-20", "openai", "tts-1", "4096 characters, 12 in", "0.06144"),
];

fn usage(told: &str) -> Option<Usage> {
    let counts: Vec<(u64, &str)> = told
        .split(", ")
        .filter_map(|part| part.split_once(' '))
        .filter_map(|(count, of)| Some((count.parse().ok()?, of)))
        .collect();
    let start = (!counts.is_empty()).then(Usage::unknown);
    start
        .map(|start| {
            counts.into_iter().fold(start, |usage, (count, of)| match of {
                "in" => usage.input(count),
                "out" => usage.output(count),
                "cached" => usage.cache_read(count),
                "written" => usage.cache_write(count),
                "reasoning" => usage.reasoning(count),
                "audio in" => usage.input_of(Modality::Audio, count),
                "audio cached" => usage.cache_read_of(Modality::Audio, count),
                "image in" => usage.input_of(Modality::Image, count),
                "image out" => usage.output_of(Modality::Image, count),
                "audio out" => usage.output_of(Modality::Audio, count),
                "searches" | "characters" | "milliseconds" | "written 1h" => usage,
                other => panic!("{other} is nothing that is used"),
            })
        })
        .filter(|usage| *usage != Usage::unknown())
}

fn units(told: &str) -> BilledUnits {
    let of = told.split(", ").filter_map(|part| part.split_once(' '));
    of.fold(BilledUnits::default(), |units, (count, of)| match (count.parse().ok(), of) {
        (Some(count), "searches") => units.searches(count),
        (Some(count), "written 1h") => units.cache_write_1h(count),
        (Some(count), "characters") => units.characters(count),
        (Some(count), "milliseconds") => units.audio(Duration::from_millis(count)),
        _ => units,
    })
}

#[test]
fn calls_cost_what_providers_publish_to_the_last_decimal() {
    let prices = Prices::published();
    let mut wrong = Vec::new();
    for case in CASES {
        let (day, provider, model, told, dollars) = case;
        let mut call = PricedCall::new("chat", model);
        let day = humantime::parse_rfc3339(&format!("{day}T12:00:00Z"));
        call.started_at = day.unwrap_or(SystemTime::UNIX_EPOCH);
        call.provider = Some(provider);
        call.usage = usage(told);
        call.units = units(told);
        call.batch = told.ends_with("batch");
        call.service_tier = told.split_once("tier ").map(|(_, tier)| tier);
        let cost = prices.find(&call).map(|cost| cost.amount().to_string());
        if cost.as_deref() != Some(dollars) {
            wrong.push((case, cost));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
