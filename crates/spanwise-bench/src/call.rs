//! One model call, as the program around it knows it.

use std::hint::black_box;
use std::sync::Arc;

use spanwise::{Message, Response, Usage};

/// What is asked.
#[derive(Debug)]
pub struct Call {
    pub(crate) model: &'static str,
    pub(crate) server: &'static str,
    pub(crate) port: u16,
    pub(crate) seed: i64,
    /// Ids are shared by what happens in a conversation.
    pub(crate) conversation: Arc<str>,
    /// What is sent: nothing where content is not measured.
    pub(crate) input: Vec<Message>,
    answer: Answer,
    response: Response,
}

/// What came back, as a client has it.
#[derive(Debug)]
pub struct Answer {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) finish_reason: String,
    pub(crate) input_tokens: u32,
    pub(crate) output_tokens: u32,
    pub(crate) output: Vec<Message>,
}

impl Call {
    /// The model that is asked for.
    pub const MODEL: &str = "gpt-4o-mini";
    /// The one that answers.
    pub const DATED_MODEL: &str = "gpt-4o-mini-2024-07-18";

    /// A call with so many bytes of text: three quarters are asked, a quarter is answered.
    pub fn new(content_bytes: usize) -> Self {
        let text =
            |bytes: usize| "What is the weather like? ".chars().cycle().take(bytes).collect();
        let (asked, answered): (String, String) =
            (text(content_bytes / 4 * 3), text(content_bytes / 4));
        let message = |text: String, message: fn(String) -> Message| {
            if text.is_empty() { Vec::new() } else { vec![message(text)] }
        };
        let answer = Answer {
            id: "chatcmpl-9f2c41d7b6e84a0d93c5e1aa".into(),
            model: Self::DATED_MODEL.into(),
            finish_reason: "stop".into(),
            input_tokens: 1200,
            output_tokens: 350,
            output: message(answered, Message::assistant),
        };
        Self {
            model: Self::MODEL,
            server: "api.openai.com",
            port: 443,
            seed: 7,
            conversation: "conv-5f3a9c02".into(),
            input: message(asked, Message::user),
            response: answer.to_response(),
            answer,
        }
    }

    /// What the messages cost to copy, at least.
    pub fn copy_of_content(&self) -> [Vec<Message>; 2] {
        black_box([self.input.clone(), self.answer.output.clone()])
    }

    /// Where a program would wait for the model.
    pub(crate) fn work(&self) -> &Answer {
        black_box(&self.answer)
    }

    /// The same, with the answer in spanwise's words.
    pub(crate) fn work_for_response(&self) -> &Response {
        black_box(&self.response)
    }
}

impl Answer {
    fn to_response(&self) -> Response {
        let response = Response::new()
            .id(self.id.clone())
            .model(self.model.clone())
            .finish_reason(self.finish_reason.clone())
            .usage(Usage::new(self.input_tokens.into(), self.output_tokens.into()));
        self.output.iter().cloned().fold(response, Response::output)
    }
}
