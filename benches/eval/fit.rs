//! Weights, fitted to incidents: a conditional logit, in which "nothing audited" is an alternative of its own.

use audittrail::investigation::{Signal, Weights};

use crate::case::{Case, score};
use crate::real;

/// How much a weight costs: with few incidents, weights stay small.
const RIDGE: f64 = 0.002;

const STEPS: usize = 400;

/// How far a weight moves in a step, at first.
const RATE: f64 = 0.15;

/// The part of the spikes for the line that it leaves without a suspect.
const SILENT: f64 = 0.955;

/// The weights under which the causes of these incidents are likeliest, where some signals are not used, and the line by other
/// spikes: weights know those that they were fitted on too well.
pub(crate) fn fit(cases: &[&Case], spikes: &[Case], unused: impl Fn(Signal) -> bool) -> Weights {
    let count = Signal::ALL.len();
    // The last one is the worth of "nothing audited".
    let mut weights = vec![0.0; count + 1];
    let (mut mean, mut square) = (vec![0.0; count + 1], vec![0.0; count + 1]);
    for step in 1..=STEPS {
        let mut gradient: Vec<f64> = weights.iter().map(|weight| RIDGE * weight).collect();
        for case in cases {
            descend(case, &weights, real(cases.len()), &mut gradient);
        }
        let rate = RATE * (1.0 - real(step) / real(STEPS + 1));
        let (warm, slow) = (1.0 - 0.9_f64.powf(real(step)), 1.0 - 0.999_f64.powf(real(step)));
        for index in 0..=count {
            if index < count && unused(Signal::ALL[index]) {
                continue;
            }
            mean[index] = 0.9 * mean[index] + 0.1 * gradient[index];
            square[index] = 0.999 * square[index] + 0.001 * gradient[index].powi(2);
            weights[index] -= rate * (mean[index] / warm) / ((square[index] / slow).sqrt() + 1e-8);
        }
        constrain(&mut weights);
    }
    weights.truncate(count);
    let line = line(spikes, &weights);
    Weights::built_in().with(&weights, line)
}

/// The signals of closeness and of what the table of effects knows, from the one that speaks most for a candidate on.
const ORDERS: [&[Signal]; 2] = [
    &[
        Signal::Same,
        Signal::PartOf,
        Signal::Names,
        Signal::Above,
        Signal::Related,
        Signal::Sibling,
        Signal::Project,
        Signal::Principal,
    ],
    &[Signal::Usual, Signal::Possible, Signal::Opposite],
];

/// Signals that speak against a candidate, if they say anything; and those that speak for it.
const AGAINST: [Signal; 5] = [Signal::Either, Signal::Undone, Signal::Outlasts, Signal::Differs, Signal::Spans];
const FOR: [Signal; 17] = [
    Signal::Fits,
    Signal::Recent,
    Signal::Words,
    Signal::VerbAgrees,
    Signal::Stays,
    Signal::Passes,
    Signal::Agrees,
    Signal::Severity,
    Signal::Method,
    Signal::Address,
    Signal::Country,
    Signal::Hour,
    Signal::Resource,
    Signal::Denied,
    Signal::LogIns,
    Signal::Credential,
    Signal::Steps,
];

/// Moves weights to the nearest that do not contradict what the signals mean: a simulation has habits of its own, such as
/// many harmless actions on the very resource, that are no knowledge.
fn constrain(weights: &mut [f64]) {
    for signal in AGAINST {
        weights[signal as usize] = weights[signal as usize].min(0.0);
    }
    for signal in FOR {
        weights[signal as usize] = weights[signal as usize].max(0.0);
    }
    // An action that the table lacks is not worth more than one that is known to move such a metric.
    let [known, unknown] = [Signal::Usual, Signal::Unknown].map(|signal| signal as usize);
    if weights[unknown] > weights[known] {
        let mean = f64::midpoint(weights[unknown], weights[known]);
        (weights[unknown], weights[known]) = (mean, mean);
    }
    for order in ORDERS {
        // Neighbours in the wrong order become one block with their mean.
        let mut blocks: Vec<(f64, usize)> = Vec::new();
        for signal in order {
            blocks.push((weights[*signal as usize], 1));
            while let [.., (before, some), (after, more)] = blocks[..]
                && before < after
            {
                let mean = (before * real(some) + after * real(more)) / real(some + more);
                blocks.truncate(blocks.len() - 2);
                blocks.push((mean, some + more));
            }
        }
        let means = blocks.iter().flat_map(|(mean, count)| std::iter::repeat_n(*mean, *count));
        order.iter().zip(means).for_each(|(signal, mean)| weights[*signal as usize] = mean);
    }
}

/// Adds what a case says of each weight: what its candidates have, each as likely as it is now, less what its cause has.
fn descend(case: &Case, weights: &[f64], of: f64, gradient: &mut [f64]) {
    let (weights, nothing) = weights.split_at(weights.len() - 1);
    let scores: Vec<f64> = case.choices.iter().map(|choice| score(weights, &choice.signals)).collect();
    let most = scores.iter().copied().fold(nothing[0], f64::max);
    let likely = |score: f64| (score - most).exp();
    let all: f64 = scores.iter().map(|score| likely(*score)).sum::<f64>() + likely(nothing[0]);
    let causes = case.choices.iter().zip(&scores).filter(|(choice, _)| choice.is_cause);
    // A cause that is no candidate can only be answered by "nothing".
    let right: f64 = causes.map(|(_, score)| likely(*score)).sum();
    for (choice, score) in case.choices.iter().zip(&scores) {
        let truth = if choice.is_cause && right > 0.0 { likely(*score) / right } else { 0.0 };
        let surplus = (likely(*score) / all - truth) / of;
        for (sum, signal) in gradient.iter_mut().zip(&choice.signals) {
            *sum += surplus * signal;
        }
    }
    let truth = if right > 0.0 { 0.0 } else { 1.0 };
    *gradient.last_mut().expect("the worth of nothing") += (likely(nothing[0]) / all - truth) / of;
}

/// The lowest line under which nearly all spikes without a cause have no suspect.
fn line(spikes: &[Case], weights: &[f64]) -> f64 {
    let best = |case: &Case| {
        case.choices.iter().map(|choice| score(weights, &choice.signals)).fold(f64::NEG_INFINITY, f64::max)
    };
    let mut best: Vec<f64> = spikes.iter().map(best).collect();
    best.sort_unstable_by(f64::total_cmp);
    let silent = (0..best.len()).find(|index| real(*index) >= SILENT * real(best.len()));
    silent.map_or(0.0, |index| best[index] + 1e-6)
}
