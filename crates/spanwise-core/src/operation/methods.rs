//! The methods that every operation and every builder has.

/// Gives `$Guard` and `$Builder` the life that all operations share.
macro_rules! operation_methods {
    ($Guard:ident, $Builder:ident, $Kind:ident) => {
        impl<'a> $Builder<'a> {
            fn change(mut self, change: impl FnOnce(&mut $Kind)) -> Self {
                if let Some(draft) = &mut self.0 {
                    change(&mut draft.kind);
                }
                self
            }

            /// Adds an attribute of the program's own to the span.
            ///
            /// Own attributes follow the conventions' on the span, so that a limit on their number
            /// drops these first. The last one of a name wins, the conventions' included. Not recorded
            /// where [`CapturePolicy::metadata`](crate::CapturePolicy::metadata) is off.
            pub fn attribute(
                mut self,
                key: impl Into<opentelemetry::Key>,
                value: impl Into<opentelemetry::Value>,
            ) -> Self {
                if let Some(draft) = &mut self.0 {
                    draft.own_attribute(opentelemetry::KeyValue::new(key, value));
                }
                self
            }

            /// Links the span to another one that it has to do with and is not under, such as the one that
            /// put its work into a queue. May be called several times; a reference to nothing is left out.
            ///
            /// Beyond `OTEL_SPAN_LINK_COUNT_LIMIT` links are counted, and not kept.
            pub fn link(mut self, to: &$crate::TraceRef) -> Self {
                if let Some(draft) = &mut self.0 {
                    draft.link(to);
                }
                self
            }

            /// Says what `error.type` errors of type `E` have, for this operation alone.
            ///
            /// Defaults to what [`register_error_kind`](crate::register_error_kind) knows of `E`.
            pub fn error_kind<E, K>(
                mut self,
                kind: impl Fn(&E) -> K + Send + Sync + 'static,
            ) -> Self
            where
                E: 'static,
                K: Into<std::borrow::Cow<'static, str>>,
            {
                if let Some(draft) = &mut self.0 {
                    draft.own_error_kind($crate::error_kind::OwnKind::new(kind));
                }
                self
            }

            /// How much of this operation's content leaves the process at most, whatever the process and
            /// its destinations say. Defaults to [`Full`](crate::ContentLevel::Full), which changes
            /// nothing.
            ///
            /// Below that the texts of its errors are not told either. Where the providers are not
            /// spanwise's, everything below [`Full`](crate::ContentLevel::Full) is
            /// [`Off`](crate::ContentLevel::Off).
            pub fn content_level(mut self, level: $crate::ContentLevel) -> Self {
                if let Some(draft) = &mut self.0 {
                    draft.content_level(level);
                }
                self
            }

            /// Starts the operation, under whatever is active here; activates nothing.
            ///
            /// The guard can move between threads. Dropping it ends the operation as cancelled.
            pub fn start(self) -> $Guard {
                $Guard(self.0.and_then(|draft| draft.start()))
            }

            /// Runs asynchronous work that records what it learns on the operation it is given.
            ///
            /// The operation starts with the first poll and is active while the work is polled. It ends
            /// with the work's result, or as cancelled where the future is dropped. A closure that
            /// uses `?` ends in `Ok::<_, Error>(…)`.
            ///
            /// # Errors
            ///
            /// What the work gives, as it is.
            pub async fn run_with<T, E, F>(self, work: F) -> Result<T, E>
            where
                E: std::fmt::Display + 'static,
                F: AsyncFnOnce(&$Guard) -> Result<T, E>,
            {
                let operation = self.start();
                let context = operation.active_context().cloned();
                let result =
                    $crate::operation::active::InOperation::new(work(&operation), context).await;
                operation.end_with(result)
            }

            /// Runs synchronous work inside the operation, which ends with its result.
            ///
            /// # Errors
            ///
            /// What the work gives, as it is.
            pub fn run_sync<T, E, F>(self, work: F) -> Result<T, E>
            where
                E: std::fmt::Display + 'static,
                F: FnOnce(&$Guard) -> Result<T, E>,
            {
                let operation = self.start();
                let result = {
                    let _entered = operation.enter();
                    work(&operation)
                };
                operation.end_with(result)
            }
        }

        impl $Guard {
            /// Ends the operation as completed.
            pub fn finish(mut self) {
                self.end(|_| $crate::operation::outcome::Outcome::Completed);
            }

            /// Ends the operation as failed: status `ERROR`, and `error.type` by the error's type.
            ///
            /// What had arrived stays recorded. The error's own text becomes the status description
            /// only where [`CapturePolicy::error_messages`](crate::CapturePolicy::error_messages) is on.
            pub fn fail<E>(mut self, error: &E)
            where
                E: std::fmt::Display + 'static,
            {
                self.end(|live| live.failure(error));
            }

            /// Ends the operation as failed, with `error.type` and a status description of the
            /// caller's: a word of low cardinality, and a text that holds no secret.
            pub fn fail_with(
                mut self,
                kind: impl Into<std::borrow::Cow<'static, str>>,
                message: impl Into<String>,
            ) {
                let failure = $crate::operation::outcome::Failure::told(kind, Some(message.into()));
                self.end(|_| $crate::operation::outcome::Outcome::Failed(failure));
            }

            /// Adds an attribute of the program's own to the span; see the builder's.
            pub fn attribute(
                &self,
                key: impl Into<opentelemetry::Key>,
                value: impl Into<opentelemetry::Value>,
            ) {
                if let Some(live) = &self.0 {
                    live.own_attribute(|| opentelemetry::KeyValue::new(key, value));
                }
            }

            /// Adds an event of the program's own to the span, at this moment. Not recorded where
            /// [`CapturePolicy::metadata`](crate::CapturePolicy::metadata) is off.
            pub fn event(
                &self,
                name: impl Into<std::borrow::Cow<'static, str>>,
                attributes: impl IntoIterator<Item = opentelemetry::KeyValue>,
            ) {
                if let Some(live) = &self.0 {
                    live.own_event(|| name.into(), attributes.into_iter().collect());
                }
            }

            /// Makes the operation the active one on this thread, until the result is dropped. For
            /// futures there is [`FutureExt::in_operation`](crate::FutureExt::in_operation).
            pub fn enter(&self) -> $crate::Entered<'_> {
                $crate::Entered::new(self.active_context())
            }

            /// The context in which this operation is the active one: to start spans of any kind under
            /// it, or to propagate it. The current context where nothing records.
            pub fn context(&self) -> opentelemetry::Context {
                self.active_context().cloned().unwrap_or_else(opentelemetry::Context::current)
            }

            /// The ids of the operation's span; invalid where nothing records.
            pub fn span_context(&self) -> opentelemetry::trace::SpanContext {
                match &self.0 {
                    Some(live) => live.span_context(),
                    None => opentelemetry::trace::SpanContext::empty_context(),
                }
            }

            /// What finds the operation again when it is over, in a form that can be stored and sent: for
            /// an [`evaluation`](crate::evaluation). Invalid where nothing records.
            pub fn trace_ref(&self) -> $crate::TraceRef {
                match &self.0 {
                    Some(live) => live.trace_ref(),
                    None => $crate::TraceRef::default(),
                }
            }

            /// Whether the span is recorded: a recorder is there, and the sampler took it.
            pub fn is_recording(&self) -> bool {
                self.0.as_ref().is_some_and(|live| live.is_recording())
            }

            fn active_context(&self) -> Option<&opentelemetry::Context> {
                self.0.as_ref().map(|live| live.context())
            }

            #[allow(dead_code, reason = "not every kind has something to change")]
            fn change(&self, change: impl FnOnce(&mut $Kind)) {
                if let Some(live) = &self.0 {
                    live.with(change);
                }
            }

            fn end_with<T, E>(mut self, result: Result<T, E>) -> Result<T, E>
            where
                E: std::fmt::Display + 'static,
            {
                self.end(|live| match &result {
                    Ok(_) => $crate::operation::outcome::Outcome::Completed,
                    Err(error) => live.failure(error),
                });
                result
            }

            fn end(
                &mut self,
                outcome: impl FnOnce(
                    &$crate::operation::live::Live<$Kind>,
                ) -> $crate::operation::outcome::Outcome,
            ) {
                if let Some(live) = self.0.take() {
                    let outcome = outcome(&live);
                    live.end(outcome);
                }
            }
        }

        impl Drop for $Guard {
            fn drop(&mut self) {
                self.end(|_| $crate::operation::outcome::abandoned());
            }
        }

        impl $crate::operation::active::sealed::Operation for $Guard {
            fn active_context(&self) -> Option<&opentelemetry::Context> {
                self.active_context()
            }
        }

        impl $crate::Operation for $Guard {}

        impl std::fmt::Debug for $Guard {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($Guard))
                    .field("recording", &self.is_recording())
                    .finish_non_exhaustive()
            }
        }

        impl std::fmt::Debug for $Builder<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($Builder))
            }
        }
    };
}

/// Gives `$Builder` a `run` for work whose result is not looked at.
macro_rules! run_method {
    ($Builder:ident) => {
        impl $Builder<'_> {
            /// Runs a future inside the operation, which ends with its result.
            ///
            /// The operation starts with the first poll, is active while the future is polled, and ends as
            /// cancelled where this is dropped before.
            ///
            /// # Errors
            ///
            /// What the future gives, as it is.
            pub async fn run<T, E, F>(self, future: F) -> Result<T, E>
            where
                E: std::fmt::Display + 'static,
                F: Future<Output = Result<T, E>>,
            {
                let operation = self.start();
                let context = operation.active_context().cloned();
                let result = $crate::operation::active::InOperation::new(future, context).await;
                operation.end_with(result)
            }
        }
    };
}

/// Gives `$Builder` the listed setters of what a request asks for; the kind keeps a `request`.
macro_rules! request_setters {
    ($Builder:ident: $($setter:ident)*) => {
        impl $Builder<'_> {
            $(request_setters!(@ $setter);)*
        }
    };
    (@ max_tokens) => {
        /// The most tokens the model may write: `gen_ai.request.max_tokens` (int).
        pub fn max_tokens(self, tokens: impl Into<i64>) -> Self {
            self.change(|kind| kind.request.max_tokens = Some(tokens.into()))
        }
    };
    (@ choice_count) => {
        /// How many answers are asked for: `gen_ai.request.choice.count` (int), unless it is 1.
        pub fn choice_count(self, count: impl Into<i64>) -> Self {
            self.change(|kind| kind.request.choice_count = Some(count.into()).filter(|n| *n != 1))
        }
    };
    (@ temperature) => {
        /// `gen_ai.request.temperature` (double). NaN and infinity are left out.
        pub fn temperature(self, temperature: impl Into<f64>) -> Self {
            self.change(|kind| kind.request.temperature = finite(temperature))
        }
    };
    (@ top_p) => {
        /// `gen_ai.request.top_p` (double). NaN and infinity are left out.
        pub fn top_p(self, top_p: impl Into<f64>) -> Self {
            self.change(|kind| kind.request.top_p = finite(top_p))
        }
    };
    (@ top_k) => {
        /// From how many tokens the model may choose: `gen_ai.request.top_k` (int). OpenAI's
        /// `top_logprobs` is something else.
        pub fn top_k(self, top_k: impl Into<i64>) -> Self {
            self.change(|kind| kind.request.top_k = Some(top_k.into()))
        }
    };
    (@ stop_sequences) => {
        /// What makes the model stop: `gen_ai.request.stop_sequences` (string[]).
        pub fn stop_sequences<S>(self, sequences: impl IntoIterator<Item = S>) -> Self
        where
            S: Into<opentelemetry::StringValue>,
        {
            self.change(|kind| {
                kind.request.stop_sequences = sequences.into_iter().map(Into::into).collect();
            })
        }
    };
    (@ frequency_penalty) => {
        /// `gen_ai.request.frequency_penalty` (double). NaN and infinity are left out.
        pub fn frequency_penalty(self, penalty: impl Into<f64>) -> Self {
            self.change(|kind| kind.request.frequency_penalty = finite(penalty))
        }
    };
    (@ presence_penalty) => {
        /// `gen_ai.request.presence_penalty` (double). NaN and infinity are left out.
        pub fn presence_penalty(self, penalty: impl Into<f64>) -> Self {
            self.change(|kind| kind.request.presence_penalty = finite(penalty))
        }
    };
    (@ seed) => {
        /// `gen_ai.request.seed` (int).
        pub fn seed(self, seed: impl Into<i64>) -> Self {
            self.change(|kind| kind.request.seed = Some(seed.into()))
        }
    };
    (@ output_type) => {
        /// What kind of output is asked for: `gen_ai.output.type` (string).
        pub fn output_type(self, output_type: OutputType) -> Self {
            self.change(|kind| kind.request.output_type = Some(output_type))
        }
    };
    (@ reasoning_level) => {
        /// How hard the model shall think, in the provider's word: `gen_ai.request.reasoning.level`
        /// (string).
        pub fn reasoning_level(self, level: impl Into<opentelemetry::StringValue>) -> Self {
            self.change(|kind| kind.request.reasoning_level = Some(level.into()))
        }
    };
    (@ previous_response_id) => {
        /// The response that this call continues: `gen_ai.request.previous_response.id` (string).
        pub fn previous_response_id(self, id: impl Into<opentelemetry::StringValue>) -> Self {
            self.change(|kind| kind.request.previous_response_id = Some(id.into()))
        }
    };
    (@ conversation_id) => {
        /// The conversation, by an id that it really has: `gen_ai.conversation.id` (string). Never a
        /// new UUID, a trace id or a hash.
        pub fn conversation_id(self, id: impl Into<opentelemetry::StringValue>) -> Self {
            self.change(|kind| kind.request.conversation_id = Some(id.into()))
        }
    };
    (@ data_source_id) => {
        /// The data that answers are grounded on, by the id that the GenAI system gives it:
        /// `gen_ai.data_source.id` (string).
        pub fn data_source_id(self, id: impl Into<opentelemetry::StringValue>) -> Self {
            self.change(|kind| kind.request.data_source_id = Some(id.into()))
        }
    };
    (@ prompt_name) => {
        /// The prompt template that is used: `gen_ai.prompt.name` (string).
        pub fn prompt_name(self, name: impl Into<opentelemetry::StringValue>) -> Self {
            self.change(|kind| kind.request.prompt_name = Some(name.into()))
        }
    };
    (@ prompt_version) => {
        /// The version of the named prompt template: `gen_ai.prompt.version` (string). Not recorded
        /// without [`prompt_name`](Self::prompt_name).
        pub fn prompt_version(self, version: impl Into<opentelemetry::StringValue>) -> Self {
            self.change(|kind| kind.request.prompt_version = Some(version.into()))
        }
    };
}

/// Gives `$Builder` the listed setters of a call to a service; the kind keeps a `call`.
macro_rules! call_setters {
    ($Builder:ident: $($setter:ident)*) => {
        impl $Builder<'_> {
            $(call_setters!(@ $setter);)*
        }
    };
    (@ server) => {
        /// Where the request goes: `server.address` (string) and `server.port` (int).
        pub fn server(self, address: impl Into<opentelemetry::StringValue>, port: u16) -> Self {
            self.change(|kind| kind.call.set_server(address, port))
        }
    };
    (@ provider) => {
        /// Whose service it is: `gen_ai.provider.name` (string).
        pub fn provider(self, provider: impl Into<$crate::Provider>) -> Self {
            self.change(|kind| kind.call.provider = Some(provider.into()))
        }
    };
    (@ model) => {
        /// The model that is asked for, where there is one: `gen_ai.request.model` (string).
        pub fn model(self, model: impl Into<opentelemetry::StringValue>) -> Self {
            self.change(|kind| kind.call.model = $crate::operation::request::filled(model))
        }
    };
}

/// Gives `$Builder` the listed setters of content that goes in.
macro_rules! input_setters {
    ($Builder:ident: $($setter:ident)*) => {
        impl<'a> $Builder<'a> {
            $(input_setters!(@ $setter);)*
        }
    };
    (@ system_instructions) => {
        /// Instructions that the API takes apart from the history: `gen_ai.system_instructions`.
        ///
        /// Content: recorded only where inputs are captured.
        pub fn system_instructions(mut self, instructions: &'a str) -> Self {
            if let Some(draft) = &mut self.0 {
                draft.capture_input(move |_| {
                    $crate::ContentItem::SystemInstructions(vec![$crate::Part::text(instructions)])
                });
            }
            self
        }
    };
    (@ system_parts) => {
        /// The same, where the API takes them in parts.
        pub fn system_parts(mut self, parts: &'a [$crate::Part]) -> Self {
            if let Some(draft) = self.0.as_mut().filter(|_| !parts.is_empty()) {
                draft.capture_input(move |_| {
                    $crate::ContentItem::SystemInstructions(parts.to_vec())
                });
            }
            self
        }
    };
    (@ input) => {
        /// What is sent: `gen_ai.input.messages`.
        ///
        /// Content: copied and recorded only where inputs are captured.
        pub fn input<M>(mut self, messages: &'a M) -> Self
        where
            M: $crate::ToMessages + Sync + ?Sized,
        {
            if let Some(draft) = &mut self.0 {
                draft.capture_input(move |_| {
                    $crate::ContentItem::InputMessages(messages.to_messages())
                });
            }
            self
        }
    };
    (@ tool_definitions) => {
        /// The tools that the model may call: `gen_ai.tool.definitions`.
        ///
        /// Content: recorded only where inputs are captured, and without descriptions and parameters
        /// unless [`CapturePolicy::tool_schemas`](crate::CapturePolicy::tool_schemas) is on.
        pub fn tool_definitions(mut self, tools: &'a [$crate::ToolDefinition]) -> Self {
            if let Some(draft) = &mut self.0 {
                draft.capture_input(move |policy| {
                    $crate::ContentItem::tool_definitions(tools, policy)
                });
            }
            self
        }
    };
}

/// Gives `$Guard` what a gateway says of its call; the kind keeps a `call`.
macro_rules! gateway_method {
    ($Guard:ident) => {
        impl $Guard {
            /// What a gateway says of the call that went through it; see
            /// [`GatewayAnswer`](crate::GatewayAnswer).
            pub fn gateway(&self, answer: $crate::GatewayAnswer) {
                if let Some(live) = &self.0 {
                    live.gateway(answer);
                }
            }
        }
    };
}

/// Gives `$Guard` the setter of content that comes out.
macro_rules! output_setter {
    ($Guard:ident) => {
        impl $Guard {
            /// What came back: `gen_ai.output.messages`, one message for each choice.
            ///
            /// Content: copied and recorded only where outputs are captured. A later call replaces an
            /// earlier one.
            pub fn output<M>(&self, messages: &M)
            where
                M: $crate::ToMessages + ?Sized,
            {
                if let Some(live) = &self.0 {
                    live.capture_output(|| {
                        $crate::ContentItem::OutputMessages(messages.to_messages())
                    });
                }
            }
        }
    };
}

/// Gives `$Guard` what is told of the attempts of a call; the kind gives its `call`.
macro_rules! attempt_method {
    ($Guard:ident) => {
        impl $Guard {
            /// Notes that the request was sent, and what became of that: once for each attempt.
            ///
            /// With more than one, each becomes an event `spanwise.attempt` of the span, which then has
            /// `http.request.resend_count` (int), and `spanwise.retries` (`{retry}`) counts all but the
            /// first. What an answer says of rate limits becomes an event `spanwise.rate_limit` and the
            /// gauges `spanwise.rate_limit.remaining_requests` (`{request}`) and
            /// `….remaining_tokens` (`{token}`); an answer with status 429 is counted by
            /// `spanwise.rate_limits` (`{answer}`). *Extension.*
            pub fn attempt(&self, attempt: $crate::Attempt) {
                if let Some(live) = &self.0 {
                    live.attempt(attempt);
                }
            }
        }
    };
}

/// Gives `$Guard` a request that becomes known late.
macro_rules! request_method {
    ($Guard:ident, $Builder:ident) => {
        impl $Guard {
            /// Says what is asked, where that became known only after the start.
            ///
            /// The span is called by it, and has its attributes, as if the builder itself had been started;
            /// but provider and server stay, and a sampler has decided without it.
            pub fn request(&self, asked: $Builder<'_>) {
                if let (Some(live), Some(draft)) = (&self.0, asked.0) {
                    live.ask(*draft);
                }
            }
        }
    };
}

pub(crate) use {
    attempt_method, call_setters, gateway_method, input_setters, operation_methods, output_setter,
    request_method, request_setters, run_method,
};
