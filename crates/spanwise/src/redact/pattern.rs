//! What is looked for.

use std::fmt;

/// Something that a [`PatternRedactor`](crate::PatternRedactor) looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pattern {
    /// `[EMAIL]`: e-mail addresses, also with `%40` for the `@`.
    Email,
    /// `[PHONE]`: telephone numbers with `+` or `00` and a country, and the usual ways to group national
    /// ones. A row of digits alone is none.
    Phone,
    /// `[CARD]`: payment cards, 13 to 19 digits, alone or in groups, whose last digit checks (Luhn).
    Card,
    /// `[IBAN]`: bank accounts, of the length that their country says, whose check digits are right.
    Iban,
    /// `[IP]`: addresses of IPv4 and IPv6.
    IpAddress,
    /// `[SSN]`: social security numbers of the USA, with hyphens or spaces.
    Ssn,
    /// `[API_KEY]`: keys and tokens that say what they are: those of OpenAI, Anthropic, Google, AWS, Azure,
    /// GitHub, GitLab, Slack, Stripe, Hugging Face, Langfuse, Helicone and some sixty more.
    ApiKey,
    /// `[JWT]`: JSON web tokens.
    Jwt,
    /// `[PRIVATE_KEY]`: private keys in PEM.
    PrivateKey,
    /// `[CREDENTIALS]`: what stands before the `@` of a URL.
    Credentials,
    /// `[SECRET]`: what stands after a name such as `password=` or `api_key:`, and in a JSON field or an
    /// attribute of such a name.
    NamedSecret,
    /// `[SECRET]`: 24 to 512 characters without a name that look drawn at random. Ids with a known
    /// beginning, UUIDs and hexadecimal hashes are none.
    HighEntropy,
}

impl Pattern {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::Iban,
        Self::IpAddress,
        Self::Ssn,
        Self::ApiKey,
        Self::Jwt,
        Self::PrivateKey,
        Self::Credentials,
        Self::NamedSecret,
        Self::HighEntropy,
    ];

    /// What [`Replacement::Label`](crate::Replacement::Label) shows, without its brackets.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::IpAddress => "IP",
            Self::Ssn => "SSN",
            Self::ApiKey => "API_KEY",
            Self::Jwt => "JWT",
            Self::PrivateKey => "PRIVATE_KEY",
            Self::Credentials => "CREDENTIALS",
            Self::NamedSecret | Self::HighEntropy => "SECRET",
        }
    }
}

/// Some of the patterns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PatternSet(u16);

impl PatternSet {
    pub(super) const fn all() -> Self {
        Self(u16::MAX)
    }

    pub(super) const fn without(self, pattern: Pattern) -> Self {
        Self(self.0 & !(1 << pattern as u16))
    }

    pub(super) const fn has(self, pattern: Pattern) -> bool {
        self.0 & (1 << pattern as u16) != 0
    }
}

impl fmt::Debug for PatternSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Pattern::ALL.iter().filter(|pattern| self.has(**pattern))).finish()
    }
}
