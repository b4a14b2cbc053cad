//! The simulated incidents of the evaluation: what they are, that they give no answer away, and a small share of its figures.
#![cfg(feature = "terminal")]

#[path = "../benches/eval/case.rs"]
#[expect(dead_code, reason = "the evaluation measures more")]
mod case;
#[path = "../benches/eval/incidents/mod.rs"]
#[expect(dead_code, reason = "the evaluation names the kinds")]
mod incidents;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use audittrail::investigation::Weights;
use case::Case;
use incidents::{Incident, Kind};

/// Seeds of neither the training nor the evaluation.
const SEEDS: u64 = 5_000_000;

/// The events of ordinary days, fewer than the evaluation's.
const EVENTS: usize = 1_500;

fn cases() -> Vec<Case> {
    (0..40).map(|number| Case::new(Kind::nth(number), SEEDS + number, EVENTS)).collect()
}

#[test]
fn a_small_share_of_the_incidents_is_ranked_well_and_permuted_causes_by_chance() {
    let (cases, weights) = (cases(), Weights::built_in());
    let caused: Vec<&Case> = cases.iter().filter(|case| case.is_caused()).collect();
    // The table of effects lacks half of these causes.
    let candidates = caused.iter().filter(|case| case.rank(weights.numbers()).is_some_and(|rank| rank < 3)).count();
    let suspects = caused.iter().filter(|case| case.named(weights).is_some_and(|rank| rank < 3)).count();
    let silent = cases.iter().filter(|case| !case.is_caused() && case.is_silent(weights)).count();
    assert_eq!((caused.len(), cases.len()), (26, 40));
    assert!(
        candidates >= 23 && suspects >= 16 && silent >= 12,
        "of 26 causes, {candidates} among the first three candidates and {suspects} among the first three suspects; \
         {silent} of 14 spikes without a suspect"
    );

    // Any candidate, taken for the cause, is first as often as by chance.
    let chance: f64 = caused.iter().map(|case| 1.0 / f64::from(u32::try_from(case.choices.len()).expect("few"))).sum();
    let permuted = caused.iter().enumerate().filter(|(number, case)| {
        let taken = &case.choices[(number * 31 + 17) % case.choices.len()];
        case.ranked(weights.numbers()).first().is_some_and(|(_, first)| std::ptr::eq(*first, taken))
    });
    let hits = f64::from(u32::try_from(permuted.count()).expect("few"));
    assert!(hits <= chance + 4.0, "{hits} hits, {chance} by chance");
}

#[test]
fn the_same_seed_is_the_same_incident() {
    let [one, other] = [(); 2].map(|()| Incident::new(Kind::Export, SEEDS, 300));
    assert_eq!((one.symptom, one.culprits, one.events.len()), (other.symptom, other.culprits, other.events.len()));
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn the_generator_and_the_ranking_share_no_table() {
    for file in files("benches/eval/incidents") {
        let text = fs::read_to_string(&file).expect("source");
        for shared in ["include_str", ".csv", "Effects", "Effect::", "Weights", "Signal", "RuleSet", "sandbox", "rank("]
        {
            assert!(!text.contains(shared), "{} contains {shared}", file.display());
        }
    }
    for file in files("src/investigation/ranking") {
        let text = fs::read_to_string(&file).expect("source");
        for shared in ["benches", "sandbox", "incidents"] {
            assert!(!text.contains(shared), "{} contains {shared}", file.display());
        }
    }
}

/// The methods and products that Scaleway documents, the names of its own machinery, and the simulation's region.
fn real() -> HashSet<&'static str> {
    let documented = include_str!("../src/risk/documented_methods.txt");
    let routines = include_str!("../src/sandbox/tables/routines.tsv");
    documented.split([':', ' ', '\n']).chain(routines.split(['\t', '\n'])).chain(["fr-par"]).collect()
}

/// Whether a text looks like the name of a method, such as `UpdatePool`, or of a routine, such as `backup-scheduler`.
fn is_name(text: &str) -> bool {
    let letters = text.as_bytes();
    let joined = |of: fn(&u8, &u8) -> bool| letters.windows(2).any(|pair| of(&pair[0], &pair[1]));
    let is_method = letters.iter().all(u8::is_ascii_alphabetic)
        && letters.first().is_some_and(u8::is_ascii_uppercase)
        && joined(|one, next| one.is_ascii_lowercase() && next.is_ascii_uppercase());
    let is_routine = letters.iter().all(|letter| letter.is_ascii_lowercase() || *letter == b'-')
        && joined(|one, next| one.is_ascii_lowercase() && *next == b'-');
    is_method || is_routine
}

#[test]
fn the_ranking_knows_no_name_that_only_the_generator_has() {
    let texts =
        |folder| -> String { files(folder).iter().map(|file| fs::read_to_string(file).expect("source")).collect() };
    let (generator, ranking, real) = (texts("benches/eval/incidents"), texts("src/investigation/ranking"), real());
    let (known, invented): (HashSet<&str>, HashSet<&str>) =
        generator.split('"').filter(|text| is_name(text)).partition(|name| real.contains(name));
    assert!(known.contains("SetBackendServers") && known.contains("backup-scheduler"), "{known:?}");
    assert!(invented.len() > 30, "names are recognized: {invented:?}");
    let shared: Vec<&str> = invented.into_iter().filter(|name| ranking.contains(*name)).collect();
    assert!(shared.is_empty(), "the ranking has names that the generator invented: {shared:?}");
}
