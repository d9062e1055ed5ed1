//! Functions that are operations, by an attribute.

use std::fmt;
use std::pin::Pin;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, Stream, StreamExt, stream};
use serde::Serialize;
use spanwise::{
    ContentCapture, ContentLevel, Document, Message, Response, Usage, agent, generation, retrieval,
    step, tool, workflow,
};
use spanwise_testing::{Capture, Captured, capture, capture_async};

#[derive(Clone, Debug, Serialize)]
struct Order {
    id: String,
}

/// Neither `Serialize` nor `Debug`, as clients are.
struct Client;

impl Client {
    async fn fetch(&self, id: &str) -> Result<Order, NoOrder> {
        if id.is_empty() { Err(NoOrder) } else { Ok(Order { id: id.to_owned() }) }
    }
}

#[derive(Debug)]
struct NoOrder;

impl fmt::Display for NoOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no order")
    }
}

fn with_content() -> Capture {
    Capture::builder().content(ContentCapture::SpanOnly).build()
}

async fn with_content_of<F: Future>(work: F) -> (F::Output, Captured) {
    let capture = with_content();
    let output = capture.run_async(work).await;
    (output, capture.finish())
}

const ARGUMENTS: &str = "gen_ai.tool.call.arguments";
const RESULT: &str = "gen_ai.tool.call.result";
const INPUT: &str = "gen_ai.input.messages";
const OUTPUT: &str = "gen_ai.output.messages";

#[tool(skip(client))]
async fn lookup_order(client: &Client, id: &str, tries: u32) -> Result<Order, NoOrder> {
    let _ = tries;
    let order = client.fetch(id).await?;
    Ok(order)
}

#[tokio::test]
async fn a_function_is_a_tool_with_its_arguments_and_its_result() {
    let (order, captured) = with_content_of(lookup_order(&Client, "A-17", 2)).await;
    assert_eq!(order.map(|order| order.id).ok().as_deref(), Some("A-17"));
    captured.assert_conformant();
    let span = captured.span("execute_tool lookup_order");
    assert_eq!(span.text(ARGUMENTS), r#"{"id":"A-17","tries":2}"#);
    assert_eq!(span.text(RESULT), r#"{"id":"A-17"}"#);
    assert_eq!(span.text("spanwise.outcome"), "completed");
}

#[tokio::test]
async fn an_error_fails_the_operation_and_is_given_as_it_is() {
    let (order, captured) = with_content_of(lookup_order(&Client, "", 0)).await;
    assert!(order.is_err());
    let span = captured.span("execute_tool lookup_order");
    assert_eq!(span.text("error.type"), "macros::NoOrder");
    assert_eq!(span.text("spanwise.outcome"), "failed");
    assert!(span.attribute(RESULT).is_none());
}

#[tokio::test]
async fn a_future_that_is_dropped_cancels_its_operation() {
    #[tool]
    async fn wait() {
        std::future::pending::<()>().await;
    }
    let captured = capture_async(async {
        let mut waiting = Box::pin(wait());
        assert!((&mut waiting).now_or_never().is_none());
        drop(waiting);
        drop(wait());
    })
    .await;
    let [span] = captured.spans() else { panic!("not one span:\n{}", captured.tree()) };
    assert_eq!(span.text("spanwise.outcome"), "cancelled");
}

/// Counts how often it is looked at.
struct Watched<'a>(&'a std::sync::atomic::AtomicU32);

impl Serialize for Watched<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        to.serialize_str("seen")
    }
}

impl fmt::Debug for Watched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        f.write_str("seen")
    }
}

#[test]
fn nothing_is_looked_at_where_nothing_is_captured() {
    #[tool(debug(second), attributes(app.third = { third.0.fetch_add(1, Relaxed); 3 }))]
    fn look<'a>(first: Watched<'a>, second: Watched<'a>, third: &Watched<'a>) -> Watched<'a> {
        let _ = (second, third);
        first
    }
    #[agent(name = { SEEN.fetch_add(1, Relaxed); "triage" })]
    fn ask(first: Watched<'_>) -> Watched<'_> {
        first
    }
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering::Relaxed;
    static SEEN: AtomicU32 = AtomicU32::new(0);
    let work = || {
        look(Watched(&SEEN), Watched(&SEEN), &Watched(&SEEN));
        ask(Watched(&SEEN));
        SEEN.swap(0, Relaxed)
    };

    assert_eq!(work(), 0, "nothing records");
    let private = Capture::builder().build();
    assert_eq!(private.run(work), 2, "a name and an attribute are no content");
    let off = with_content();
    off.run(|| spanwise::scope().content(ContentLevel::Off).run_sync(|| assert_eq!(work(), 2)));
    let all = with_content();
    assert_eq!(all.run(work), 8);
    assert_eq!(all.finish().span("execute_tool look").text(ARGUMENTS).matches("seen").count(), 3);
}

#[test]
fn what_is_skipped_stays_in_the_program() {
    #[tool(skip(token), debug(range))]
    fn cut(token: &str, range: std::ops::Range<u32>, _unused: Client) -> u32 {
        range.end + token.len() as u32
    }
    #[tool(skip_all, skip_result)]
    fn secret(token: String) -> String {
        token
    }
    #[tool(arguments = serde_json::json!({"length": text.len()}))]
    fn measured(text: &str) {
        let _ = text;
    }
    let capture = with_content();
    capture.run(|| {
        cut("t-1", 2..5, Client);
        secret("t-2".to_owned());
        measured("hello");
    });
    let captured = capture.finish();
    assert_eq!(captured.span("execute_tool cut").text(ARGUMENTS), r#"{"range":"2..5"}"#);
    assert_eq!(captured.span("execute_tool cut").text(RESULT), r#"{"result":8}"#);
    let secret = captured.span("execute_tool secret");
    assert!(secret.attribute(ARGUMENTS).is_none() && secret.attribute(RESULT).is_none());
    assert_eq!(captured.span("execute_tool measured").text(ARGUMENTS), r#"{"length":5}"#);
}

#[test]
fn arguments_say_what_the_operation_is() {
    #[tool(
        name = format!("{family}_lookup"),
        call_id = call.map(|call| call.to_owned()),
        description = "Looks orders up",
        attributes(app.limit = limit, "app.team" = team, app.none = None::<u8>),
        error_kind = |_: &std::num::ParseIntError| "not_a_number"
    )]
    fn lookup(
        family: &str,
        call: Option<&str>,
        limit: usize,
        team: &Option<String>,
    ) -> Result<u8, std::num::ParseIntError> {
        family.parse()
    }
    let captured = capture(|| {
        let _ = lookup("order", Some("call_1"), 5, &Some("support".to_owned()));
        let _ = lookup("user", None, 5, &None);
    });
    captured.assert_conformant();
    let order = captured.span("execute_tool order_lookup");
    assert_eq!(order.text("gen_ai.tool.call.id"), "call_1");
    assert_eq!(order.text("gen_ai.tool.description"), "Looks orders up");
    assert_eq!(order.text("app.limit"), "5");
    assert_eq!(order.text("app.team"), "support");
    assert_eq!(order.text("error.type"), "not_a_number");
    let user = captured.span("execute_tool user_lookup");
    for absent in ["gen_ai.tool.call.id", "app.team", "app.none"] {
        assert!(user.attribute(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn each_attribute_makes_its_kind_and_what_runs_inside_is_a_child() {
    #[workflow]
    async fn handle_ticket(ticket: &str) -> Result<String, NoOrder> {
        classify();
        triage(ticket).await
    }
    #[step(step_type = "router", index = 0)]
    fn classify() {}
    #[agent(name = "triage", description = "Sorts tickets", model = "gpt-4o")]
    async fn triage(ticket: &str) -> Result<String, NoOrder> {
        articles(ticket);
        let _ = ask("gpt-4o-mini", 0.2, ticket).await;
        lookup_order(&Client, "A-17", 1).await.map(|order| order.id)
    }
    #[retrieval(data_source_id = "articles", top_k = 3)]
    fn articles(query: &str) -> Vec<Document> {
        vec![Document::new(query).score(0.5)]
    }
    #[generation(provider = "openai", model = model, temperature = temperature)]
    async fn ask(model: &str, temperature: f64, prompt: &str) -> Response {
        let _ = temperature;
        Response::new()
            .model(model.to_owned())
            .usage(Usage::new(3, 1))
            .output(Message::assistant(prompt))
    }
    let (answer, captured) = with_content_of(handle_ticket("Where is it?")).await;
    assert_eq!(answer.ok().as_deref(), Some("A-17"));
    captured.assert_conformant();
    insta::assert_snapshot!(captured.tree_with(&[
        "spanwise.step.type", "gen_ai.request.temperature", "gen_ai.usage.input_tokens",
    ]), @r"
    invoke_workflow handle_ticket
      step classify spanwise.step.type=router
      invoke_agent triage
        retrieval articles
        chat gpt-4o-mini usage.input_tokens=3 usage.output_tokens=1 request.temperature=0.2 usage.input_tokens=3
        execute_tool lookup_order
    ");
    let user = r#"[{"role":"user","parts":[{"type":"text","content":"Where is it?"}]}]"#;
    for span in ["invoke_workflow handle_ticket", "invoke_agent triage", "chat gpt-4o-mini"] {
        assert_eq!(captured.span(span).text(INPUT), user, "{span}");
        assert!(captured.span(span).text(OUTPUT).contains(r#""role":"assistant""#), "{span}");
    }
    assert!(captured.span("invoke_agent triage").text(OUTPUT).contains("A-17"));
    let found = captured.span("retrieval articles");
    assert_eq!(found.text("gen_ai.retrieval.query.text"), "Where is it?");
    assert_eq!(found.text("gen_ai.retrieval.documents"), r#"[{"id":"Where is it?","score":0.5}]"#);
}

#[tokio::test]
async fn what_is_sent_and_answered_is_told_apart_by_its_type() {
    #[agent(system_instructions = "Be brief.")]
    async fn chat(history: &[Message]) -> Message {
        let _ = history;
        Message::assistant("Hi").name("bot")
    }
    #[agent]
    async fn structured(order: Order, urgent: bool) -> Result<Order, NoOrder> {
        let _ = urgent;
        Ok(order)
    }
    #[generation(provider = "ollama", model = "qwen3", in_process, input = Message::user(&text))]
    async fn plain(text: String) -> Result<String, NoOrder> {
        Ok(text)
    }
    let (_, captured) = with_content_of(async {
        chat(&[Message::system("s"), Message::user("u")]).await;
        structured(Order { id: "1".into() }, true).await.ok();
        plain("Hello".into()).await.ok();
    })
    .await;
    captured.assert_conformant();
    let span = captured.span("invoke_agent chat");
    assert!(span.text(INPUT).contains(r#""role":"system""#), "{}", span.text(INPUT));
    assert!(span.text("gen_ai.system_instructions").contains("Be brief."));
    assert!(span.text(OUTPUT).contains(r#""name":"bot""#), "{}", span.text(OUTPUT));
    let span = captured.span("invoke_agent structured");
    assert!(span.text(INPUT).contains(r#"{\"order\":{\"id\":\"1\"},\"urgent\":true}"#));
    assert!(span.text(OUTPUT).contains(r#"{\"id\":\"1\"}"#));
    let span = captured.span("chat qwen3");
    assert!(
        span.text(OUTPUT)
            .contains(r#"{"role":"assistant","parts":[{"type":"text","content":"Hello"}]"#)
    );
}

trait Lookup {
    fn lookup(&self, id: String) -> impl Future<Output = Result<Order, NoOrder>> + Send;
}

#[async_trait]
trait DynLookup {
    async fn lookup_dyn(&self, id: String) -> Result<Order, NoOrder>;

    #[tool(name = "by_default")]
    async fn lookup_by_default(&self, mut id: String) -> Result<Order, NoOrder> {
        id.push('!');
        self.lookup_dyn(id).await
    }
}

impl Lookup for Client {
    #[tool(name = "native")]
    async fn lookup(&self, id: String) -> Result<Order, NoOrder> {
        self.fetch(&id).await
    }
}

#[async_trait]
impl DynLookup for Client {
    #[tool(name = "dynamic", attributes(app.id = &id))]
    async fn lookup_dyn(&self, id: String) -> Result<Order, NoOrder> {
        let order = self.fetch(&id).await?;
        Ok(order)
    }
}

#[tokio::test]
async fn methods_of_traits_are_recorded_with_async_trait_and_without() {
    let (_, captured) = with_content_of(async {
        Lookup::lookup(&Client, "1".into()).await.ok();
        let dynamic: Box<dyn DynLookup + Send + Sync> = Box::new(Client);
        let task = tokio::spawn(spanwise::propagate_context(async move {
            dynamic.lookup_by_default("2".into()).await.ok();
        }));
        task.await.ok();
        // Only polling starts it.
        drop(Client.lookup_dyn("never".into()));
    })
    .await;
    insta::assert_snapshot!(captured.tree_with(&[ARGUMENTS, RESULT, "app.id"]), @r#"
    execute_tool native tool.call.arguments={"id":"1"} tool.call.result={"id":"1"}
    execute_tool by_default tool.call.arguments={"id":"2"} tool.call.result={"id":"2!"}
      execute_tool dynamic tool.call.arguments={"id":"2!"} tool.call.result={"id":"2!"} app.id=2!
    "#);
}

#[tokio::test]
async fn functions_that_give_futures_are_recorded_until_those_are_over() {
    #[tool]
    #[allow(clippy::manual_async_fn, reason = "it is what is tried")]
    fn opaque(id: u32) -> impl Future<Output = Result<u32, NoOrder>> + Send {
        async move { if id > 0 { Ok(id) } else { Err(NoOrder) } }
    }
    #[tool]
    fn boxed<'a>(id: &'a str) -> Pin<Box<dyn Future<Output = Result<Order, NoOrder>> + Send + 'a>> {
        let client = Client;
        Box::pin(async move { client.fetch(id).await })
    }
    #[tool]
    fn ready(id: u32) -> futures_util::future::BoxFuture<'static, u32> {
        std::future::ready(id).boxed()
    }
    let (_, captured) = with_content_of(async {
        assert!(opaque(0).await.is_err());
        assert!(boxed("1").await.is_ok());
        assert_eq!(ready(2).await, 2);
    })
    .await;
    insta::assert_snapshot!(captured.tree_with(&[ARGUMENTS, RESULT, "error.type"]), @r#"
    execute_tool opaque error.type=macros::NoOrder tool.call.arguments={"id":0} error.type=macros::NoOrder
    execute_tool boxed tool.call.arguments={"id":"1"} tool.call.result={"id":"1"}
    execute_tool ready tool.call.arguments={"id":2} tool.call.result={"result":2}
    "#);
}

#[test]
fn any_signature_will_do() {
    struct Store {
        orders: Vec<Order>,
    }
    impl Store {
        #[tool]
        fn first_mut(&mut self, at: usize) -> &mut Order {
            &mut self.orders[at]
        }
        #[tool(skip_result)]
        fn shown(&self) -> impl Iterator<Item = &Order> + use<'_> {
            self.orders.iter()
        }
        #[tool]
        fn into_first(mut self: Box<Self>, (at, _rest): (usize, Client)) -> Option<Order> {
            if at > self.orders.len() {
                return None;
            }
            Some(self.orders.remove(at))
        }
    }
    #[tool]
    fn generic<T: Serialize, const N: usize>(items: [T; N], extra: impl Serialize) -> (T, usize)
    where
        [T; N]: Serialize,
    {
        let _ = extra;
        (items.into_iter().next().unwrap(), N)
    }
    #[tool]
    fn longest<'a>(one: &'a str, other: &'a str) -> &'a str {
        if one.len() > other.len() { one } else { other }
    }
    let capture = with_content();
    capture.run(|| {
        let mut store = Store { orders: vec![Order { id: "1".into() }] };
        store.first_mut(0).id.push('7');
        assert_eq!(store.shown().count(), 1);
        assert!(Box::new(store).into_first((0, Client)).is_some());
        generic([1, 2], "x");
        assert_eq!(longest("a", "bc"), "bc");
    });
    insta::assert_snapshot!(capture.finish().tree_with(&[ARGUMENTS, RESULT]), @r#"
    execute_tool first_mut tool.call.arguments={"at":0} tool.call.result={"id":"1"}
    execute_tool shown
    execute_tool into_first tool.call.arguments={"at":0} tool.call.result={"id":"17"}
    execute_tool generic tool.call.arguments={"items":[1,2],"extra":"x"} tool.call.result={"result":[1,2]}
    execute_tool longest tool.call.arguments={"one":"a","other":"bc"} tool.call.result={"result":"bc"}
    "#);
}

#[tokio::test]
async fn streams_end_their_operation() {
    #[generation(provider = "anthropic", model = "claude-sonnet-4-5")]
    fn words(prompt: &str) -> impl Stream<Item = &'static str> + use<> {
        let _ = prompt;
        stream::iter(["Hel", "lo"])
    }
    #[generation(
        provider = "openai",
        model = "gpt-4o",
        chunk = |chunk: &u32, response: &mut spanwise::StreamedResponse<'_>| {
            response.text(&chunk.to_string());
        }
    )]
    async fn numbers(prompt: &str) -> Result<BoxStream<'static, Result<u32, NoOrder>>, NoOrder> {
        if prompt.is_empty() {
            return Err(NoOrder);
        }
        Ok(stream::iter([Ok(1), Ok(2), Err(NoOrder)]).boxed())
    }
    #[agent]
    async fn talk(prompt: String) -> Pin<Box<dyn Stream<Item = String> + Send>> {
        Box::pin(stream::iter([prompt, "!".to_owned()]))
    }
    #[tool]
    fn rows() -> impl Stream<Item = Result<Order, NoOrder>> {
        stream::iter([Ok(Order { id: "1".into() })]).chain(stream::pending())
    }
    type Rows = BoxStream<'static, u32>;
    #[step(stream)]
    async fn hidden() -> std::io::Result<Rows> {
        Ok(stream::iter([1]).boxed())
    }
    let (_, captured) = with_content_of(async {
        assert_eq!(words("Hi").collect::<Vec<_>>().await, ["Hel", "lo"]);
        assert!(numbers("").await.is_err());
        assert_eq!(numbers("Hi").await.map(|s| s.count().now_or_never()).ok().flatten(), Some(3));
        assert_eq!(talk("Hey".into()).await.collect::<String>().await, "Hey!");
        let mut rows = Box::pin(rows());
        assert!(rows.next().await.is_some());
        drop(rows);
        hidden().await.unwrap().collect::<Vec<_>>().await;
    })
    .await;
    insta::assert_snapshot!(captured.tree_with(&[
        "spanwise.stream.chunks", "spanwise.outcome", "error.type", RESULT, OUTPUT,
    ]), @r#"
    chat claude-sonnet-4-5 spanwise.stream.chunks=2 spanwise.outcome=completed output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]
    chat gpt-4o error.type=macros::NoOrder spanwise.outcome=failed error.type=macros::NoOrder
    chat gpt-4o error.type=macros::NoOrder spanwise.stream.chunks=2 spanwise.outcome=failed error.type=macros::NoOrder output.messages=[{"role":"assistant","parts":[{"type":"text","content":"12"}]}]
    invoke_agent talk spanwise.outcome=completed output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hey!"}]}]
    execute_tool rows spanwise.outcome=cancelled tool.call.result={"result":[{"id":"1"}]} outcome=cancelled
    step hidden spanwise.outcome=completed
    "#);
}

#[test]
fn the_body_sees_nothing_of_the_macro_and_the_macro_nothing_of_the_body() {
    #![allow(non_camel_case_types, dead_code)]
    mod core {}
    mod std {}
    enum Result {}
    enum Option {
        Some,
    }
    struct Box;
    use Option::Some;

    #[tool(name = operation, call_id = result)]
    fn shadowed(operation: &str, result: &str, ended: u8, value: u8) -> u8 {
        let builder = ended + value;
        let _ = (Some, Box);
        builder
    }
    let capture = with_content();
    capture.run(|| shadowed("op", "c-1", 1, 2));
    let captured = capture.finish();
    let span = captured.span("execute_tool op");
    assert_eq!(span.text(ARGUMENTS), r#"{"ended":1,"value":2}"#);
    assert_eq!(span.text("gen_ai.tool.call.id"), "c-1");
}

/// As a program knows it that calls it otherwise.
mod renamed {
    pub(crate) mod telemetry {
        pub(crate) use spanwise::*;
    }

    #[spanwise::tool(crate = crate::renamed::telemetry)]
    pub(crate) fn lookup(id: u8) -> u8 {
        id
    }
}

#[test]
fn the_crate_may_have_another_name() {
    let captured = capture(|| renamed::lookup(1));
    assert_eq!(captured.spans().len(), 1);
}

#[test]
fn a_panic_fails_the_operation_and_goes_on() {
    #[tool]
    fn panics() {
        panic!("no");
    }
    let captured = capture(|| {
        assert!(std::panic::catch_unwind(panics).is_err());
    });
    assert_eq!(captured.span("execute_tool panics").text("error.type"), "panic");
}
