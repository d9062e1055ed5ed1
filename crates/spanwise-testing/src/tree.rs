//! Spans as an indented tree.

use std::fmt::Write as _;

use crate::captured_span::CapturedSpan;

const ALWAYS: [&str; 3] = ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "error.type"];

pub(crate) fn draw(spans: &[CapturedSpan], attributes: &[&str]) -> String {
    let mut text = String::new();
    // What hangs below a span that was not captured is drawn at the top.
    let known = |span: &CapturedSpan| {
        spans.iter().any(|other| other.span_context().span_id() == span.parent_span_id())
    };
    for span in spans.iter().filter(|span| !known(span)) {
        draw_span(&mut text, spans, span, attributes, 0);
    }
    text
}

fn draw_span(
    text: &mut String,
    spans: &[CapturedSpan],
    span: &CapturedSpan,
    attributes: &[&str],
    depth: usize,
) {
    let _ = write!(text, "{}{}", "  ".repeat(depth), span.name());
    for key in ALWAYS.iter().chain(attributes) {
        if let Some(value) = span.attribute(key) {
            let _ = write!(text, " {}={value}", key.strip_prefix("gen_ai.").unwrap_or(key));
        }
    }
    match span.text("spanwise.outcome").as_str() {
        "" | "completed" | "failed" => {}
        outcome => {
            let _ = write!(text, " outcome={outcome}");
        }
    }
    text.push('\n');
    let children = spans.iter().filter(|child| {
        child.parent_span_id() == span.span_context().span_id()
            && child.trace_id() == span.trace_id()
    });
    for child in children {
        draw_span(text, spans, child, attributes, depth + 1);
    }
}
