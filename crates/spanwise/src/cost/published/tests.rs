mod cases;

use spanwise_core::{BilledUnits, Modality, PricedCall};

use super::*;

fn question(provider: &'static str, at: SystemTime) -> Question<'static> {
    let key = Key {
        provider: Some(provider),
        request_model: None,
        response_model: None,
        service_tier: None,
        batch: false,
    };
    Question { calculator: Calculator::bundled(), key, at }
}

#[test]
fn cards_price_as_the_calculator_does() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_793_000_000);
    let usages = [
        spanwise_core::Usage::new(1234, 567),
        spanwise_core::Usage::new(150_000, 5000).cache_read(100_000).cache_write(1000),
        spanwise_core::Usage::new(900_001, 77).reasoning(70).cache_read_of(Modality::Audio, 3),
        spanwise_core::Usage::new(5000, 700)
            .cache_read(1000)
            .cache_read_of(Modality::Audio, 400)
            .input_of(Modality::Audio, 900)
            .input_of(Modality::Image, 100)
            .output_of(Modality::Audio, 300),
    ];
    let mut compared = 0;
    for provider in Calculator::bundled().providers() {
        let question = question(Box::leak(provider.id().to_owned().into_boxed_str()), at);
        // A sample of a large table: all of it takes a minute.
        for model in provider.models().step_by(25) {
            let Some(card) = question.card(model.id()) else { continue };
            for usage in usages {
                let mut call = PricedCall::new("chat", model.id());
                call.usage = Some(usage);
                let theirs = question.total(
                    model.id(),
                    &super::super::rates::counts(&usage, &BilledUnits::default()),
                );
                let theirs = theirs.unwrap();
                // What is not charged by tokens has no price by them.
                let Some(ours) = card.price(&call) else {
                    assert_eq!(theirs, 0.0, "{}", model.id());
                    continue;
                };
                let ours = ours.amount_f64();
                assert!(
                    (ours - theirs).abs() < 1e-11 * theirs.max(1.0),
                    "{} {}: {ours} and not {theirs}",
                    provider.id(),
                    model.id()
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn the_version_is_that_of_the_crate() {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    // Only the repository has it.
    let Ok(lock) = std::fs::read_to_string(lock) else { return };
    let (name, version) = VERSION.split_once(' ').unwrap();
    assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")));
}
