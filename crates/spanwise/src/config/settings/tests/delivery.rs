use super::*;
use crate::config::{DeliverySettings, Destination};

#[track_caller]
fn delivery(config: &TelemetryConfig) -> DeliverySettings {
    config.settings().unwrap().routes[0].delivery
}

#[test]
fn a_destination_wins_over_the_configuration_and_that_over_the_environment() {
    let defaults = DeliverySettings::default();
    assert_eq!(delivery(&config(&[HERE])), defaults);
    let variables =
        [HERE, ("SPANWISE_RETRY_TIMEOUT", "9000"), ("SPANWISE_MAX_CONCURRENT_REQUESTS", "8")];
    let nine = Duration::from_secs(9);
    let by_environment = DeliverySettings { retry_timeout: nine, most_requests: 8, ..defaults };
    assert_eq!(delivery(&config(&variables)), by_environment);
    let in_code = || config(&variables).retry_timeout(Duration::ZERO).max_concurrent_requests(2);
    let by_code = DeliverySettings { retry_timeout: Duration::ZERO, most_requests: 2, ..defaults };
    assert_eq!(delivery(&in_code()), by_code);
    let destination = Destination::otlp("http://localhost:4318")
        .max_concurrent_requests(1)
        .max_request_items(10)
        .max_request_bytes(1000)
        .max_item_bytes(100);
    let expected = DeliverySettings {
        most_requests: 1,
        request_items: Some(10),
        request_bytes: [Some(1000); Signal::COUNT],
        item_bytes: Some(100),
        ..by_code
    };
    assert_eq!(delivery(&in_code().destination(destination)), expected);
}

#[test]
fn nothing_at_once_and_nothing_in_a_request_is_an_error() {
    let here = || Destination::otlp("http://localhost:4318");
    let refused = |destination: crate::OtlpDestination| {
        config(&[]).destination(destination.name("here")).settings().unwrap_err().to_string()
    };
    assert_eq!(
        refused(here().max_request_items(0)),
        "max_request_items of destination `here` is 0: give at least 1, or leave it out"
    );
    refused(here().max_concurrent_requests(0));
    refused(here().max_request_bytes(0));
    refused(here().max_item_bytes(0));
    assert!(config(&[HERE]).max_concurrent_requests(0).settings().is_err());
    assert_eq!(warned(&[HERE, ("SPANWISE_MAX_CONCURRENT_REQUESTS", "0")]).len(), 1);
}

#[test]
fn a_full_queue_spills_where_there_is_a_spool_and_drops_the_newest_elsewhere() {
    use crate::config::OverflowPolicy::{self, Block, DropNewest, Spill};
    let spool = ("SPANWISE_SPOOL_DIR", "/spool");
    let policy = |variables: &[(&str, &str)]| settle(variables).overflow;
    assert_eq!(policy(&[]), DropNewest);
    assert_eq!(policy(&[spool]), Spill);
    let say = |word| ("SPANWISE_OVERFLOW_POLICY", word);
    assert_eq!(policy(&[spool, say("drop_newest")]), DropNewest);
    assert_eq!(policy(&[say("Block:250")]), Block(Duration::from_millis(250)));
    assert_eq!(policy(&[say("spill")]), DropNewest, "there is nowhere to spill to");
    assert_eq!(warned(&[say("spill")]).len(), 1);
    assert_eq!(warned(&[spool, say("block")]).len(), 1, "for how long?");
    let code = |policy: OverflowPolicy| config(&[]).overflow_policy(policy).settings();
    assert_eq!(
        code(Spill).unwrap_err().to_string(),
        "overflow_policy spills, and there is no spool: add one by `spool`, or drop or block"
    );
    assert_eq!(code(Block(Duration::ZERO)).unwrap().overflow, Block(Duration::ZERO));
}

#[test]
fn spans_leave_in_batches_unless_they_are_to_leave_at_once() {
    use crate::config::ExportMode::{Batch, Immediate};
    let say = |word| [("SPANWISE_EXPORT_MODE", word)];
    assert_eq!(settle(&[]).export_mode, Batch);
    assert_eq!(settle(&say("immediate")).export_mode, Immediate);
    assert_eq!(warned(&say("soon")).len(), 1);
    let code = config(&say("immediate")).export_mode(Batch).settings();
    assert_eq!(code.unwrap().export_mode, Batch);
}
