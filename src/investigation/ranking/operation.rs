//! What the words of a method's name say: how much likelier they are among public operations that move a runtime metric.
//!
//! `operations.csv` has operations of 33 services of three clouds that run something, each judged once, by its name, the
//! beginning of its documentation and common knowledge: whether a call on a running resource usually or often moves a metric of
//! it, its parent or its members within an hour. Of each service's operations that change something, in alphabetical order, it
//! has every second one, and every fourth one of EC2 and of Google's Compute Engine, which have some 550 each; a dozen that
//! only read are left out. The names are of the service models in botocore 1.44.8 (Apache 2.0), of the discovery documents in
//! google-api-python-client 2.202.0 (Apache 2.0), and of azure-mgmt-compute 39.0.0, azure-mgmt-containerservice 41.8.0 and
//! azure-mgmt-sql 4.0.0 (MIT). No product of Scaleway is among them.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

/// As many imagined operations, as many of which move as of all, join those with a feature: one seen once says little, one
/// never seen nothing. Of 1, 2, 3, 4, 6, 8 and 16, the number with the least log loss on a service by all the others.
const IMAGINED: f64 = 4.0;

/// The most that a name says, 12 to 1. On services left out, 2 predicts worse and no bound hardly better, and a few words that
/// were judged wrongly must not outweigh other signals.
const BOUND: f64 = 2.5;

/// Names of so many words or more are alike. On services left out, the number of words lessens the log loss, and 5 does less.
const MANY: usize = 4;

#[derive(Deserialize)]
struct Operation {
    operation: String,
    moves: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Yes,
    No,
}

/// What names are compared by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Feature {
    Verb(String),
    Noun(String),
    /// The verb and the last noun, as restoring a snapshot is other than deleting one.
    Pair(String, String),
    /// The number of words: a verb and the resource alone act on the resource itself, more words on an aspect of it.
    Words(usize),
}

/// The features of a method's name: those of its verb and its length, and each of its nouns once.
struct Name {
    verb: Vec<Feature>,
    nouns: Vec<Feature>,
}

impl Name {
    /// Reads `RebootDBInstances`, `clusters.nodePools.setSize`, `VirtualMachines_Restart` or `reboot-instance`: the verb begins
    /// the part after the last dot or underscore.
    fn of(method: &str) -> Option<Self> {
        let (resources, act) = method.rsplit_once(['.', '_']).unwrap_or(("", method));
        let mut act = words(act).into_iter();
        let verb = act.next()?;
        let nouns: Vec<String> = words(resources).into_iter().chain(act).collect();
        let number = Feature::Words((nouns.len() + 1).min(MANY));
        let pair = nouns.last().map(|noun| Feature::Pair(verb.clone(), noun.clone()));
        let distinct: BTreeSet<String> = nouns.into_iter().collect();
        Some(Self {
            verb: [Feature::Verb(verb), number].into_iter().chain(pair).collect(),
            nouns: distinct.into_iter().map(Feature::Noun).collect(),
        })
    }
}

/// The words of a name in small letters and the singular.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let small = |index: usize| letters.get(index).is_some_and(char::is_ascii_lowercase);
    let mut words = vec![String::new()];
    for (index, &letter) in letters.iter().enumerate() {
        // `DBCluster` is two words, and `IPs` is one.
        let plural = letters.get(index + 1) == Some(&'s') && !small(index + 2);
        let begins = letter.is_ascii_uppercase()
            && index.checked_sub(1).is_some_and(|before| small(before) || small(index + 1) && !plural);
        if begins || !letter.is_ascii_alphabetic() {
            words.push(String::new());
        }
        if letter.is_ascii_alphabetic() {
            words.last_mut().expect("there is a first word").push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().map(singular).collect()
}

fn singular(mut word: String) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if word.len() > 2 && word.ends_with('s') && !word.ends_with("ss") {
        word.pop();
    }
    word
}

/// How much each feature speaks for an operation that moves a metric.
struct Speech(HashMap<Feature, f64>);

impl Speech {
    fn learn<'a>(operations: impl Iterator<Item = &'a Operation>) -> Self {
        let (mut moving, mut all) = (0.0, 0.0);
        let mut counts: HashMap<Feature, (f64, f64)> = HashMap::new();
        for operation in operations {
            let moves = f64::from(u8::from(operation.moves == Answer::Yes));
            (moving, all) = (moving + moves, all + 1.0);
            let name = Name::of(&operation.operation);
            for feature in name.into_iter().flat_map(|name| name.verb.into_iter().chain(name.nouns)) {
                let (moving, all) = counts.entry(feature).or_default();
                (*moving, *all) = (*moving + moves, *all + 1.0);
            }
        }
        let share: f64 = moving / all;
        let odds = |moving: f64, all: f64| (moving / (all - moving)).ln();
        let speaks = |(moving, all)| odds(moving + IMAGINED * share, all + IMAGINED) - odds(share, 1.0);
        Self(counts.into_iter().map(|(feature, count)| (feature, speaks(count))).collect())
    }

    /// The sum over the features. That over the nouns is divided by the root of their number, as the nouns of one name go
    /// together and say the same several times.
    fn evidence(&self, method: &str) -> f64 {
        let Some(name) = Name::of(method) else { return 0.0 };
        let sum = |features: &[Feature]| features.iter().filter_map(|feature| self.0.get(feature)).sum::<f64>();
        let number: f64 = name.nouns.iter().map(|_| 1.0).sum();
        (sum(&name.verb) + sum(&name.nouns) / number.max(1.0).sqrt()).clamp(-BOUND, BOUND)
    }
}

fn operations() -> Vec<Operation> {
    let rows = csv::Reader::from_reader(include_str!("operations.csv").as_bytes()).into_deserialize();
    rows.map(|row| row.expect("operations.csv is well formed")).collect()
}

/// The logarithm of how much likelier the words of a method's name are among operations that move a metric than among those
/// that do not; 0 for words never seen.
pub(super) fn evidence(method: &str) -> f64 {
    static SPEECH: LazyLock<Speech> = LazyLock::new(|| Speech::learn(operations().iter()));
    SPEECH.evidence(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a name of an operation that moves has more evidence than one of an operation that does not.
    fn area(names: &[(f64, bool)]) -> f64 {
        let of = |moves| names.iter().filter(move |name| name.1 == moves).map(|name| name.0);
        let wins = of(true).flat_map(|one| of(false).map(move |other| (one, other)));
        let (won, all) = wins.fold((0.0, 0.0), |(won, all), (one, other)| {
            let won_now = if one > other { 1.0 } else { f64::from(u8::from(one >= other)) / 2.0 };
            (won + won_now, all + 1.0)
        });
        won / all
    }

    #[test]
    fn operations_of_a_service_are_told_apart_by_those_of_the_others() {
        #[derive(Deserialize)]
        struct Of {
            provider: String,
            service: String,
        }
        let rows = csv::Reader::from_reader(include_str!("operations.csv").as_bytes()).into_deserialize();
        let services: Vec<(String, String)> =
            rows.map(|row: Result<Of, _>| row.unwrap()).map(|row| (row.provider, row.service)).collect();
        let operations = operations();
        let with = || services.iter().zip(&operations);
        let mut names = Vec::new();
        for service in services.iter().collect::<BTreeSet<_>>() {
            let others = with().filter(|(of, _)| *of != service).map(|(_, operation)| operation);
            let speech = Speech::learn(others);
            let own = with().filter(|(of, _)| *of == service);
            names.extend(own.map(|(_, own)| (speech.evidence(&own.operation), own.moves == Answer::Yes)));
        }
        let area = area(&names);
        assert!(names.len() > 1_000 && area > 0.77, "{area} of {}", names.len());
    }

    #[test]
    fn names_of_methods_in_the_table_of_effects_agree_with_their_rows() {
        let mut methods: HashMap<(String, String), bool> = HashMap::new();
        for row in csv::Reader::from_reader(include_str!("effects.csv").as_bytes()).into_records() {
            let row = row.unwrap();
            // `*` is each other method; Scaleway's own doing has names in small letters, and no methods.
            if row[1].starts_with(|letter: char| letter.is_ascii_uppercase()) {
                *methods.entry((row[0].to_owned(), row[1].to_owned())).or_default() |= &row[3] != "-";
            }
        }
        let names: Vec<(f64, bool)> = methods.iter().map(|((_, method), moves)| (evidence(method), *moves)).collect();
        let area = area(&names);
        assert!(area > 0.64, "{area} of {}", names.len());
    }

    #[test]
    fn names_of_public_operations_speak_for_a_moved_metric_or_against_it() {
        let known: Vec<String> = operations().into_iter().map(|row| row.operation).collect();
        let evidence = |method: &str| {
            assert!(!known.iter().any(|name| name == method), "{method} is in the table");
            evidence(method)
        };
        for moving in
            ["StopDBInstance", "RebootBroker", "ResizeCluster", "apps.restart", "failover-shard", "Servers_PowerOff"]
        {
            assert!(evidence(moving) > 0.5, "{moving}: {}", evidence(moving));
        }
        for resting in [
            "CreateCostAllocationTag",
            "DeleteContactInformation",
            "UpdateNotificationSettings",
            "buckets.setIamPolicy",
            "put-log-policy",
            "TagRole",
        ] {
            assert!(evidence(resting) < -0.5, "{resting}: {}", evidence(resting));
        }
    }

    #[test]
    fn words_never_seen_say_no_more_than_their_number_and_many_no_more_than_the_bound() {
        assert!(["", "-", "量子"].iter().all(|method| evidence(method) == 0.0));
        assert_eq!(evidence("EntangleQubits").to_bits(), evidence("BefuddleTeapots").to_bits());
        let names = operations();
        let most = names.iter().map(|name| evidence(&name.operation).abs()).fold(0.0, f64::max);
        assert_eq!(most.to_bits(), BOUND.to_bits());
    }

    #[test]
    fn a_name_has_words_in_any_spelling() {
        for (name, expected) in [
            ("RebootDBInstances", "reboot db instance"),
            ("ReleaseIPs", "release ip"),
            ("UpdateIPSet", "update ip set"),
            ("setIamPolicies", "set iam policy"),
            ("reboot-db-instance", "reboot db instance"),
            ("DeleteAddress", "delete address"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }
}
