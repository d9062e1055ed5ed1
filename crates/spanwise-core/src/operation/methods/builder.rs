//! What can be said of every operation before it starts, and how it is run.

/// Gives `$Builder` what all builders have.
macro_rules! builder_methods {
    ($Guard:ident, $Builder:ident, $Kind:ident) => {
        impl<'a> $Builder<'a> {
            #[allow(dead_code, reason = "not every kind has something to say")]
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

            /// The same, where and when it happened.
            #[allow(dead_code, reason = "not every kind is an event that can be emitted")]
            pub(crate) fn start_in(self, placement: $crate::event::Placement) -> $Guard {
                $Guard(self.0.and_then(|draft| draft.start_in(placement)))
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

pub(crate) use {builder_methods, run_method};
