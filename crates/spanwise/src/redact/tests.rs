use super::*;

const PLACE: TextPlace<'static> = TextPlace::attribute("gen_ai.input.messages").in_part("text");

fn redacted(text: &str) -> String {
    let redactor = PatternRedactor::new();
    let once = redactor.redact(text, &PLACE).into_owned();
    assert_eq!(redactor.redact(&once, &PLACE), once, "a second time");
    once
}

/// Tokens are put together here, so that no scanner takes this file for a leak.
fn token(beginning: &str, body: &str) -> String {
    format!("{beginning}{body}")
}

const BODY: &str = "Tq3xV9bLmZ7cKpR2wYdN8sHfJ4gQ6aEuXtB5vMnC1kPzWrD0";

#[test]
fn what_has_a_form_is_found_by_it() {
    for (text, expected) in [
        ("write to ada.l+x@mail.example.com.", "write to [EMAIL]."),
        ("<jörg@müller.de>", "<[EMAIL]>"),
        ("?to=ada%40example.com&x=1", "?to=[EMAIL]&x=1"),
        ("联系ada@example.com谢谢", "联系[EMAIL]谢谢"),
        ("call +49 (0)30 1234-5678 now", "call +[PHONE] now"),
        ("(415) 555-0123 or 415.555.0123", "([PHONE] or [PHONE]"),
        ("1-800-555-0199", "[PHONE]"),
        ("0049 171 1234567", "[PHONE]"),
        ("030 12345678, 0171/1234567", "[PHONE], [PHONE]"),
        ("06 12 34 56 78", "[PHONE]"),
        ("card 4111 1111 1111 1111, exp 12/28", "card [CARD], exp 12/28"),
        ("4111111111111111 12/28", "[CARD] 12/28"),
        ("378282246310005", "[CARD]"),
        ("5555\u{a0}5555\u{a0}5555\u{a0}4444", "[CARD]"),
        ("DE89 3704 0044 0532 0130 00", "[IBAN]"),
        ("iban gb29NWBK60161331926819!", "iban [IBAN]!"),
        ("from 192.168.17.4:8080", "from [IP]:8080"),
        ("at fe80::1ff:fe23:4567:890a%eth0", "at [IP]%eth0"),
        ("[2001:db8::8a2e:370:7334]:443", "[[IP]]:443"),
        ("SSN 123-45-6789.", "SSN [SSN]."),
        ("postgres://app:s3cret@db.internal:5432/x", "postgres://[CREDENTIALS]@db.internal:5432/x"),
        ("https://token@host.example.com/x", "https://[CREDENTIALS]@host.example.com/x"),
        ("password=hunter22", "password=[SECRET]"),
        ("{\"api_key\": \"abcd efgh\"}", "{\"api_key\": \"[SECRET]\"}"),
        (r#"{\"pwd\":\"abcd\",\"x\":1}"#, r#"{\"pwd\":\"[SECRET]\",\"x\":1}"#),
        ("Authorization: Basic YWRhOjEyMzQ=", "Authorization: Basic [SECRET]"),
        ("AccountName=x;AccountKey=abcdef12==;y", "AccountName=x;AccountKey=[SECRET];y"),
        ("GET /?sig=ab%2Fcd12345&x=1", "GET /?sig=[SECRET]&x=1"),
        ("export PGPASSWORD='a b c d'", "export PGPASSWORD='[SECRET]'"),
    ] {
        assert_eq!(redacted(text), expected, "{text}");
    }
}

#[test]
fn what_only_resembles_it_stays() {
    for text in [
        "On 2026-11-21 at 12:30:45 we sold 1,234,567 units at 3.14159265358979.",
        "0.4111111111111111 is a share, 4111111111111112 no card, 1732208000123 a time",
        "version 1.2.3, section 10.2.3.4.5, std::vec::Vec, a::b, 12:30",
        "commit 3f2a9c1e5b7d8f0a1c2e4b6d8f0a2c4e6b8d0f1a and 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
        "risk-management-and-compliance-framework, task-oriented-dialogue-systems-2024",
        "/usr/local/lib/python3.11/site-packages/numpy/core/Include/ndarrayobject.h",
        "getUserAccountByIdFromDatabase2 MyVeryLongClassNameForTesting1",
        "call_AbC123dEf456GhI789jKl012 is an id",
        "the secret: always be kind. password: string; token: number",
        "password = getpass.getpass() and token=os.environ['X_TOKEN'] or ${PASSWORD} or $TOKEN",
        "@mention and user@localhost, 5 @ 3.50, a@b",
        "https://example.com/a@b?x=1 and http://localhost:8080/",
        "SSN 000-45-6789, 123-00-6789, 987-65-4321",
        "DE88 3704 9044 9532 9130 00 does not check",
        "max_tokens: 4096000, secret_sauce=yes",
        "",
    ] {
        assert_eq!(redacted(text), text);
    }
}

#[test]
fn tokens_are_known_by_how_they_begin() {
    for beginning in [
        "sk-",
        "sk-proj-",
        "sk-ant-api03-",
        "sk-or-v1-",
        "sk-lf-",
        "pk-lf-",
        "sk-helicone-",
        "gsk_",
        "hf_",
        "r8_",
        "xai-",
        "pplx-",
        "nvapi-",
        "AIza",
        "ya29.",
        "GOCSPX-",
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xapp-",
        "SG.",
        "sk_live_",
        "rk_test_",
        "whsec_",
        "npm_",
        "hvs.",
        "glsa_",
        "lsv2_pt_",
    ] {
        let token = token(beginning, BODY);
        for (text, expected) in [
            (format!("use {token}, please"), "use [API_KEY], please"),
            (format!("\"{token}\""), "\"[API_KEY]\""),
            (format!("line\\n{token}\\n"), "line\\n[API_KEY]\\n"),
            (format!("%20{token}"), "%20[API_KEY]"),
        ] {
            assert_eq!(redacted(&text), expected, "{beginning}");
        }
    }
    assert_eq!(redacted(&token("AKIA", "IOSFODNN7EXAMPLE")), "[API_KEY]");
    let webhook = token("https://hooks.slack.com/services/", "T000AAA/B000BBB/XyZ123abc456");
    assert_eq!(redacted(&webhook), "https://[API_KEY]");
    let jwt = token("eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlX2hlcmU");
    assert_eq!(redacted(&format!("cookie {jwt};")), "cookie [JWT];");
}

#[test]
fn secrets_without_a_form_are_known_by_their_disorder() {
    assert_eq!(redacted(BODY), "[SECRET]");
    let aws = token("wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY");
    assert_eq!(redacted(&format!("aws {aws} end")), "aws [SECRET] end");
    assert_eq!(
        redacted(&format!("https://x.example.com/s/{BODY}")),
        "https://x.example.com/s/[SECRET]"
    );
    let id = TextPlace::attribute("gen_ai.response.id");
    assert_eq!(PatternRedactor::new().redact(BODY, &id), BODY);
}

#[test]
fn a_private_key_goes_from_its_first_line_to_its_last() {
    let key =
        token("-----BEGIN RSA PRIVATE", " KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----");
    assert_eq!(redacted(&format!("a {key} b {key} c")), "a [PRIVATE_KEY] b [PRIVATE_KEY] c");
    let escaped = key.replace('\n', "\\n");
    assert_eq!(redacted(&format!("{{\"k\":\"{escaped}\"}}")), "{\"k\":\"[PRIVATE_KEY]\"}");
    assert_eq!(redacted(&format!("a {}", &key[..50])), "a [PRIVATE_KEY]");
    let public = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----";
    assert_eq!(redacted(public), public);
}

#[test]
fn a_field_that_is_named_a_secret_is_one() {
    let redactor = PatternRedactor::new();
    let at =
        |field: &'static str| TextPlace::attribute("gen_ai.tool.call.arguments").in_field(field);
    assert_eq!(redactor.redact("a b", &at("dbPassword")), "[SECRET]");
    assert_eq!(redactor.redact("12345678", &at("access_token")), "[SECRET]");
    assert_eq!(redactor.redact("</s>", &at("eos_token")), "</s>");
    assert_eq!(redactor.redact("[SECRET]", &at("password")), "[SECRET]");
    let header = TextPlace::attribute("http.request.header.authorization");
    assert_eq!(redactor.redact("anything", &header), "[SECRET]");
}

#[test]
fn words_and_patterns_of_the_program_are_looked_for_too() {
    let redactor = PatternRedactor::builder()
        .words(["Project Falcon", "falcon", "email"])
        .pattern("EMPLOYEE", r"\bE-\d{4}\b")
        .without(Pattern::Email)
        .build()
        .unwrap();
    let text = "PROJECT FALCON by E-1234, falconry, a@example.com, email, [EMAIL]";
    let expected = "[WORD] by [EMPLOYEE], falconry, a@example.com, [WORD], [EMAIL]";
    assert_eq!(redactor.redact(text, &PLACE), expected);
    assert_eq!(redactor.redact(expected, &PLACE), expected);
    let shown = format!("{redactor:?}");
    assert!(!shown.to_lowercase().contains("falcon") && !shown.contains("E-"), "{shown}");
}

#[test]
fn mistakes_are_named_and_not_shown() {
    let error = |builder: PatternRedactorBuilder| builder.build().unwrap_err().to_string();
    let builder = PatternRedactor::builder;
    assert_eq!(
        error(builder().word(" ")),
        "word holds an empty word: give words that say something"
    );
    assert_eq!(
        error(builder().pattern("A", "(canary")),
        "pattern `A` is no regular expression, or too large a one: write it as the `regex` crate reads it"
    );
    assert_eq!(
        error(builder().pattern("a]", "x")),
        "pattern has a name that is no label: use up to 48 capital letters, digits and `_`, such as \
         EMPLOYEE_NUMBER"
    );
}

#[test]
fn the_place_is_taken_by_a_label_a_mask_a_hash_or_nothing() {
    let with = |replacement| {
        let builder = PatternRedactor::builder().replace_with(replacement);
        let redactor = builder.replace(Pattern::Ssn, Replacement::Label).build().unwrap();
        redactor.redact("to ada@example.com, 123-45-6789.", &PLACE).into_owned()
    };
    assert_eq!(with(Replacement::Label), "to [EMAIL], [SSN].");
    assert_eq!(with(Replacement::Mask), "to ***************, [SSN].");
    assert_eq!(with(Replacement::Drop), "to , [SSN].");
    let key = HashKey::new("a key");
    // HMAC-SHA-256 of the address under this key, from another implementation.
    assert_eq!(with(Replacement::Hash(key.clone())), "to [EMAIL:gkamoanogpcilkjn], [SSN].");
    assert_eq!(format!("{key:?}"), "HashKey");
}
