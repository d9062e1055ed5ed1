//! What is written in groups of digits: cards, telephones, social security numbers, IPv4.

use super::{Finder, Pattern};

/// Digits, and what stands between them and the group before.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    gap: Gap,
}

/// What stands before a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Nothing that belongs to the number.
    None,
    /// One space or hyphen, of any width.
    Plain,
    Dot,
    /// A slash, or brackets with or without spaces.
    Other,
}

impl Group {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

/// How many digits a number has at least that is one group.
const SHORTEST: usize = 8;

/// How many groups are looked at together at most: the longest number has 19 digits.
const MOST: usize = 19;

/// Looks at the groups that begin here, and says where to look on.
pub(super) fn find(finder: &mut Finder<'_>, start: usize) -> usize {
    let bytes = finder.text.as_bytes();
    let first = group(bytes, start, Gap::None);
    let second = following(bytes, first.end);
    // What most numbers are: nothing is that short and stands alone.
    if second.is_none() && first.len() < SHORTEST {
        return first.end;
    }
    let mut window = Vec::with_capacity(4);
    window.push(first);
    window.extend(second);
    let mut next = second;
    let mut at = 0;
    // Each group is where a number may begin; so many behind it as may belong to it are read ahead.
    while at < window.len() {
        while let Some(last) = next.filter(|_| window.len() < at + MOST + 1) {
            next = following(bytes, last.end);
            window.extend(next);
        }
        let taken = number_at(finder, bytes, &window, at);
        at += taken.max(1);
        if at > 4 * MOST {
            window.drain(..at - 1);
            at = 1;
        }
    }
    window.last().map_or(start + 1, |last| last.end)
}

/// How many groups are one number, or 0.
fn number_at(finder: &mut Finder<'_>, bytes: &[u8], groups: &[Group], at: usize) -> usize {
    let rest = &groups[at..];
    let first = rest[0].start;
    let kinds = [
        (Pattern::IpAddress, ipv4(bytes, rest)),
        (Pattern::Card, card(bytes, rest)),
        (Pattern::Ssn, ssn(bytes, rest)),
        (Pattern::Phone, phone(bytes, rest)),
    ];
    for (pattern, taken) in kinds {
        if taken > 0 && finder.patterns.has(pattern) {
            finder.hit(pattern, first, rest[taken - 1].end);
            return taken;
        }
    }
    0
}

fn group(bytes: &[u8], start: usize, gap: Gap) -> Group {
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Group { start, end: start + length, gap }
}

/// The group behind the one that ends here, if what is between them can be inside a number.
fn following(bytes: &[u8], end: usize) -> Option<Group> {
    let rest = &bytes[end..];
    let (gap, length) = match rest {
        [b' ' | b'-', b'0'..=b'9', ..] => (Gap::Plain, 1),
        // No-break and thin spaces, and hyphens that do not break.
        [0xC2, 0xA0, b'0'..=b'9', ..] => (Gap::Plain, 2),
        [0xE2, 0x80, 0x89 | 0x90 | 0x91 | 0x92 | 0x93 | 0xAF, b'0'..=b'9', ..] => (Gap::Plain, 3),
        [b'.', b'0'..=b'9', ..] => (Gap::Dot, 1),
        [b'/' | b')' | b'(', b'0'..=b'9', ..] => (Gap::Other, 1),
        [b' ', b'(', b'0'..=b'9', ..] | [b')', b' ' | b'-', b'0'..=b'9', ..] => (Gap::Other, 2),
        [b')', b' ', b'-' | b'/', b' ', b'0'..=b'9', ..] => (Gap::Other, 4),
        [b' ', b'-' | b'/', b' ', b'0'..=b'9', ..] => (Gap::Other, 3),
        _ => return None,
    };
    Some(group(bytes, end + length, gap))
}

/// How many groups from the first on, and how many digits they have together: with these gaps between
/// them, as long as there are not too many digits.
fn joined<'g>(
    groups: &'g [Group],
    gaps: &'g [Gap],
    most: usize,
) -> impl Iterator<Item = (usize, usize)> + 'g {
    let belongs = |(place, group): &(usize, &Group)| *place == 0 || gaps.contains(&group.gap);
    let all = groups.iter().enumerate().take_while(belongs);
    let counted = all.scan(0, |digits, (place, group)| {
        *digits += group.len();
        Some((place + 1, *digits))
    });
    counted.take_while(move |(_, digits)| *digits <= most)
}

fn ipv4(bytes: &[u8], groups: &[Group]) -> usize {
    let [first, rest @ ..] = groups else { return 0 };
    let octet = |group: &Group| {
        let digits = std::str::from_utf8(&bytes[group.start..group.end]);
        group.len() <= 3 && digits.is_ok_and(|digits| digits.parse::<u8>().is_ok())
    };
    let dots = rest.iter().take_while(|group| group.gap == Gap::Dot).count();
    let all = dots == 3 && octet(first) && rest[..3].iter().all(octet);
    if all && first.gap != Gap::Dot { 4 } else { 0 }
}

fn card(bytes: &[u8], groups: &[Group]) -> usize {
    let first = &groups[0];
    // The digits of a fraction are none.
    if first.gap == Gap::Dot || !issued(&bytes[first.start..]) {
        return 0;
    }
    let long = joined(groups, &[Gap::Plain], 19).filter(|(_, digits)| *digits >= 13);
    let whole = long.filter(|(taken, _)| {
        let behind = groups.get(*taken).is_some_and(|group| group.gap == Gap::Dot);
        !behind && luhn(bytes, &groups[..*taken])
    });
    whole.last().map_or(0, |(taken, _)| taken)
}

/// Whether there are issuers whose cards begin so.
fn issued(number: &[u8]) -> bool {
    match number {
        [b'4' | b'5' | b'6', ..] | [b'3', b'0' | b'4'..=b'9', ..] => true,
        [b'2', b'2', b'2'..=b'9', ..] | [b'2', b'3'..=b'7', ..] => true,
        _ => false,
    }
}

fn luhn(bytes: &[u8], groups: &[Group]) -> bool {
    let digits = groups.iter().flat_map(|group| &bytes[group.start..group.end]);
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(place, digit)| match (u32::from(digit - b'0'), place % 2) {
            (digit, 0) => digit,
            (digit, _) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum % 10 == 0
}

fn ssn(bytes: &[u8], groups: &[Group]) -> usize {
    let [area, group, serial, ..] = groups else { return 0 };
    let lengths = (area.len(), group.len(), serial.len());
    if lengths != (3, 2, 4) || group.gap != Gap::Plain || serial.gap != Gap::Plain {
        return 0;
    }
    let digits = |group: &Group| &bytes[group.start..group.end];
    let issued = !matches!(digits(area), b"000" | b"666" | [b'9', ..])
        && digits(group) != b"00"
        && digits(serial) != b"0000";
    if issued { 3 } else { 0 }
}

fn phone(bytes: &[u8], groups: &[Group]) -> usize {
    let first = &groups[0];
    let any = [Gap::Plain, Gap::Dot, Gap::Other];
    let number = &bytes[first.start..];
    let with_plus = matches!(bytes[..first.start], [.., b'+'] | [.., b'+', b'(']);
    let international = with_plus || matches!(number, [b'0', b'0', b'1'..=b'9', ..]);
    if international {
        let all = joined(groups, &any, if with_plus { 15 } else { 17 });
        let (taken, digits) = all.last().unwrap_or_default();
        let least = if with_plus { 8 } else { 10 };
        return if digits >= least { taken } else { 0 };
    }
    let mut lengths = [0; 5];
    let mut count = 0;
    for group in
        groups.iter().take(5).take_while(|it| it.start == first.start || it.gap != Gap::None)
    {
        lengths[count] = group.len();
        count += 1;
    }
    let area = |digits: &[u8]| matches!(digits, [b'2'..=b'9', ..]);
    match lengths[..count] {
        // North America.
        [3, 3, 4, ..] if area(number) && area(&bytes[groups[1].start..]) => 3,
        [1, 3, 3, 4, ..] if number[0] == b'1' && area(&bytes[groups[1].start..]) => 4,
        // France and others in pairs.
        [2, 2, 2, 2, 2, ..] if number[0] == b'0' => 5,
        // Many countries: an area with a nought, then the number.
        [3..=5, ..] if matches!(number, [b'0', b'1'..=b'9', ..]) => {
            let plain = joined(groups, &[Gap::Plain, Gap::Other], 12);
            let whole = plain.filter(|(taken, digits)| (2..=4).contains(taken) && *digits >= 9);
            whole.last().map_or(0, |(taken, _)| taken)
        }
        _ => 0,
    }
}
