use std::time::Duration;

use proptest::prelude::*;
use spanwise_core::{BilledUnits, Cost, Currency, Decimal, PricedCall, Pricing, Usage};

use super::*;
use crate::Prices;

fn table(text: &str) -> PriceTable {
    PriceTable::from_toml(text).unwrap()
}

fn wrong(text: &str) -> String {
    PriceTable::from_toml(text).unwrap_err().to_string()
}

fn at(date: &str) -> SystemTime {
    humantime::parse_rfc3339(date).unwrap()
}

fn price(table: &PriceTable, change: impl FnOnce(&mut PricedCall<'_>)) -> Option<Cost> {
    let mut call = PricedCall::new("chat", "house-7b");
    call.provider = Some("house");
    call.usage = Some(Usage::new(1000, 100));
    change(&mut call);
    Prices::none().own(table.clone()).price(&call)
}

fn amount(table: &PriceTable, change: impl FnOnce(&mut PricedCall<'_>)) -> String {
    price(table, change).map_or("none".to_owned(), |cost| cost.amount().to_string())
}

#[test]
fn the_first_entry_that_fits_counts_and_says_currency_and_version() {
    let table = table(
        r#"
        version = "2026-11"
        currency = "eur"
        [[prices]]
        model = "house-7b"
        provider = "other"
        input = 9
        [[prices]]
        model = "house-*"
        input = 0.25
        output = "1"
        [[prices]]
        model = "*"
        currency = "USD"
        call = 0.01
        "#,
    );
    let cost = price(&table, |_| ()).unwrap();
    assert_eq!((cost.amount(), cost.currency()), (Decimal::new(35, 5), Currency::EUR));
    assert_eq!((cost.source().as_str(), cost.table_version()), ("own", Some("2026-11")));
    let cost = price(&table, |call| call.request_model = Some("else")).unwrap();
    assert_eq!((cost.amount(), cost.currency()), (Decimal::new(1, 2), Currency::USD));
}

#[test]
fn what_is_no_token_has_prices_of_its_own() {
    let table = table(
        r#"
        [[prices]]
        model = "painter"
        image = 0.04
        [[prices]]
        model = "ranker"
        call = 0.0005
        search = 0.002
        [[prices]]
        model = "speaker"
        characters = 15
        [[prices]]
        model = "listener"
        input = 1
        audio_hour = 0.36
        "#,
    );
    let of = |model, usage, units| {
        amount(&table, |call| {
            (call.request_model, call.usage, call.units) = (Some(model), usage, units);
        })
    };
    let nothing = BilledUnits::default();
    assert_eq!(of("painter", None, nothing.images(3)), "0.12");
    assert_eq!(of("painter", None, nothing), "none");
    assert_eq!(of("painter", Some(Usage::new(20, 0)), nothing), "none", "tokens say nothing");
    assert_eq!(of("painter", None, nothing.searches(1)), "none");
    assert_eq!(of("ranker", None, nothing.searches(2)), "0.0045");
    assert_eq!(of("speaker", None, nothing.characters(4096)), "0.06144");
    let minute = nothing.audio(Duration::from_millis(60_500));
    assert_eq!(of("listener", Some(Usage::new(10, 0)), minute), "0.00606");
    assert_eq!(of("listener", None, minute), "0.00605");
    let error = wrong("[[prices]]\nmodel = \"a\"\nimage = 9500\n");
    assert!(error.contains("a price per call is below 9000"), "{error}");
}

#[test]
fn what_the_page_shows_is_a_table() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cost.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```toml\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split_once("```")).map(|(block, _)| block);
    let tables: Vec<_> = blocks.filter(|block| block.contains("[[prices]]")).collect();
    assert_eq!(tables.len(), 1);
    // Every price that there can be stands in it.
    assert!(tables[0].contains("cache_write_1h") && tables[0].contains("[[prices.steps]]"));
    let shown = table(tables[0]);
    assert!(
        price(&shown, |call| {
            (call.provider, call.request_model) = (Some("azure.ai.openai"), Some("gpt-4o-mini"));
            call.usage = Some(Usage::new(1000, 10));
            call.service_tier = Some("priority");
            call.started_at = at("2026-06-01T12:00:00Z");
        })
        .is_some()
    );
    let hour = amount(&shown, |call| {
        (call.provider, call.request_model) = (Some("azure.ai.openai"), Some("gpt-4o-mini"));
        (call.service_tier, call.started_at) = (Some("priority"), at("2026-06-01T12:00:00Z"));
        call.usage = Some(Usage::unknown().input(1_000_000).cache_write(1_000_000));
        call.units = BilledUnits::default().cache_write_1h(500_000);
    });
    // 0.001 for the call; above 200,000 tokens what is written for a moment is as below, and so is what is kept.
    assert_eq!(hour, "2.991", "half of it at 2.30 and half at 3.68");
    let json = page.split('`').find(|code| code.starts_with("{\"version\"")).unwrap();
    assert!(PriceTable::from_json(json).is_ok());
}

#[test]
fn the_model_that_answered_counts_before_the_one_that_was_asked_for() {
    let table = table(
        "[[prices]]\nmodel = \"house-7b\"\ninput = 1\n[[prices]]\nmodel = \"big\"\ninput = 2",
    );
    assert_eq!(amount(&table, |call| call.response_model = Some("big")), "0.002");
    assert_eq!(amount(&table, |call| call.response_model = Some("unheard-of")), "0.001");
    assert_eq!(amount(&table, |call| call.request_model = Some("unheard-of")), "none");
}

#[test]
fn dates_tiers_and_batches_choose_the_entry() {
    let table = table(
        r#"
        [[prices]]
        model = "house-7b"
        tier = "priority"
        input = 8
        [[prices]]
        model = "house-7b"
        batch = true
        input = 1
        [[prices]]
        model = "house-7b"
        until = "2026-10-31"
        input = 4
        [[prices]]
        model = "house-7b"
        from = "2026-11-01"
        input = 2
        "#,
    );
    let last = at("2026-10-31T23:59:59Z");
    let first = at("2026-11-01T00:00:00Z");
    assert_eq!(amount(&table, |call| call.started_at = last), "0.004");
    assert_eq!(amount(&table, |call| call.started_at = first), "0.002");
    assert_eq!(amount(&table, |call| call.batch = true), "0.001");
    assert_eq!(amount(&table, |call| call.service_tier = Some("Priority")), "0.008");
    // One list of what was seen serves calls of all times.
    let prices = Prices::none().own(table);
    for (time, expected) in [(last, "0.004"), (first, "0.002"), (last, "0.004")] {
        let mut call = PricedCall::new("chat", "house-7b");
        (call.usage, call.started_at) = (Some(Usage::new(1000, 0)), time);
        assert_eq!(prices.price(&call).unwrap().amount().to_string(), expected);
    }
}

#[test]
fn a_long_context_is_charged_otherwise_as_a_whole() {
    let table = table(
        r#"
        [[prices]]
        model = "house-7b"
        input = 1
        cache_read = 0.1
        output = 10
        [[prices.steps]]
        above = 1000
        input = 2
        [[prices.steps]]
        above = 2000
        output = 30
        "#,
    );
    let with = |usage: Usage| amount(&table, |call| call.usage = Some(usage));
    assert_eq!(with(Usage::new(1000, 100)), "0.002");
    assert_eq!(with(Usage::new(1001, 100)), "0.003002");
    assert_eq!(with(Usage::new(2001, 100).cache_read(1001)), "0.0051001");
}

#[test]
fn what_has_no_price_of_its_own_has_that_of_what_it_is_part_of() {
    use spanwise_core::Modality::{Audio, Image};
    let table = table(
        "[[prices]]\nmodel = \"*\"\ninput = 1\noutput = 10\naudio_input = 5\nreasoning = 2\ncache_read = 0.5",
    );
    let usage = Usage::new(1000, 100)
        .cache_read(300)
        .cache_read_of(Audio, 100)
        .cache_write(200)
        .input_of(Audio, 200)
        .input_of(Image, 50)
        .reasoning(40);
    // 350 text, 50 image and 200 written at 1, 100 audio at 5, 300 cached at 0.5; 60 at 10, 40 at 2.
    assert_eq!(amount(&table, |call| call.usage = Some(usage)), "0.00193");
}

#[test]
fn what_is_not_known_to_be_used_has_no_price_but_that_of_the_call() {
    let tokens = table("[[prices]]\nmodel = \"*\"\ninput = 1");
    assert_eq!(amount(&tokens, |call| call.usage = None), "none");
    assert_eq!(amount(&tokens, |call| call.usage = Some(Usage::unknown())), "none");
    let call = table("[[prices]]\nmodel = \"*\"\ncall = 0.002");
    assert_eq!(amount(&call, |call| call.usage = None), "0.002");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_would_be_right() {
    for (text, told) in [
        ("prices = 1", "line 1"),
        ("[[prices]]\nmodel = \"\"\ninput = 1", "line 2: a pattern is a name"),
        ("[[prices]]\nmodel = \"a\"\ninput = -1", "line 3: a price is a decimal number"),
        ("[[prices]]\nmodel = \"a\"\ninput = \"much\"", "line 3: a price is a decimal number"),
        ("[[prices]]\nmodel = \"a\"\ninput = inf", "line 3: a price is a decimal number"),
        ("currency = \"euro\"\nprices = []", "line 1: a currency has three letters"),
        ("[[prices]]\nmodel = \"a\"\nfrom = \"tomorrow\"\ninput = 1", "line 3: a date is a text"),
        ("[[prices]]\nmodel = \"a\"", "line 1: an entry has a price"),
        ("[[prices]]\nmodel = \"a\"\ninputs = 1", "line 3: unknown field `inputs`"),
        (
            "[[prices]]\nmodel = \"a\"\ninput = 1\nfrom = \"2026-02-01\"\nuntil = \"2026-01-01\"",
            "line 1: `until` is the last day",
        ),
        (
            "[[prices]]\nmodel = \"a\"\ninput = 1\nsteps = [{above = 2, input = 2}, {above = 2, input = 3}]",
            "line 1: steps ascend",
        ),
    ] {
        let error = wrong(text);
        assert!(error.starts_with("the table, ") && error.contains(told), "{error} | {told}");
    }
    let error =
        PriceTable::from_json("{\n\"prices\": [{\"model\": \"a\",\n\"input\": -1}]}").unwrap_err();
    assert_eq!(error.line(), Some(3));
    assert!(error.to_string().contains("a price is a decimal number from 0 to 1000000"), "{error}");
}

#[test]
fn a_file_is_read_by_the_end_of_its_name_which_is_its_version_where_it_says_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("contract.json");
    std::fs::write(&path, r#"{"prices": [{"model": "*", "input": 1}]}"#).unwrap();
    let cost = price(&PriceTable::read(&path).unwrap(), |_| ()).unwrap();
    assert_eq!(cost.table_version(), Some("contract"));
    let error = PriceTable::read(directory.path().join("none.toml")).unwrap_err().to_string();
    assert!(error.contains("none.toml: cannot be read"), "{error}");
    let path = directory.path().join("prices.yaml");
    std::fs::write(&path, "").unwrap();
    let error = PriceTable::read(&path).unwrap_err().to_string();
    assert!(error.contains("let it end in .toml or .json"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = PriceTable::from_toml(&text);
        let _ = PriceTable::from_json(&text);
    }

    #[test]
    fn toml_and_json_say_the_same_and_prices_are_exact(
        input in 0_i64..=1_000_000,
        output in 0_i64..=1_000_000,
        decimals in 0_u32..6,
        used in (0_u64..1_000_000, 0_u64..1_000_000),
    ) {
        let (input, output) = (Decimal::new(input, decimals), Decimal::new(output, decimals));
        let as_toml = format!("[[prices]]\nmodel = \"*\"\ninput = {input}\noutput = \"{output}\"");
        let as_json = format!(r#"{{"prices": [{{"model": "*", "input": "{input}", "output": {output}}}]}}"#);
        let usage = Usage::new(used.0, used.1);
        let exact = (input * Decimal::from(used.0) + output * Decimal::from(used.1)) / Decimal::from(1_000_000);
        for table in [PriceTable::from_toml(&as_toml), PriceTable::from_json(&as_json)] {
            let cost = price(&table.unwrap(), |call| call.usage = Some(usage)).unwrap();
            prop_assert_eq!(cost.amount(), exact);
        }
    }
}
