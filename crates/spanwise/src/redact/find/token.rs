//! Keys and tokens that say what they are by how they begin.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Finder, Pattern, begins_word};

/// What a token consists of behind its beginning.
#[derive(Clone, Copy)]
enum Body {
    /// Letters and digits.
    Plain,
    /// Capitals and digits.
    Capitals,
    /// Hexadecimal digits.
    Hex,
    /// Letters, digits, `-`, `_`.
    Url,
    /// The same and `.`, `=`, `~`, `+`, `/`.
    Any,
}

/// How a token begins, what follows, and at least how much of it. What follows is taken as far as it goes.
type Form = (&'static str, Body, usize);

#[rustfmt::skip]
const FORMS: &[Form] = &[
    // Model providers and what stands around them. Most of them begin with `sk-`: OpenAI, Anthropic,
    // OpenRouter, DeepSeek, Langfuse, Helicone, LiteLLM.
    ("sk-", Body::Url, 16),
    ("pk-lf-", Body::Url, 16),
    ("pk-helicone-", Body::Url, 16),
    ("csk-", Body::Plain, 30),
    ("gsk_", Body::Plain, 30),
    ("xai-", Body::Plain, 40),
    ("pplx-", Body::Plain, 30),
    ("hf_", Body::Plain, 30),
    ("api_org_", Body::Plain, 30),
    ("r8_", Body::Plain, 30),
    ("nvapi-", Body::Url, 30),
    ("tvly-", Body::Url, 16),
    ("jina_", Body::Url, 30),
    ("fw_", Body::Plain, 20),
    ("tgp_v1_", Body::Url, 30),
    ("pa-", Body::Url, 40),
    ("pcsk_", Body::Url, 30),
    ("lsv2_pt_", Body::Url, 30),
    ("lsv2_sk_", Body::Url, 30),
    ("ls__", Body::Url, 20),
    ("phc_", Body::Plain, 30),
    ("phx_", Body::Plain, 30),
    ("rpa_", Body::Plain, 30),
    ("bt-st-", Body::Url, 20),
    ("wandb_v1_", Body::Url, 30),
    // Google.
    ("AIza", Body::Url, 30),
    ("AQ.", Body::Url, 30),
    ("ya29.", Body::Any, 20),
    ("GOCSPX-", Body::Url, 20),
    // AWS.
    ("AKIA", Body::Capitals, 16),
    ("ASIA", Body::Capitals, 16),
    ("ABIA", Body::Capitals, 16),
    ("ACCA", Body::Capitals, 16),
    ("ABSK", Body::Any, 60),
    ("bedrock-api-key-", Body::Any, 20),
    // GitHub, GitLab, Bitbucket, Atlassian.
    ("ghp_", Body::Plain, 30),
    ("gho_", Body::Plain, 30),
    ("ghu_", Body::Plain, 30),
    ("ghs_", Body::Plain, 30),
    ("ghr_", Body::Plain, 30),
    ("github_pat_", Body::Url, 22),
    ("glpat-", Body::Any, 20),
    ("gldt-", Body::Url, 20),
    ("glrt-", Body::Any, 20),
    ("glcbt-", Body::Url, 20),
    ("glptt-", Body::Url, 20),
    ("glft-", Body::Url, 20),
    ("glsoat-", Body::Url, 20),
    ("glagent-", Body::Url, 20),
    ("gloas-", Body::Url, 20),
    ("ATATT3", Body::Any, 30),
    ("ATCTT3", Body::Any, 30),
    ("ATBB", Body::Plain, 28),
    // Messengers and mail.
    ("xoxb-", Body::Url, 15),
    ("xoxp-", Body::Url, 15),
    ("xoxa-", Body::Url, 15),
    ("xoxr-", Body::Url, 15),
    ("xoxs-", Body::Url, 15),
    ("xoxe-", Body::Url, 15),
    ("xoxe.", Body::Any, 15),
    ("xoxc-", Body::Url, 15),
    ("xoxd-", Body::Any, 15),
    ("xapp-", Body::Url, 15),
    ("hooks.slack.com/services/", Body::Any, 16),
    ("discord.com/api/webhooks/", Body::Any, 16),
    ("SG.", Body::Any, 40),
    ("key-", Body::Hex, 32),
    ("SK", Body::Hex, 32),
    // Payment.
    ("sk_live_", Body::Plain, 16),
    ("sk_test_", Body::Plain, 16),
    ("rk_live_", Body::Plain, 16),
    ("rk_test_", Body::Plain, 16),
    ("whsec_", Body::Any, 20),
    ("shpat_", Body::Hex, 30),
    ("shpss_", Body::Hex, 30),
    ("shpca_", Body::Hex, 30),
    ("shppa_", Body::Hex, 30),
    ("sq0csp-", Body::Url, 30),
    ("sq0atp-", Body::Url, 20),
    // Hosts, registries, tools.
    ("npm_", Body::Plain, 30),
    ("pypi-", Body::Url, 50),
    ("dckr_pat_", Body::Url, 20),
    ("dckr_oat_", Body::Url, 20),
    ("dop_v1_", Body::Hex, 60),
    ("doo_v1_", Body::Hex, 60),
    ("dor_v1_", Body::Hex, 60),
    ("dapi", Body::Hex, 32),
    ("hvs.", Body::Any, 20),
    ("hvb.", Body::Any, 20),
    ("hvr.", Body::Any, 20),
    ("dp.pt.", Body::Plain, 30),
    ("dp.st.", Body::Any, 30),
    ("sntrys_", Body::Any, 30),
    ("sntryu_", Body::Hex, 30),
    ("glsa_", Body::Url, 30),
    ("glc_", Body::Any, 30),
    ("NRAK-", Body::Capitals, 25),
    ("NRII-", Body::Url, 25),
    ("PMAK-", Body::Url, 30),
    ("lin_api_", Body::Plain, 30),
    ("ntn_", Body::Plain, 30),
    ("figd_", Body::Url, 30),
    ("sbp_", Body::Hex, 30),
    ("sb_secret_", Body::Url, 20),
    ("CFPAT-", Body::Url, 30),
    ("fo1_", Body::Url, 30),
    ("AGE-SECRET-KEY-1", Body::Capitals, 50),
];

/// JSON web tokens begin with `{"` in base64.
const JWT: Form = ("eyJ", Body::Any, 24);

static BEGINNINGS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let all = FORMS.iter().chain([&JWT]).map(|(beginning, ..)| beginning);
    // `sk_live_` before what it begins with.
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(all).ok()
});

/// Looks for tokens in a row of characters that tokens consist of. Says whether there is any.
pub(super) fn find(finder: &mut Finder<'_>, start: usize, end: usize) -> bool {
    let Some(beginnings) = &*BEGINNINGS else { return false };
    let bytes = finder.text.as_bytes();
    let mut found = false;
    let mut at = start;
    // No web token begins before this: there is no dot.
    let mut no_dot_before = start;
    while let Some(begin) = beginnings.find(&bytes[at..end]) {
        let from = at + begin.start();
        let form = FORMS.get(begin.pattern().as_usize()).unwrap_or(&JWT);
        let is_jwt = form.0 == JWT.0;
        at = from + 1;
        if is_jwt && from < no_dot_before {
            continue;
        }
        let Some(to) = token(bytes, from, end, form) else { continue };
        if is_jwt && memchr::memchr(b'.', &bytes[from..to]).is_none() {
            no_dot_before = to;
            continue;
        }
        finder.hit(if is_jwt { Pattern::Jwt } else { Pattern::ApiKey }, from, to);
        found = true;
        at = to;
    }
    found
}

/// Where the token ends that begins here, if it is one.
fn token(bytes: &[u8], from: usize, end: usize, (beginning, body, least): &Form) -> Option<usize> {
    // Short beginnings are also in the middle of words.
    const DISTINCT: usize = 5;
    // By then a token has a digit or a capital; looking on would take time for nothing.
    const SOON: usize = 64;
    if beginning.len() < DISTINCT && !begins_word(bytes, from) {
        return None;
    }
    let rest = &bytes[from + beginning.len()..end];
    let length_within =
        |most: usize| rest.iter().take(most).take_while(|byte| body.contains(**byte)).count();
    let soon = length_within(SOON);
    let drawn = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let is_token = soon >= *least && rest[..soon].iter().any(drawn);
    is_token.then(|| from + beginning.len() + length_within(rest.len()))
}

impl Body {
    fn contains(self, byte: u8) -> bool {
        match self {
            Self::Plain => byte.is_ascii_alphanumeric(),
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Any => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'-' | b'_' | b'.' | b'=' | b'~' | b'+' | b'/')
            }
        }
    }
}
