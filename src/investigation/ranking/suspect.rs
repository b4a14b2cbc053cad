use std::time::Duration;

use super::super::spans::Direction;
use super::blind_spot::BlindSpot;
use super::effect::Effect;
use super::metric::Family;
use super::score::Weights;
use super::signal::{Part, Signal, Signals};
use super::symptom::Symptom;
use crate::locale::{Language, Sentence};
use crate::time::Time;

/// A reason that gives fewer points goes without saying.
const TELLING: f64 = 0.3;

/// A sentence has at most so many reasons.
const MOST_REASONS: usize = 3;

/// The ranked actions for a symptom.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The candidates above the line, the best first. Without one, nothing audited explains the span.
    pub suspects: Vec<Suspect>,
    /// The candidates below the line, the best first.
    pub others: Vec<Suspect>,
    /// The line: fewer points make no suspect.
    pub line: f64,
    /// How much time before the window the events covered from which the usual was learned; at most 30 days.
    pub profile: Duration,
    /// Changes that may move such a metric and have no event.
    pub blind_spots: Vec<BlindSpot>,
}

impl Ranking {
    /// How many candidates there were.
    #[must_use]
    pub fn considered(&self) -> usize {
        self.suspects.len() + self.others.len()
    }

    /// All candidates, the best first, whether above the line or not.
    pub fn all(&self) -> impl Iterator<Item = &Suspect> {
        self.suspects.iter().chain(&self.others)
    }
}

/// An action that may explain the span. Texts are as events have them: those of the caller's choice are to be cleaned.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// The ids of its events, the newest first.
    pub events: Vec<String>,
    /// When its newest event was recorded.
    pub time: Time,
    /// When its oldest event was recorded.
    pub first: Time,
    /// The id of its principal; none for Scaleway's own doing.
    pub principal: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The method, or the name of the system.
    pub method: Option<String>,
    /// What an Instance's `ServerAction` does.
    pub action: Option<String>,
    /// The resource's id.
    pub resource: Option<String>,
    /// The resource's name.
    pub resource_name: Option<String>,
    /// The resource's type.
    pub resource_type: Option<String>,
    /// Its score: the sum of its points.
    pub total: f64,
    /// The points of each part of its score, in the order of [`Part::ALL`].
    pub points: Vec<Contribution>,
    /// What such an action can do to such a metric.
    pub effect: Effect,
    /// Why, in words.
    pub reason: Reason,
    /// Other events that speak for it.
    pub evidence: Vec<Evidence>,
    /// What the points are made of.
    pub signals: Signals,
}

/// The points of one part of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The part.
    pub part: Part,
    /// Its points: below zero where it speaks against the candidate.
    pub points: f64,
}

/// An event that speaks for a suspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The event's id.
    pub event: String,
    /// The signal that it supports.
    pub because: Signal,
}

/// Why an action is a suspect.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    time: Time,
    onset: Time,
    /// What speaks for it, the most telling first, at most three.
    because: Vec<Signal>,
    metric: Option<Family>,
    moved: Direction,
    /// The days from which the usual was learned.
    days: usize,
}

impl Reason {
    pub(super) fn of(time: Time, signals: &Signals, weights: &Weights, symptom: &Symptom, profile: Duration) -> Self {
        let mut reasons: Vec<(f64, Signal)> =
            Signal::ALL.into_iter().map(|signal| (weights.of(signal) * signals[signal], signal)).collect();
        // What an action can do is always among them, also where it is unknown.
        reasons.retain(|(points, signal)| {
            let counts = *points >= TELLING || (signal.part() == Part::Effect && signals[*signal] > 0.0);
            counts && because(*signal, "", symptom.moved(), 0).is_some()
        });
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
        reasons.truncate(MOST_REASONS);
        Self {
            time,
            onset: symptom.onset,
            because: reasons.into_iter().map(|(_, signal)| signal).collect(),
            metric: symptom.metric.family,
            moved: symptom.moved(),
            days: usize::try_from(profile.as_secs().div_ceil(24 * 60 * 60)).unwrap_or(usize::MAX),
        }
    }

    /// How long before or after the onset it was.
    fn when(&self, language: Language) -> String {
        if self.time > self.onset {
            return Sentence::AfterOnset { length: &length(self.time.since(self.onset)) }.text(language);
        }
        Sentence::BeforeOnset { length: &length(self.onset.since(self.time)) }.text(language)
    }

    /// What speaks for it, in words.
    fn because(&self, language: Language) -> Vec<String> {
        let metric = self.metric.map_or(Sentence::TheMetric, Family::noun).text(language);
        let words = self.because.iter().filter_map(|signal| because(*signal, &metric, self.moved, self.days));
        words.map(|words| words.text(language)).collect()
    }
}

impl Suspect {
    /// Why, in one sentence. `principal` and `resource` are their names as a person may read them.
    #[must_use]
    pub fn sentence(&self, language: Language, what: &str, resource: &str, principal: &str) -> String {
        let deed = match self.events.len() {
            0 | 1 => Sentence::Deed { what, resource, principal },
            times => Sentence::DeedRepeated { what, resource, principal, times },
        };
        let (deed, when) = (&deed.text(language), &self.reason.when(language));
        let because = &self.reason.because(language).join(&Sentence::Separator.text(language));
        if because.is_empty() {
            return Sentence::DeedWhen { deed, when }.text(language);
        }
        Sentence::DeedBecause { deed, when, because }.text(language)
    }
}

/// The words for a signal that speaks for a candidate; none where it goes without saying.
pub(super) fn because(signal: Signal, metric: &str, moved: Direction, days: usize) -> Option<Sentence<'_>> {
    let is_up = moved == Direction::Up;
    Some(match signal {
        Signal::PartOf => Sentence::ActedOnPart,
        Signal::Names => Sentence::NamesResource,
        Signal::Above => Sentence::ActedOnParent,
        Signal::Related => Sentence::ActedOnRelated,
        Signal::Sibling => Sentence::ActedOnSibling,
        Signal::Project => Sentence::ActedInProject,
        Signal::Principal => Sentence::PrincipalActedOnIt,
        Signal::Usual if is_up => Sentence::UsuallyRaises { metric },
        Signal::Usual => Sentence::UsuallyLowers { metric },
        Signal::Possible if is_up => Sentence::CanRaise { metric },
        Signal::Possible => Sentence::CanLower { metric },
        Signal::Unknown => Sentence::EffectUnknown { metric },
        Signal::Stays => Sentence::EffectStays { metric },
        Signal::Passes => Sentence::EffectPasses { metric },
        Signal::Agrees => Sentence::TouchedMoved,
        Signal::Method => Sentence::NewMethod { days },
        Signal::Address => Sentence::NewAddress { days },
        Signal::Country => Sentence::NewCountry { days },
        Signal::Hour => Sentence::RareHour,
        Signal::Resource => Sentence::NewResource { days },
        Signal::Denied => Sentence::DeniedBefore,
        Signal::LogIns => Sentence::LogInsFailedBefore,
        Signal::Credential => Sentence::NewCredential,
        Signal::Steps => Sentence::StepsBefore,
        Signal::Fits
        | Signal::Recent
        | Signal::Same
        | Signal::Either
        | Signal::Opposite
        | Signal::Nothing
        | Signal::Describes
        | Signal::Words
        | Signal::VerbAgrees
        | Signal::Undone
        | Signal::Outlasts
        | Signal::Differs
        | Signal::Severity
        | Signal::Spans => return None,
    })
}

/// A length of time in its greatest units.
fn length(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_beside_the_weights_are_those_of_the_sentences() {
        for signal in Signal::ALL {
            for (moved, movement) in [(Direction::Up, "rise"), (Direction::Down, "fall")] {
                let beside = Weights::built_in().because(signal);
                let beside = beside.replace("{metric}", "load").replace("{move}", movement).replace("{days}", "30");
                let words = because(signal, "load", moved, 30).map(|words| words.text(Language::English));
                assert_eq!(words.unwrap_or_default(), beside, "{signal:?}");
            }
        }
    }
}
