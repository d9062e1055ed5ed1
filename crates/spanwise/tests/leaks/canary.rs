//! Texts that are found again wherever they turn up.

/// A text to plant, and the part of it that must not turn up.
#[derive(Clone, Debug)]
pub struct Canary {
    pub text: String,
    pub needle: String,
}

/// Makes one after the other, and remembers them.
pub struct Planted {
    make: fn(usize) -> Canary,
    pub canaries: Vec<Canary>,
}

impl Planted {
    pub fn new(make: fn(usize) -> Canary) -> Self {
        Self { make, canaries: Vec::new() }
    }

    /// The next one.
    pub fn text(&mut self) -> String {
        let canary = (self.make)(self.canaries.len());
        self.canaries.push(canary.clone());
        canary.text
    }
}

/// Content that looks like nothing else.
pub fn content(number: usize) -> Canary {
    let needle = format!("canary-{number:03}-sings");
    Canary { text: format!("The {needle} in its cage."), needle }
}

/// A secret that must never turn up.
pub fn never(number: usize) -> Canary {
    let needle = format!("mute-canary-{number:03}");
    Canary { text: needle.clone(), needle }
}

/// Personal data and secrets, of each form in turn.
pub fn pattern(number: usize) -> Canary {
    let of = |text: String, needle: String| Canary { text: format!("see {text} there"), needle };
    let same = |text: String| of(text.clone(), text);
    // Looks drawn at random, and is another for each number.
    let random = |length: usize| -> String {
        const LETTERS: &[u8] = b"Tq3xV9bLmZ7cKpR2wYdN8sHfJ4gQ6aEuXtB5vMnC1kPzWrD0";
        let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let letter = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(LETTERS[(state % LETTERS.len() as u64) as usize])
        };
        (0..length).map(letter).collect()
    };
    // Put together here, so that no scanner takes this file for a leak.
    let token = |begin: &str, length: usize| {
        let body = random(length);
        of(format!("{begin}{body}"), body)
    };
    match number % 12 {
        0 => same(format!("canary{number:03}@cage.example.com")),
        1 => same(format!("+49 30 90{number:03}123")),
        2 => same(card(number)),
        3 => same(iban(number)),
        4 => same(format!("203.0.{}.{}", number / 200 + 11, number % 200 + 11)),
        5 => same(format!("219-{:02}-{:04}", number % 89 + 10, number + 1000)),
        6 => token(["ghp_", "glpat-", "sk-proj-", "hf_"][number / 12 % 4], 36),
        7 => {
            let begin =
                ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJzdWIiOiJjYW5hcnkifQ"].join(".");
            token(&format!("{begin}."), 43)
        }
        8 => {
            let body = random(64);
            let kind = ["RSA PRIVATE", "KEY"].join(" ");
            of(format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"), body)
        }
        9 => {
            let password = format!("feather{number:03}");
            of(format!("postgres://bird:{password}@db.internal:5432/cage"), password)
        }
        10 => {
            let password = format!("cuttlebone{number:03}");
            of(format!("password={password}"), password)
        }
        _ => token("", 40),
    }
}

/// Sixteen digits of which the last one checks.
fn card(number: usize) -> String {
    let digits = format!("411111{number:09}");
    let sum: u32 = digits
        .chars()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let doubled = digit.to_digit(10).unwrap() * if place % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// A German account whose check digits are right.
fn iban(number: usize) -> String {
    let account = format!("370400440532{number:06}");
    let remainder = format!("{account}131400").parse::<u128>().unwrap() % 97;
    format!("DE{:02}{account}", 98 - remainder)
}
