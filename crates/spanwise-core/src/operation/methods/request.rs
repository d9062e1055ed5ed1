//! What requests ask for.

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

pub(crate) use {request_method, request_setters};
