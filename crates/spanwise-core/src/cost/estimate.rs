//! Tokens that nobody told, estimated from what was said.

use super::PricedCall;
use crate::content::{Content, ContentItem};
use crate::message::{Message, Part};
use crate::usage::Usage;

/// Estimates how many tokens a text is: [`RecorderBuilder::token_estimator`].
///
/// It is asked where a call is over and not all of its tokens were told, as of a stream that was cut, on the task of the
/// call. What it says becomes the cost of the call, with `spanwise.cost.source` = `estimated`, and nothing else:
/// `gen_ai.usage.*` stays what the provider told. One that panics estimates nothing.
///
/// ```
/// use spanwise_core::TokenEstimator;
///
/// /// Four letters are a token, more or less.
/// struct ByLength;
///
/// impl TokenEstimator for ByLength {
///     fn tokens(&self, _model: Option<&str>, text: &str) -> Option<u64> {
///         Some(text.chars().count().div_ceil(4) as u64)
///     }
/// }
///
/// assert_eq!(ByLength.tokens(Some("house-7b"), "to be or not to be"), Some(5));
/// ```
///
/// [`RecorderBuilder::token_estimator`]: crate::RecorderBuilder::token_estimator
pub trait TokenEstimator: Send + Sync {
    /// How many tokens this text is to this model; `None` where that cannot be said, and then nothing is estimated.
    fn tokens(&self, model: Option<&str>, text: &str) -> Option<u64>;
}

impl<T: TokenEstimator + ?Sized> TokenEstimator for std::sync::Arc<T> {
    fn tokens(&self, model: Option<&str>, text: &str) -> Option<u64> {
        (**self).tokens(model, text)
    }
}

/// Adds what is missing of a call's usage; says whether anything was estimated. What a call used that was cut is at least
/// what it has said.
pub(crate) fn estimate(
    call: &mut PricedCall<'_>,
    content: &Content,
    completed: bool,
    estimator: &dyn TokenEstimator,
) -> bool {
    let told = call.usage.unwrap_or_else(Usage::unknown);
    let (no_input, no_output) = (told.input_tokens().is_none(), told.output_tokens().is_none());
    let model = call.model();
    let said = |side: fn(&ContentItem) -> Vec<Text<'_>>| {
        let texts = content.items().iter().flat_map(side);
        let counts = texts.map(|text| estimator.tokens(model, text.as_str()));
        counts.sum::<Option<u64>>().filter(|tokens| *tokens > 0)
    };
    let output = if no_output || !completed { said(output) } else { None };
    // A call that was given up or failed before it said anything may have cost nothing.
    if !completed && output.is_none() {
        return false;
    }
    let mut usage = told;
    if let Some(tokens) = output {
        usage = usage.output(tokens.max(told.output_tokens().unwrap_or(0)));
    }
    if let Some(tokens) = if no_input { said(input) } else { None } {
        usage = usage.input(tokens);
    }
    call.usage = Some(usage).filter(|usage| *usage != Usage::unknown());
    usage != told
}

/// A text as it stands, or the JSON of what is none.
enum Text<'a> {
    Said(&'a str),
    Written(String),
}

impl Text<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Said(text) => text,
            Self::Written(text) => text,
        }
    }
}

fn input(item: &ContentItem) -> Vec<Text<'_>> {
    match item {
        ContentItem::SystemInstructions(parts) => parts.iter().flat_map(part).collect(),
        ContentItem::InputMessages(messages) => texts(messages),
        ContentItem::ToolDefinitions(tools) => tools
            .iter()
            .filter_map(|it| serde_json::to_string(it).ok())
            .map(Text::Written)
            .collect(),
        _ => Vec::new(),
    }
}

fn output(item: &ContentItem) -> Vec<Text<'_>> {
    match item {
        ContentItem::OutputMessages(messages) => texts(messages),
        _ => Vec::new(),
    }
}

fn texts(messages: &[Message]) -> Vec<Text<'_>> {
    messages.iter().flat_map(|message| &message.parts).flat_map(part).collect()
}

/// What a model reads or writes of a part, as far as it is text.
fn part(part: &Part) -> Vec<Text<'_>> {
    match part {
        Part::Text { content } | Part::Reasoning { content } => vec![Text::Said(content)],
        Part::ToolCall { name, arguments, .. } => {
            let arguments = arguments.as_ref().map(|it| Text::Written(it.to_string()));
            [Text::Said(name)].into_iter().chain(arguments).collect()
        }
        Part::ToolCallResponse { response, .. } => match response.as_str() {
            Some(text) => vec![Text::Said(text)],
            None => vec![Text::Written(response.to_string())],
        },
        _ => Vec::new(),
    }
}
