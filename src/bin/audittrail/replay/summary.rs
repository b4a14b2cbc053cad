//! The result of a soak: a table, a file, and one line.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::{Value, json};

use super::injected;
use super::numbers::Numbers;

/// The days from which on each kind of trouble and each habit has to have happened.
const COMPLETE: u32 = 3;

/// The result of all seeds.
#[derive(Debug)]
pub(super) struct Summary {
    /// The result of each seed.
    seeds: BTreeMap<u64, Numbers>,
    total: Numbers,
    /// The kinds of trouble and the habits that should have happened and did not.
    missing: Vec<&'static str>,
    /// The titles of the rules that fired nowhere.
    silent: Vec<String>,
}

impl Summary {
    /// The summary of the results of parts, each with its seed, of rules that have these titles. With a planted fault, which has few
    /// hours, no kind of trouble is missing.
    pub(super) fn new(
        results: impl IntoIterator<Item = (u64, Numbers)>,
        days: u32,
        has_planted: bool,
        titles: impl Iterator<Item = String>,
    ) -> Self {
        let (mut seeds, mut total) = (BTreeMap::<u64, Numbers>::new(), Numbers::default());
        for (seed, numbers) in results {
            total += &numbers;
            *seeds.entry(seed).or_default() += &numbers;
        }
        let missing = if days >= COMPLETE && !has_planted { injected::missing(&total) } else { Vec::new() };
        let silent = titles.filter(|title| !total.rules.contains_key(title)).collect();
        Self { seeds, total, missing, silent }
    }

    /// Whether the engine was right, and everything happened that should.
    pub(super) fn is_ok(&self) -> bool {
        self.total.is_right() && self.missing.is_empty() && self.total.evaluations > 0
    }

    /// The last line.
    pub(super) fn line(&self) -> String {
        let Numbers { missed, doubled, unfounded, evaluations, .. } = self.total;
        let word = if self.is_ok() { "ok" } else { "failed" };
        format!("soak: {word}, missed={missed} doubled={doubled} false={unfounded} evaluations={evaluations}")
    }

    /// The content of the file.
    pub(super) fn json(&self) -> Value {
        let seeds = self.seeds.iter().map(|(seed, numbers)| {
            let mut of_seed = json!(numbers);
            of_seed["seed"] = (*seed).into();
            of_seed
        });
        let mut summary = json!(self.total);
        summary["ok"] = self.is_ok().into();
        summary["did_not_happen"] = json!(self.missing);
        summary["silent_rules"] = json!(self.silent);
        summary["seeds"] = seeds.collect();
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seeds = table(&["seed", "evaluations", "alerts", "missed", "doubled", "false", "rates, apart"]);
        let mut add = |name: String, of: &Numbers| {
            let numbers = [of.evaluations, of.fired, of.missed, of.doubled, of.unfounded, of.statistical];
            seeds.add_row(std::iter::once(name).chain(numbers.map(|number| number.to_string())));
        };
        self.seeds.iter().for_each(|(seed, numbers)| add(seed.to_string(), numbers));
        if self.seeds.len() > 1 {
            add("all".to_owned(), &self.total);
        }
        writeln!(f, "{seeds}")?;
        let mut happened = table(&["what happened", "times"]);
        for (name, times) in self.total.injected.iter().chain(&self.total.habits) {
            happened.add_row([name.clone(), times.to_string()]);
        }
        writeln!(f, "{happened}")?;
        let fired = self.total.rules.len();
        writeln!(f, "{fired} rules fired, {} were silent", self.silent.len())?;
        for fault in &self.total.faults {
            writeln!(f, "{fault}")?;
        }
        for name in &self.missing {
            writeln!(f, "did not happen: {name}")?;
        }
        f.write_str(&self.line())?;
        f.write_char('\n')
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(missed: u64) -> Numbers {
        let rules = BTreeMap::from([("Key lost".to_owned(), 2)]);
        Numbers { evaluations: 10, fired: 2, missed, rules, ..Numbers::default() }
    }

    fn summary(results: Vec<(u64, Numbers)>, days: u32, has_planted: bool) -> Summary {
        let titles = ["Key lost", "Silent"].map(str::to_owned);
        Summary::new(results, days, has_planted, titles.into_iter())
    }

    #[test]
    fn parts_add_up_to_seeds_and_seeds_to_one_line() {
        let summary = summary(vec![(1, numbers(0)), (1, numbers(0)), (2, numbers(0))], 1, false);
        assert_eq!(summary.line(), "soak: ok, missed=0 doubled=0 false=0 evaluations=30");
        let json = summary.json();
        assert_eq!((&json["ok"], &json["evaluations"]), (&json!(true), &json!(30)));
        assert_eq!((&json["seeds"][0]["evaluations"], &json["seeds"][1]["seed"]), (&json!(20), &json!(2)));
        assert_eq!((&json["rules"]["Key lost"], &json["silent_rules"]), (&json!(6), &json!(["Silent"])));
        let text = summary.to_string();
        assert!(text.contains("│ all  ┆ 30 ") && text.ends_with(&(summary.line() + "\n")), "{text}");
    }

    #[test]
    fn each_fault_turns_the_line_to_failed_and_rates_do_not() {
        let of = |change: fn(&mut Numbers)| {
            let mut changed = numbers(0);
            change(&mut changed);
            summary(vec![(1, numbers(0)), (2, changed)], 1, false).is_ok()
        };
        assert!(of(|_| {}));
        assert!(!of(|numbers| numbers.missed = 1));
        assert!(!of(|numbers| numbers.doubled = 1));
        assert!(!of(|numbers| numbers.unfounded = 1));
        assert!(!of(|numbers| numbers.unnamed = 1));
        assert!(!of(|numbers| numbers.misnamed = 1));
        assert!(of(|numbers| numbers.statistical = 1));
        assert!(!summary(Vec::new(), 1, false).is_ok(), "nothing was evaluated");
        assert_eq!(
            summary(vec![(1, numbers(3))], 1, true).line(),
            "soak: failed, missed=3 doubled=0 false=0 evaluations=10"
        );
    }

    #[test]
    fn three_days_without_trouble_prove_nothing() {
        assert!(summary(vec![(1, numbers(0))], 2, false).is_ok());
        assert!(summary(vec![(1, numbers(0))], 3, true).is_ok());
        let lacking = summary(vec![(1, numbers(0))], 3, false);
        assert!(lacking.line().starts_with("soak: failed, missed=0"));
        assert!(lacking.to_string().contains("did not happen: restarts of the plugin"));
    }
}
