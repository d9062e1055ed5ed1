//! A restart forgets nothing: what stands in the ledger is carried over to budgets.

use std::time::SystemTime;

use spanwise::{
    Budget, BudgetBy, BudgetPeriod, Currency, Generation, GenerationEvent, Ledger, Provider,
    Signals, Usage, check_budgets, scope,
};

use crate::support::{PATIENCE, block_on, child, config};
use crate::{Place, call, decimal, open, usd, write};

fn spent(budget: &Budget) -> Vec<(String, String)> {
    budget.uses().into_iter().map(|it| (it.subject, it.spent.normalize().to_string())).collect()
}

fn of(subject: &str, spent: &str) -> (String, String) {
    (subject.to_owned(), spent.to_owned())
}

fn filled(place: &Place) -> Ledger {
    let ledger = open(place);
    let calls = (0..6).map(|number| {
        let end_time = SystemTime::now();
        let mut call = GenerationEvent { start_time: end_time, end_time, ..call(number) };
        call.metadata.insert("user.id".into(), format!("u-{}", number % 2).into());
        call.metadata
            .insert("spanwise.tags".into(), vec!["a".to_owned(), format!("t-{number}")].into());
        call.cost = Some(usd("0.1"));
        call
    });
    write(&ledger, calls);
    // Long ago, of nobody, in another currency.
    let other = spanwise::Cost::new(decimal("9"), Currency::EUR, spanwise::CostSource::Own);
    write(&ledger, [GenerationEvent { cost: Some(other), ..call(100) }]);
    write(&ledger, [GenerationEvent { end_time: std::time::UNIX_EPOCH, ..call(101) }]);
    ledger
}

#[test]
fn each_budget_is_told_what_it_counts() {
    let place = Place::new();
    let ledger = filled(&place);
    let dollars = || Budget::money("b", decimal("1"), Currency::USD);
    let carried = |budget: Budget| {
        ledger.carry_over(&budget).unwrap();
        spent(&budget)
    };
    let month = carried(dollars().within(BudgetPeriod::Month).build().unwrap());
    assert_eq!(month, [of("", "0.6")]);
    // With the call of 1970.
    assert_eq!(carried(dollars().build().unwrap()), [of("", "0.601")]);
    let users = carried(dollars().per(BudgetBy::User).within(BudgetPeriod::Month).build().unwrap());
    assert_eq!(users, [of("u-0", "0.3"), of("u-1", "0.3")]);
    let tags = carried(dollars().per(BudgetBy::Tag).within(BudgetPeriod::Month).build().unwrap());
    assert_eq!((tags.len(), &tags[0]), (7, &of("a", "0.6")));
    let one = dollars().per(BudgetBy::Tag).only("t-3").within(BudgetPeriod::Month);
    assert_eq!(carried(one.build().unwrap()), [of("t-3", "0.1")]);
    let tokens = Budget::tokens("t", 1000).per(BudgetBy::User).within(BudgetPeriod::Month);
    assert_eq!(carried(tokens.build().unwrap()), [of("u-0", "360"), of("u-1", "360")]);
    let by_call = dollars().within(BudgetPeriod::Call).build().unwrap();
    assert_eq!(carried(by_call), []);
    for by in [BudgetBy::Session, BudgetBy::Tenant, BudgetBy::Agent] {
        assert_eq!(carried(dollars().per(by).build().unwrap()), []);
    }
}

#[test]
fn a_process_goes_on_where_the_last_one_ended() {
    let child = child!({
        let path = std::env::var("TEST_LEDGER").unwrap();
        let budget = Budget::tokens("each", 250)
            .per(BudgetBy::User)
            .within(BudgetPeriod::Month)
            .hard_stop()
            .build()
            .unwrap();
        let config = config().signals(Signals::NONE).shutdown_timeout(PATIENCE);
        let telemetry = spanwise::init_telemetry(config.ledger(path).budget(budget)).unwrap();
        let _scope = scope().user("u-9").enter();
        let left = check_budgets(&opentelemetry::Context::current()).is_ok();
        if left {
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
            generation.usage(Usage::new(100, 20));
            generation.finish();
        }
        let expected = std::env::var("TEST_LEFT").unwrap() == "true";
        assert_eq!(left, expected);
        assert!(block_on(telemetry.shutdown()).complete);
    });
    let place = Place::new();
    let path = place.path();
    for left in ["true", "true", "true", "false", "false"] {
        child.run(&[("TEST_LEDGER", path.to_str().unwrap()), ("TEST_LEFT", left)]);
    }
}
