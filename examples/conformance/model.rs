//! The model, and who records what is said to it.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use openai_client::Error;
use spanwise::{BilledUnits, Document, OutputType, Retrieval};
use spanwise::{
    Embeddings, FutureExt as _, Generation, GenerationBuilder, Message, ToolDefinition,
};

use crate::turn::{INSTRUCTIONS, MAX_TOKENS, Turn};
use crate::via::{About, Answer, Api, Chunk, Via};

pub(crate) struct Model {
    pub(crate) api: Box<dyn Api>,
    by_hand: bool,
}

impl Model {
    pub(crate) async fn new(via: Via, by_hand: bool) -> Result<Self, Error> {
        let by_hand = by_hand || via == Via::Hand;
        Ok(Self { api: via.connect(!by_hand).await?, by_hand })
    }

    /// Whether calls are to be recorded where they are made.
    pub(crate) fn by_hand(&self) -> bool {
        self.by_hand
    }

    /// The model's name.
    pub(crate) fn name(&self) -> &'static str {
        self.api.about().model
    }

    /// Asks for a whole answer.
    pub(crate) async fn chat(&self, turn: &Turn) -> Result<Answer, Error> {
        let answer = self.api.chat(turn);
        if !self.by_hand {
            return answer.await;
        }
        let (history, tools) = (turn.history(self.api.about()), turn.tools());
        generation(self.api.about(), turn, &history, &tools).run(answer).await
    }

    /// Asks for an answer in chunks.
    pub(crate) async fn stream(
        &self,
        turn: &Turn,
    ) -> Result<BoxStream<'static, Result<Chunk, Error>>, Error> {
        let chunks = self.api.stream(turn);
        if !self.by_hand {
            return chunks.await;
        }
        let (history, tools) = (turn.history(self.api.about()), turn.tools());
        let generation = generation(self.api.about(), turn, &history, &tools).start();
        match chunks.in_operation(&generation).await {
            Ok(chunks) => Ok(generation.try_stream(chunks, Chunk::record_on).boxed()),
            Err(error) => {
                generation.fail(&error);
                Err(error)
            }
        }
    }

    /// Asks for the embedding of a text.
    pub(crate) async fn embed(&self, text: &str) -> Result<(), Error> {
        let about = self.api.about();
        if !self.by_hand {
            return self.api.embed(text).await.map(drop);
        }
        Embeddings::new(about.provider.clone(), about.embedding_model)
            .server(about.server.0.clone(), about.server.1)
            .encoding_formats(about.embedding_formats.iter().copied())
            .error_kind(Error::kind)
            .run_with(async |embeddings| {
                let vector = self.api.embed(text).await?;
                embeddings.input_tokens(vector.input_tokens);
                embeddings.dimension_count(vector.length as i64);
                if let Some(model) = vector.model {
                    embeddings.response_model(model);
                }
                Ok(())
            })
            .await
    }

    /// Ranks documents by how well they answer.
    pub(crate) async fn rank(&self, query: &str, documents: &[&str]) -> Result<(), Error> {
        let about = self.api.about();
        if !self.by_hand {
            return self.api.rank(query, documents).await.map(drop);
        }
        Retrieval::new("")
            .provider(about.provider.clone())
            .server(about.server.0.clone(), about.server.1)
            .model(about.ranker)
            .top_k(documents.len() as i64)
            .query(query)
            .error_kind(Error::kind)
            .run_with(async |retrieval| {
                let ranking = self.api.rank(query, documents).await?;
                let found = ranking.found.into_iter();
                retrieval.documents(
                    found.map(|(index, score)| Document::new(index.to_string()).score(score)),
                );
                retrieval.billed_units(BilledUnits::default().searches(ranking.searches));
                Ok(())
            })
            .await
    }
}

/// A generation that says all that the request says.
pub(crate) fn generation<'a>(
    about: &About,
    turn: &Turn,
    history: &'a [Message],
    tools: &'a [ToolDefinition],
) -> GenerationBuilder<'a> {
    let model = turn.model.unwrap_or(about.model);
    let options = &turn.options;
    let mut generation = match about.generates_content {
        false => Generation::chat(about.provider.clone(), model),
        true => Generation::generate_content(about.provider.clone(), model),
    };
    generation = generation
        .server(about.server.0.clone(), about.server.1)
        .max_tokens(MAX_TOKENS)
        .stop_sequences(options.stop.iter().cloned())
        .input(history)
        .error_kind(Error::kind);
    if about.instructed_apart {
        generation = generation.system_instructions(INSTRUCTIONS);
    }
    if let Some(api) = &about.openai_api {
        generation = generation.openai_api_type(api.clone());
    }
    if let Some(temperature) = options.temperature {
        generation = generation.temperature(temperature);
    }
    if let Some(top_p) = options.top_p {
        generation = generation.top_p(top_p);
    }
    if let Some(top_k) = options.top_k {
        generation = generation.top_k(top_k);
    }
    if let Some(penalty) = options.frequency_penalty {
        generation = generation.frequency_penalty(penalty);
    }
    if let Some(penalty) = options.presence_penalty {
        generation = generation.presence_penalty(penalty);
    }
    if let Some(seed) = options.seed {
        generation = generation.seed(seed);
    }
    if let Some(count) = options.choices {
        generation = generation.choice_count(count);
    }
    if let Some(tier) = options.service_tier {
        generation = generation.openai_service_tier(tier);
    }
    if !tools.is_empty() {
        generation = generation.tool_definitions(tools);
    }
    if turn.schema {
        generation = generation.output_type(OutputType::Json);
    }
    generation
}
