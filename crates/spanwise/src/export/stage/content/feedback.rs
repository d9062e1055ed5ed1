//! Feedback on its way to one destination: what someone wrote goes through the same hands as content.

use opentelemetry::StringValue;
use opentelemetry_semantic_conventions::attribute::SESSION_ID;
use spanwise_core::semconv::attribute as key;
use spanwise_core::{ScoreValue, TextPlace};

use super::ContentStages;
use super::redaction::Redactors;
use super::truncate::cut_end;
use crate::export::queued::QueuedFeedback;

impl ContentStages {
    /// What these destinations may have of it. Where they may have no comments, a text is left empty.
    pub(crate) fn feedback(&self, mut queued: QueuedFeedback) -> QueuedFeedback {
        let feedback = &mut queued.feedback;
        if !self.policy.comments {
            feedback.comment = None;
            if let ScoreValue::Text(text) = &mut feedback.value {
                *text = "".into();
            }
        }
        self.said(&mut feedback.name, key::GEN_AI_EVALUATION_NAME.key());
        match &mut feedback.value {
            ScoreValue::Category(word) => self.said(word, key::GEN_AI_EVALUATION_SCORE_LABEL.key()),
            ScoreValue::Text(text) => self.said(text, key::GEN_AI_EVALUATION_EXPLANATION.key()),
            _ => {}
        }
        let others = [
            (&mut feedback.label, key::GEN_AI_EVALUATION_SCORE_LABEL.key()),
            (&mut feedback.comment, key::GEN_AI_EVALUATION_EXPLANATION.key()),
            (&mut feedback.id, key::SPANWISE_EVALUATION_ID.key()),
            (&mut feedback.session, SESSION_ID),
        ];
        for (text, key) in others {
            if let Some(text) = text {
                self.said(text, key);
            }
        }
        queued
    }

    /// Redacted and cut, as the attribute that it is in the event.
    fn said(&self, text: &mut StringValue, key: &str) {
        if self.policy.redactors.is_empty() && self.policy.lengths.is_empty() {
            return;
        }
        let mut said = String::from(std::mem::replace(text, "".into()));
        Redactors(&self.policy.redactors).text(&mut said, &TextPlace::attribute(key));
        self.policy.lengths.iter().for_each(|length| cut_end(&mut said, *length));
        *text = said.into();
    }
}
