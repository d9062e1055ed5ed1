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

#[test]
fn json_text_stays_json_and_its_names_stay() {
    let redactor = PatternRedactor::new();
    let place = TextPlace::attribute("gen_ai.input.messages");
    let redact = |text: &str| redact_json(text, &redactor, place).into_owned();
    for (text, expected) in [
        (r#"{"a@example.com": "a@example.com"}"#, r#"{"a@example.com": "[EMAIL]"}"#),
        (r#"["\u0061da\u0040example.com"]"#, r#"["[EMAIL]"]"#),
        (
            r#"{"x":["a\nb@example.com",{"password":"a\"b"},"hm"]}"#,
            r#"{"x":["a\n[EMAIL]",{"password":"[SECRET]"},"hm"]}"#,
        ),
        (
            r#"{"password": 1234, "then": 1234, "list": {"pwd": [1, true]}}"#,
            r#"{"password": "[SECRET]", "then": 1234, "list": {"pwd": ["[SECRET]", true]}}"#,
        ),
        (r#" "\ud83d ada@example.com" "#, r#" "[REDACTED]" "#),
        (r#"{"cut off": "ada@example.com"#, r#"{"cut off": "[EMAIL]"#),
        ("[INFO] ada@example.com said", "[INFO] [EMAIL] said"),
        (r#""x" 4111 1111 1111 1111"#, r#""x" [CARD]"#),
        ("ada@example.com", "[EMAIL]"),
    ] {
        assert_eq!(redact(text), expected, "{text}");
        assert_eq!(redact(expected), expected, "{text}");
    }
    for text in ["", "[]", "{}", r#"{"a": [1, -2.5e3, null, "\ud83d"]}"#, "[1,]", "{\"a\"}", "]["] {
        assert!(matches!(redact_json(text, &redactor, place), Cow::Borrowed(same) if same == text));
    }
}

#[test]
fn what_becomes_json_only_when_it_is_redacted_is_read_as_json() {
    let redactor = PatternRedactor::new();
    let redact = |text: &str| redact_json(text, &redactor, PLACE).into_owned();
    // A control character is no JSON, and goes with the secret.
    let text = "{\"password\": \"a\\\"\u{1}b\", \"to\": \"ada\\u0040example.com\"}";
    let redacted = redact(text);
    assert!(!redacted.contains("ada"), "{redacted}");
    assert_eq!(redact(&redacted), redacted);
}

#[test]
fn a_picture_is_left_whole() {
    let redactor = PatternRedactor::new();
    let picture = BODY.repeat(6);
    assert_eq!(redactor.redact(&picture, &PLACE.in_part("blob")), picture);
    assert_eq!(redactor.redact(BODY, &PLACE.in_part("blob")), BODY);
    assert_eq!(redactor.redact(&token("ghp_", BODY), &PLACE.in_part("blob")), "[API_KEY]");
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// What stands in texts, among it what patterns look for and pieces of it.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "\\PC{0,12}",
            4 => "[ -~]{0,12}",
            4 => "[0-9 .:/()+-]{0,24}",
            3 => "[A-Za-z0-9_./+=-]{0,48}",
            1 => "\\[(EMAIL|IP|SECRET|CARD)(:[a-p]{16})?\\]",
            2 => secrets(),
            2 => prop_oneof![
                Just("password=".to_owned()), Just("\"token\": \"".to_owned()), Just("://".to_owned()),
                Just("@".to_owned()), Just("sk-".to_owned()), Just("-----BEGIN ".to_owned()),
                Just("PRIVATE KEY-----".to_owned()), Just("\\n".to_owned()), Just("\n".to_owned()),
                Just("\u{202e}".to_owned()), Just("שלום".to_owned()), Just("::".to_owned()),
                Just("[".to_owned()), Just("]".to_owned()), Just("[EMAIL".to_owned()),
            ],
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn secrets() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{1,8}[.+_][a-z0-9]{1,8}@[a-z]{2,8}\\.(com|co\\.uk|de|museum)",
            "\\+[1-9][0-9]{1,2} [0-9]{3} [0-9]{4,6}",
            "\\([2-9][0-9]{2}\\) [2-9][0-9]{2}-[0-9]{4}",
            "[45][0-9]{3}([ -]?)".prop_flat_map(|_| "[45][0-9]{14}").prop_map(with_check_digit),
            "(DE89370400440532013000|GB29 NWBK 6016 1331 9268 19|FR1420041010050500013M02606)",
            "(10|172|192)\\.[0-9]\\.[1-9][0-9]\\.1[0-9]{2}",
            "2001:db8:[1-9a-f]{4}::[1-9][a-f0-9]{3}",
            "[1-5][0-9]{2}-[1-9][0-9]-[1-9][0-9]{3}",
            "(sk-|sk-ant-api03-|gsk_|hf_|ghp_|glpat-|xoxb-|sk_live_|AIza|r8_)[A-Z][a-zA-Z0-9]{39}",
            "(AKIA|ASIA)[A-Z2-7]{15}7",
            "eyJ[a-zA-Z0-9]{20}\\.eyJ[a-zA-Z0-9]{20}\\.[a-zA-Z0-9_-]{30}",
            "-----BEGIN PRIVATE KEY-----\n[a-zA-Z0-9/+]{40}\n-----END PRIVATE KEY-----",
            "postgres://[a-z]{3,8}:[a-zA-Z0-9!$]{6,12}@db\\.internal/x",
            "(password|api_key|client-secret)=[a-z]{4}[0-9]{4}[A-Z]",
        ]
    }

    fn with_check_digit(mut digits: String) -> String {
        let check = (0..10).map(|digit| format!("{digits}{digit}")).find(|number| {
            let redactor = PatternRedactor::new();
            redactor.redact(number, &PLACE) == "[CARD]"
        });
        digits.clear();
        check.unwrap_or(digits)
    }

    fn redactors() -> impl Strategy<Value = PatternRedactor> {
        let replacement = prop_oneof![
            Just(Replacement::Label),
            Just(Replacement::Mask),
            Just(Replacement::Hash(HashKey::new("key"))),
            Just(Replacement::Drop),
        ];
        (replacement, any::<bool>()).prop_map(|(replacement, own)| {
            let builder = PatternRedactor::builder().replace_with(replacement);
            let builder = match own {
                true => builder.words(["email", "b"]).pattern("OWN", r"[A-Z]{2}\d|\*+|\[\w"),
                false => builder,
            };
            builder.build().unwrap()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_second_time_changes_nothing(text in pieces(), redactor in redactors()) {
            let once = redactor.redact(&text, &PLACE).into_owned();
            prop_assert_eq!(redactor.redact(&once, &PLACE), once.as_str());
        }

        #[test]
        fn what_is_planted_goes(
            before in "([a-z ,]{0,20}[ ,;(\"'\n\u{4e2d}])?",
            secret in secrets(),
            behind in "([ ,;)\"'\n\u{4e2d}][a-z ,]{0,20})?",
        ) {
            let text = format!("{before}{secret}{behind}");
            let mut redacted = PatternRedactor::new().redact(&text, &PLACE).into_owned();
            for pattern in Pattern::ALL {
                redacted = redacted.replace(&format!("[{}]", pattern.label()), "");
            }
            // No six characters of it are left; what names it, its scheme and its host may be.
            let what = secret.split_once("://").map_or(&*secret, |(_, rest)| rest);
            let what = what.rsplit_once('@').filter(|_| secret.contains("://")).map_or(what, |it| it.0);
            let what = what.split_once('=').filter(|(name, _)| name.len() < 16).map_or(what, |it| it.1);
            for place in 0..=what.len().saturating_sub(6) {
                let piece = &what[place..(place + 6).min(what.len())];
                prop_assert!(!redacted.contains(piece), "{} is left of {} in {}", piece, text, redacted);
            }
        }

        #[test]
        fn json_in_json_out(texts in prop::collection::vec((pieces(), pieces(), any::<i64>()), 0..6)) {
            let redactor = PatternRedactor::new();
            let mut value = serde_json::Value::Null;
            for (name, text, number) in &texts {
                value = serde_json::json!({ name.clone(): [value, text, number], "x": text });
            }
            let text = value.to_string();
            let redacted = redact_json(&text, &redactor, PLACE).into_owned();
            let mut expected = value;
            spanwise_core::redact_value(&mut expected, &redactor, PLACE);
            let read: serde_json::Value = serde_json::from_str(&redacted).unwrap();
            prop_assert_eq!(&read, &expected);
            prop_assert_eq!(redact_json(&redacted, &redactor, PLACE), redacted.as_str());
        }

        #[test]
        fn anything_may_come_as_json(text in "[\\[\\]{}\",:0-9a-z\\\\ \u{e9}-]{0,40}") {
            let redactor = PatternRedactor::new();
            let redacted = redact_json(&text, &redactor, PLACE).into_owned();
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&redacted).is_ok());
            }
        }
    }
}

#[test]
fn what_is_made_to_take_long_does_not() {
    let redactor = PatternRedactor::new();
    let hostile = [
        "a",
        "4",
        "4 ",
        "4111 ",
        "1.",
        "@",
        "a@",
        ":",
        "a1:",
        "://",
        "http://",
        "sk-",
        "eyJ",
        "SK",
        "password=",
        "password:",
        "password=\"",
        "password=a(",
        "token: '\\\" ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "DE12",
        "[",
        "[EMAIL",
        "[EMAIL:",
        "a@b.co[EMAIL]",
        "%40",
        "\u{202e}ש",
        "0049",
        "+1",
        "=",
        "A1b",
        "/",
    ];
    for piece in hostile {
        let time = |length: usize| {
            let text = piece.repeat(length / piece.len());
            let start = cpu_time::ThreadTime::now();
            let _ = redactor.redact(&text, &PLACE);
            start.elapsed()
        };
        // Linear is twenty times as much, a square four hundred times. The processor's time, the best of some, and
        // much room, since others work on this machine as well.
        let best = |length: usize| (0..3).map(|_| time(length)).min().unwrap_or_default();
        let (short, long) = (best(10_000), best(200_000));
        let floor = std::time::Duration::from_micros(500);
        assert!(long < short.max(floor) * 150, "{piece:?}: {short:?}, then {long:?}");
    }
    let deep = format!("{}\"ada@example.com\"{}", "[".repeat(10_000), "]".repeat(10_000));
    let redacted = redact_json(&deep, &redactor, PLACE);
    assert_eq!(redacted, deep.replace("ada@example.com", "[EMAIL]"));
}
