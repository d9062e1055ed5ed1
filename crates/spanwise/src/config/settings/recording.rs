//! What is recorded, by which conventions, and what travels along with requests.

use spanwise_core::propagation::{BaggageKeys, Format, Propagation};
use spanwise_core::semconv::SemconvProfile;
use spanwise_core::{CapturePolicy, ContentCapture};

use crate::config::TelemetryConfig;
use crate::config::values::SamplingStrategy;
use crate::env::Reader;
use crate::error::{InitError, Source};

pub(super) fn sampling(
    config: &TelemetryConfig,
    reader: &mut Reader<'_>,
) -> Result<SamplingStrategy, InitError> {
    if let Some(sampling) = &config.sampling {
        let setting = if config.sample_rate.is_some() { "sample_rate" } else { "sampling" };
        sampling.check(&Source::code(setting))?;
        return Ok(sampling.clone());
    }
    const WORDS: &str = "one of always_on, always_off, traceidratio, parentbased_always_on, \
                         parentbased_always_off, parentbased_traceidratio";
    let known = reader.parsed("OTEL_TRACES_SAMPLER", WORDS, "parentbased_always_on", |word| {
        let word = word.to_ascii_lowercase();
        let (parent_based, root) = match word.strip_prefix("parentbased_") {
            Some(root) => (true, root.to_owned()),
            None => (false, word),
        };
        ["always_on", "always_off", "traceidratio"]
            .contains(&root.as_str())
            .then_some((parent_based, root))
    });
    let Some((parent_based, root)) = known else { return Ok(SamplingStrategy::default()) };
    let root = match root.as_str() {
        "always_on" => SamplingStrategy::AlwaysOn,
        "always_off" => SamplingStrategy::AlwaysOff,
        _ => {
            let ratio =
                reader.parsed("OTEL_TRACES_SAMPLER_ARG", "a number between 0 and 1", "1", |text| {
                    text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio))
                });
            SamplingStrategy::TraceIdRatio { ratio: ratio.unwrap_or(1.0) }
        }
    };
    Ok(if parent_based { SamplingStrategy::parent_based(root) } else { root })
}

pub(super) fn policy(config: &TelemetryConfig, reader: &mut Reader<'_>) -> CapturePolicy {
    let from_env = reader.parsed(
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        "one of NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false",
        "NO_CONTENT",
        |word| word.parse().ok(),
    );
    let emit_event = reader.boolean("OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT");
    let said = config.content.or(from_env);
    let asked = |side: Option<bool>| side == Some(true);
    let (content, default) = match said {
        Some(content) => (content, true),
        // Asking for one side is asking for content, but for that side alone.
        None if asked(config.record_inputs) || asked(config.record_outputs) => {
            (ContentCapture::SpanOnly, false)
        }
        None => (ContentCapture::NoContent, true),
    };
    if cfg!(spanwise_no_content) && content != ContentCapture::NoContent {
        reader
            .warn("content is asked for, but built with `--cfg spanwise_no_content` there is none");
    }
    let mut policy = CapturePolicy::new(content)
        .inputs(config.record_inputs.unwrap_or(default))
        .outputs(config.record_outputs.unwrap_or(default));
    if let Some(record) = config.record_metadata {
        policy = policy.metadata(record);
    }
    if let Some(record) = config.record_tool_schemas {
        policy = policy.tool_schemas(record);
    }
    if let Some(record) = config.record_error_messages {
        policy = policy.error_messages(record);
    }
    if let Some(emit) = emit_event {
        policy = policy.details_event(emit);
    }
    policy
}

/// By which conventions telemetry is sent where a destination does not say otherwise.
pub(super) fn profile(config: &TelemetryConfig, reader: &mut Reader<'_>) -> SemconvProfile {
    let own =
        reader.parsed(PROFILE, "one of latest, v1_41, both", "latest", |word| word.parse().ok());
    let shared = reader.environment().get(STABILITY_OPT_IN).and_then(opted_in);
    config.profile.or(own).or(shared).unwrap_or_default()
}

const PROFILE: &str = "SPANWISE_SEMCONV_PROFILE";

/// A list for all instrumentations of a process; the words of others are not ours to judge.
const STABILITY_OPT_IN: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";

fn opted_in(list: &str) -> Option<SemconvProfile> {
    let words: Vec<_> = list.split(',').map(str::trim).collect();
    if words.contains(&"gen_ai/dup") {
        Some(SemconvProfile::Both)
    } else if words.contains(&"gen_ai_latest_experimental") {
        Some(SemconvProfile::Latest)
    } else {
        None
    }
}

/// How context travels, and what of the baggage may.
pub(super) fn propagation(config: &TelemetryConfig, reader: &mut Reader<'_>) -> Propagation {
    let keys = reader.environment().get("SPANWISE_BAGGAGE_KEYS").unwrap_or_default();
    let keys = keys.split(',').map(str::trim).filter(|key| !key.is_empty());
    let from_env = BaggageKeys::of(keys);
    let propagation = Propagation::default().baggage(config.baggage.clone().unwrap_or(from_env));
    match formats(reader) {
        Some(formats) => propagation.formats(formats),
        None => propagation,
    }
}

fn formats(reader: &mut Reader<'_>) -> Option<Vec<Format>> {
    let list = reader.environment().get("OTEL_PROPAGATORS")?;
    let mut formats = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let word = word.to_ascii_lowercase();
        if word == "none" {
            return Some(Vec::new());
        }
        match Format::ALL.into_iter().find(|format| format.name() == word) {
            Some(format) => formats.push(format),
            // The word is shown: it is a name by the specification, and no secret.
            None => reader.warn(format!(
                "OTEL_PROPAGATORS names `{}`, which is not one of tracecontext, baggage, b3, b3multi, \
                 jaeger, none; it is left out",
                word.chars().filter(|c| !c.is_control()).take(40).collect::<String>()
            )),
        }
    }
    Some(formats)
}
