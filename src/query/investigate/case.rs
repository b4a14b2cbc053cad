use super::super::answer::Answer;
use super::super::request::Request;
use super::super::sentence::Sentences;
use super::super::spans::Spans;
use crate::investigation::{Ranking, Story, Suspect, Symptom};
use crate::locale::Language;
use crate::time::Time;

/// What the answers of an investigation are made of.
pub(super) struct Case<'a> {
    pub(super) answer: &'a Answer,
    pub(super) request: &'a Request,
    pub(super) symptom: &'a Symptom,
    pub(super) ranking: &'a Ranking,
    /// The suspects that are shown, the best first.
    pub(super) suspects: Vec<&'a Suspect>,
    pub(super) spans: Option<&'a Spans>,
    pub(super) story: Story,
    pub(super) sentences: Sentences<'a>,
}

impl<'a> Case<'a> {
    pub(super) fn of(
        answer: &'a Answer,
        request: &'a Request,
        symptom: &'a Symptom,
        ranking: &'a Ranking,
        spans: Option<&'a Spans>,
        most: usize,
    ) -> Self {
        let suspects: Vec<&Suspect> = ranking.suspects.iter().take(most).collect();
        let story = Story::of(&answer.events, &answer.rules, symptom.onset, symptom.lookback, &suspects);
        Self { answer, request, symptom, ranking, suspects, spans, story, sentences: Sentences::of(answer) }
    }

    /// The language of sentences.
    pub(super) fn language(&self) -> Language {
        self.answer.language
    }

    /// When the metric is back within its band; the end of the range where that is not known.
    pub(super) fn end(&self) -> Time {
        let found = self.spans.and_then(|spans| spans.found.first());
        found.map_or(self.request.range.end, |found| found.span.interval.end)
    }
}
