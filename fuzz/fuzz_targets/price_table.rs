//! Tables of prices from any text, and what they make of what calls use: nothing falls over, no cost is below zero, and more
//! tokens never cost less within a step.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise::{Decimal, PriceTable, PricedCall, Prices, Pricing, Usage};

fuzz_target!(|text: &str| {
    let most = u64::from(u32::MAX);
    for table in [PriceTable::from_toml(text), PriceTable::from_json(text)].into_iter().flatten() {
        let prices = Prices::none().own(table);
        for model in ["gpt-4o", "house-7b", ""] {
            let price = |usage: Usage| {
                let mut call = PricedCall::new("chat", model);
                (call.provider, call.usage) = (Some("openai"), Some(usage));
                prices.price(&call).map(|cost| cost.amount())
            };
            let (less, more) = (price(Usage::new(1000, 1)), price(Usage::new(1000, most)));
            assert_eq!(less.is_some(), more.is_some());
            if let (Some(less), Some(more)) = (less, more) {
                assert!(Decimal::ZERO <= less && less <= more);
            }
            let all = Usage::new(most, most).cache_read(most).cache_write(most).reasoning(most);
            assert_eq!(price(all).is_some(), less.is_some());
        }
    }
});
