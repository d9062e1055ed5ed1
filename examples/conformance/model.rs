//! The model, and who records what is said to it.

use clap::ValueEnum;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::{ChatCompletion, Client, Delta, Error};
use spanwise::FutureExt as _;
use spanwise_http::{GenAi, GenAiMiddleware};

use crate::inference::Turn;

/// Who records the calls.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Via {
    /// Each call site, by hand.
    Hand,
    /// A middleware of the HTTP client.
    Reqwest,
}

pub(crate) struct Model {
    pub(crate) client: Client,
    via: Via,
}

impl Model {
    pub(crate) async fn new(via: Via) -> Result<Self, Error> {
        let middleware = match via {
            Via::Hand => None,
            // Wherever OpenAI's API is spoken from.
            Via::Reqwest => {
                Some(GenAiMiddleware::new(GenAi::default().host("127.0.0.1", "openai")))
            }
        };
        Ok(Self { client: Client::with_middleware(middleware).await?, via })
    }

    /// Whether calls are to be recorded where they are made.
    pub(crate) fn by_hand(&self) -> bool {
        self.via == Via::Hand
    }

    /// Asks for a whole answer.
    pub(crate) async fn chat(&self, turn: &Turn) -> Result<ChatCompletion, Error> {
        let answer = self.client.chat(&turn.request);
        if self.by_hand() { turn.generation(&self.client).run(answer).await } else { answer.await }
    }

    /// Asks for an answer in chunks.
    pub(crate) async fn stream(
        &self,
        turn: &Turn,
    ) -> Result<BoxStream<'static, Result<Delta, Error>>, Error> {
        let chunks = self.client.chat_stream(&turn.request);
        if !self.by_hand() {
            return Ok(chunks.await?.boxed());
        }
        let generation = turn.generation(&self.client).start();
        match chunks.in_operation(&generation).await {
            Ok(chunks) => Ok(generation.try_stream(chunks, Delta::record_on).into_stream().boxed()),
            Err(error) => {
                generation.fail(&error);
                Err(error)
            }
        }
    }
}
