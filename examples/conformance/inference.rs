//! Single model calls: whole, streamed, structured, with an image, evaluated, failed and cancelled.

use futures_util::{StreamExt as _, TryStreamExt as _};
use openai_client::Error;
use spanwise::{Evaluation, TraceRef, evaluation};

use crate::model::{Model, generation};
use crate::turn::Turn;
use crate::via::Answer;

/// Everything that can be said about sampling.
fn with_every_option(model: &Model) -> Turn {
    Turn { options: model.api.every_option(), ..Turn::default() }
}

pub(crate) async fn whole(model: &Model) -> Result<(), Error> {
    model.chat(&with_every_option(model)).await.map(drop)
}

pub(crate) async fn streamed(model: &Model) -> Result<(), Error> {
    model
        .stream(&with_every_option(model))
        .await?
        .try_for_each(|_| std::future::ready(Ok(())))
        .await
}

pub(crate) async fn structured(model: &Model) -> Result<(), Error> {
    model.chat(&Turn { schema: true, ..Turn::default() }).await.map(drop)
}

pub(crate) async fn multimodal(model: &Model) -> Result<(), Error> {
    model.chat(&Turn { picture: true, ..Turn::default() }).await.map(drop)
}

pub(crate) async fn evaluated(model: &Model) -> Result<(), Error> {
    let turn = Turn::default();
    if !model.by_hand() {
        // The call is over, and what is left of it is the id of its response.
        let answer = model.chat(&turn).await?;
        judge(&answer).emit_on(&TraceRef::default().with_response_id(answer.id));
        return Ok(());
    }
    let about = model.api.about();
    let (answer, judged) = generation(about, &turn, &turn.history(about), &[])
        .run_with(async |generation| {
            let answer = model.api.chat(&turn).await?;
            generation.record(&answer);
            Ok::<_, Error>((answer, generation.trace_ref()))
        })
        .await?;
    judge(&answer).emit_on(&judged);
    Ok(())
}

fn judge(answer: &Answer) -> Evaluation {
    let on_topic = answer.text.contains("A-17");
    evaluation("relevance")
        .score(if on_topic { 1.0 } else { 0.0 })
        .label(if on_topic { "relevant" } else { "irrelevant" })
        .explanation("Whether the answer names the order.")
}

/// Asks for a model that there is not.
pub(crate) async fn failed(model: &Model) -> Result<(), Error> {
    let turn = Turn { model: Some("no-such-model"), ..Turn::default() };
    match model.chat(&turn).await {
        Ok(_) => Err(Error::Unexpected),
        Err(_) => Ok(()),
    }
}

/// Stops listening after the first word.
pub(crate) async fn cancelled(model: &Model) -> Result<(), Error> {
    let mut chunks = model.stream(&Turn::default()).await?;
    while let Some(chunk) = chunks.next().await {
        if !chunk?.text.is_empty() {
            break;
        }
    }
    Ok(())
}
