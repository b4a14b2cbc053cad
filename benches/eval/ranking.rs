//! How well actions are ranked, on simulated incidents over seeds that no weight was fitted on, beside what a person would do
//! without a ranking.

use std::process::Command;

use audittrail::investigation::{Part, Signal, Weights};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::case::{Case, Choice};
use crate::fit::fit;
use crate::incidents::Kind;
use crate::real;
use crate::report::{Reach, Row};

/// The seeds that weights are fitted on: the first of them. Those that the ranking is judged on are drawn by [`drawn`].
const TRAINING: u64 = 1_000_000;

/// The seeds of spikes for the line: the first of them.
const LINE: u64 = 2_000_000;

/// Fresh seeds begin at or after this one, far from those for training.
const FRESH: u64 = 1 << 40;

/// How many incidents the weights are judged on.
pub(crate) const INCIDENTS: u64 = 500;

/// How many times as many they are fitted on, and how many times as many spikes set the line.
const TRAINED: u64 = 4;
const LINED: u64 = 5;

/// The ranking with its tables and weights, in the repository.
const RANKING: &str = "src/investigation/ranking";

/// The events of ordinary days of an organization.
const EVENTS: std::ops::Range<f64> = 10_000.0..100_000.0;

/// The incidents of some seeds, of all kinds in turn.
fn cases(first: u64, count: u64) -> Vec<Case> {
    of_kinds(first, count, Kind::nth)
}

/// Spikes to set the line by.
fn spikes(count: u64) -> Vec<Case> {
    of_kinds(LINE, count * LINED, |_| Kind::Spike)
}

fn of_kinds(first: u64, count: u64, kind: impl Fn(u64) -> Kind + Sync) -> Vec<Case> {
    let case = |number: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(first + number);
        let events = rng.random_range(EVENTS.start.ln()..EVENTS.end.ln()).exp();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 10 000 and 100 000")]
        Case::new(kind(number), first + number, events as usize)
    };
    (0..count).into_par_iter().map(case).collect()
}

/// The first seed of the incidents that the ranking is judged on: drawn by its commit, so that it cannot be known before the
/// last change of its code and tables. A ranking that is not committed has seeds that no commit has.
fn drawn(commit: Option<&str>) -> u64 {
    let hash = Sha256::digest(commit.unwrap_or_default());
    let number = u64::from_be_bytes(hash[..8].try_into().expect("a hash is longer"));
    FRESH + number % FRESH
}

/// The last commit of the ranking; `None` where a file of it differs from that, or there is no repository.
fn committed() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).arg(RANKING).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let is_clean = git(&["status", "--porcelain", "--"])?.is_empty();
    git(&["log", "-1", "--format=%H", "--"]).filter(|commit| is_clean && !commit.is_empty())
}

/// New weights, fitted on the seeds for training, as the text of `weights.csv`.
pub(crate) fn fitted(count: u64) -> String {
    let training = cases(TRAINING, count * TRAINED);
    fit(&training.iter().collect::<Vec<_>>(), &spikes(count), |_| false).write()
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
    let weights = Weights::built_in();
    let commit = committed();
    let first = drawn(commit.as_deref());
    let (fresh, training, spikes) = (cases(first, count), cases(TRAINING, count * TRAINED), spikes(count));
    let origin = commit.map_or_else(
        || format!("NOT COMMITTED: {RANKING} differs from its last commit, these figures belong to none"),
        |commit| format!("{RANKING} of commit {commit}"),
    );
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    rows.push(Row::info(format!("ranking: {origin}; the first fresh seed"), first as f64, ""));
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
    left_out(&fresh, &training, &spikes, rows);
    checks(&caused, weights, first, rows);
    worth(&fresh, (&training, &spikes), rows);
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
fn left_out(fresh: &[Case], training: &[Case], spikes: &[Case], rows: &mut Vec<Row>) {
    let fits: Vec<(Kind, Weights)> = Kind::CAUSED
        .into_par_iter()
        .map(|kind| {
            let others: Vec<&Case> = training.iter().filter(|case| case.kind != kind).collect();
            (kind, fit(&others, spikes, |_| false))
        })
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
fn checks(caused: &[&Case], weights: &Weights, seed: u64, rows: &mut Vec<Row>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
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

/// What the score is fitted without, to see what that is worth.
#[derive(Clone, Copy)]
enum Without {
    Nothing,
    Part(Part),
    /// How the metric went on, and how it was before: what is not known where an onset is given by hand.
    Course,
}

impl Without {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Part(part) => part.as_str(),
            Self::Course => "the span's course",
        }
    }

    fn has(self, signal: Signal) -> bool {
        match self {
            Self::Nothing => false,
            Self::Part(part) => signal.part() == part,
            Self::Course => COURSE.contains(&signal),
        }
    }
}

/// The signals of how a metric went on, and of how it was before.
const COURSE: [Signal; 5] = [Signal::Stays, Signal::Undone, Signal::Passes, Signal::Outlasts, Signal::Spans];

/// What each part of the score is worth: how much is lost without it, fitted anew.
fn worth(fresh: &[Case], (training, spikes): (&[Case], &[Case]), rows: &mut Vec<Row>) {
    let caused: Vec<&Case> = fresh.iter().filter(|case| case.is_caused()).collect();
    let training: Vec<&Case> = training.iter().collect();
    let parts = Part::ALL.into_iter().map(Without::Part);
    let all: Vec<Without> = [Without::Nothing].into_iter().chain(parts).chain([Without::Course]).collect();
    let fits: Vec<(Without, Weights)> =
        all.into_par_iter().map(|without| (without, fit(&training, spikes, |signal| without.has(signal)))).collect();
    for (without, weights) in fits {
        let name = without.name();
        let first = caused.iter().filter(|case| case.named(&weights) == Some(0)).count();
        let three = caused.iter().filter(|case| case.named(&weights).is_some_and(|rank| rank < 3)).count();
        let silent = fresh.iter().filter(|case| !case.is_caused() && case.is_silent(&weights)).count();
        let spikes = fresh.len() - caused.len();
        for (what, hits, all) in
            [("first", first, caused.len()), ("in the first three", three, caused.len()), ("silent", silent, spikes)]
        {
            rows.push(Row::info(format!("worth: without {name}, {what}"), real(hits) / real(all.max(1)), ""));
        }
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
