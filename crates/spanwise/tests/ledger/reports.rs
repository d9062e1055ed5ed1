//! What reports say, from every side.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use spanwise::{
    Agent, CostBy, CostReport, CostSum, Currency, Decimal, Embeddings, EventHub, ExporterSettings,
    Generation, GenerationEvent, Ledger, LedgerReader, PriceTable, Prices, Provider, Retrieval,
    Signals, Step, Usage, Workflow, scope,
};

use crate::support::{block_on, config, isolated};
use crate::{DAY, Place, at, call, decimal, open, report, usd, write};

/// Calls of two days, models, users and currencies.
fn varied(place: &Place) -> Ledger {
    let ledger = open(place);
    let on = |number: u64, day: u64| {
        let end_time = at(day * DAY + number);
        GenerationEvent { start_time: end_time, end_time, ..call(number) }
    };
    let mut asked = on(1, 0);
    asked.metadata.insert("user.id".into(), "u-1".into());
    asked.metadata.insert("session.id".into(), "s-1".into());
    asked.agent = Some("triage".into());
    asked.step = Some("classify".into());
    let mut failed = on(2, 0);
    failed.error = Some("timeout".into());
    failed.status = spanwise::EventStatus::Failed;
    (failed.usage, failed.cost) = (None, None);
    failed.metadata.insert("user.id".into(), "u-1".into());
    let mut other = on(3, 1);
    other.model = "claude-sonnet".into();
    other.provider = Some("anthropic".into());
    other.usage = Some(Usage::new(1000, 200).cache_read(900).reasoning(50));
    other.cost = Some(usd("0.0000000001"));
    let mut european = on(4, 30);
    european.cost =
        Some(spanwise::Cost::new(decimal("0.25"), Currency::EUR, spanwise::CostSource::Own));
    write(&ledger, [asked, failed, other, european]);
    ledger
}

fn in_usd(sums: &BTreeMap<String, CostSum>) -> Vec<(&str, u64, String)> {
    let usd = |sum: &CostSum| sum.cost.get(Currency::USD).map_or("-".into(), |it| it.to_string());
    sums.iter().map(|(name, sum)| (name.as_str(), sum.requests, usd(sum))).collect()
}

#[test]
fn a_report_has_every_side() {
    let place = Place::new();
    let report = report(&varied(&place));
    let total = &report.total;
    assert_eq!((total.requests, total.errors, total.unpriced), (4, 1, 0));
    assert_eq!((total.input_tokens, total.output_tokens), (1200, 240));
    assert_eq!((total.cache_read_tokens, total.reasoning_tokens), (900, 50));
    assert_eq!(total.cost.get(Currency::USD), Some(decimal("0.0010000001")));
    assert_eq!(total.cost.get(Currency::EUR), Some(decimal("0.25")));
    let none = CostReport::NONE;
    let models = [("claude-sonnet", 1, "0.0000000001".into()), ("gpt-4o", 3, "0.001".into())];
    assert_eq!(in_usd(&report.by_model), models);
    let days = [
        ("2026-11-22", 2, "0.001".into()),
        ("2026-11-23", 1, "0.0000000001".into()),
        ("2026-12-22", 1, "-".into()),
    ];
    assert_eq!(in_usd(&report.by_day), days);
    let months = [("2026-11", 3, "0.0010000001".into()), ("2026-12", 1, "-".into())];
    assert_eq!(in_usd(&report.by_month), months);
    assert_eq!(in_usd(&report.by_provider).len(), 2);
    let of_one = |name| [(none, 3, "0.0000000001".into()), (name, 1, "0.001".to_owned())];
    assert_eq!(in_usd(&report.by_session), of_one("s-1"));
    assert_eq!(in_usd(&report.by_agent), of_one("triage"));
    assert_eq!(in_usd(&report.by_step), of_one("classify"));
    let users = [(none, 2, "0.0000000001".into()), ("u-1", 2, "0.001".into())];
    assert_eq!(in_usd(&report.by_user), users);
    assert_eq!(report.by_user["u-1"].errors, 1);

    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<CostReport>(&json).unwrap(), report);
}

#[test]
fn a_report_begins_with_its_first_moment_and_ends_before_its_last() {
    let place = Place::new();
    let ledger = varied(&place);
    let requests = |from, to| ledger.cost_report(from, to).unwrap().total.requests;
    assert_eq!(requests(at(1), at(2)), 1);
    assert_eq!(requests(at(2), at(DAY + 3)), 1);
    assert_eq!(requests(at(2), at(DAY + 4)), 2);
    assert_eq!(requests(at(0), at(1)), 0);
    assert_eq!(requests(at(5), at(5)), 0);
    assert_eq!(ledger.cost_report(at(0), at(1)).unwrap(), CostReport::default());
}

#[test]
fn several_things_make_a_row_for_each_combination() {
    let place = Place::new();
    drop(varied(&place));
    let reader = LedgerReader::open(place.path()).unwrap();
    let rows = reader.costs(UNIX_EPOCH, at(60 * DAY), &[CostBy::Month, CostBy::Model]).unwrap();
    let of: Vec<_> = rows.iter().map(|row| (row.of.clone(), row.sum.requests)).collect();
    let key = |month: &str, model: &str| vec![Some(month.to_owned()), Some(model.to_owned())];
    assert_eq!(
        of,
        [
            (key("2026-11", "claude-sonnet"), 1),
            (key("2026-11", "gpt-4o"), 2),
            (key("2026-12", "gpt-4o"), 1)
        ]
    );
    assert_eq!(reader.costs(UNIX_EPOCH, at(60 * DAY), &[]).unwrap().len(), 1);
}

#[test]
fn sums_are_exact_to_the_last_decimal_from_every_side() {
    let place = Place::new();
    let ledger = open(&place);
    let mut all = Decimal::ZERO;
    let calls: Vec<_> = (0..2000)
        .map(|number| {
            // Amounts of which doubles have no sum.
            let amount = Decimal::new(fastrand::i64(1..1_000_000_000_000), fastrand::u32(6..=12));
            all += amount;
            let mut call = call(number);
            call.cost = Some(usd(&amount.to_string()));
            call.model = format!("model-{}", number % 7);
            call.metadata.insert("user.id".into(), format!("u-{}", number % 13).into());
            call.end_time = at(number * 100);
            call
        })
        .collect();
    for some in calls.chunks(512) {
        write(&ledger, some.iter().cloned());
    }
    let report = report(&ledger);
    assert_eq!(report.total.cost.get(Currency::USD), Some(all));
    for side in [&report.by_model, &report.by_user, &report.by_day, &report.by_month] {
        let sum: CostSum = side.values().sum();
        assert_eq!(sum, report.total);
    }
}

/// What the spans say, as whoever receives them adds it up.
fn by_spans(spans: &[spanwise_testing::CapturedSpan]) -> Decimal {
    let amount =
        |span: &spanwise_testing::CapturedSpan| match span.attribute("spanwise.cost.amount") {
            Some(opentelemetry::Value::F64(amount)) => Decimal::try_from(*amount).unwrap(),
            _ => Decimal::ZERO,
        };
    spans.iter().map(amount).sum()
}

#[test]
fn spans_and_report_agree() {
    isolated!({
        let place = Place::new();
        let ledger = open(&place);
        spanwise::add_exporter_with(ledger.clone(), ExporterSettings::new("ledger"));
        let capture =
            spanwise_testing::Capture::builder().event_hub(EventHub::of_process().clone()).build();
        capture.run(|| {
            for number in 1..=300_i64 {
                let _scope = scope().user(format!("u-{}", number % 3)).session("s-1").enter();
                let agent = Agent::new("triage").start();
                let _agent = agent.enter();
                let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
                generation.usage(Usage::new(100, 20));
                generation.cost(usd(&Decimal::new(number * 7919, 10).to_string()));
                generation.finish();
            }
        });
        assert!(block_on(spanwise::flush_exporters(Duration::from_secs(20))));
        let captured = capture.finish();
        let report =
            ledger.cost_report(UNIX_EPOCH, SystemTime::now() + Duration::from_secs(9)).unwrap();
        assert_eq!(report.total.requests, 300);
        let reported = report.total.cost.get(Currency::USD).unwrap();
        assert_eq!(reported, Decimal::new(7919 * 300 * 301 / 2, 10));
        assert_eq!(by_spans(captured.spans()), reported);
        assert_eq!(report.by_agent["triage"], report.total);
        assert_eq!(report.by_session["s-1"].cost, report.total.cost);
    });
}

#[test]
fn the_ranking_of_documents_is_a_call_with_its_price() {
    isolated!({
        let place = Place::new();
        let own = "[[prices]]\nmodel = \"rerank-*\"\ncall = 0.002";
        let prices = Prices::none().own(PriceTable::from_toml(own).unwrap());
        block_on(async {
            let config = config().signals(Signals::NONE).ledger(place.path()).pricing(prices);
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let _scope = scope().user("u-1").enter();
            let agent = Agent::new("triage").start();
            let _agent = agent.enter();
            let rank = |model: &'static str| {
                Retrieval::new("").provider(Provider::Cohere).model(model).start()
            };
            rank("rerank-v3.5").finish();
            rank("rerank-v3.5").fail_with("timeout", "late");
            // One that was made elsewhere is no other.
            spanwise::emit(GenerationEvent {
                operation: "retrieval".into(),
                provider: Some("cohere".into()),
                model: "rerank-v3.5".into(),
                agent: Some("scribe".into()),
                ..GenerationEvent::default()
            });
            // And where no model looks, nothing is charged.
            Retrieval::new("articles").start().finish();
            assert!(telemetry.flush().await.complete);
            drop(telemetry.shutdown().await);
        });
        let reader = LedgerReader::open(place.path()).unwrap();
        let report =
            reader.cost_report(UNIX_EPOCH, SystemTime::now() + Duration::from_secs(9)).unwrap();
        assert_eq!((report.total.requests, report.total.errors), (3, 1));
        assert_eq!(
            report.total.cost.get(Currency::USD),
            Some(decimal("0.004")),
            "a failure is free"
        );
        assert_eq!(report.by_model["rerank-v3.5"], report.total);
        assert_eq!(report.by_provider["cohere"], report.total);
        assert_eq!(report.by_agent["triage"].requests, 2);
        assert_eq!(report.by_agent["scribe"].requests, 1);
        assert_eq!(report.by_user["u-1"].requests, 3);
    });
}

#[test]
fn calls_are_counted_for_what_they_happen_in() {
    isolated!({
        let place = Place::new();
        block_on(async {
            let config = config().signals(Signals::NONE).ledger(place.path());
            let telemetry = spanwise::init_telemetry(config).unwrap();
            let ask = || async {
                let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
                generation.cost(usd("0.01"));
                generation.finish();
                Ok::<_, String>(())
            };
            let embed = async {
                Embeddings::new(Provider::OpenAi, "small").start().finish();
                Ok::<_, String>(())
            };
            let work = Workflow::new("support").run_with(async |_workflow| {
                Step::new("classify").run(ask()).await?;
                let agent = Agent::new("triage").run_with(async |_agent| {
                    ask().await?;
                    Step::new("answer").run(ask()).await
                });
                Step::new("talk").run(agent).await?;
                scope().agent_name("scribe").run(embed).await
            });
            work.await.unwrap();
            assert!(telemetry.flush().await.complete);
            drop(telemetry.shutdown().await);
        });
        let reader = LedgerReader::open(place.path()).unwrap();
        let by = [CostBy::Workflow, CostBy::Step, CostBy::Agent, CostBy::Operation];
        let rows =
            reader.costs(UNIX_EPOCH, SystemTime::now() + Duration::from_secs(9), &by).unwrap();
        let rows: Vec<String> = rows
            .iter()
            .map(|row| {
                let of = row.of.iter().map(|of| of.as_deref().unwrap_or("-"));
                format!("{} {}", of.collect::<Vec<_>>().join(" "), row.sum.requests)
            })
            .collect();
        assert_eq!(
            rows,
            [
                "support - scribe embeddings 1",
                "support answer triage chat 1",
                "support classify - chat 1",
                "support talk triage chat 1",
            ]
        );
    });
}
