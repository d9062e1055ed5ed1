//! What is said of costs and limits, shown.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use spanwise::{
    Budget, Cost, CostSource, CostSum, Currency, Decimal, Generation, GenerationEvent, Ledger,
    Provider, TelemetryEvent, TelemetryExporter as _,
};
use spanwise_testing::Capture;

use crate::support::block_on;

fn spend(model: &'static str, cents: i64) {
    let generation = Generation::chat(Provider::OpenAi, model).start();
    generation.cost(Cost::new(Decimal::new(cents, 2), Currency::USD, CostSource::Provider));
    generation.finish();
}

/// A call of a step, as its event tells of it.
fn told(number: u64, model: &str, cents: i64) -> TelemetryEvent {
    TelemetryEvent::Generation(GenerationEvent {
        id: format!("{number:016x}"),
        trace_id: Some(format!("{number:032x}")),
        model: model.into(),
        step: Some("answer".into()),
        cost: Some(Cost::new(Decimal::new(cents, 2), Currency::USD, CostSource::Provider)),
        ..GenerationEvent::default()
    })
}

/// A report of what was just spent, from its first moment to its last.
pub(crate) fn reported() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(directory.path().join("costs.db")).unwrap();
    let start_date = SystemTime::now() - Duration::from_millis(1);
    let events = [told(1, "a", 5), told(2, "b", 10), told(3, "b", 10)];
    block_on(ledger.export_batch(&events)).unwrap();
    let end_date = SystemTime::now() + Duration::from_secs(1);
    let report = ledger.cost_report(start_date, end_date).unwrap();

    let cents = |sum: &CostSum| sum.cost.get(Currency::USD).unwrap();
    assert_eq!(cents(&report.total), Decimal::new(25, 2));
    assert_eq!(cents(&report.by_model["a"]), Decimal::new(5, 2));
    assert_eq!(report.by_model["b"].requests, 2);
    assert_eq!(cents(&report.by_step["answer"]), Decimal::new(25, 2));
    assert_eq!(report.by_month.values().map(cents).sum::<Decimal>(), Decimal::new(25, 2));
    let before = ledger.cost_report(UNIX_EPOCH, start_date).unwrap();
    assert_eq!(before.total.requests, 0);
}

/// A budget counts its thresholds.
pub(crate) fn limited() {
    let budget = Budget::money("limited", Decimal::ONE, Currency::USD).build().unwrap();
    let capture = Capture::builder().budget(budget.clone()).build();
    capture.run(|| {
        spend("gpt-4o", 60);
        assert!(budget.check().is_ok());
        spend("gpt-4o", 60);
        assert!(budget.check().is_err());
    });
    assert_eq!(capture.finish().points("spanwise.budget.thresholds").len(), 3);
}
