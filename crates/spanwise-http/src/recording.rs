//! One model call, from its request to the last byte of its answer.
//!
//! ```text
//! request ─► Exchange ─► status, headers ─► bytes ─► inflate ─► framing ─► Decoder ─┐
//!                                             └────► whole, where it is no stream ──┴─► Exchange ends, once
//! ```

use std::fmt;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use opentelemetry::Context;
use spanwise_core::{BudgetExceeded, Cost, CostSource, Currency};
use spanwise_providers::{Answer, Codec, Decoder, ErrorAnswer, Event, Exchange};

use crate::framing::Framing;
use crate::helicone;
use crate::hide_usage::HideUsage;
use crate::inflate::Inflate;
use crate::open_call::OpenCall;

/// More of an answer that comes whole is passed on and not looked at.
const MOST_KEPT: usize = 16 << 20;

/// More of a refusal says nothing more.
const MOST_KEPT_OF_A_REFUSAL: usize = 64 << 10;

/// A model call that is being recorded. Dropping it ends the operation: as completed where the protocol had
/// said that this was all, as failed where the answer is a refusal, else as cancelled, with what had arrived.
pub(crate) struct Recording(Option<Open>);

struct Open {
    call: OpenCall,
    /// That in which the operation is the active one.
    context: Context,
    codec: &'static dyn Codec,
    content: bool,
    /// The request was made to ask for usage.
    added_usage: bool,
    answer: Reading,
}

/// How the answer is read.
enum Reading {
    /// It has not begun.
    Awaited,
    /// It comes as events.
    Events { inflate: Inflate, framing: Framing, events: Events },
    /// It comes whole, or is a refusal.
    Whole { inflate: Inflate, kept: Vec<u8>, refused: Option<Refused>, left: Option<u64> },
}

/// The events of an answer, and what they tell.
struct Events {
    decoder: Box<dyn Decoder>,
    told_model: bool,
}

impl Events {
    fn take(&mut self, event: Event<'_>, exchange: &Exchange) {
        self.decoder.event(event);
        if !self.told_model
            && let Some(model) = self.decoder.model()
        {
            self.told_model = true;
            exchange.model(model);
        }
        if !self.decoder.is_done() || self.decoder.ends_with_a_chunk() {
            exchange.event();
        }
    }
}

/// Why there is no answer, as far as status and headers tell.
struct Refused {
    status: StatusCode,
    /// The word for it, where it stands in a header.
    code: Option<String>,
}

/// Where AWS says which error it is, as in `ValidationException:http://…`.
const AWS_ERROR_TYPE: http::HeaderName = http::HeaderName::from_static("x-amzn-errortype");

/// What LiteLLM's proxy says that the call cost, in dollars.
const LITELLM_COST: http::HeaderName = http::HeaderName::from_static("x-litellm-response-cost");

impl Recording {
    pub(crate) fn new(
        call: OpenCall,
        context: Context,
        codec: &'static dyn Codec,
        content: bool,
    ) -> Self {
        let context = call.in_context(context);
        let answer = Reading::Awaited;
        Self(Some(Open { call, context, codec, content, added_usage: false, answer }))
    }

    /// The context in which the operation is the active one, and what is inside finds it.
    pub(crate) fn context(&self) -> Context {
        self.0.as_ref().map(|open| open.context.clone()).unwrap_or_default()
    }

    /// Asks the budgets that are a hard stop. Where one is used up the call is over, and is not to be made.
    pub(crate) fn check_budget(&self) -> Result<(), BudgetExceeded> {
        self.0.as_ref().map_or(Ok(()), |open| open.call.within_budget())
    }

    /// The request was made to ask for usage, which the caller did not.
    pub(crate) fn added_usage(&mut self) {
        self.0.iter_mut().for_each(|open| open.added_usage = true);
    }

    /// What keeps that usage from the caller, where the answer tells it apart.
    pub(crate) fn hides_usage(&self) -> Option<HideUsage> {
        let Open { added_usage, codec, answer, .. } = self.0.as_ref()?;
        let plain = matches!(
            answer,
            Reading::Events { inflate: Inflate::Plain, framing: Framing::ServerSentEvents(_), .. }
        );
        (*added_usage && plain).then(|| HideUsage::new(*codec))
    }

    /// The answer begins. Its headers stay as they are, unless not all of it will reach the caller.
    pub(crate) fn answered(&mut self, status: StatusCode, headers: &mut HeaderMap) {
        let Some(open) = &mut self.0 else { return };
        let text =
            |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let inflate = Inflate::of(text(CONTENT_ENCODING));
        open.call.answered(status, headers);
        if let Some(gateway) = helicone::answer(headers) {
            open.call.with(|exchange| exchange.gateway(gateway));
        }
        let cost = text(LITELLM_COST).and_then(|amount| amount.trim().parse().ok());
        let cost = cost
            .filter(|amount: &f64| *amount >= 0.0)
            .and_then(|amount| Cost::from_f64(amount, Currency::USD, CostSource::Provider));
        if let Some(cost) = cost {
            open.call.with(|exchange| exchange.cost(cost));
        }
        let array = open.codec.streams_an_array() && open.call.streams();
        let framing = Framing::of(text(CONTENT_TYPE).unwrap_or_default(), array);
        open.answer = match framing {
            Some(framing) if status.is_success() => {
                let decoder = open.codec.decoder(open.content);
                Reading::Events { inflate, framing, events: Events { decoder, told_model: false } }
            }
            _ => Reading::Whole {
                inflate,
                kept: Vec::new(),
                refused: (!status.is_success()).then(|| Refused {
                    status,
                    code: headers
                        .get(AWS_ERROR_TYPE)
                        .and_then(|code| code.to_str().ok()?.split(':').next().map(str::to_owned)),
                }),
                left: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            },
        };
        if self.hides_usage().is_some() {
            headers.remove(CONTENT_LENGTH);
        }
    }

    /// More of the answer has come.
    pub(crate) fn data(&mut self, bytes: &[u8]) {
        let Some(Open { call, answer, .. }) = &mut self.0 else { return };
        match answer {
            Reading::Awaited => {}
            Reading::Events { inflate, framing, events } => {
                let bytes = inflate.more(bytes);
                call.with(|exchange| framing.more(&bytes, |event| events.take(event, exchange)));
            }
            // All of it in one piece, as most answers come.
            Reading::Whole { inflate: Inflate::Plain, kept, left: Some(left), .. }
                if kept.is_empty() && *left == bytes.len() as u64 =>
            {
                self.end_with(bytes);
            }
            Reading::Whole { inflate, kept, refused, left } => {
                *left = left.map(|left| left.saturating_sub(bytes.len() as u64));
                let most = if refused.is_some() { MOST_KEPT_OF_A_REFUSAL } else { MOST_KEPT };
                let bytes = inflate.more(bytes);
                let room = most.saturating_sub(kept.len());
                kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    }

    /// The answer is complete.
    pub(crate) fn end(&mut self) {
        self.end_with(&[]);
    }

    /// The same, with the last bytes of one that comes whole.
    fn end_with(&mut self, last: &[u8]) {
        let Some(Open { call, context, codec, content, answer, .. }) = self.0.take() else {
            return;
        };
        let Some(exchange) = call.close() else { return };
        let _context = context.attach();
        match answer {
            Reading::Awaited => exchange.finish(Answer::default()),
            Reading::Events { inflate, mut framing, mut events } => {
                let rest = inflate.rest();
                framing.more(&rest, |event| events.take(event, &exchange));
                framing.end(|event| events.take(event, &exchange));
                exchange.finish(events.decoder.take());
            }
            Reading::Whole { inflate, mut kept, refused, .. } => {
                kept.extend(inflate.rest());
                let body = if kept.is_empty() { last } else { &kept };
                match refused {
                    Some(refused) => refuse(exchange, codec, refused, body),
                    None => exchange.finish(codec.answer(body, content)),
                }
            }
        }
    }

    /// The request or the answer broke.
    pub(crate) fn broke<E: fmt::Display + 'static>(&mut self, error: &E) {
        if let Some(exchange) = self.broken_off() {
            let _context = exchange.context().attach();
            exchange.fail(error);
        }
    }

    /// The client gives an error in place of the refusal that it read.
    #[cfg(feature = "async-openai")]
    pub(crate) fn refused(&mut self, code: String, message: &str) {
        if let Some(exchange) = self.broken_off() {
            let _context = exchange.context().attach();
            exchange.refused(code, message);
        }
    }

    /// Takes what ends it, with what had arrived.
    fn broken_off(&mut self) -> Option<Exchange> {
        let Open { call, context, mut answer, .. } = self.0.take()?;
        let exchange = call.close()?;
        if let Reading::Events { events, .. } = &mut answer {
            let _context = context.attach();
            exchange.record(events.decoder.take());
        }
        Some(exchange)
    }

    /// Whether there is nothing more to come, as far as the protocol or the length says. A refusal is one by its
    /// status: most callers read no further.
    fn is_done(&self) -> bool {
        match self.0.as_ref().map(|open| &open.answer) {
            Some(Reading::Events { events, .. }) => events.decoder.is_done(),
            Some(Reading::Whole { left, refused, .. }) => refused.is_some() || *left == Some(0),
            Some(Reading::Awaited) | None => false,
        }
    }
}

fn refuse(exchange: Exchange, codec: &dyn Codec, refused: Refused, body: &[u8]) {
    let ErrorAnswer { code, message } = codec.error(body).unwrap_or_default();
    let code = Some(code).filter(|code| !code.is_empty()).or(refused.code);
    exchange.refused(code.unwrap_or_else(|| refused.status.as_str().to_owned()), &message);
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.is_done() {
            return self.end();
        }
        drop(self.broken_off());
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("open", &self.0.is_some()).finish_non_exhaustive()
    }
}
