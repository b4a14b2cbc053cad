//! How well actions are ranked, on simulated incidents over seeds that no weight was fitted on, beside what a person would do
//! without a ranking.

use audittrail::investigation::{Part, Weights};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::case::{Case, Choice};
use crate::fit::fit;
use crate::incidents::Kind;
use crate::real;
use crate::report::{Reach, Row};

/// The seeds that weights are fitted on, and those that they are judged on.
const TRAINING: u64 = 1_000_000;
const FRESH: u64 = 9_000_000;

/// How many incidents each has.
pub(crate) const INCIDENTS: u64 = 500;

/// The events of ordinary days of an organization.
const EVENTS: std::ops::Range<f64> = 10_000.0..100_000.0;

/// The incidents of some seeds.
fn cases(first: u64, count: u64) -> Vec<Case> {
    let case = |number: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(first + number);
        let events = rng.random_range(EVENTS.start.ln()..EVENTS.end.ln()).exp();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 10 000 and 100 000")]
        Case::new(Kind::nth(number), first + number, events as usize)
    };
    (0..count).into_par_iter().map(case).collect()
}

/// New weights, fitted on the seeds for training, as the text of `weights.csv`.
pub(crate) fn fitted(count: u64) -> String {
    let training = cases(TRAINING, count);
    fit(&training.iter().collect::<Vec<_>>(), |_| false).write()
}

/// Wilson's interval of a share, at 95 %.
fn interval(hits: usize, all: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    let (n, p) = (real(all.max(1)), real(hits) / real(all.max(1)));
    let (center, spread) = (p + Z * Z / (2.0 * n), Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt());
    let scale = 1.0 + Z * Z / n;
    ((center - spread) / scale, (center + spread) / scale)
}

/// A share with its interval, whose lower bound must reach something.
fn share(what: &str, hits: usize, all: usize, least: Option<f64>) -> [Row; 2] {
    let (low, high) = interval(hits, all);
    let bound = format!("{what}, lower bound at 95 % (upper {high:.3})");
    [
        Row::info(format!("{what} ({hits} of {all})"), real(hits) / real(all.max(1)), ""),
        least.map_or_else(
            || Row::info(bound.clone(), low, ""),
            |least| Row::new(bound.clone(), low, "", Reach::AtLeast(least)),
        ),
    ]
}

/// All figures about the ranking.
pub(crate) fn rows(count: u64, rows: &mut Vec<Row>) {
    let (fresh, training) = (cases(FRESH, count), cases(TRAINING, count));
    let weights = Weights::built_in();
    let caused: Vec<&Case> = fresh.iter().filter(|case| case.is_caused()).collect();
    composition(&fresh, &caused, rows);
    headline(&fresh, &caused, weights, rows);
    for kind in Kind::CAUSED {
        let of: Vec<&&Case> = caused.iter().filter(|case| case.kind == kind).collect();
        let in_three = of.iter().filter(|case| case.named(weights).is_some_and(|rank| rank < 3)).count();
        rows.push(Row::info(
            format!("ranking: {}, named in the first three", kind.name()),
            real(in_three) / real(of.len().max(1)),
            "",
        ));
    }
    baselines(&fresh, &caused, rows);
    left_out(&fresh, &training, rows);
    checks(&caused, weights, rows);
    worth(&fresh, &caused, &training, rows);
    speed(&fresh, rows);
}

/// What the incidents are.
fn composition(fresh: &[Case], caused: &[&Case], rows: &mut Vec<Row>) {
    let spikes: Vec<&Case> = fresh.iter().filter(|case| !case.is_caused()).collect();
    let part = |count: usize, all: usize| real(count) / real(all.max(1));
    rows.push(Row::info("ranking: incidents of fresh seeds", real(fresh.len()), ""));
    rows.push(Row::info("ranking: spikes without a cause among them", real(spikes.len()), ""));
    let plausible = spikes.iter().filter(|case| case.plausible).count();
    rows.push(Row::new(
        "ranking: spikes after an action that could have been the cause",
        part(plausible, spikes.len()),
        "",
        Reach::AtLeast(2.0 / 3.0),
    ));
    let nearer = caused.iter().filter(|case| case.nearer).count();
    rows.push(Row::new(
        "ranking: caused, with a distractor nearer to the onset",
        part(nearer, caused.len()),
        "",
        Reach::AtLeast(0.5),
    ));
    let lacking = fresh.iter().filter(|case| case.lacking).count();
    rows.push(Row::new(
        "ranking: incidents whose action the table lacks",
        part(lacking, fresh.len()),
        "",
        Reach::AtLeast(0.2),
    ));
    let candidates: usize = fresh.iter().map(|case| case.choices.len()).sum();
    rows.push(Row::info("ranking: candidates of an incident, on average", part(candidates, fresh.len()), ""));
    let found = caused.iter().filter(|case| case.choices.iter().any(|choice| choice.is_cause)).count();
    rows.push(Row::info("ranking: causes that are candidates at all", part(found, caused.len()), ""));
}

fn headline(fresh: &[Case], caused: &[&Case], weights: &Weights, rows: &mut Vec<Row>) {
    let named = |most: usize| caused.iter().filter(|case| case.named(weights).is_some_and(|rank| rank < most)).count();
    let ranked =
        |most: usize| caused.iter().filter(|case| case.rank(weights.numbers()).is_some_and(|rank| rank < most)).count();
    let spikes: Vec<&Case> = fresh.iter().filter(|case| !case.is_caused()).collect();
    let silent = spikes.iter().filter(|case| case.is_silent(weights)).count();
    rows.extend(share("ranking: cause is the first suspect", named(1), caused.len(), Some(0.85)));
    rows.extend(share("ranking: cause is in the first three suspects", named(3), caused.len(), Some(0.95)));
    rows.extend(share("ranking: no suspect for a spike without a cause", silent, spikes.len(), Some(0.9)));
    let hard: Vec<&&Case> = spikes.iter().filter(|case| case.plausible).collect();
    let silent = hard.iter().filter(|case| case.is_silent(weights)).count();
    rows.extend(share("ranking: the same, after an action that could have been the cause", silent, hard.len(), None));
    rows.extend(share("ranking: cause is the first candidate, whatever the line", ranked(1), caused.len(), None));
    rows.extend(share(
        "ranking: cause is in the first three candidates, whatever the line",
        ranked(3),
        caused.len(),
        None,
    ));
    let lacking: Vec<&&Case> = caused.iter().filter(|case| case.lacking).collect();
    let first = lacking.iter().filter(|case| case.named(weights) == Some(0)).count();
    rows.extend(share("ranking: cause is the first suspect, where the table lacks it", first, lacking.len(), None));
}

/// What a person would look at.
fn baselines(fresh: &[Case], caused: &[&Case], rows: &mut Vec<Row>) {
    let latest = |case: &Case, of: &dyn Fn(&Choice) -> bool| -> Vec<bool> {
        let mut before: Vec<&Choice> =
            case.choices.iter().filter(|choice| choice.time <= case.onset && of(choice)).collect();
        before.sort_by_key(|choice| std::cmp::Reverse(choice.time));
        before.into_iter().map(|choice| choice.is_cause).collect()
    };
    for (name, of) in [
        ("the nearest event on the resource", (|choice| choice.on_resource) as fn(&Choice) -> bool),
        ("the latest change before the onset", |_| true),
    ] {
        for (most, called) in [(1, "first"), (3, "in the first three")] {
            let hits = caused.iter().filter(|case| latest(case, &of).iter().take(most).any(|hit| *hit)).count();
            rows.extend(share(&format!("baseline: {name}, cause {called}"), hits, caused.len(), None));
        }
        let silent = fresh.iter().filter(|case| !case.is_caused() && latest(case, &of).is_empty()).count();
        let spikes = fresh.len() - caused.len();
        rows.extend(share(&format!("baseline: {name}, none for a spike without a cause"), silent, spikes, None));
    }
    for most in [1.0, 3.0] {
        let chance: f64 = caused.iter().map(|case| chance(case, most)).sum();
        rows.push(Row::info(
            format!("baseline: a random pick, cause among {most}"),
            chance / real(caused.len().max(1)),
            "",
        ));
    }
}

/// How likely a random pick of so many candidates has a cause, about.
fn chance(case: &Case, picks: f64) -> f64 {
    let causes = case.choices.iter().filter(|choice| choice.is_cause).count();
    (picks * real(causes) / real(case.choices.len().max(1))).min(1.0)
}

/// How well each kind is ranked by weights that were fitted without it.
fn left_out(fresh: &[Case], training: &[Case], rows: &mut Vec<Row>) {
    let fits: Vec<(Kind, Weights)> = Kind::CAUSED
        .into_par_iter()
        .map(|kind| (kind, fit(&training.iter().filter(|case| case.kind != kind).collect::<Vec<_>>(), |_| false)))
        .collect();
    for (kind, weights) in fits {
        let of: Vec<&Case> = fresh.iter().filter(|case| case.kind == kind).collect();
        let in_three = of.iter().filter(|case| case.named(&weights).is_some_and(|rank| rank < 3)).count();
        let ranked = of.iter().filter(|case| case.rank(weights.numbers()).is_some_and(|rank| rank < 3)).count();
        let what = format!("ranking: fitted without {}, in the first three of {}", kind.name(), of.len());
        rows.push(Row::new(
            format!("{what} suspects"),
            real(in_three) / real(of.len().max(1)),
            "",
            Reach::AtLeast(0.8),
        ));
        rows.push(Row::info(format!("{what}, whatever the line"), real(ranked) / real(of.len().max(1)), ""));
    }
}

/// With another candidate taken for the cause, the score falls to chance.
fn checks(caused: &[&Case], weights: &Weights, rows: &mut Vec<Row>) {
    let mut rng = ChaCha8Rng::seed_from_u64(FRESH);
    let hits = caused.iter().filter(|case| {
        case.choices.choose(&mut rng).is_some_and(|other| {
            case.ranked(weights.numbers())
                .first()
                .is_some_and(|(_, first)| first.signals == other.signals && first.time == other.time)
        })
    });
    let (low, high) = interval(hits.count(), caused.len());
    let expected =
        caused.iter().map(|case| 1.0 / real(case.choices.len().max(1))).sum::<f64>() / real(caused.len().max(1));
    rows.push(Row::info(
        format!("check: causes permuted, first at 95 % in {low:.3} to {high:.3}; by chance"),
        expected,
        "",
    ));
    rows.push(Row::new(
        "check: causes permuted, the lower bound is not above chance",
        low - expected,
        "apart",
        Reach::AtMost(0.0),
    ));
}

/// What each part of the score is worth: how much is lost without it, fitted anew.
fn worth(fresh: &[Case], caused: &[&Case], training: &[Case], rows: &mut Vec<Row>) {
    let training: Vec<&Case> = training.iter().collect();
    let parts: Vec<Option<Part>> = std::iter::once(None).chain(Part::ALL.into_iter().map(Some)).collect();
    let fits: Vec<(Option<Part>, Weights)> =
        parts.into_par_iter().map(|part| (part, fit(&training, |signal| Some(signal.part()) == part))).collect();
    for (part, weights) in fits {
        let name = part.map_or("nothing", Part::as_str);
        let first = caused.iter().filter(|case| case.named(&weights) == Some(0)).count();
        let three = caused.iter().filter(|case| case.named(&weights).is_some_and(|rank| rank < 3)).count();
        let silent = fresh.iter().filter(|case| !case.is_caused() && case.is_silent(&weights)).count();
        let spikes = fresh.len() - caused.len();
        rows.push(Row::info(format!("worth: without {name}, first"), real(first) / real(caused.len().max(1)), ""));
        rows.push(Row::info(
            format!("worth: without {name}, in the first three"),
            real(three) / real(caused.len().max(1)),
            "",
        ));
        rows.push(Row::info(format!("worth: without {name}, silent"), real(silent) / real(spikes.max(1)), ""));
    }
}

/// How long a ranking takes, of as many events as an organization has.
fn speed(fresh: &[Case], rows: &mut Vec<Row>) {
    let slowest = fresh.iter().map(|case| case.milliseconds).fold(0.0, f64::max);
    rows.push(Row::info("ranking: slowest of them, beside other work", slowest, "ms"));
    let mut times: Vec<f64> =
        (0..3).map(|seed| Case::new(Kind::Restored, FRESH - 1 - seed, 100_000).milliseconds).collect();
    times.sort_unstable_by(f64::total_cmp);
    rows.push(Row::new(
        "speed: an incident among 100 000 events ranked, median of 3",
        times[1],
        "ms",
        Reach::AtMost(300.0),
    ));
}
