//! A request over HTTP, and what its answer shows.

use std::sync::Mutex;

use super::super::case::Symptom;
use super::super::report::Check;
use super::{Look, Stop, cause_of, check_of, clock};
use crate::export::feedback;
use crate::export::lane::feedback::below;
use crate::export::lane::http::{Answer, HttpSender};
use crate::export::lane::verdict::Verdict;
use crate::signal::Signal;

impl Look {
    pub(super) async fn ask_http(&mut self) -> Result<(), Stop> {
        // What cannot be made was refused when the configuration was checked.
        let Ok(sender) = HttpSender::new(&self.way.endpoint) else { return Err(Stop) };
        let base = &self.way.endpoint.url.0;
        let (url, body) = match &self.way.feedback {
            Some(api) => {
                let call = feedback::nothing(&api.product);
                (below(base, &call.path), call.body.to_string().into())
            }
            None => (base.clone(), self.body()),
        };
        let seen = Mutex::new(None);
        let see = |answer: &Answer| {
            let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(4096)]);
            let seen_now = Seen {
                status: answer.status.as_u16(),
                is_page: is_page(&answer.headers, &text),
                wants_tls: [
                    "HTTP request to an HTTPS server",
                    "HTTP request was sent to HTTPS port",
                ]
                .iter()
                .any(|words| text.contains(words)),
                moved: moved_to(&answer.headers, &url),
                skew: clock::skew(&answer.headers),
            };
            if let Ok(mut seen) = seen.lock() {
                *seen = Some(seen_now);
            }
        };
        let verdict = sender.ask(&url, self.way.signal, body, see).await;
        match seen.into_inner().unwrap_or_default() {
            Some(seen) => self.answered(seen, &verdict),
            None => {
                let cause = cause_of(&verdict);
                let symptom = self.unanswered(&cause).await;
                self.failed(check_of(&symptom), symptom)
            }
        }
    }

    /// There was an answer over HTTP.
    fn answered(&mut self, seen: Seen, verdict: &Verdict) -> Result<(), Stop> {
        let Seen { status, is_page, wants_tls, moved, skew } = seen;
        if wants_tls {
            return self.failed(Check::Tls, Symptom::WantsTls);
        }
        self.passed(Check::Protocol, self.way.endpoint.protocol.name());
        let holds_nothing = self.way.signal != Signal::Traces;
        match status {
            200..=299 if is_page => self.failed(Check::Path, Symptom::Page)?,
            // It knows path and key, and wants something in it.
            200..=299 => self.takes(verdict),
            400 | 422 if holds_nothing => self.takes(&Verdict::Accepted),
            300..=399 => {
                let to = moved.unwrap_or_else(|| "somewhere".to_owned());
                self.failed(Check::Path, Symptom::Moved(to))?;
            }
            status => {
                let symptom = Symptom::Status(status);
                self.failed(check_of(&symptom), symptom)?;
            }
        }
        self.compare_clocks(skew);
        Ok(())
    }
}

/// What an answer over HTTP shows.
struct Seen {
    status: u16,
    is_page: bool,
    wants_tls: bool,
    moved: Option<String>,
    skew: Option<i64>,
}

fn is_page(headers: &http::HeaderMap, text: &str) -> bool {
    let kind = headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let begin = text.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    kind.is_some_and(|kind| kind.starts_with("text/html")) || begin == "<!doctype"
}

/// The host that a redirect names: the rest may hold a token.
fn moved_to(headers: &http::HeaderMap, from: &url::Url) -> Option<String> {
    let location = headers.get(http::header::LOCATION)?.to_str().ok()?;
    let to = from.join(location).ok()?;
    Some(to.origin().ascii_serialization())
}
