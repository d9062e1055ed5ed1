//! What every operation that runs can be told, and how it ends.

/// Gives `$Guard` what all guards have.
macro_rules! guard_methods {
    ($Guard:ident, $Kind:ident) => {
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

            /// Ends the operation as it ended then, and says which span it was.
            #[allow(dead_code, reason = "not every kind is an event that can be emitted")]
            pub(crate) fn end_at(
                mut self,
                end: $crate::operation::EmittedEnd,
                at: std::time::SystemTime,
            ) -> opentelemetry::trace::SpanContext {
                let span = self.span_context();
                if let Some(live) = self.0.take() {
                    live.end_emitted(end, at);
                }
                span
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

            fn recording(&self) -> Option<&dyn $crate::operation::active::sealed::Recording> {
                let live: &$crate::operation::live::Live<$Kind> = self.0.as_deref()?;
                Some(live)
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
    };
}

pub(crate) use guard_methods;
