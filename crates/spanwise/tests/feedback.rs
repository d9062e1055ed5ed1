//! Feedback reaches the APIs that take it, over the wire, to servers that check as the products do.

#[allow(unreachable_pub, reason = "a part of this test")]
mod feedback {
    pub mod product;
}
mod support;

use std::time::Duration;

use feedback::product::Server;
use serde_json::{Value, json};
use spanwise::preset::{ApiKey, HeliconeLogging, Langfuse, Phoenix};
use spanwise::{
    BatchConfiguration, ContentLevel, ContentPolicy, Counts, Destination, DropReason, FeedbackApi,
    Generation, PatternRedactor, Provider, Report, SamplingStrategy, ScoreValue, Signals,
    SpoolSettings, TelemetryConfig, TraceRef, evaluation, scope,
};
use spanwise_core::GatewayAnswer;
use support::{PATIENCE, Receiver, block_on, child, config, finishes_within, isolated, until_told};

const KEY: &str = "Bearer canary-key";

fn langfuse(server: &Server) -> FeedbackApi {
    FeedbackApi::langfuse(server.url()).header("authorization", KEY)
}

fn phoenix(server: &Server) -> FeedbackApi {
    FeedbackApi::phoenix(server.url() + "/").header("authorization", KEY)
}

fn helicone(server: &Server) -> FeedbackApi {
    FeedbackApi::helicone(server.url(), "helpful").header("authorization", KEY)
}

/// What finds an answer that was given long ago.
fn answer() -> TraceRef {
    let reference: TraceRef =
        "1-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap();
    reference.with_gateway_request_id("5c9e1f2a-6f0e-4d5c-9b8a-0123456789ab")
}

/// Runs something with telemetry, and says what became of it.
fn record(config: TelemetryConfig, work: impl FnOnce()) -> Report {
    block_on(async {
        let telemetry = spanwise::init_telemetry(config).unwrap();
        work();
        telemetry.shutdown_within(PATIENCE).await
    })
}

#[track_caller]
fn feedback_of(report: &Report, name: &str) -> Counts {
    let counts = report.destination(name).expect("it is a destination").feedback();
    let sum = counts.queued + counts.in_flight + counts.spooled + counts.exported;
    assert_eq!(counts.accepted, sum + counts.dropped(), "{counts:?}");
    counts
}

#[test]
fn every_form_of_a_score_arrives_wherever_there_are_words_for_it() {
    isolated!({
        let (of_langfuse, of_phoenix) = (Server::langfuse(KEY), Server::phoenix(KEY));
        let of_helicone = Server::helicone(KEY);
        let config = config()
            .deployment_environment("Production")
            .destination(Destination::feedback(langfuse(&of_langfuse)))
            .destination(Destination::feedback(phoenix(&of_phoenix)))
            .destination(Destination::feedback(helicone(&of_helicone)));
        let report = record(config, || {
            answer().score("helpful", true).comment("just so").emit();
            answer().score("stars", 4).label("good").emit();
            answer().score("relevance", 0.92).emit();
            scope().environment("staging").run_sync(|| {
                answer().score("tone", "friendly").of_trace().emit();
            });
            answer().score("remark", ScoreValue::text("more of this")).emit();
        });
        for (name, exported, unfit) in [("langfuse", 5, 0), ("phoenix", 5, 0), ("helicone", 2, 3)] {
            let counts = feedback_of(&report, name);
            assert_eq!((counts.exported, counts.dropped()), (exported, unfit), "{report}");
            assert_eq!(counts.dropped_for(DropReason::Unfit), unfit);
        }
        let shown = report.to_string();
        assert!(shown.contains("langfuse: 5 scores exported"), "{shown}");
        assert!(shown.contains("helicone: 2 scores exported, 3 dropped (unfit)"), "{shown}");

        let of_name = |server: &Server, name: &str| -> Value {
            let stored = server.stored();
            let is_it = |it: &&Value| it["name"] == name || it["data"][0]["name"] == name;
            stored.iter().find(is_it).cloned().expect("it is there")
        };
        let helpful = of_name(&of_langfuse, "helpful");
        assert_eq!((&helpful["value"], &helpful["comment"]), (&json!(1), &json!("just so")));
        assert_eq!(helpful["environment"], "production");
        let tone = of_name(&of_langfuse, "tone");
        assert_eq!((&tone["environment"], tone.get("observationId")), (&json!("staging"), None));
        let tone = &of_name(&of_phoenix, "tone")["data"][0];
        assert_eq!(tone["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        let remark = &of_name(&of_phoenix, "remark")["data"][0];
        assert_eq!(remark["result"]["explanation"], "more of this");
        let ratings = [json!({ "rating": true }), json!({ "scores": { "stars": 4 } })];
        assert_eq!(of_helicone.stored(), ratings);
    });
}

#[test]
fn what_is_said_again_with_its_id_takes_the_place_of_what_was_said() {
    isolated!({
        let (of_langfuse, of_phoenix) = (Server::langfuse(KEY), Server::phoenix(KEY));
        let config = config()
            .destination(Destination::feedback(langfuse(&of_langfuse)))
            .destination(Destination::feedback(phoenix(&of_phoenix)));
        record(config, || {
            answer().score("helpful", true).id("helpful-m7-u9").emit();
            answer().score("helpful", false).id("helpful-m7-u9").emit();
        });
        assert_eq!(of_langfuse.arrived().len(), 2);
        let stored = of_langfuse.only();
        assert_eq!((&stored["id"], &stored["value"]), (&json!("helpful-m7-u9"), &json!(0)));
        assert_eq!(of_phoenix.only()["data"][0]["result"]["score"], 0);
    });
}

#[test]
fn without_an_id_each_is_one_of_its_own() {
    isolated!({
        let server = Server::langfuse(KEY);
        let config = config().destination(Destination::feedback(langfuse(&server)));
        record(config, || {
            answer().score("helpful", true).emit();
            answer().score("helpful", true).emit();
        });
        assert_eq!(server.stored().len(), 2);
    });
}

#[test]
fn a_rate_limit_is_waited_for_and_the_same_score_sent_again() {
    isolated!({
        let server = Server::langfuse(KEY);
        server.answer_next([(429, Some("1"))]);
        let config = config().destination(Destination::feedback(langfuse(&server)));
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            answer().score("helpful", true).emit();
            // Not yet the end, at which pauses are short.
            let report = telemetry.flush_within(PATIENCE).await;
            telemetry.shutdown().await;
            report
        });
        let arrived = server.arrived();
        let [limited, taken] = arrived.as_slice() else { panic!("{arrived:?}") };
        assert!(taken.at - limited.at >= Duration::from_secs(1), "{:?}", taken.at - limited.at);
        assert_eq!(limited.body, taken.body, "with the same id");
        assert_eq!(feedback_of(&report, "langfuse").exported, 1);
        assert!(report.complete);
    });
}

#[test]
fn failures_of_the_server_are_tried_again_and_nothing_is_stored_twice() {
    isolated!({
        let (of_langfuse, of_phoenix) = (Server::langfuse(KEY), Server::phoenix(KEY));
        let of_helicone = Server::helicone(KEY);
        for server in [&of_langfuse, &of_phoenix, &of_helicone] {
            server.answer_next([(500, None), (503, None), (502, None), (504, None)]);
        }
        let config = config()
            .destination(Destination::feedback(langfuse(&of_langfuse)))
            .destination(Destination::feedback(phoenix(&of_phoenix)))
            .destination(Destination::feedback(helicone(&of_helicone)));
        let report = record(config, || answer().score("helpful", true).emit());
        for (name, server) in
            [("langfuse", &of_langfuse), ("phoenix", &of_phoenix), ("helicone", &of_helicone)]
        {
            assert_eq!(feedback_of(&report, name).exported, 1, "{report}");
            assert_eq!(server.arrived().len(), 5);
            server.only();
        }
    });
}

#[test]
fn a_wrong_key_is_counted_and_said_once_and_neither_key_nor_comment_with_it() {
    let child = child!({
        let server = Server::phoenix("Bearer another");
        let config = config().destination(Destination::feedback(phoenix(&server)));
        let report = record(config, || {
            for _ in 0..3 {
                answer().score("helpful", true).comment("canary-comment").emit();
            }
        });
        let counts = feedback_of(&report, "phoenix");
        assert_eq!(counts.dropped_for(DropReason::Refused), 3, "{report}");
        assert!(server.arrived().iter().all(|arrived| arrived.status == 401));
    });
    let said = child.run(&[]);
    let warnings = said.stderr.lines().filter(|line| line.starts_with("spanwise: "));
    let warnings: Vec<_> = warnings.collect();
    assert_eq!(warnings.len(), 1, "{}", said.stderr);
    assert!(warnings[0].contains("the receiver does not accept the key"), "{}", warnings[0]);
    assert!(!said.stderr.contains("canary"), "{}", said.stderr);
}

#[test]
fn what_a_product_refuses_is_counted_and_its_words_are_not_repeated() {
    let child = child!({
        let server = Server::langfuse(KEY);
        server.answer_all(Some(400));
        let config = config().destination(Destination::feedback(langfuse(&server)));
        let report =
            record(config, || answer().score("helpful", true).comment("canary-comment").emit());
        assert_eq!(feedback_of(&report, "langfuse").dropped_for(DropReason::Refused), 1);
        assert_eq!(server.arrived().len(), 1, "it is not asked again");
    });
    let said = child.run(&[]);
    assert!(said.stderr.contains("refused: 400; lost: 1 score"), "{}", said.stderr);
    assert!(!said.stderr.contains("canary"), "{}", said.stderr);
}

#[test]
fn recording_never_waits_and_what_does_not_fit_is_counted() {
    isolated!({
        let server = Server::langfuse(KEY);
        server.hang();
        let batches = BatchConfiguration { max_queue_size: 100, ..BatchConfiguration::LOGS };
        let api = langfuse(&server).timeout(Duration::from_millis(200));
        let config = config()
            .log_batches(batches)
            .shutdown_timeout(Duration::from_millis(500))
            .destination(Destination::feedback(api));
        let report = block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            finishes_within(Duration::from_secs(5), || {
                (0..10_000).for_each(|stars| answer().score("stars", stars).emit());
            });
            telemetry.shutdown().await
        });
        let counts = feedback_of(&report, "langfuse");
        assert_eq!((counts.accepted, counts.exported), (10_000, 0), "{report}");
        assert!(counts.dropped_for(DropReason::QueueFull) > 5_000, "{report}");
        assert!(counts.dropped_for(DropReason::ShutdownTimeout) > 0, "{report}");
    });
}

#[test]
fn what_could_not_be_told_waits_on_disk_for_the_next_process() {
    let child = child!({
        let given = |name: &str| std::env::var(name).unwrap();
        let api = FeedbackApi::langfuse(given("TEST_URL")).header("authorization", KEY);
        let config = config()
            .spool(SpoolSettings::new(given("TEST_DIR")))
            .shutdown_timeout(PATIENCE)
            .destination(Destination::feedback(api));
        block_on(async {
            let telemetry = spanwise::init_telemetry(config).unwrap();
            if given("TEST_PHASE") == "down" {
                (0..20).for_each(|stars| answer().score("stars", stars).comment("why").emit());
                let report = telemetry.shutdown().await;
                assert_eq!(feedback_of(&report, "langfuse").spooled, 20, "{report}");
                return;
            }
            until_told();
            let report = telemetry.shutdown().await;
            assert_eq!(feedback_of(&report, "langfuse").exported, 20, "{report}");
        });
    });
    let (server, directory) = (Server::langfuse(KEY), tempfile::tempdir().unwrap());
    server.answer_all(Some(503));
    let (url, path) = (server.url(), directory.path().to_str().unwrap());
    let variables = |phase| [("TEST_URL", &*url), ("TEST_DIR", path), ("TEST_PHASE", phase)];
    child.run(&variables("down"));
    assert!(server.stored().is_empty());
    server.answer_all(None);
    child.run_until(&variables("up"), || server.wait_for(20));
    assert_eq!(server.stored().len(), 20);
}

#[test]
fn a_comment_goes_where_content_may_and_is_redacted_on_its_way() {
    isolated!({
        let (full, names, receiver) =
            (Server::langfuse(KEY), Server::langfuse(KEY), Receiver::start());
        let logs = Destination::otlp(receiver.http_url())
            .signals(Signals::LOGS)
            .content(ContentLevel::Names)
            .feedback(langfuse(&names))
            .name("names");
        let config = config()
            .content(ContentPolicy::default().redactor(PatternRedactor::new()))
            .destination(Destination::feedback(langfuse(&full)))
            .destination(logs);
        let report = record(config, || {
            answer().score("helpful", true).comment("write to me@example.com").emit();
            answer().score("remark", ScoreValue::text("me@example.com")).emit();
        });
        assert_eq!(feedback_of(&report, "langfuse").exported, 2);
        let stored = full.stored();
        let helpful = stored.iter().find(|score| score["name"] == "helpful").unwrap();
        assert_eq!(helpful["comment"], "write to [EMAIL]");
        let remark = stored.iter().find(|score| score["name"] == "remark").unwrap();
        assert_eq!(remark["value"], "[EMAIL]");

        let counts = feedback_of(&report, "names");
        assert_eq!((counts.exported, counts.dropped_for(DropReason::Unfit)), (1, 1), "{report}");
        assert_eq!(names.only().get("comment"), None);
        let records = receiver.log_records();
        assert_eq!(records.len(), 2);
        let explained = records.iter().flat_map(|record| &record.attributes);
        let explained = explained.filter(|it| it.key == "gen_ai.evaluation.explanation").count();
        assert_eq!(explained, 0, "the event says no more than the API is told");
    });
}

#[test]
fn an_evaluation_is_an_event_and_feedback_and_each_goes_its_way_with_its_own_key() {
    isolated!({
        let (server, receiver) = (Server::phoenix(KEY), Receiver::start());
        let destination = Destination::otlp(receiver.http_url())
            .name("phoenix")
            .header("authorization", "Bearer canary-otlp")
            .feedback(phoenix(&server));
        let mut stored = String::new();
        let report = record(config().destination(destination), || {
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
            evaluation("relevance").score(0.5).emit_on(&generation.trace_ref());
            stored = generation.trace_ref().to_string();
            generation.finish();
        });
        let destination = report.destination("phoenix").unwrap();
        assert_eq!((destination.traces().exported, destination.logs().exported), (1, 1));
        assert_eq!(feedback_of(&report, "phoenix").exported, 1);
        receiver.assert_conformant();
        let span = receiver.span("chat gpt-4o");
        let span_id: String = span.span_id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(server.only()["data"][0]["span_id"], span_id);
        for request in receiver.requests() {
            assert_eq!(request.headers["authorization"], "Bearer canary-otlp");
        }
        for arrived in server.arrived() {
            assert_eq!(arrived.headers["authorization"], KEY);
        }
    });
}

#[test]
fn what_was_not_sampled_is_not_scored_where_nobody_has_it() {
    isolated!({
        let (of_phoenix, of_helicone) = (Server::phoenix(KEY), Server::helicone(KEY));
        let receiver = Receiver::start();
        let config = config()
            .sampling(SamplingStrategy::AlwaysOff)
            .destination(Destination::otlp(receiver.http_url()).signals(Signals::LOGS))
            .destination(Destination::feedback(phoenix(&of_phoenix)))
            .destination(Destination::feedback(helicone(&of_helicone)));
        let report = record(config, || {
            let generation = Generation::chat(Provider::OpenAi, "gpt-4o").start();
            generation.gateway(GatewayAnswer::of("helicone").request_id("r-1"));
            generation.trace_ref().score("helpful", true).emit();
            generation.finish();
        });
        assert_eq!(feedback_of(&report, "phoenix").accepted, 0);
        assert!(of_phoenix.arrived().is_empty());
        assert_eq!(receiver.log_records().len(), 1, "the event is told all the same");
    });
}

#[test]
fn an_api_that_cannot_be_used_is_an_error_at_the_start_that_shows_no_key() {
    let start = |api: FeedbackApi| {
        let config = config().destination(Destination::feedback(api));
        spanwise::init_telemetry(config).unwrap_err().to_string()
    };
    let error = start(FeedbackApi::langfuse("cloud.langfuse.com/canary"));
    assert!(error.starts_with("feedback of destination `langfuse` has no scheme"), "{error}");
    assert!(!error.contains("canary"), "{error}");
    let error = start(FeedbackApi::phoenix("http://localhost").header("x", "canary\n"));
    assert!(error.contains("`x` that is not legal") && !error.contains("canary"), "{error}");
    let shown = format!("{:?}", FeedbackApi::phoenix("http://u:canary@h").header("x", "canary"));
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_session_is_scored_as_a_whole_and_no_span_need_be_known() {
    isolated!({
        let (of_langfuse, of_phoenix) = (Server::langfuse(KEY), Server::phoenix(KEY));
        let config = config()
            .destination(Destination::feedback(langfuse(&of_langfuse)))
            .destination(Destination::feedback(phoenix(&of_phoenix)));
        let report = record(config, || evaluation("solved").score(true).of_session("s-1").emit());
        let solved = of_langfuse.only();
        assert_eq!((&solved["sessionId"], solved.get("traceId")), (&json!("s-1"), None));
        assert_eq!(feedback_of(&report, "langfuse").exported, 1, "{report}");
        assert_eq!(feedback_of(&report, "phoenix").dropped_for(DropReason::Unfit), 1, "{report}");
    });
}

#[test]
fn a_score_stands_in_the_environment_that_its_preset_names() {
    isolated!({
        let server = Server::langfuse("Basic cGs6c2s=");
        let langfuse = Langfuse::new("pk", "sk").host(server.url()).environment("staging");
        let config = config().deployment_environment("production").preset(langfuse);
        record(config, || {
            answer().score("helpful", true).emit();
            scope().environment("canary").run_sync(|| answer().score("tone", "fine").emit());
        });
        let mut environments: Vec<_> = server
            .stored()
            .iter()
            .map(|score| format!("{} {}", score["name"], score["environment"]))
            .collect();
        environments.sort();
        assert_eq!(environments, [r#""helpful" "staging""#, r#""tone" "canary""#]);
    });
}

#[test]
fn presets_take_feedback_to_their_products_with_their_keys() {
    isolated!({
        // The keys `pk` and `sk`, as Langfuse is told them.
        let (of_langfuse, of_phoenix) = (Server::langfuse("Basic cGs6c2s="), Server::phoenix(KEY));
        let of_helicone = Server::helicone(KEY);
        let rotating = ApiKey::from_fn(|| "canary-key".to_owned());
        let config = config()
            .preset(Langfuse::new("pk", "sk").host(of_langfuse.url() + "/api/public/otel"))
            .preset(Phoenix::new().host(of_phoenix.url()).api_key(rotating))
            .preset(HeliconeLogging::new("canary-key").host(of_helicone.url()).feedback("helpful"));
        let report = record(config, || answer().score("helpful", true).emit());
        for (name, server) in
            [("langfuse", &of_langfuse), ("phoenix", &of_phoenix), ("helicone", &of_helicone)]
        {
            assert_eq!(feedback_of(&report, name).exported, 1, "{report}");
            assert_eq!(server.stored().len(), 1, "{name}");
        }
    });
}
