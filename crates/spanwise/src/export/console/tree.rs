//! A trace as a tree: one line for each span, one paragraph for each trace.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use spanwise_core::semconv::attribute as key;
use spanwise_core::semconv::value::gen_ai_operation_name as operation;

use super::style::{Ink, Style, clean, columns, fitted};
use super::traces::Trace;

/// The columns of the bar that shows when, and for how long.
const BAR: usize = 16;
const DURATION: usize = 8;
/// Below this width there is no room for a bar.
const NARROW: usize = 56;

/// The trace, with an empty line after it.
pub(super) fn draw(trace: &Trace, style: &Style) -> String {
    let mut spans: Vec<&Span> = trace.spans.iter().collect();
    spans.sort_by_key(|span| (span.start_time_unix_nano, span.end_time_unix_nano));
    let lines = lines(&spans);
    let begin = spans.first().map(|span| span.start_time_unix_nano).unwrap_or_default();
    let end = spans.iter().map(|span| span.end_time_unix_nano).max().unwrap_or_default();
    let widest = lines.iter().map(|line| columns(&line.prefix) + columns(&line.name)).max();
    // Names take what they need, but leave half of the line to what is told of them.
    let names = widest.unwrap_or_default().min(style.width / 2).max(10);
    let mut text = String::new();
    for line in &lines {
        let name = fitted(&line.name, names.saturating_sub(columns(&line.prefix)));
        let pad = names.saturating_sub(columns(&line.prefix) + columns(&name));
        text.push_str(&style.paint(Ink::Dim, &line.prefix));
        text.push_str(&style.paint(ink(line.span), &name));
        text.push_str(&" ".repeat(pad + 1));
        text.push_str(&format!("{:>DURATION$} ", duration(length(line.span))));
        let mut used = names + 1 + DURATION + 1;
        if style.width >= NARROW {
            text.push_str(&style.paint(Ink::Dim, &bar(line.span, begin, end)));
            used += BAR + 1;
        }
        text.push_str(&details(line.span, style, style.width.saturating_sub(used)));
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    if trace.still_open {
        text.push_str(&style.paint(Ink::Dim, "(still open)"));
        text.push('\n');
    }
    text.push('\n');
    text
}

/// A span, and where it stands in the tree.
struct Line<'a> {
    prefix: String,
    name: String,
    span: &'a Span,
}

fn lines<'a>(spans: &[&'a Span]) -> Vec<Line<'a>> {
    let mut lines = Vec::with_capacity(spans.len());
    let mut drawn = vec![false; spans.len()];
    let known = |parent: &[u8]| spans.iter().any(|span| span.span_id == parent);
    // Tops first; whatever a circle of parents hides is a top as well.
    for only_tops in [true, false] {
        for (index, span) in spans.iter().enumerate() {
            let top = span.parent_span_id.is_empty() || !known(&span.parent_span_id);
            if !drawn[index] && (top || !only_tops) {
                push(&mut lines, &mut drawn, spans, index, "", "");
            }
        }
    }
    lines
}

fn push<'a>(
    lines: &mut Vec<Line<'a>>,
    drawn: &mut [bool],
    spans: &[&'a Span],
    index: usize,
    own: &str,
    below: &str,
) {
    let span = spans[index];
    drawn[index] = true;
    lines.push(Line { prefix: own.to_owned(), name: clean(&span.name), span });
    // Deeper than this a line has no room left for a name.
    if below.len() > 400 {
        return;
    }
    let children: Vec<usize> = (0..spans.len())
        .filter(|child| !drawn[*child] && spans[*child].parent_span_id == span.span_id)
        .collect();
    for (place, child) in children.iter().enumerate() {
        let (own, more) =
            if place + 1 == children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        push(lines, drawn, spans, *child, &format!("{below}{own}"), &format!("{below}{more}"));
    }
}

fn length(span: &Span) -> u64 {
    span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano)
}

fn duration(nanos: u64) -> String {
    let seconds = nanos as f64 / 1e9;
    match nanos {
        0..1_000_000 => format!("{} µs", nanos / 1000),
        1_000_000..1_000_000_000 => format!("{} ms", nanos / 1_000_000),
        1_000_000_000..60_000_000_000 => format!("{seconds:.2} s"),
        _ => format!("{:.1} min", seconds / 60.0),
    }
}

fn bar(span: &Span, begin: u64, end: u64) -> String {
    let whole = end.saturating_sub(begin).max(1) as f64;
    let place = |time: u64| time.saturating_sub(begin) as f64 / whole * BAR as f64;
    let from = (place(span.start_time_unix_nano) as usize).min(BAR - 1);
    let to = (place(span.end_time_unix_nano).ceil() as usize).clamp(from + 1, BAR);
    format!("{}{}{} ", " ".repeat(from), "━".repeat(to - from), " ".repeat(BAR - to))
}

fn ink(span: &Span) -> Ink {
    match text(span, key::SPANWISE_OUTCOME.key()) {
        Some("failed") => return Ink::Failed,
        Some("cancelled") => return Ink::Cancelled,
        _ => {}
    }
    match text(span, key::GEN_AI_OPERATION_NAME.key()) {
        Some(operation::EXECUTE_TOOL) => Ink::Tool,
        Some(operation::INVOKE_AGENT | operation::INVOKE_WORKFLOW) => Ink::Process,
        Some(_) => Ink::Model,
        None => Ink::Plain,
    }
}

/// What is told of a span, as far as it fits.
fn details(span: &Span, style: &Style, width: usize) -> String {
    let mut told: Vec<(Ink, String)> = Vec::new();
    if let Some(tokens) = tokens(span) {
        told.push((Ink::Plain, tokens));
    }
    told.extend(cost(span).map(|cost| (Ink::Plain, cost)));
    if let Some(seconds) = double(span, key::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK.key()) {
        let nanos = (seconds * 1e9) as u64;
        told.push((Ink::Dim, format!("first chunk {}", duration(nanos))));
    }
    let model = text(span, key::GEN_AI_RESPONSE_MODEL.key());
    if let Some(model) = model.filter(|model| !span.name.ends_with(*model)) {
        told.push((Ink::Dim, clean(model)));
    }
    if let Some(kind) = text(span, key::ERROR_TYPE.key()) {
        told.push((Ink::Failed, format!("✗ {}", clean(kind))));
    } else if span.status.as_ref().is_some_and(|status| status.code == 2) {
        told.push((Ink::Failed, "✗".to_owned()));
    }
    if text(span, key::SPANWISE_OUTCOME.key()) == Some("cancelled") {
        told.push((Ink::Cancelled, "cancelled".to_owned()));
    }
    let mut line = String::new();
    let mut left = width;
    for (ink, part) in told {
        let gap = if line.is_empty() { "" } else { "  " };
        let Some(room) = left.checked_sub(gap.len()).filter(|room| *room >= 4) else { break };
        let part = fitted(&part, room);
        left = room - columns(&part);
        line.push_str(gap);
        line.push_str(&style.paint(ink, &part));
    }
    line
}

/// `120 → 48 tokens (40 cached, 16 reasoning)`
fn tokens(span: &Span) -> Option<String> {
    let count = |key: &str| int(span, key);
    let input = count(key::GEN_AI_USAGE_INPUT_TOKENS.key());
    let output = count(key::GEN_AI_USAGE_OUTPUT_TOKENS.key());
    let mut text = match (input, output) {
        (Some(input), Some(output)) => format!("{input} → {output} tokens"),
        (Some(input), None) => format!("{input} tokens"),
        (None, Some(output)) => format!("→ {output} tokens"),
        (None, None) => return None,
    };
    let cached = count(key::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS.key());
    let reasoning = count(key::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS.key());
    let parts: Vec<String> = [(cached, "cached"), (reasoning, "reasoning")]
        .into_iter()
        .filter_map(|(count, word)| {
            count.filter(|count| *count > 0).map(|count| format!("{count} {word}"))
        })
        .collect();
    if !parts.is_empty() {
        text.push_str(&format!(" ({})", parts.join(", ")));
    }
    Some(text)
}

/// `$0.00125`, `0.5 EUR`, `≈ $0.01` where tokens were estimated: what the span itself cost, never what is inside it.
fn cost(span: &Span) -> Option<String> {
    let amount = double(span, key::SPANWISE_COST_AMOUNT.key()).filter(|it| it.is_finite())?;
    // A sixth decimal is a token of most models; what is smaller shows its first digits.
    let amount = match amount {
        0.0 => "0".to_owned(),
        0.000_001.. => {
            format!("{amount:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{amount:.1e}"),
    };
    let cost = match text(span, key::SPANWISE_COST_CURRENCY.key()) {
        Some("USD") | None => format!("${amount}"),
        Some(currency) => format!("{amount} {}", clean(currency)),
    };
    let source = text(span, key::SPANWISE_COST_SOURCE.key());
    Some(if source == Some("estimated") { format!("≈ {cost}") } else { cost })
}

fn value<'a>(span: &'a Span, key: &str) -> Option<&'a Value> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key)?;
    attribute.value.as_ref()?.value.as_ref()
}

fn text<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    match value(span, key)? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn int(span: &Span, key: &str) -> Option<i64> {
    match value(span, key)? {
        Value::IntValue(number) => Some(*number),
        _ => None,
    }
}

fn double(span: &Span, key: &str) -> Option<f64> {
    match value(span, key)? {
        Value::DoubleValue(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

    use super::super::traces::Traces;
    use super::*;

    const PLAIN: Style = Style { width: 100, colour: false };
    const MS: u64 = 1_000_000;

    fn span(id: u8, parent: u8, name: &str, from: u64, to: u64) -> Span {
        let id_of = |number: u8| if number == 0 { vec![] } else { vec![number; 8] };
        Span {
            trace_id: vec![1; 16],
            span_id: id_of(id),
            parent_span_id: id_of(parent),
            name: name.to_owned(),
            start_time_unix_nano: from * MS,
            end_time_unix_nano: to * MS,
            ..Span::default()
        }
    }

    fn with(mut span: Span, key: &str, value: Value) -> Span {
        let value = Some(AnyValue { value: Some(value) });
        span.attributes.push(KeyValue { key: key.to_owned(), value, ..KeyValue::default() });
        span
    }

    fn trace(spans: Vec<Span>) -> Trace {
        use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
        use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
        let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
        let resource = ResourceSpans { scope_spans, ..ResourceSpans::default() };
        let request = ExportTraceServiceRequest { resource_spans: vec![resource] };
        let mut traces = Traces::default();
        let now = tokio::time::Instant::now();
        let ready = traces.add(request, now).pop();
        ready.or_else(|| traces.take_all().pop()).unwrap()
    }

    fn turn() -> Trace {
        let chat = with(
            span(3, 2, "chat gpt-4o", 10, 350),
            "gen_ai.operation.name",
            Value::StringValue("chat".into()),
        );
        let chat = with(chat, "gen_ai.usage.input_tokens", Value::IntValue(120));
        let chat = with(chat, "gen_ai.usage.output_tokens", Value::IntValue(48));
        let chat = with(chat, "gen_ai.usage.cache_read.input_tokens", Value::IntValue(40));
        let chat = with(chat, "gen_ai.response.time_to_first_chunk", Value::DoubleValue(0.21));
        let chat = with(chat, "spanwise.cost.amount", Value::DoubleValue(0.00125));
        let chat = with(chat, "spanwise.cost.currency", Value::StringValue("USD".into()));
        let tool = span(4, 2, "execute_tool lookup", 360, 372);
        let tool = with(tool, "error.type", Value::StringValue("timeout".into()));
        let agent = span(2, 1, "invoke_agent triage", 2, 1998);
        let workflow = span(1, 0, "invoke_workflow ticket", 0, 2000);
        trace(vec![chat, tool, agent, workflow])
    }

    #[test]
    fn a_turn_is_a_tree_with_times_tokens_and_errors() {
        insta::assert_snapshot!(draw(&turn(), &PLAIN), @r"
        invoke_workflow ticket      2.00 s ━━━━━━━━━━━━━━━━
        └─ invoke_agent triage      2.00 s ━━━━━━━━━━━━━━━━
           ├─ chat gpt-4o           340 ms ━━━              120 → 48 tokens (40 cached)  $0.00125  first ch…
           └─ execute_tool lookup    12 ms   ━              ✗ timeout
        ");
    }

    #[test]
    fn an_amount_shows_its_first_digits_its_currency_and_whether_it_is_estimated() {
        for (amount, currency, source, shown) in [
            (0.5, "EUR", "own", "0.5 EUR"),
            (1.0, "USD", "provider", "$1"),
            (0.0000123, "USD", "table", "$0.000012"),
            (0.00000004, "USD", "table", "$4.0e-8"),
            (0.0, "USD", "table", "$0"),
            (0.01, "USD", "estimated", "≈ $0.01"),
        ] {
            let span =
                with(span(1, 0, "chat", 0, 1), "spanwise.cost.amount", Value::DoubleValue(amount));
            let span = with(span, "spanwise.cost.currency", Value::StringValue(currency.into()));
            let span = with(span, "spanwise.cost.source", Value::StringValue(source.into()));
            assert_eq!(cost(&span).as_deref(), Some(shown));
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [40, 55, 56, 80, 100] {
            let drawn = draw(&turn(), &Style { width, colour: false });
            let widest = drawn.lines().map(columns).max().unwrap();
            assert!(widest <= width, "{widest} > {width}:\n{drawn}");
        }
    }

    #[test]
    fn colours_are_used_only_where_they_are_wanted() {
        assert!(!draw(&turn(), &PLAIN).contains('\u{1b}'));
        assert!(draw(&turn(), &Style { colour: true, ..PLAIN }).contains("\u{1b}[31m"));
    }

    #[test]
    fn names_cannot_move_the_cursor() {
        let drawn = draw(&trace(vec![span(1, 0, "evil\u{1b}[2J\n\u{202e}name", 0, 1)]), &PLAIN);
        assert!(drawn.starts_with("evil·[2J··name"), "{drawn}");
    }

    #[test]
    fn what_lost_its_root_is_drawn_at_the_top_and_said_to_be_open() {
        let drawn = draw(&trace(vec![span(3, 2, "orphan", 0, 1)]), &PLAIN);
        insta::assert_snapshot!(drawn, @r"
        orphan         1 ms ━━━━━━━━━━━━━━━━
        (still open)
        ");
    }

    #[test]
    fn a_circle_of_parents_is_drawn_once() {
        let drawn = draw(&trace(vec![span(1, 2, "a", 0, 2), span(2, 1, "b", 0, 1)]), &PLAIN);
        assert_eq!(drawn.lines().filter(|line| line.contains("ms")).count(), 2, "{drawn}");
    }
}
