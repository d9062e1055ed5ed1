//! What metrics call a model: fewer names than there are versions and deployments.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, RwLock};

use super::metrics::{Label, Measurement, MetricRecorder, Series};
use crate::semconv::attribute as key;

/// By which names metrics tell models apart. Spans and events always have the model's own.
///
/// Defaults to [`exact`](Self::exact).
#[derive(Clone, Default)]
pub struct ModelNames(Way);

#[derive(Clone, Default)]
enum Way {
    #[default]
    Exact,
    Plain,
    By(Arc<dyn Fn(&str) -> String + Send + Sync>),
}

impl ModelNames {
    /// As requests and responses have them.
    pub fn exact() -> Self {
        Self(Way::Exact)
    }

    /// Without dates, versions and ids of deployments:
    ///
    /// | Model | On metrics |
    /// |---|---|
    /// | `gpt-4o-2024-08-06`, `gpt-4-0613` | `gpt-4o`, `gpt-4` |
    /// | `claude-sonnet-4-20250514`, `claude-sonnet-4@20250514` | `claude-sonnet-4` |
    /// | `us.anthropic.claude-sonnet-4-20250514-v1:0` | `us.anthropic.claude-sonnet-4` |
    /// | `gemini-1.5-pro-002`, `publishers/google/models/gemini-1.5-pro-002` | `gemini-1.5-pro` |
    /// | `ft:gpt-4o-mini-2024-07-18:acme:support:AbC123` | `ft:gpt-4o-mini` |
    /// | `arn:aws:bedrock:…:provisioned-model/abc123` | `provisioned-model` |
    /// | `projects/…/endpoints/1234` | `endpoints` |
    ///
    /// Nothing is allocated for it.
    pub fn plain() -> Self {
        Self(Way::Plain)
    }

    /// By a function, which is asked once for each name, as long as there are fewer than 1,000 of them. Where it
    /// panics, or returns nothing, the name stays as it is.
    pub fn by(name: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Way::By(Arc::new(name)))
    }
}

impl fmt::Debug for ModelNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Way::Exact => "exact",
            Way::Plain => "plain",
            Way::By(_) => "by a function",
        })
    }
}

/// Names models before measurements are told apart.
pub(super) struct NamedMetrics {
    inner: Box<dyn MetricRecorder>,
    naming: Naming,
}

enum Naming {
    Plain,
    By {
        name: Arc<dyn Fn(&str) -> String + Send + Sync>,
        known: RwLock<HashMap<Box<str>, Arc<str>>>,
    },
}

/// So many names are remembered.
const MOST_NAMES: usize = 1000;

const MODEL_KEYS: [&str; 2] = [key::GEN_AI_REQUEST_MODEL.key(), key::GEN_AI_RESPONSE_MODEL.key()];

impl NamedMetrics {
    /// Nothing is in between where names are exact.
    pub(super) fn wrap(
        inner: Box<dyn MetricRecorder>,
        names: ModelNames,
    ) -> Box<dyn MetricRecorder> {
        let naming = match names.0 {
            Way::Exact => return inner,
            Way::Plain => Naming::Plain,
            Way::By(name) => Naming::By { name, known: RwLock::default() },
        };
        Box::new(Self { inner, naming })
    }
}

impl MetricRecorder for NamedMetrics {
    fn record(&self, series: &Series<'_>, measurements: &[Measurement]) {
        match &self.naming {
            Naming::Plain => {
                let mut series = *series;
                series.change(|label, text| is_model(label).then(|| plain(text)));
                self.inner.record(&series, measurements);
            }
            Naming::By { name, known } => {
                let named = MODEL_KEYS.map(|model_key| {
                    let found = series.labels().find(|(label, _)| *label == model_key);
                    match found {
                        Some((_, Label::Text(model))) => named_by(&**name, known, model),
                        _ => None,
                    }
                });
                let mut series: Series<'_> = *series;
                series.change(|label, _| {
                    let place = MODEL_KEYS.iter().position(|model_key| *model_key == label)?;
                    named[place].as_deref()
                });
                self.inner.record(&series, measurements);
            }
        }
    }
}

fn is_model(label: &str) -> bool {
    MODEL_KEYS.contains(&label)
}

/// `None` where the name stays as it is.
fn named_by(
    name: &(dyn Fn(&str) -> String + Send + Sync),
    known: &RwLock<HashMap<Box<str>, Arc<str>>>,
    model: &str,
) -> Option<Arc<str>> {
    if let Some(named) = known.read().unwrap_or_else(PoisonError::into_inner).get(model) {
        return Some(named.clone());
    }
    // A function of the program's; recording does not panic.
    let named = std::panic::catch_unwind(AssertUnwindSafe(|| name(model))).ok()?;
    let named: Arc<str> = if named.is_empty() { model.into() } else { named.into() };
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < MOST_NAMES {
        known.insert(model.into(), named.clone());
    }
    Some(named)
}

/// What is left of a name without what tells versions and deployments apart; never nothing.
fn plain(model: &str) -> &str {
    let mut name = without_path(model);
    if let Some(tuned) = name.strip_prefix("ft:") {
        let base = tuned.find(':').unwrap_or(tuned.len());
        name = &name[.."ft:".len() + base];
    }
    while let Some(shorter) = without_version(name) {
        name = shorter;
    }
    if name.is_empty() { model } else { name }
}

/// Kinds of resources whose own names are ids.
const OPAQUE: [&str; 7] = [
    "application-inference-profile",
    "custom-model",
    "custom-model-deployment",
    "endpoint",
    "endpoints",
    "imported-model",
    "provisioned-model",
];

/// The model of a resource's path. `meta-llama/Llama-3.1-8B` is none.
fn without_path(model: &str) -> &str {
    let (path, _) = model.split_once('#').unwrap_or((model, ""));
    let is_resource = ["arn:", "projects/", "publishers/", "accounts/", "models/"]
        .iter()
        .any(|begin| path.starts_with(begin));
    if !is_resource {
        return path;
    }
    let mut parts = path.rsplit('/');
    let Some(last) = parts.next() else { return path };
    let kind = parts.next().map_or("", |kind| kind.rsplit(':').next().unwrap_or(kind));
    if OPAQUE.contains(&kind) { kind } else { last }
}

/// Without one more mark of a version at the end, if there is one.
fn without_version(name: &str) -> Option<&str> {
    let at = |mark: char| name.rsplit_once(mark).filter(|(rest, _)| !rest.is_empty());
    if let Some((rest, _)) = at(':').filter(|(_, number)| is_number(number)) {
        // Bedrock: `-v1:0`.
        let (rest, version) = rest.rsplit_once('-').filter(|(rest, _)| !rest.is_empty())?;
        return is_number(version.strip_prefix('v')?).then_some(rest);
    }
    if let Some((rest, version)) = at('@') {
        return (is_number(version) || version == "default").then_some(rest);
    }
    without_uuid(name).or_else(|| {
        let (rest, last) = at('-')?;
        if is_whole_date(last) || is_month_and_day(last) || is_serial(last) {
            return Some(rest);
        }
        let (shorter, before) = rest.rsplit_once('-').filter(|(rest, _)| !rest.is_empty())?;
        if is_year(last) && is_within(before, 1, 12) {
            return Some(shorter);
        }
        if !(is_within(before, 1, 12) && is_within(last, 1, 31)) {
            return None;
        }
        match shorter.rsplit_once('-') {
            Some((shortest, year)) if is_year(year) && !shortest.is_empty() => Some(shortest),
            // Only after the word is it a date and no version: `gemini-2.5-pro-preview-05-06`.
            _ if shorter.ends_with("preview") || shorter.ends_with("exp") => Some(shorter),
            _ => None,
        }
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_within(text: &str, first: u32, last: u32) -> bool {
    text.len() == 2
        && is_number(text)
        && text.parse().is_ok_and(|n: u32| (first..=last).contains(&n))
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && is_number(text) && text.starts_with("20")
}

/// `20250514`
fn is_whole_date(text: &str) -> bool {
    text.len() == 8
        && is_number(text)
        && is_year(&text[..4])
        && is_within(&text[4..6], 1, 12)
        && is_within(&text[6..], 1, 31)
}

/// `0613`, or a year and a month: `2407`.
fn is_month_and_day(text: &str) -> bool {
    text.len() == 4
        && is_number(text)
        && (is_within(&text[..2], 1, 12) && is_within(&text[2..], 1, 31)
            || is_within(&text[..2], 23, 39) && is_within(&text[2..], 1, 12))
}

/// `001`
fn is_serial(text: &str) -> bool {
    text.len() == 3 && is_number(text) && text.starts_with("00")
}

/// Without `-` and a UUID.
fn without_uuid(name: &str) -> Option<&str> {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let start = name.len().checked_sub(36 + 1).filter(|start| *start > 0)?;
    let id = name.get(start..)?.strip_prefix('-')?;
    let mut parts = id.split('-');
    let is_part = |length: &usize| {
        let part = parts.next().unwrap_or_default();
        part.len() == *length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    LENGTHS.iter().all(is_part).then(|| &name[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_versions_and_deployments_go() {
        for (model, named) in [
            ("gpt-4o", "gpt-4o"),
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("gpt-4-0613", "gpt-4"),
            ("gpt-3.5-turbo-16k-0613", "gpt-3.5-turbo-16k"),
            ("o1-2024-12-17", "o1"),
            ("claude-sonnet-4-20250514", "claude-sonnet-4"),
            ("claude-sonnet-4@20250514", "claude-sonnet-4"),
            ("claude-opus-4-1", "claude-opus-4-1"),
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", "us.anthropic.claude-sonnet-4"),
            ("amazon.titan-embed-text-v2:0", "amazon.titan-embed-text"),
            ("gemini-1.5-pro-002", "gemini-1.5-pro"),
            ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro-preview"),
            ("publishers/google/models/gemini-1.5-pro-002", "gemini-1.5-pro"),
            ("mistral-large-2407", "mistral-large"),
            ("command-r-08-2024", "command-r"),
            ("ft:gpt-4o-mini-2024-07-18:acme:support:AbC123", "ft:gpt-4o-mini"),
            (
                "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123",
                "provisioned-model",
            ),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0",
                "us.anthropic.claude-sonnet-4",
            ),
            ("projects/p/locations/l/endpoints/1234567890", "endpoints"),
            (
                "accounts/fireworks/models/llama-v3p1-8b-instruct#accounts/a/deployments/b",
                "llama-v3p1-8b-instruct",
            ),
            ("support-bot-6ba7b810-9dad-11d1-80b4-00c04fd430c8", "support-bot"),
            // What looks alike, and is a name.
            ("llama3:8b", "llama3:8b"),
            ("meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"),
            ("phi-3-mini-4k", "phi-3-mini-4k"),
            ("qwen-72-14", "qwen-72-14"),
            ("gpt-4-32", "gpt-4-32"),
            ("20250514", "20250514"),
            ("-0613", "-0613"),
            ("#", "#"),
            ("models/", "models/"),
            ("ft:", "ft:"),
        ] {
            assert_eq!(plain(model), named, "{model}");
        }
    }

    #[test]
    fn a_function_that_panics_leaves_the_name() {
        let known = RwLock::default();
        let panics = |_: &str| -> String { panic!("in the program") };
        assert_eq!(named_by(&panics, &known, "gpt"), None);
        assert_eq!(named_by(&|_: &str| String::new(), &known, "gpt").as_deref(), Some("gpt"));
    }

    proptest::proptest! {
        #[test]
        fn a_plain_name_is_there_and_plain(model in "(ft:|models/|arn:)?[a-z0-9.é-]{0,12}([-:@/#](v1|0|0613|2024|08|06|20250514|é)){0,4}") {
            let named = plain(&model);
            proptest::prop_assert_eq!(named.is_empty(), model.is_empty());
            proptest::prop_assert!(model.contains(named));
            proptest::prop_assert_eq!(plain(named), named);
        }
    }
}
