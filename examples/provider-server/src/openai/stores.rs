//! Vector stores: what there is to be searched, and what is remembered.

use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};

pub(super) async fn create(Json(request): Json<Value>) -> Json<Value> {
    Json(json!({"id": "vs_local_1", "object": "vector_store", "name": request["name"]}))
}

pub(super) async fn remove(Path(store): Path<String>) -> Json<Value> {
    Json(json!({"id": store, "object": "vector_store.deleted", "deleted": true}))
}

pub(super) async fn search(Json(request): Json<Value>) -> Json<Value> {
    let found = json!({
        "file_id": "file_1",
        "filename": "returns.md",
        "score": 0.92,
        "content": [{"type": "text", "text": "Orders can be returned for 30 days."}],
    });
    Json(json!({
        "object": "vector_store.search_results.page",
        "search_query": request["query"],
        "data": [found],
    }))
}

pub(super) async fn add(Path(store): Path<String>, Json(request): Json<Value>) -> Json<Value> {
    Json(file(&store, &request["file_id"]))
}

pub(super) async fn add_many(Path(store): Path<String>, Json(request): Json<Value>) -> Json<Value> {
    let count = request["file_ids"].as_array().map_or(0, Vec::len);
    let id = "vsfb_local_1";
    Json(json!({"id": id, "vector_store_id": store, "file_counts": {"total": count}}))
}

pub(super) async fn change(Path((store, name)): Path<(String, String)>) -> Json<Value> {
    Json(file(&store, &name.into()))
}

pub(super) async fn remove_file(Path((_, name)): Path<(String, String)>) -> Json<Value> {
    Json(json!({"id": name, "object": "vector_store.file.deleted", "deleted": true}))
}

fn file(store: &str, id: &Value) -> Value {
    json!({"id": id, "object": "vector_store.file", "vector_store_id": store})
}
