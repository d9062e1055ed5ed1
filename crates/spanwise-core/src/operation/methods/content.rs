//! Content that goes in and comes out.

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
        /// What is sent: `gen_ai.input.messages`. A text is a message of the user's.
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

/// Gives `$Guard` the setter of content that comes out.
macro_rules! output_setter {
    ($Guard:ident) => {
        impl $Guard {
            /// What came back: `gen_ai.output.messages`, one message for each choice. A text is one of the
            /// assistant's.
            ///
            /// Content: copied and recorded only where outputs are captured. A later call replaces an
            /// earlier one.
            pub fn output<M>(&self, messages: &M)
            where
                M: $crate::ToMessages + ?Sized,
            {
                if let Some(live) = &self.0 {
                    live.capture_output(|| {
                        $crate::ContentItem::OutputMessages(messages.to_output_messages())
                    });
                }
            }
        }
    };
}

pub(crate) use {input_setters, output_setter};
