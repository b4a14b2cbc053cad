//! An incident as the ranking sees it: its candidates with their signals, and which of them was the cause.

use std::time::Instant;

use audittrail::investigation::{Effects, Weights, rank};
use audittrail::risk::{Action, RuleSet};

use crate::incidents::{Incident, Kind};

/// A candidate.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) signals: Vec<f64>,
    pub(crate) is_cause: bool,
    /// Nanoseconds since 1970.
    pub(crate) time: i64,
    /// Whether it acted on the resource itself.
    pub(crate) on_resource: bool,
}

/// An incident with its candidates.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) choices: Vec<Choice>,
    /// When the metric left its band, in nanoseconds since 1970.
    pub(crate) onset: i64,
    /// Whether a distractor on the resource is nearer to the onset than the cause.
    pub(crate) nearer: bool,
    /// Whether the table of effects lacks the cause.
    pub(crate) lacking: bool,
    /// Whether a spike without a cause follows an action that could have.
    pub(crate) plausible: bool,
    /// How long the ranking took.
    pub(crate) milliseconds: f64,
}

impl Case {
    /// The incident of a seed and its candidates.
    pub(crate) fn new(kind: Kind, seed: u64, background: usize) -> Self {
        let incident = Incident::new(kind, seed, background);
        let start = Instant::now();
        let ranking = rank(&incident.events, &RuleSet::built_in(), &incident.symptom);
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        let choices = ranking.all().map(|suspect| Choice {
            signals: suspect.signals.numbers().to_vec(),
            is_cause: suspect.events.iter().any(|event| incident.culprits.contains(event)),
            time: suspect.time.nanos(),
            on_resource: suspect.resource.as_ref().is_some_and(|id| incident.symptom.resource.contains(id))
                || suspect.resource_name.as_ref().is_some_and(|name| incident.symptom.resource.contains(name)),
        });
        Self {
            kind,
            choices: choices.collect(),
            onset: incident.symptom.onset.nanos(),
            nearer: incident.nearer,
            lacking: incident.action.as_ref().is_some_and(|action| !is_known(action)),
            plausible: !incident.plausible.is_empty(),
            milliseconds,
        }
    }

    pub(crate) fn is_caused(&self) -> bool {
        self.kind != Kind::Spike
    }

    /// The candidates by their score, the best first, and the scores.
    pub(crate) fn ranked(&self, weights: &[f64]) -> Vec<(f64, &Choice)> {
        let mut ranked: Vec<(f64, &Choice)> =
            self.choices.iter().map(|choice| (score(weights, &choice.signals), choice)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.time.cmp(&a.1.time)));
        ranked
    }

    /// Where the cause is among the candidates, from 0, whatever its score.
    pub(crate) fn rank(&self, weights: &[f64]) -> Option<usize> {
        self.ranked(weights).iter().position(|(_, choice)| choice.is_cause)
    }

    /// Where the cause is among the suspects, from 0: those at or above the line.
    pub(crate) fn named(&self, weights: &Weights) -> Option<usize> {
        let ranked = self.ranked(weights.numbers());
        ranked.iter().take_while(|(score, _)| *score >= weights.line).position(|(_, choice)| choice.is_cause)
    }

    /// Whether no candidate reaches the line.
    pub(crate) fn is_silent(&self, weights: &Weights) -> bool {
        self.choices.iter().all(|choice| score(weights.numbers(), &choice.signals) < weights.line)
    }
}

/// Whether the table of effects has a row for an action.
fn is_known([product, service, method]: &[String; 3]) -> bool {
    let action = Action {
        kind: "api",
        product: Some(product),
        service: Some(service),
        method: Some(method),
        ..Action::default()
    };
    Effects::built_in().knows(&action)
}

pub(crate) fn score(weights: &[f64], signals: &[f64]) -> f64 {
    weights.iter().zip(signals).map(|(weight, signal)| weight * signal).sum()
}
