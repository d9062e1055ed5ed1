//! What calls cost: on spans, in metrics, in events, and what agents and workflows around them say of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;
use spanwise_core::{
    Agent, BilledUnits, Cost, CostSource, CostTotals, Currency, Decimal, Embeddings, EventHub,
    EventSink, Generation, Message, PricedCall, Pricing, Provider, RecordedOperation, Response,
    Retrieval, TokenEstimator, Usage, Workflow,
};
use spanwise_testing::{Capture, Captured, capture};

/// A millionth for each token of the models that begin with `known`; half of it in batches.
struct PerToken;

impl Pricing for PerToken {
    fn price(&self, call: &PricedCall<'_>) -> Option<Cost> {
        assert_ne!(call.model(), Some("panics"), "of a price");
        call.model()?.starts_with("known").then_some(())?;
        let tokens = i64::try_from(call.usage?.total_tokens()).ok()?;
        let amount = Decimal::new(tokens, 6) / Decimal::from(if call.batch { 2 } else { 1 });
        let cost = Cost::new(amount, Currency::USD, CostSource::Table);
        Some(cost.with_table_version("2026-10-14"))
    }
}

/// A tenth for each picture.
struct PerPicture;

impl Pricing for PerPicture {
    fn price(&self, call: &PricedCall<'_>) -> Option<Cost> {
        let pictures = i64::try_from(call.units.image_count()).ok()?;
        Some(Cost::new(Decimal::new(pictures, 1), Currency::USD, CostSource::Own))
    }
}

#[test]
fn what_is_charged_by_beside_tokens_stands_on_spans_and_is_priced() {
    let capture = Capture::builder().pricing(PerPicture).build();
    capture.run(|| {
        let generation = Generation::chat(Provider::OpenAi, "painter").start();
        generation.billed_units(BilledUnits::default().images(3));
        // A failure is charged for where it says for what.
        generation.fail_with("late", "");
        Generation::chat(Provider::OpenAi, "failed").start().fail_with("late", "");
        let ranking = Retrieval::new("").provider(Provider::Cohere).model("ranker").start();
        let units = BilledUnits::default().searches(2).characters(5);
        ranking.billed_units(units.audio(Duration::from_millis(1500)));
        ranking.finish();
    });
    let captured = capture.finish();
    captured.assert_conformant();
    let painted = captured.span("chat painter");
    assert_eq!(painted.text("spanwise.billed.images"), "3");
    assert_eq!(painted.text("spanwise.cost.amount"), "0.3");
    assert!(painted.attribute("spanwise.billed.searches").is_none());
    assert!(captured.span("chat failed").attribute("spanwise.cost.amount").is_none());
    let ranked = captured.span("retrieval");
    assert_eq!(ranked.text("spanwise.billed.searches"), "2");
    assert_eq!(ranked.text("spanwise.billed.characters"), "5");
    assert_eq!(ranked.text("spanwise.billed.audio_seconds"), "1.5");
}

#[test]
fn an_answer_tells_what_it_is_charged_by_and_in_which_tier() {
    let captured = priced(|| {
        let generation = Generation::chat(Provider::Anthropic, "known").start();
        let units = BilledUnits::default().searches(2).cache_write_1h(12);
        let answer = Response::new().usage(Usage::new(100, 0).cache_write(20)).billed_units(units);
        generation.record(&answer.billed_tier("batch"));
        generation.finish();
    });
    captured.assert_conformant();
    let span = captured.span("chat known");
    assert_eq!(span.text("spanwise.billed.searches"), "2");
    assert_eq!(span.text("spanwise.billed.cache_write_1h_tokens"), "12");
    assert_eq!(span.text("spanwise.billed.service_tier"), "batch");
    assert_eq!(span.text("spanwise.cost.amount"), "0.00005", "half of the price");
}

fn priced(work: impl FnOnce()) -> Captured {
    let capture = Capture::builder().pricing(PerToken).build();
    capture.run(work);
    capture.finish()
}

fn generation(model: &'static str, tokens: u64) {
    let generation = Generation::chat(Provider::OpenAi, model).start();
    generation.usage(Usage::new(tokens, 0));
    generation.finish();
}

fn dollars(amount: Decimal) -> Cost {
    Cost::new(amount, Currency::USD, CostSource::Provider)
}

/// Source, currency and sum of every point of a metric.
fn points(captured: &Captured, metric: &str) -> Vec<(String, String, f64)> {
    let text = |point: &spanwise_testing::CapturedMetric, key: &str| {
        point.attributes.get(key).map(ToString::to_string).unwrap_or_default()
    };
    let mut points: Vec<_> = captured
        .points(metric)
        .into_iter()
        .map(|point| {
            let source = text(point, "spanwise.cost.source");
            (source, text(point, "spanwise.cost.currency"), point.sum)
        })
        .collect();
    points.sort_by(|one, other| one.0.cmp(&other.0));
    points
}

#[test]
fn a_priced_call_says_amount_currency_source_and_table() {
    let captured = priced(|| generation("known-1", 1500));
    captured.assert_conformant();
    let span = captured.span("chat known-1");
    let said = ["amount", "currency", "source", "table_version"]
        .map(|name| span.text(&format!("spanwise.cost.{name}")));
    assert_eq!(said, ["0.0015", "USD", "table", "2026-10-14"]);
    let table = ("table".to_owned(), "USD".to_owned());
    assert_eq!(points(&captured, "spanwise.cost"), [(table.0.clone(), table.1.clone(), 0.0015)]);
    assert_eq!(points(&captured, "spanwise.cost.calls"), [(table.0, table.1, 1.0)]);
}

#[test]
fn an_unknown_model_has_no_number_and_is_a_counted_miss() {
    let captured = priced(|| {
        generation("unheard-of", 10);
        generation("panics", 10);
        // Of this one nothing is known to have been used.
        Generation::chat(Provider::OpenAi, "known-1").start().fail_with("overloaded", "later");
    });
    captured.assert_conformant();
    assert!(captured.span("chat unheard-of").attribute("spanwise.cost.amount").is_none());
    assert_eq!(captured.points("spanwise.cost").len(), 0);
    let misses = points(&captured, "spanwise.cost.calls");
    assert_eq!(misses, vec![("none".to_owned(), String::new(), 1.0); 2]);
}

#[test]
fn without_prices_only_what_is_told_is_recorded() {
    let captured = capture(|| {
        generation("known-1", 10);
        let generation = Generation::chat(Provider::OpenAi, "known-2").start();
        generation.record(&Response::new().cost(dollars(Decimal::new(5, 3))));
        generation.finish();
    });
    captured.assert_conformant();
    assert!(captured.span("chat known-1").attribute("spanwise.cost.amount").is_none());
    assert_eq!(captured.span("chat known-2").text("spanwise.cost.amount"), "0.005");
    let provider = ("provider".to_owned(), "USD".to_owned());
    assert_eq!(points(&captured, "spanwise.cost.calls"), [(provider.0, provider.1, 1.0)]);
}

#[test]
fn what_the_provider_says_wins_over_the_table_and_the_last_word_counts() {
    let captured = priced(|| {
        let generation = Generation::chat(Provider::OpenAi, "known-1").start();
        generation.usage(Usage::new(1000, 0));
        generation.cost(dollars(Decimal::new(1, 0)));
        generation.cost(Cost::new(Decimal::new(7, 1), Currency::EUR, CostSource::Own));
        generation.finish();
    });
    let span = captured.span("chat known-1");
    assert_eq!(span.text("spanwise.cost.amount"), "0.7");
    assert_eq!(span.text("spanwise.cost.currency"), "EUR");
    assert_eq!(span.text("spanwise.cost.source"), "own");
    assert!(span.attribute("spanwise.cost.table_version").is_none());
}

#[test]
fn embeddings_reranking_and_batches_are_priced() {
    let captured = priced(|| {
        let embeddings = Embeddings::new(Provider::OpenAi, "known-small").batch().start();
        embeddings.input_tokens(1000);
        embeddings.finish();
        let rerank = Retrieval::new("").provider(Provider::Cohere).model("rerank-v4").start();
        rerank.cost(dollars(Decimal::new(2, 3)));
        rerank.finish();
        // Without a model there is nothing to charge for.
        Retrieval::new("orders").start().finish();
    });
    captured.assert_conformant();
    let embeddings = captured.span("embeddings known-small");
    assert_eq!(embeddings.text("spanwise.cost.amount"), "0.0005");
    assert_eq!(embeddings.text("spanwise.request.batch"), "true");
    assert_eq!(captured.span("retrieval").text("spanwise.cost.amount"), "0.002");
    let calls: f64 = captured.points("spanwise.cost.calls").iter().map(|point| point.sum).sum();
    assert_eq!(calls, 2.0);
}

#[test]
fn costs_are_measured_whatever_is_sampled() {
    let capture = Capture::builder().sampler(Sampler::AlwaysOff).pricing(PerToken).build();
    capture.run(|| generation("known-1", 3_000_000));
    let captured = capture.finish();
    assert_eq!(captured.spans().len(), 0);
    assert_eq!(captured.metric("spanwise.cost").sum, 3.0);
}

#[derive(Default)]
struct Listener(Mutex<Vec<Arc<RecordedOperation>>>);

impl EventSink for Listener {
    fn take(&self, operation: &Arc<RecordedOperation>) {
        self.0.lock().unwrap().push(operation.clone());
    }
}

#[test]
fn what_is_around_calls_tells_their_sum_beside_and_has_no_cost_of_its_own() {
    let (hub, listener) = (EventHub::new(), Arc::new(Listener::default()));
    hub.add_sink(listener.clone());
    let capture = Capture::builder().event_hub(hub).pricing(PerToken).build();
    capture.run(|| {
        let workflow = Workflow::new("ticket").run_sync(|_| {
            generation("known-1", 100);
            Agent::new("triage").run_sync(|_| {
                generation("known-2", 20);
                let generation = Generation::chat(Provider::OpenAi, "dear").start();
                generation.cost(Cost::new(Decimal::new(3, 0), Currency::EUR, CostSource::Own));
                generation.finish();
                Ok::<_, std::io::Error>(())
            })
        });
        workflow.unwrap();
    });
    let heard = listener.0.lock().unwrap();
    let of = |name: &str| heard.iter().find(|operation| operation.name == name).unwrap();
    assert_eq!(of("chat known-1").cost.as_ref().unwrap().amount(), Decimal::new(1, 4));
    assert_eq!(of("chat known-1").usage, Some(Usage::new(100, 0)));
    let agent = of("invoke_agent triage");
    let euros = (Currency::EUR, Decimal::from(3));
    assert_eq!(agent.cost, None);
    let inside = &agent.inside.as_ref().unwrap().cost;
    assert_eq!(*inside, CostTotals::from_iter([(Currency::USD, Decimal::new(2, 5)), euros]));
    let inside = &of("invoke_workflow ticket").inside.as_ref().unwrap().cost;
    assert_eq!(*inside, CostTotals::from_iter([(Currency::USD, Decimal::new(12, 5)), euros]));
    for span in capture.finish().spans().iter().filter(|span| !span.name().starts_with("chat")) {
        assert!(span.attribute("spanwise.cost.amount").is_none(), "{}", span.name());
    }
}

#[test]
fn handlers_hear_what_a_call_costs() {
    let hub = EventHub::new();
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = heard.clone();
    let capture = Capture::builder().event_hub(hub.clone()).pricing(PerToken).build();
    let attached = hub.attach("costs", ["*"], move |event, measured, details| {
        let amount = measured.get("amount");
        keep.lock().unwrap().push(format!("{event} {:?} {amount:?}", details.model()));
    });
    attached.unwrap();
    capture.run(|| generation("known-1", 40));
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "chat.start Some(\"known-1\") None",
            "chat.stop Some(\"known-1\") Some(4e-5)",
            "cost.calculated Some(\"known-1\") Some(4e-5)",
        ]
    );
}

/// A token for each word, and none for what is not to be estimated.
struct Words;

impl TokenEstimator for Words {
    fn tokens(&self, model: Option<&str>, text: &str) -> Option<u64> {
        (model != Some("known-untold")).then_some(text.split_whitespace().count() as u64)
    }
}

fn estimated(work: impl FnOnce()) -> Captured {
    let capture = Capture::builder().pricing(PerToken).token_estimator(Words).build();
    capture.run(work);
    capture.finish()
}

fn asked(model: &'static str) -> Generation {
    let instructions = "Answer in one word.";
    let generation = Generation::chat(Provider::OpenAi, model).system_instructions(instructions);
    generation.input("Where is my order?").start()
}

#[test]
fn what_no_provider_tells_is_estimated_from_what_was_said_and_marked_so() {
    let captured = estimated(|| {
        let generation = asked("known-1");
        generation.output("On its way.");
        generation.finish();
        // What is told is not estimated.
        let generation = asked("known-2");
        generation.usage(Usage::new(100, 1));
        generation.output("On its way.");
        generation.finish();
        let generation = asked("known-untold");
        generation.output("On its way.");
        generation.finish();
    });
    captured.assert_conformant();
    let span = captured.span("chat known-1");
    assert_eq!(span.text("spanwise.cost.amount"), "0.000011");
    assert_eq!(span.text("spanwise.cost.source"), "estimated");
    for key in ["gen_ai.usage.input_tokens", "gen_ai.input.messages", "gen_ai.output.messages"] {
        assert!(span.attribute(key).is_none(), "{key}");
    }
    assert_eq!(captured.span("chat known-2").text("spanwise.cost.amount"), "0.000101");
    assert_eq!(captured.span("chat known-2").text("spanwise.cost.source"), "table");
    assert!(captured.span("chat known-untold").attribute("spanwise.cost.amount").is_none());
}

#[test]
fn a_call_that_was_cut_costs_what_it_had_said_and_one_that_said_nothing_nothing() {
    let captured = estimated(|| {
        let generation = asked("known-1");
        generation.usage(Usage::new(50, 1));
        generation.output(&Message::assistant("It is on its"));
        drop(generation);
        drop(asked("known-2"));
        asked("known-3").fail_with("overloaded", "");
    });
    let span = captured.span("chat known-1");
    assert_eq!(span.text("spanwise.cost.amount"), "0.000054");
    assert_eq!(span.text("spanwise.cost.source"), "estimated");
    assert_eq!(span.text("gen_ai.usage.output_tokens"), "1");
    for model in ["chat known-2", "chat known-3"] {
        assert!(captured.span(model).attribute("spanwise.cost.amount").is_none());
    }
}
