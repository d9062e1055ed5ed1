//! Budgets: what is charged to whom, when that is told, and when nothing is left.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::FutureExt as _;
use spanwise_core::{
    Agent, Budget, BudgetBy, BudgetPeriod, Cost, CostSource, Currency, Decimal, Embeddings,
    EventHub, Generation, GenerationEvent, Provider, Step, Usage, emit_at, scope,
};
use spanwise_testing::{Capture, Captured};

fn spend(amount: &str, tokens: u64) {
    let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
    generation.usage(Usage::new(tokens, 0));
    generation.cost(Cost::new(amount.parse().unwrap(), Currency::USD, CostSource::Table));
    generation.finish();
}

fn dollars(name: &'static str, limit: &str) -> spanwise_core::BudgetBuilder {
    Budget::money(name, limit.parse().unwrap(), Currency::USD)
}

fn with(budget: &Budget, work: impl FnOnce()) -> Captured {
    let capture = Capture::builder().budget(budget.clone()).build();
    capture.run(work);
    capture.finish()
}

fn spent(budget: &Budget) -> Vec<(String, String)> {
    budget.uses().into_iter().map(|it| (it.subject, it.spent.normalize().to_string())).collect()
}

fn of(subject: &str, spent: &str) -> (String, String) {
    (subject.to_owned(), spent.to_owned())
}

#[test]
fn a_threshold_is_told_once_as_span_metric_and_to_handlers() {
    let budget = dollars("daily", "1").build().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hub = EventHub::new();
    let (hears, told) = (heard.clone(), ["budget.threshold", "cost.threshold_exceeded"]);
    hub.attach("test", told, move |name, measured, details| {
        let numbers = ["percent", "spent", "limit", "amount", "threshold"];
        let numbers = numbers.iter().filter_map(|number| measured.get(number));
        let budget = details.text("spanwise.budget.name").map(str::to_owned);
        hears.lock().unwrap().push((name.to_owned(), budget, numbers.collect::<Vec<_>>()));
    })
    .unwrap();
    let capture = Capture::builder().budget(budget.clone()).event_hub(hub).build();
    capture.run(|| {
        let agent = Agent::new("triage").start();
        let _entered = agent.enter();
        for amount in ["0.4", "0.2", "0.1", "0.5", "0.1"] {
            spend(amount, 1);
        }
    });
    let captured = capture.finish();
    let tree = captured.tree_with(&["spanwise.budget.threshold", "spanwise.budget.spent"]);
    insta::assert_snapshot!(tree, @"
    invoke_agent triage outcome=cancelled
      chat gpt-4o usage.input_tokens=1 usage.output_tokens=0
      chat gpt-4o usage.input_tokens=1 usage.output_tokens=0
        budget.threshold spanwise.budget.threshold=50 spanwise.budget.spent=0.6
      chat gpt-4o usage.input_tokens=1 usage.output_tokens=0
      chat gpt-4o usage.input_tokens=1 usage.output_tokens=0
        budget.threshold spanwise.budget.threshold=80 spanwise.budget.spent=1.2
        budget.threshold spanwise.budget.threshold=100 spanwise.budget.spent=1.2
      chat gpt-4o usage.input_tokens=1 usage.output_tokens=0
    ");
    let mut told = captured.spans().iter().filter(|span| span.name() == "budget.threshold");
    let span = told.next().unwrap();
    assert_eq!(span.text("spanwise.budget.by"), "process");
    assert_eq!(span.text("spanwise.budget.unit"), "USD");
    assert_eq!(span.text("spanwise.budget.limit"), "1");
    let limit = captured.metric("spanwise.budget.limit");
    assert_eq!(limit.text("spanwise.budget.unit"), "USD");
    assert_eq!(limit.sum, 1.0);
    let counted = captured.points("spanwise.budget.thresholds");
    let percent = counted.iter().map(|point| point.text("spanwise.budget.threshold"));
    let mut percent: Vec<_> = percent.collect();
    percent.sort();
    assert_eq!(percent, ["100", "50", "80"]);
    let name = Some("daily".to_owned());
    assert_eq!(
        *heard.lock().unwrap(),
        [
            ("budget.threshold".to_owned(), name.clone(), vec![50.0, 0.6, 1.0]),
            ("cost.threshold_exceeded".to_owned(), None, vec![0.6, 0.5]),
            ("budget.threshold".to_owned(), name.clone(), vec![80.0, 1.2, 1.0]),
            ("cost.threshold_exceeded".to_owned(), None, vec![1.2, 0.8]),
            ("budget.threshold".to_owned(), name, vec![100.0, 1.2, 1.0]),
            ("cost.threshold_exceeded".to_owned(), None, vec![1.2, 1.0]),
        ]
    );
    assert_eq!(spent(&budget), [of("", "1.3")]);
}

#[test]
fn each_has_all_of_it_as_the_scope_or_the_agent_says() {
    let by = |by: BudgetBy| dollars("each", "0.25").per(by).build().unwrap();
    let budgets =
        [BudgetBy::Session, BudgetBy::User, BudgetBy::Tenant, BudgetBy::Agent, BudgetBy::Tag]
            .map(by);
    let capture =
        budgets.iter().cloned().fold(Capture::builder(), |it, budget| it.budget(budget)).build();
    capture.run(|| {
        let _scope = scope().session("s").user("u").tenant("t").tags(["x", "y"]).enter();
        spend("0.1", 1);
        let agent = Agent::new("triage").start();
        let _agent = agent.enter();
        let step = Step::new("inner").start();
        let _step = step.enter();
        spend("0.2", 1);
        for budget in &budgets {
            let says = budget.check().map_err(|exceeded| exceeded.subject().to_owned());
            let expected = match budget.by() {
                BudgetBy::Session => Err("s"),
                BudgetBy::User => Err("u"),
                BudgetBy::Tenant => Err("t"),
                BudgetBy::Tag => Err("x"),
                _ => Ok(()),
            };
            assert_eq!(says, expected.map_err(str::to_owned), "{:?}", budget.by());
        }
    });
    let all: Vec<_> = budgets.iter().map(spent).collect();
    let expected = [
        vec![of("s", "0.3")],
        vec![of("u", "0.3")],
        vec![of("t", "0.3")],
        vec![of("triage", "0.2")],
        vec![of("x", "0.3"), of("y", "0.3")],
    ];
    assert_eq!(all, expected);
    // Nobody's call is charged to nobody.
    assert!(budgets.iter().all(|budget| budget.check().is_ok()));
}

#[test]
fn one_alone_is_counted_where_that_is_asked_for() {
    let budget = dollars("beta", "1").per(BudgetBy::Tag).only("beta").build().unwrap();
    with(&budget, || {
        let _scope = scope().tags(["alpha", "beta"]).enter();
        spend("2", 1);
        assert_eq!(budget.check().unwrap_err().subject(), "beta");
    });
    assert_eq!(spent(&budget), [of("beta", "2")]);
}

#[test]
fn tokens_of_all_calls_count_and_agents_repeat_none() {
    let budget = Budget::tokens("tokens", 100).build().unwrap();
    with(&budget, || {
        let agent = Agent::new("triage").start();
        agent.usage(Usage::new(1000, 1000));
        let entered = agent.enter();
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.usage(Usage::new(60, 20).cache_read(50));
        generation.fail_with("timeout", "");
        let embeddings = Embeddings::new(Provider::OpenAi, "small").start();
        embeddings.input_tokens(10);
        embeddings.finish();
        drop(entered);
    });
    assert_eq!(spent(&budget), [of("", "90")]);
}

#[test]
fn another_currency_is_not_charged() {
    let budget = dollars("usd", "1").build().unwrap();
    with(&budget, || {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
        generation.cost(Cost::new(Decimal::TEN, Currency::EUR, CostSource::Table));
        generation.finish();
        assert!(budget.check().is_ok());
    });
    assert!(budget.uses().is_empty());
}

#[test]
fn a_call_by_itself_is_told_when_it_is_too_dear() {
    let budget =
        dollars("call", "0.1").within(BudgetPeriod::Call).thresholds([100]).build().unwrap();
    let captured = with(&budget, || {
        for amount in ["0.09", "0.09", "0.2", "0.09"] {
            spend(amount, 1);
            assert!(budget.check().is_ok());
        }
    });
    let told = captured.spans().iter().filter(|span| span.name() == "budget.threshold");
    assert_eq!(told.count(), 1);
}

/// A call that ended so long ago.
fn spend_ago(ago: Duration, tokens: u64) {
    let ended = SystemTime::now() - ago;
    let event = GenerationEvent {
        usage: Some(Usage::new(tokens, 0)),
        start_time: ended,
        end_time: ended,
        ..GenerationEvent::default()
    };
    emit_at(event.into(), Default::default());
}

#[test]
fn what_was_spent_in_a_window_that_is_over_counts_no_more() {
    let century = Duration::from_secs(100 * 365 * 24 * 3600);
    let now = Budget::tokens("now", 10).within(BudgetPeriod::Every(century)).build().unwrap();
    let day = Budget::tokens("day", 10).within(BudgetPeriod::Day).build().unwrap();
    let capture =
        Capture::builder().budget(now.clone()).budget(day.clone()).real_time_and_ids().build();
    capture.run(|| {
        spend_ago(Duration::from_secs(3 * 24 * 3600), 10);
        assert!(day.check().is_ok());
        assert!(now.check().is_err());
        spend_ago(Duration::ZERO, 10);
        assert!(day.check().is_err());
        let until = day.check().unwrap_err().until().unwrap();
        assert!(until > SystemTime::now());
        // It comes too late, and changes nothing.
        spend_ago(Duration::from_secs(3 * 24 * 3600), 10);
    });
    assert_eq!(spent(&day), [of("", "10")]);
}

#[test]
fn what_is_carried_over_counts_and_is_not_told_again() {
    let budget =
        dollars("daily", "1").per(BudgetBy::User).within(BudgetPeriod::Day).build().unwrap();
    budget.carry_over("u-1", "0.9".parse().unwrap(), SystemTime::now());
    let capture = Capture::builder().budget(budget.clone()).real_time_and_ids().build();
    capture.run(|| {
        let _scope = scope().user("u-1").enter();
        assert!(budget.check().is_ok());
        spend("0.1", 1);
        assert!(budget.check().is_err());
    });
    let captured = capture.finish();
    let told: Vec<_> = captured
        .spans()
        .iter()
        .map(|span| span.text("spanwise.budget.threshold"))
        .filter(|percent| !percent.is_empty())
        .collect();
    assert_eq!(told, ["100"]);
}

#[test]
fn subjects_beyond_the_most_are_forgotten_those_first_that_spent_longest_ago() {
    let budget = Budget::tokens("each", 100).per(BudgetBy::User).max_subjects(16).build().unwrap();
    let of_user = |number: u64| format!("u-{number:04}");
    for number in 0..1000 {
        budget.carry_over(&of_user(number), Decimal::ONE, SystemTime::now());
        budget.carry_over(&of_user(0), Decimal::ONE, SystemTime::now());
        assert!(budget.uses().len() <= 16);
    }
    let users: Vec<_> = budget.uses().into_iter().map(|it| it.subject).collect();
    assert!(users.contains(&of_user(0)) && users.contains(&of_user(999)), "{users:?}");
    assert!(users.len() > 8, "{users:?}");
}

#[test]
fn what_could_not_mean_anything_is_refused_with_what_would() {
    let wrong = |budget: spanwise_core::BudgetBuilder| budget.build().unwrap_err().to_string();
    for (budget, words) in [
        (dollars("", "1"), "has no name"),
        (dollars("b", "0"), "not above zero"),
        (Budget::tokens("b", 0), "not above zero"),
        (dollars("b", "1").thresholds([0, 50]), "zero percent"),
        (dollars("b", "1").within(BudgetPeriod::Every(Duration::ZERO)), "no length"),
        (dollars("b", "1").within(BudgetPeriod::Call).hard_stop(), "leave `hard_stop` out"),
        (dollars("b", "1").only("u-1"), "say by what with `per`"),
        (dollars("b", "1").max_subjects(0), "max_subjects"),
    ] {
        let said = wrong(budget);
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn texts_say_which_budget_it_is_and_not_whose() {
    let budget = dollars("each", "1").per(BudgetBy::User).build().unwrap();
    budget.carry_over("canary", Decimal::TEN, SystemTime::now());
    let capture = Capture::builder().budget(budget.clone()).real_time_and_ids().build();
    capture.run(|| {
        let _scope = scope().user("canary").enter();
        let exceeded = budget.check().unwrap_err();
        assert_eq!(exceeded.to_string(), "the budget `each` of 1 USD for each user is used up");
        let shown = format!("{exceeded:?} {budget:?} {:?}", budget.uses());
        assert!(!shown.contains("canary"), "{shown}");
    });
}

/// What `Budget` documents: beyond the limit go the calls that were in flight, and nothing else.
#[test]
fn threads_overshoot_a_hard_stop_by_no_more_than_the_calls_in_flight() {
    const THREADS: u64 = 64;
    const LIMIT: u64 = 10_000;
    const MOST: u64 = 7;
    let budget = Budget::tokens("shared", LIMIT).hard_stop().build().unwrap();
    let capture = Capture::builder().budget(budget.clone()).build();
    let (spent_by_all, calls) = (AtomicU64::new(0), AtomicU64::new(0));
    let together = std::sync::Barrier::new(THREADS as usize);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (budget, capture, together) = (&budget, &capture, &together);
            let (spent_by_all, calls) = (&spent_by_all, &calls);
            scope.spawn(move || {
                together.wait();
                capture.run(|| {
                    for call in thread.. {
                        if spanwise_core::check_budgets(&opentelemetry::Context::current()).is_err()
                        {
                            break;
                        }
                        let tokens = 1 + call % MOST;
                        let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
                        std::thread::yield_now();
                        generation.usage(Usage::new(tokens, 0));
                        generation.finish();
                        spent_by_all.fetch_add(tokens, Ordering::Relaxed);
                        calls.fetch_add(1, Ordering::Relaxed);
                    }
                    assert!(budget.check().is_err());
                });
            });
        }
    });
    let spent = spent_by_all.into_inner();
    assert!(spent >= LIMIT, "{spent}");
    assert!(spent < LIMIT + THREADS * MOST, "{spent} is more than the calls in flight");
    assert_eq!(budget.uses()[0].spent, Decimal::from(spent), "nothing was lost");
    let captured = capture.finish();
    let told = captured.spans().iter().filter(|span| span.name() == "budget.threshold").count();
    assert_eq!(told, 3, "each threshold once");
    assert_eq!(captured.metric("spanwise.budget.refusals").sum, THREADS as f64);
    assert!(calls.into_inner() >= LIMIT / MOST);
}

#[tokio::test]
async fn a_budget_is_asked_in_tasks_as_well() {
    let budget = Budget::tokens("each", 10).per(BudgetBy::Session).build().unwrap();
    let capture = Capture::builder().budget(budget.clone()).build();
    let asked = budget.clone();
    let task = async move {
        let generation = Generation::chat(Provider::OpenAi, "gpt-4o");
        let _ = generation
            .run(async { Ok::<_, String>(spanwise_core::Response::new().usage(Usage::new(9, 9))) })
            .await
            .unwrap();
        asked.check().is_err()
    };
    let context = {
        let _inside = capture.context().attach();
        scope().session("s-1").context()
    };
    assert!(tokio::spawn(task.with_context(context)).await.unwrap());
}
