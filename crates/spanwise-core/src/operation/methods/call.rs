//! What there is to say of a call to a service.

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
    (@ batch) => {
        /// It goes through the provider's API for batches, and is priced so: `spanwise.request.batch = true`.
        /// *Extension.*
        pub fn batch(self) -> Self {
            self.change(|kind| kind.call.batch = true)
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

/// Gives `$Builder` what the event of a call that was made elsewhere tells; the kind keeps a `call`.
macro_rules! told_setters {
    ($Builder:ident) => {
        impl $Builder<'_> {
            pub(crate) fn told_call(self, told: $crate::event::ToldOfCall) -> Self {
                self.change(|kind| kind.call.learn_told(told))
            }
        }
    };
    ($Builder:ident with input) => {
        told_setters!($Builder);

        impl $Builder<'_> {
            /// What went in, where the conventions have no place for it: `gen_ai.input.messages`.
            pub(crate) fn told_input(mut self, messages: Vec<$crate::Message>) -> Self {
                if let Some(draft) = self.0.as_mut().filter(|_| !messages.is_empty()) {
                    draft.capture_input(move |_| $crate::ContentItem::InputMessages(messages));
                }
                self
            }
        }
    };
}

/// Gives `$Guard` what is told of the attempts of a call; the kind gives its `call`.
macro_rules! attempt_method {
    ($Guard:ident) => {
        impl $Guard {
            /// Notes that the request is sent now: handlers are told `provider.request.start`, and, of the
            /// [`attempt`](Self::attempt) that follows, how long it took. One that is not told to begin has
            /// begun, for handlers, when it ends. *Extension.*
            pub fn attempt_begins(&self) {
                if let Some(live) = &self.0 {
                    live.attempt_begins();
                }
            }

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

/// Gives `$Guard` what it cost; the kind keeps a `cost`.
macro_rules! cost_method {
    ($Guard:ident) => {
        impl $Guard {
            /// What the call cost, where the provider or a gateway says so, or the program knows better than any
            /// table: `spanwise.cost.amount` (double), `….currency`, `….source` and `….table_version` (string).
            /// A later call replaces an earlier one. *Extension.*
            ///
            /// At the end `spanwise.cost` (`{currency}`) adds it up, and `spanwise.cost.calls` (`{call}`) counts it.
            /// Without it what is used is priced by a [`Pricing`](crate::Pricing), where there is one.
            pub fn cost(&self, cost: $crate::Cost) {
                self.change(|kind| *kind.cost_mut() = Some(cost));
            }

            /// What the call is charged by beside tokens: pictures, searches, characters, audio:
            /// `spanwise.billed.*`. A later call replaces an earlier one. *Extension.*
            pub fn billed_units(&self, units: $crate::BilledUnits) {
                self.change(|kind| kind.call.units = units);
            }
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

pub(crate) use {attempt_method, call_setters, cost_method, gateway_method, told_setters};
