//! E-mail addresses.

/// As far as an address may go before and behind its `@`.
const LOCAL: usize = 64;
const DOMAIN: usize = 253;

/// The address around an `@`, which stands from `start` to `end`.
pub(super) fn around(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let local = text[..start].chars().rev().take(LOCAL).take_while(|c| is_local(*c));
    let local: usize = local.map(char::len_utf8).sum();
    let from = start - local;
    let from = from + text[from..start].find(|c| !matches!(c, '.' | '\'' | '-'))?;
    let domain = domain(&text[end..])?;
    Some((from, end + domain))
}

/// How long the domain is that stands at the beginning: labels with dots between them, of which the last
/// is no number.
fn domain(text: &str) -> Option<usize> {
    let mut end = 0;
    let mut labels = 0;
    let mut last = "";
    loop {
        let label = text[end..].chars().take(DOMAIN).take_while(|c| is_label(*c));
        let length: usize = label.map(char::len_utf8).sum();
        let label = text[end..end + length].trim_end_matches('-');
        if label.is_empty() || end > DOMAIN {
            break;
        }
        last = label;
        labels += 1;
        end += label.len();
        if label.len() < length || !text[end..].starts_with('.') {
            return (labels > 1 && is_top(last)).then_some(end);
        }
        end += 1;
    }
    // It ended with the dot of a sentence.
    (labels > 1 && is_top(last)).then(|| end - 1)
}

fn is_top(label: &str) -> bool {
    label.chars().count() > 1 && label.chars().any(char::is_alphabetic)
}

/// Letters of scripts that put spaces between words; others would take the words around along.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || (c.is_alphanumeric() && c < '\u{0590}')
}

fn is_local(c: char) -> bool {
    is_letter(c) || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'')
}

fn is_label(c: char) -> bool {
    is_letter(c) || c == '-'
}
