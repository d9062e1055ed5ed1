//! `error.type` of what `genai` fails with.

use std::borrow::Cow;

use genai::Error;
use http::StatusCode;
use spanwise_providers::Codec;

/// The provider's own code where it gave one, else the HTTP status, else what kind of error it is.
pub(super) fn kind(error: &Error, codec: Option<&'static dyn Codec>) -> Cow<'static, str> {
    let told = |body: &[u8]| codec?.error(body).map(|error| error.code).filter(|c| !c.is_empty());
    let refused = |status: StatusCode, body: &str| {
        told(body.as_bytes()).unwrap_or_else(|| status.as_str().to_owned()).into()
    };
    match error {
        Error::WebModelCall { webc_error, .. } | Error::WebAdapterCall { webc_error, .. } => {
            match webc_error {
                genai::webc::Error::ResponseFailedStatus { status, body, .. } => {
                    refused(*status, body)
                }
                genai::webc::Error::Reqwest(error) if error.is_timeout() => "timeout".into(),
                genai::webc::Error::Reqwest(error) if error.is_connect() => "connect".into(),
                genai::webc::Error::Reqwest(error) => match error.status() {
                    Some(status) => status.as_str().to_owned().into(),
                    None => "reqwest::Error".into(),
                },
                _ => "decode".into(),
            }
        }
        Error::HttpError { status, body, .. } => refused(*status, body),
        // A stream that says that it failed: its event, or the error within it.
        Error::ChatResponse { body, .. } => {
            let within = || told(format!("{{\"error\":{body}}}").as_bytes());
            told(body.to_string().as_bytes())
                .or_else(within)
                .map_or("stream_error".into(), Into::into)
        }
        Error::StreamParse { .. }
        | Error::ChatResponseGeneration { .. }
        | Error::InvalidJsonResponseElement { .. }
        | Error::SerdeJson(_) => "decode".into(),
        Error::WebStream { error, .. } => {
            error.downcast_ref().map_or("stream_broken".into(), |error| kind(error, codec))
        }
        _ => "genai::Error".into(),
    }
}
