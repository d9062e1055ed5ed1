//! Embeddings, rankings, and what is found and remembered in OpenAI's vector stores.

use openai_client::{Client, Error, Method};
use serde_json::{Value, json};
use spanwise::{Document, Memory, MemoryBuilder, MemoryRecord, Provider, Retrieval};

use crate::model::Model;
use crate::turn::QUESTION;

pub(crate) async fn embeddings(model: &Model) -> Result<(), Error> {
    model.embed(QUESTION).await
}

/// Looks something up in a vector store of OpenAI's; elsewhere ranks what is at hand.
pub(crate) async fn retrieval(model: &Model) -> Result<(), Error> {
    const TOP_K: u32 = 5;
    const STORE: &str = "vs_support_articles";
    let Some(client) = model.api.openai() else {
        let articles = ["Orders can be returned for 30 days.", "Orders arrive within two days."];
        return model.rank(QUESTION, &articles).await;
    };
    let (host, port) = client.server();
    Retrieval::new(STORE)
        .provider(Provider::OpenAi)
        .server(host, port)
        .top_k(TOP_K)
        .query(QUESTION)
        .error_kind(Error::kind)
        .run_with(async |retrieval| {
            let body = json!({"query": QUESTION, "max_num_results": TOP_K});
            let path = format!("vector_stores/{STORE}/search");
            let found = client.call(Method::POST, &path, Some(&body)).await?;
            retrieval.documents(data(&found).iter().map(|found| {
                Document::new(text(&found["file_id"]))
                    .score(found["score"].as_f64().unwrap_or(f64::NAN))
                    .field("filename", found["filename"].clone())
            }));
            Ok(())
        })
        .await
}

/// Makes a store, remembers, changes, finds and forgets, and deletes the store again.
pub(crate) async fn memory(model: &Model) -> Result<(), Error> {
    let client = model.api.openai().ok_or(Error::Unexpected)?;
    let store = called(client, Memory::create_store())
        .run_with(async |memory| {
            let body = json!({"name": "customers"});
            let made = client.call(Method::POST, "vector_stores", Some(&body)).await?;
            memory.store_id(text(&made["id"]));
            Ok::<_, Error>(text(&made["id"]))
        })
        .await?;
    let of_store = |memory: MemoryBuilder<'static>| called(client, memory).store_id(store.clone());
    let files = format!("vector_stores/{store}/files");
    let file = format!("{files}/file_1");

    let add = json!({"file_id": "file_1"});
    let records = [MemoryRecord::new("prefers e-mail").id("file_1")];
    of_store(Memory::create())
        .records(&records)
        .record_id("file_1")
        .run(client.call(Method::POST, &files, Some(&add)))
        .await?;

    let change = json!({"attributes": {"kind": "preference"}});
    let records = [MemoryRecord::new("prefers e-mail").id("file_1").metadata("kind", "preference")];
    of_store(Memory::update())
        .records(&records)
        .record_id("file_1")
        .run(client.call(Method::POST, &file, Some(&change)))
        .await?;

    let batch = json!({"file_ids": ["file_1", "file_2"]});
    let batches = format!("vector_stores/{store}/file_batches");
    of_store(Memory::upsert())
        .run_with(async |memory| {
            memory.record_count(2);
            client.call(Method::POST, &batches, Some(&batch)).await
        })
        .await?;

    let search = json!({"query": "preferred contact"});
    let path = format!("vector_stores/{store}/search");
    of_store(Memory::search())
        .query("preferred contact")
        .run_with(async |memory| {
            let found = client.call(Method::POST, &path, Some(&search)).await?;
            memory.found(data(&found).iter().map(|found| {
                MemoryRecord::new(found["content"].clone())
                    .id(text(&found["file_id"]))
                    .score(found["score"].as_f64().unwrap_or(f64::NAN))
            }));
            Ok::<_, Error>(())
        })
        .await?;

    of_store(Memory::delete())
        .record_id("file_1")
        .run_with(async |memory| {
            memory.record_count(1);
            client.call(Method::DELETE, &file, None).await
        })
        .await?;
    of_store(Memory::delete_store())
        .run(client.call(Method::DELETE, &format!("vector_stores/{store}"), None))
        .await
        .map(drop)
}

fn called<'a>(client: &Client, memory: MemoryBuilder<'a>) -> MemoryBuilder<'a> {
    let (host, port) = client.server();
    memory.provider(Provider::OpenAi).server(host, port).error_kind(Error::kind)
}

fn data(answer: &Value) -> &[Value] {
    answer["data"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
