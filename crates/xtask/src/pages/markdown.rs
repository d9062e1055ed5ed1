//! As much of Markdown as pages need: blocks of code, links, headings.

/// A block of code.
pub(super) struct Block<'a> {
    pub(super) language: &'a str,
    pub(super) lines: Vec<&'a str>,
}

/// The blocks of code, and the lines that are outside of them.
pub(super) fn parts(text: &str) -> (Vec<Block<'_>>, Vec<&str>) {
    let (mut blocks, mut prose, mut open) = (Vec::new(), Vec::new(), None::<Block<'_>>);
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => open = Some(Block { language, lines: Vec::new() }),
            (None, Some(block)) => block.lines.push(line),
            (None, None) => prose.push(line),
        }
    }
    assert!(open.is_none(), "a block of code has no end");
    (blocks, prose)
}

/// The line with what stands between backticks taken out, and that.
pub(super) fn without_code(line: &str) -> (String, Vec<&str>) {
    let (mut rest, mut code) = (String::new(), Vec::new());
    for (n, part) in line.split('`').enumerate() {
        if n % 2 == 0 { rest.push_str(part) } else { code.push(part) }
    }
    (rest, code)
}

/// Where the links of a line lead.
pub(super) fn links(line: &str) -> Vec<String> {
    let (line, _) = without_code(line);
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let mut links: Vec<String> = inline.map(str::to_owned).collect();
    let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    links.extend(definition.map(|(_, target)| target.to_owned()));
    links
}

/// What headings are reached by, as GitHub has it.
pub(super) fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for line in parts(text).1 {
        let heading = line.trim_start_matches('#');
        if heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let letters = heading.trim().to_lowercase();
        let kept = letters.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let slug: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let before = anchors.iter().filter(|it| **it == slug).count();
        anchors.push(if before == 0 { slug } else { format!("{slug}-{before}") });
    }
    anchors
}

#[test]
fn links_are_found_outside_of_code() {
    assert_eq!(links("[a](b.md#c), `[x](y)` and ![d](e.png)"), ["b.md#c", "e.png"]);
    assert_eq!(links("[`InitError`]: ../error.rs"), ["../error.rs"]);
}

#[test]
fn headings_are_reached_as_on_github() {
    let text = "# What `a.b` is\n```sh\n# no heading\n```\n## Twice\n## Twice\n#tag\n";
    assert_eq!(anchors(text), ["what-ab-is", "twice", "twice-1"]);
}
