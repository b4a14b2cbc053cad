use std::time::Duration;

use super::super::spans::Direction;
use super::effect::Effect;
use super::metric::Metric;
use super::score::Weights;
use super::signal::{Part, Signal, Signals};
use super::symptom::Symptom;
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
    /// What may move such a metric and has no event.
    pub blind_spots: Vec<&'static str>,
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
    /// What it is evidence of.
    pub because: Signal,
}

/// Why an action is a suspect.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// How long before the onset it was, or `40 s after the onset`.
    pub when: String,
    /// What speaks for it, the most telling first, at most three.
    pub because: Vec<String>,
}

impl Reason {
    pub(super) fn of(time: Time, signals: &Signals, weights: &Weights, symptom: &Symptom, profile: Duration) -> Self {
        let mut reasons: Vec<(f64, Signal)> =
            Signal::ALL.into_iter().map(|signal| (weights.of(signal) * signals[signal], signal)).collect();
        // What an action can do is always among them, also where it is unknown.
        reasons.retain(|(points, signal)| {
            let counts = *points >= TELLING || (signal.part() == Part::Effect && signals[*signal] > 0.0);
            counts && !weights.because(*signal).is_empty()
        });
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
        reasons.truncate(MOST_REASONS);
        let because = reasons.iter().map(|(_, signal)| filled(weights.because(*signal), symptom, profile));
        Self { when: when(time, symptom.onset), because: because.collect() }
    }
}

impl Suspect {
    /// Why, in one sentence. `principal` and `resource` are their names as a person may read them.
    #[must_use]
    pub fn sentence(&self, what: &str, resource: &str, principal: &str) -> String {
        let times = if self.events.len() > 1 { format!(", {} times", self.events.len()) } else { String::new() };
        let sentence = format!("{what} on {resource} by {principal}{times}, {}", self.reason.when);
        if self.reason.because.is_empty() {
            return sentence + ".";
        }
        format!("{sentence}: {}.", self.reason.because.join("; "))
    }
}

/// The words of a reason, about this symptom.
fn filled(words: &str, symptom: &Symptom, profile: Duration) -> String {
    let Metric { family, .. } = symptom.metric;
    let direction = match symptom.moved() {
        Direction::Up => "rise",
        Direction::Down => "fall",
    };
    let metric = family.map_or("the metric", super::metric::Family::noun);
    let days = profile.as_secs().div_ceil(24 * 60 * 60).to_string();
    words.replace("{metric}", metric).replace("{move}", direction).replace("{days}", &days)
}

/// How long before or after the onset a moment is.
fn when(time: Time, onset: Time) -> String {
    if time > onset {
        return format!("{} after the onset, which clocks may explain", length(time.since(onset)));
    }
    format!("{} before the onset", length(onset.since(time)))
}

/// A length of time in its greatest units.
fn length(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}
