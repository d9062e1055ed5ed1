//! Attributes that record functions as operations of spanwise.
//!
//! | Attribute | The function is | Recorded of it |
//! |---|---|---|
//! | [`generation`] | a model call | messages in, answer out |
//! | [`tool`] | a tool | arguments, result |
//! | [`agent`] | an agent | messages in and out |
//! | [`workflow`] | a coordinated process | messages in and out |
//! | [`step`] | a step of one | neither |
//! | [`retrieval`] | a look-up in a data source | query, documents |
//!
//! They are part of `spanwise`, by its feature `macros`. With `spanwise-core` alone, or where the crate has another
//! name, the path is said: `#[tool(crate = spanwise_core)]`.
//!
//! # Where they go
//!
//! On functions and methods, `async` or not, generic or not, in trait implementations and in traits' own bodies,
//! with `#[async_trait]` and without. A function that gives a future (`impl Future`, `Pin<Box<dyn Future>>`,
//! `BoxFuture`) is recorded until that is over, and one that gives a stream (`impl Stream`,
//! `Pin<Box<dyn Stream>>`, `BoxStream`, or a `Result` of one), until that has ended; where the type does not say so,
//! `stream` does. An operation begins when its function runs: with the first poll, where that is asynchronous.
//!
//! An `Err` fails the operation, with its `error.type`, and so does a panic; a future or stream that is dropped half way
//! cancels it. Errors are `Display + 'static`.
//!
//! # What is recorded of arguments and results
//!
//! Nothing, unless content is captured; until then nothing is serialised, formatted or even looked at. Then all
//! arguments and the result, which are `Serialize`:
//!
//! | Setting | Effect |
//! |---|---|
//! | `skip(client, token)` | these arguments are left out |
//! | `skip_all`, `skip_result` | all of them are, or the result is |
//! | `debug(range)` | what `Debug` shows of these arguments is recorded |
//! | `input = …`, `arguments = …`, `query = …` | this, in the place of arguments |
//! | `system_instructions = …`, `tool_definitions = …` | this as well |
//!
//! `self` and arguments whose names begin with `_` are left out, and so is what is all of another setting's value, such as
//! `prompt` in `input = prompt`. An only argument that is messages (`&str`, `Message`, `&[Message]`, whatever is
//! `ToMessages`) is recorded as those.
//!
//! # What else is said
//!
//! Every setting of the operation's builder is one here, with a value that may use the arguments:
//! `call_id = call.id`, `max_tokens = limit`, `server("localhost", 11434)`. `None` says nothing. Texts may be borrowed.
//! `attributes(app.team = team, "app.limit" = limit)` adds attributes of the program's own. Where nothing records, these are
//! not evaluated.

mod expand;
mod function;
mod kind;
mod options;
mod returns;

use proc_macro::TokenStream;

use crate::kind::Kind;

/// Records a function as a model call: a span `chat {model}`.
///
/// `provider` is asked for, `model` mostly known; `operation` is `"chat"`, `"generate_content"` or
/// `"text_completion"`. Beside them it knows the settings of `GenerationBuilder`.
///
/// What it gives is a `ModelResponse`: a client's answer, a `Response`, or a text alone. Of a stream, `chunk` tells
/// what is in each chunk; chunks of text tell it themselves.
///
/// ```
/// # extern crate spanwise_core as spanwise;
/// use spanwise::{Message, Response, Usage};
/// use spanwise_macros::generation;
///
/// #[generation(provider = "openai", model = model, max_tokens = limit)]
/// async fn ask(model: &str, limit: u32, prompt: &str) -> Result<Response, std::io::Error> {
///     // … calls the model …
///     Ok(Response::new().usage(Usage::new(12, 5)).output(Message::assistant("Hello!")))
/// }
/// # drop(ask("gpt-4o-mini", 256, "Hi"));
/// ```
///
/// ```
/// # extern crate spanwise_core as spanwise;
/// use futures_core::Stream;
/// use spanwise::StreamedResponse;
/// use spanwise_macros::generation;
///
/// struct Chunk {
///     text: String,
/// }
///
/// # struct Empty; impl Stream for Empty {
/// #     type Item = Result<Chunk, std::io::Error>;
/// #     fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>)
/// #         -> std::task::Poll<Option<Self::Item>> { std::task::Poll::Ready(None) }
/// # }
/// # fn call(_: &str) -> Empty { Empty }
/// fn tell(chunk: &Chunk, response: &mut StreamedResponse<'_>) {
///     response.text(&chunk.text);
/// }
///
/// #[generation(provider = "anthropic", model = "claude-sonnet-4-5", chunk = tell)]
/// fn talk(prompt: &str) -> impl Stream<Item = Result<Chunk, std::io::Error>> + use<> {
///     call(prompt)
/// }
/// # drop(talk("Hi"));
/// ```
#[proc_macro_attribute]
pub fn generation(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Generation, options, item)
}

/// Records a function as a tool: a span `execute_tool {name}`, called after the function unless `name` says otherwise.
///
/// Beside `name` it knows the settings of `ToolBuilder`.
///
/// ```
/// # extern crate spanwise_core as spanwise;
/// use spanwise_macros::tool;
///
/// # struct Client; impl Client { async fn order(&self, id: &str) -> Result<String, std::io::Error> { Ok(id.into()) } }
/// #[tool(skip(client), call_id = call_id, description = "Finds an order")]
/// async fn lookup_order(
///     client: &Client,
///     call_id: Option<&str>,
///     order: &str,
/// ) -> Result<String, std::io::Error> {
///     client.order(order).await
/// }
/// # drop(lookup_order(&Client, None, "A-17"));
/// ```
#[proc_macro_attribute]
pub fn tool(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Tool, options, item)
}

/// Records a function as an agent: a span `invoke_agent {name}`, called after the function unless `name` says otherwise.
///
/// Beside `name` it knows the settings of `AgentBuilder`. What runs inside is counted as the agent's own.
///
/// ```
/// # extern crate spanwise_core as spanwise;
/// use spanwise_macros::{agent, tool};
///
/// struct Triage {
///     prompt: String,
/// }
///
/// impl Triage {
///     #[agent(name = "triage", system_instructions = self.prompt.as_str())]
///     async fn answer(&self, question: &str) -> Result<String, std::num::ParseIntError> {
///         Ok(double(question.parse()?).to_string())
///     }
/// }
///
/// #[tool]
/// fn double(number: i64) -> i64 {
///     number * 2
/// }
/// # drop(Triage { prompt: String::new() }.answer("21"));
/// ```
#[proc_macro_attribute]
pub fn agent(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Agent, options, item)
}

/// Records a function as a workflow: a span `invoke_workflow {name}`, called after the function unless `name` says
/// otherwise.
///
/// Beside `name` it knows the settings of `WorkflowBuilder`.
///
/// ```
/// # extern crate spanwise_core as spanwise;
/// use spanwise_macros::{step, workflow};
///
/// #[workflow(attributes(app.tenant = tenant), skip(tenant))]
/// fn handle_ticket(tenant: &str, ticket: &str) -> Result<usize, std::num::ParseIntError> {
///     classify(ticket)
/// }
///
/// #[step(step_type = "router", index = 0)]
/// fn classify(ticket: &str) -> Result<usize, std::num::ParseIntError> {
///     ticket.parse()
/// }
/// assert_eq!(handle_ticket("acme", "7"), Ok(7));
/// ```
#[proc_macro_attribute]
pub fn workflow(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Workflow, options, item)
}

/// Records a function as a step of a workflow: a span `step {name}`, called after the function unless `name` says
/// otherwise.
///
/// Beside `name` it knows the settings of `StepBuilder`. Neither arguments nor the result are recorded; what a step
/// shall say is an attribute.
///
/// ```
/// # extern crate spanwise_core as spanwise;
/// use spanwise_macros::step;
///
/// #[step(name = "parse", attributes(app.length = text.len()))]
/// fn parse_number(text: &str) -> Result<i32, std::num::ParseIntError> {
///     text.parse()
/// }
/// assert_eq!(parse_number("42"), Ok(42));
/// ```
#[proc_macro_attribute]
pub fn step(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Step, options, item)
}

/// Records a function as a look-up in a data source: a span `retrieval {data source}`.
///
/// Beside `data_source_id` it knows the settings of `RetrievalBuilder`. A list that it gives is the documents found, of
/// which `id` and `score` are told apart.
///
/// ```
/// # extern crate spanwise_core as spanwise;
/// use spanwise::Document;
/// use spanwise_macros::retrieval;
///
/// #[retrieval(data_source_id = "support-articles", top_k = most)]
/// async fn find(query: &str, most: usize) -> Result<Vec<Document>, std::io::Error> {
///     // … searches …
///     Ok(vec![Document::new("doc-7").score(0.92)])
/// }
/// # drop(find("returns", 3));
/// ```
#[proc_macro_attribute]
pub fn retrieval(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Retrieval, options, item)
}

fn recorded_as(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let original = proc_macro2::TokenStream::from(item);
    match expand::expand(kind, options.into(), original.clone()) {
        Ok(expanded) => expanded.into(),
        Err(error) => {
            // The function stays, so that nothing else complains that it is missing.
            let error = error.into_compile_error();
            quote::quote!(#error #original).into()
        }
    }
}
