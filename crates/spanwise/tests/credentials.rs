//! Credentials that rotate, over both transports.

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use spanwise::{
    Credentials, Destination, Generation, OtlpDestination, OtlpProtocol, OutgoingRequest, Provider,
    Report, Signal, Signals,
};
use support::{Answer, Receiver, Said, block_on, child, config, isolated};

fn to(receiver: &Receiver, protocol: OtlpProtocol) -> OtlpDestination {
    let url =
        if protocol == OtlpProtocol::Grpc { receiver.grpc_url() } else { receiver.http_url() };
    let destination = Destination::otlp(url).protocol(protocol).signals(Signals::TRACES);
    destination.timeout(Duration::from_millis(700)).header("authorization", "Bearer old")
}

/// Records three spans, each in a request of its own, and tells what became of them.
fn send(destination: OtlpDestination) -> Report {
    block_on(async {
        let telemetry = spanwise::init_telemetry(config().destination(destination)).unwrap();
        for _ in 0..3 {
            Generation::chat(Provider::OpenAi, "gpt-4o").start().finish();
            telemetry.flush_within(Duration::from_secs(10)).await;
        }
        telemetry.shutdown_within(support::PATIENCE).await
    })
}

fn keys(receiver: &Receiver) -> Vec<String> {
    let requests = receiver.requests().into_iter();
    requests.map(|request| request.headers["authorization"].clone()).collect()
}

/// A key that is another each time.
fn rotating() -> impl Fn(&OutgoingRequest) -> Credentials + Send + Sync + 'static {
    let asked = AtomicUsize::new(0);
    move |_| Credentials::bearer(asked.fetch_add(1, Ordering::SeqCst))
}

fn unauthorised(protocol: OtlpProtocol) -> Answer {
    match protocol {
        OtlpProtocol::Grpc => Answer::Grpc(tonic::Status::unauthenticated("expired")),
        _ => Answer::Http(401, None, "expired"),
    }
}

fn is_asked_for_with_every_request(protocol: OtlpProtocol) {
    let receiver = Receiver::start();
    let report = send(to(&receiver, protocol).credentials(rotating()));
    assert_eq!(report.dropped(), 0, "{report}");
    assert_eq!(keys(&receiver), ["Bearer 0", "Bearer 1", "Bearer 2"]);
}

#[test]
fn a_key_is_asked_for_with_every_request_over_http() {
    isolated!(is_asked_for_with_every_request(OtlpProtocol::HttpProtobuf));
}

#[test]
fn a_key_is_asked_for_with_every_request_over_grpc() {
    isolated!(is_asked_for_with_every_request(OtlpProtocol::Grpc));
}

fn is_asked_for_again_at_once(protocol: OtlpProtocol) {
    let receiver = Receiver::start();
    receiver.answer_next([unauthorised(protocol)]);
    let report = send(to(&receiver, protocol).credentials(rotating()));
    assert_eq!(report.dropped(), 0, "{report}");
    assert_eq!(keys(&receiver), ["Bearer 0", "Bearer 1", "Bearer 2", "Bearer 3"]);
}

#[test]
fn a_key_that_is_refused_is_asked_for_again_at_once_over_http() {
    isolated!(is_asked_for_again_at_once(OtlpProtocol::HttpProtobuf));
}

#[test]
fn a_key_that_is_refused_is_asked_for_again_at_once_over_grpc() {
    isolated!(is_asked_for_again_at_once(OtlpProtocol::Grpc));
}

#[test]
fn the_same_key_is_not_sent_twice_to_a_receiver_that_refuses_it() {
    isolated!({
        let receiver = Receiver::start();
        receiver.answer_all(unauthorised(OtlpProtocol::HttpProtobuf));
        let destination = to(&receiver, OtlpProtocol::HttpProtobuf);
        let report = send(destination.credentials(|_| Credentials::bearer("same")));
        assert_eq!(report.dropped(), 3, "{report}");
        assert_eq!(keys(&receiver).len(), 3);
    });
}

/// What the child warns of.
fn warnings(said: &Said) -> Vec<&str> {
    said.stderr.lines().filter(|line| line.starts_with("spanwise: ")).collect()
}

#[test]
fn without_a_key_requests_wait_and_one_warning_says_so() {
    let child = child!({
        let receiver = Receiver::start();
        let asked = AtomicUsize::new(0);
        let destination = to(&receiver, OtlpProtocol::HttpProtobuf).credentials(move |_| {
            (asked.fetch_add(1, Ordering::SeqCst) > 1).then(|| Credentials::bearer("canary"))
        });
        let report = send(destination);
        assert_eq!(report.dropped(), 0, "{report}");
        assert_eq!(receiver.spans().len(), 3);
    });
    let said = child.run(&[]);
    let [warning] = warnings(&said)[..] else { panic!("{}", said.stderr) };
    assert!(warning.contains("there are no credentials now"), "{warning}");
    assert!(!said.stderr.contains("canary"), "{}", said.stderr);
}

#[test]
fn asking_that_panics_or_hangs_harms_no_one_else() {
    isolated!({
        let (broken, hanging, whole) = (Receiver::start(), Receiver::start(), Receiver::start());
        let release = std::sync::Arc::new(Mutex::new(()));
        let held = release.clone();
        let guard = release.lock().unwrap();
        let over = OtlpProtocol::HttpProtobuf;
        let hangs = to(&hanging, over).name("hangs").credentials(move |_| {
            drop(held.lock());
            Credentials::bearer("late")
        });
        let panics = to(&broken, over)
            .name("panics")
            .credentials(|_| -> Credentials { panic!("canary") })
            .retry_timeout(Duration::from_millis(300));
        let config = config()
            .destination(hangs)
            .destination(panics)
            .destination(to(&whole, OtlpProtocol::Grpc).name("whole"));
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            Generation::chat(Provider::OpenAi, "gpt-4o").start().finish();
            drop(telemetry.flush_within(Duration::from_secs(1)).await);
            assert_eq!(whole.spans().len(), 1);
            assert!(hanging.requests().is_empty() && broken.requests().is_empty());
            drop(guard);
            let report = telemetry.shutdown_within(support::PATIENCE).await;
            assert_eq!(report.destination("hangs").unwrap().traces().exported, 1, "{report}");
            assert_eq!(report.destination("panics").unwrap().traces().dropped(), 1, "{report}");
        });
    });
}

#[test]
fn whoever_signs_sees_the_request_as_it_goes_out() {
    isolated!({
        let receiver = Receiver::start();
        let destination = to(&receiver, OtlpProtocol::HttpProtobuf)
            .compression(spanwise::Compression::Gzip)
            .credentials(|request| {
                assert_eq!(request.signal(), Signal::Traces);
                assert!(request.url().ends_with("/v1/traces"), "{}", request.url());
                assert_eq!(request.headers()["content-encoding"], "gzip");
                Credentials::default().header("x-signed-bytes", request.body().len().to_string())
            });
        send(destination);
        for request in receiver.requests() {
            assert_eq!(request.headers["x-signed-bytes"], request.bytes.to_string());
            assert_eq!(request.headers["authorization"], "Bearer old");
        }
        assert_eq!(receiver.spans().len(), 3);
    });
}
