//! What headers stand in.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use opentelemetry::propagation::{Extractor, Injector};

/// Headers of a request, or of a message in a queue.
///
/// `HashMap` and `BTreeMap` of strings are; `http::HeaderMap` with the feature `http`, and
/// `tonic::metadata::MetadataMap` with the feature `tonic`.
pub trait Headers {
    /// For a propagator that writes. What is no legal header is left out.
    fn injector(&mut self) -> impl Injector + '_;

    /// For a propagator that reads.
    fn extractor(&self) -> impl Extractor + '_;
}

impl<S: BuildHasher> Headers for HashMap<String, String, S> {
    fn injector(&mut self) -> impl Injector + '_ {
        Write(|name: &str, value| {
            self.insert(name.to_owned(), value);
        })
    }

    fn extractor(&self) -> impl Extractor + '_ {
        Pairs(self.iter().map(|(name, value)| (&**name, &**value)).collect())
    }
}

impl Headers for BTreeMap<String, String> {
    fn injector(&mut self) -> impl Injector + '_ {
        Write(|name: &str, value| {
            self.insert(name.to_owned(), value);
        })
    }

    fn extractor(&self) -> impl Extractor + '_ {
        Pairs(self.iter().map(|(name, value)| (&**name, &**value)).collect())
    }
}

struct Write<F>(F);

impl<F: FnMut(&str, String)> Injector for Write<F> {
    fn set(&mut self, name: &str, value: String) {
        (self.0)(name, value);
    }
}

/// Names are the same in any case.
struct Pairs<'a>(Vec<(&'a str, &'a str)>);

impl Extractor for Pairs<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    fn get_all(&self, name: &str) -> Option<Vec<&str>> {
        let same = self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let all: Vec<_> = same.map(|(_, value)| *value).collect();
        (!all.is_empty()).then_some(all)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}

#[cfg(feature = "http")]
mod header_map {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use opentelemetry::propagation::{Extractor, Injector};

    use super::Headers;

    impl Headers for HeaderMap {
        fn injector(&mut self) -> impl Injector + '_ {
            Write(self)
        }

        fn extractor(&self) -> impl Extractor + '_ {
            Read(self)
        }
    }

    pub(super) struct Write<'a>(pub(super) &'a mut HeaderMap);

    impl Injector for Write<'_> {
        fn set(&mut self, name: &str, value: String) {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                self.0.insert(name, value);
            }
        }
    }

    pub(super) struct Read<'a>(pub(super) &'a HeaderMap);

    impl Extractor for Read<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.get(name)?.to_str().ok()
        }

        /// What is no text counts all the same, as one that cannot be read.
        fn get_all(&self, name: &str) -> Option<Vec<&str>> {
            let all = self.0.get_all(name).iter();
            let all: Vec<_> = all.map(|value| value.to_str().unwrap_or("\u{fffd}")).collect();
            (!all.is_empty()).then_some(all)
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(HeaderName::as_str).collect()
        }
    }
}

#[cfg(feature = "tonic")]
impl Headers for tonic::metadata::MetadataMap {
    fn injector(&mut self) -> impl Injector + '_ {
        header_map::Write(self.as_mut())
    }

    fn extractor(&self) -> impl Extractor + '_ {
        header_map::Read(self.as_ref())
    }
}
