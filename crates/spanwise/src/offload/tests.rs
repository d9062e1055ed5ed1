use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use super::*;

/// Takes what it is given, or nothing.
#[derive(Clone, Default)]
struct Kept {
    objects: Arc<Mutex<Vec<StoredObject>>>,
    refuses: bool,
}

impl ContentStore for Kept {
    fn uri(&self, name: &str) -> String {
        format!("kept:///{name}")
    }

    fn put(
        &self,
        object: StoredObject,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(async move {
            if self.refuses {
                return Err(StoreError::new("it is down"));
            }
            self.objects.lock().unwrap().push(object);
            Ok(())
        })
    }
}

fn settle(offload: &Offload) -> OffloadCounts {
    let stores = Stores::of([offload.clone()].into_iter(), None);
    stores.start(&Diagnostics::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let settled = stores.settled();
    runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), settled).await })
        .unwrap();
    stores.counts().0
}

#[test]
fn the_same_bytes_are_stored_once_under_their_hash() {
    let store = Kept::default();
    let offload = Offload::to(store.clone());
    let placed = offload.place(b"abc".to_vec(), "text/plain");
    offload.place(b"abc".to_vec(), "text/plain");
    offload.place(b"abd".to_vec(), "text/plain");
    assert_eq!(placed.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(placed.uri, format!("kept:///sha256/{}", placed.sha256));
    let counts = settle(&offload);
    assert_eq!((counts.stored, counts.repeated, counts.dropped, counts.queued), (2, 1, 0, 0));
    assert_eq!(store.objects.lock().unwrap()[0].bytes, "abc");
}

#[test]
fn what_is_not_stored_is_counted_and_tried_again_when_it_comes_again() {
    let offload = Offload::to(Kept { refuses: true, ..Kept::default() });
    offload.place(b"abc".to_vec(), "text/plain");
    assert_eq!(settle(&offload).dropped, 1);
    offload.place(b"abc".to_vec(), "text/plain");
    let counts = settle(&offload);
    assert_eq!((counts.stored, counts.repeated, counts.dropped), (0, 0, 2));
}

#[test]
fn a_full_queue_drops_what_comes_and_counts_it() {
    let offload = Offload::to(Kept::default()).max_queue_bytes(5);
    for bytes in [b"abc", b"abd", b"abe"] {
        offload.place(bytes.to_vec(), "text/plain");
    }
    let counts = settle(&offload);
    assert_eq!((counts.stored, counts.dropped), (1, 2));
}

#[test]
fn nothing_of_a_store_or_of_content_is_shown() {
    let object = StoredObject {
        name: "n".to_owned(),
        media_type: "text/plain".to_owned(),
        bytes: "canary".into(),
    };
    let shown = format!("{object:?} {:?}", Offload::to(Kept::default()));
    assert_eq!(shown, "StoredObject(n, 6 bytes) Offload { messages: false, .. }");
}
