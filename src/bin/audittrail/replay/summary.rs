//! The result of a soak: a table, a file, and one line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::{Value, json};

use super::injected;
use super::numbers::Numbers;

/// The days from which on each kind of trouble and each habit has to have happened.
const COMPLETE: u32 = 3;

/// The days of all seeds from which on each rule has to have fired that a case makes fire.
pub(super) const ALL_FIRE: u64 = 30;

/// The same for rules about what is new: in the days of one seed, a near miss may come before each case and make it usual.
pub(super) const ALL_NEW: u64 = 300;

/// What did not happen where no firing was compared.
const COMPARED: &str = "firings compared with rsigma's";

/// The correlations that are compared with rsigma's.
#[derive(Debug)]
pub(super) struct Correlations {
    /// The titles of those that rsigma reads.
    pub(super) read: BTreeSet<String>,
    /// How many there are.
    pub(super) all: usize,
    /// Whether they are those that ship, of which enough days have firings.
    pub(super) is_shipped: bool,
}

/// What was to be replayed.
#[derive(Debug)]
pub(super) struct Planned {
    /// The first word of the last line.
    pub(super) name: &'static str,
    pub(super) days: u32,
    /// Whether a fault was planted; such a replay has few hours.
    pub(super) has_fault: bool,
    /// The titles of the shown rules, and from how many days of all seeds on each has to fire; none if no case makes it fire.
    pub(super) rules: Vec<(String, Option<u64>)>,
    /// The correlations that are compared with rsigma's, if any are.
    pub(super) correlations: Option<Correlations>,
}

/// The result of all seeds.
#[derive(Debug)]
pub(super) struct Summary {
    /// The first word of the last line.
    name: &'static str,
    /// The result of each seed.
    seeds: BTreeMap<u64, Numbers>,
    total: Numbers,
    /// The kinds of trouble and the habits that should have happened and did not.
    missing: Vec<&'static str>,
    /// The titles of the rules that fired nowhere.
    silent: Vec<String>,
    /// Those of them that had to fire.
    overdue: Vec<String>,
    /// Those that the truth fired and that were not compared with rsigma's, although so many days should have one that can be.
    not_compared: Vec<String>,
    /// The correlations that were compared with rsigma's, if any were.
    correlations: Option<Correlations>,
}

impl Summary {
    /// The summary of the results of parts, each with its seed. With a planted fault no kind of trouble is missing, and no rule.
    pub(super) fn new(results: impl IntoIterator<Item = (u64, Numbers)>, planned: Planned) -> Self {
        let (mut seeds, mut total) = (BTreeMap::<u64, Numbers>::new(), Numbers::default());
        for (seed, numbers) in results {
            total += &numbers;
            *seeds.entry(seed).or_default() += &numbers;
        }
        let Planned { name, days, has_fault, mut rules, correlations } = planned;
        let mut missing = if days >= COMPLETE && !has_fault { injected::missing(&total) } else { Vec::new() };
        let must_compare = correlations.as_ref().is_some_and(|of| of.is_shipped && !of.read.is_empty());
        if days >= COMPLETE && must_compare && total.compared == 0 {
            missing.push(COMPARED);
        }
        rules.retain(|(title, _)| !total.rules.contains_key(title));
        let all_days = u64::from(days) * seeds.len() as u64;
        let mut not_compared: Vec<String> = Vec::new();
        if all_days >= ALL_FIRE && must_compare {
            let none = total.compared_rules.iter().filter(|(_, compared)| **compared == 0);
            not_compared.extend(none.map(|(title, _)| title.clone()));
        }
        let has_to_fire = |from: Option<u64>| from.is_some_and(|from| all_days >= from) && !has_fault;
        let overdue = rules.iter().filter(|(_, from)| has_to_fire(*from)).map(|(title, _)| title.clone()).collect();
        let silent = rules.into_iter().map(|(title, _)| title).collect();
        Self { name, seeds, total, missing, silent, overdue, not_compared, correlations }
    }

    /// Whether the engine was right, and everything happened that should.
    pub(super) fn is_ok(&self) -> bool {
        let lacks_nothing = self.missing.is_empty() && self.overdue.is_empty() && self.not_compared.is_empty();
        self.total.is_right() && lacks_nothing && self.total.evaluations > 0
    }

    /// The last line.
    pub(super) fn line(&self) -> String {
        let Numbers { missed, doubled, unfounded, evaluations, .. } = self.total;
        let word = if self.is_ok() { "ok" } else { "failed" };
        let name = self.name;
        format!("{name}: {word}, missed={missed} doubled={doubled} false={unfounded} evaluations={evaluations}")
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
        summary["rules_that_had_to_fire"] = json!(self.overdue);
        summary["rules_that_had_to_be_compared"] = json!(self.not_compared);
        summary["seeds"] = seeds.collect();
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seeds =
            table(&["seed", "evaluations", "alerts", "missed", "doubled", "false", "rates, apart", "waited"]);
        let mut add = |name: String, of: &Numbers| {
            let numbers = [of.evaluations, of.fired, of.missed, of.doubled, of.unfounded, of.statistical, of.waited];
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
        if let Some(Correlations { read, all, .. }) = &self.correlations
            && self.total.compared > 0
        {
            let Numbers { compared, undecidable, differing, compared_rules, .. } = &self.total;
            write!(
                f,
                "rsigma, which reads {} of {all} correlations: {compared} firings compared, {differing} differ, ",
                read.len()
            )?;
            writeln!(f, "{undecidable} more that whole seconds cannot tell")?;
            for title in read.iter().filter(|title| compared_rules.get(*title).is_none_or(|compared| *compared == 0)) {
                writeln!(f, "no firing compared: {title}")?;
            }
        }
        for fault in &self.total.faults {
            writeln!(f, "{fault}")?;
        }
        for name in &self.missing {
            writeln!(f, "did not happen: {name}")?;
        }
        for title in &self.overdue {
            writeln!(f, "did not fire, although cases make it fire: {title}")?;
        }
        for title in &self.not_compared {
            writeln!(f, "fired, but no firing could be compared with rsigma's: {title}")?;
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

    fn summary(results: Vec<(u64, Numbers)>, days: u32, has_fault: bool) -> Summary {
        let rules = vec![("Key lost".to_owned(), Some(1)), ("Silent".to_owned(), None)];
        Summary::new(results, Planned { name: "soak", days, has_fault, rules, correlations: None })
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
        assert!(!of(|numbers| numbers.differing = 1));
        assert!(of(|numbers| numbers.undecidable = 1));
        assert!(of(|numbers| numbers.statistical = 1));
        assert!(!summary(Vec::new(), 1, false).is_ok(), "nothing was evaluated");
        assert_eq!(
            summary(vec![(1, numbers(3))], 1, true).line(),
            "soak: failed, missed=3 doubled=0 false=0 evaluations=10"
        );
    }

    #[test]
    fn a_rule_with_a_case_that_never_fires_in_a_month_is_a_failure() {
        let of = |days, seeds: u64, title: &str| {
            let mut all = numbers(0);
            for name in injected::missing(&numbers(0)) {
                all.inject(name, 1);
                all.habits.insert(name.to_owned(), 1);
            }
            let from = (title == "Overdue").then_some(ALL_FIRE);
            let rules = vec![("Key lost".to_owned(), Some(ALL_FIRE)), (title.to_owned(), from)];
            let results = (0..seeds).map(|seed| (seed, all.clone()));
            Summary::new(results, Planned { name: "soak", days, has_fault: false, rules, correlations: None })
        };
        assert!(of(29, 1, "Overdue").is_ok());
        assert!(of(30, 1, "Silent").is_ok());
        assert!(!of(10, 3, "Overdue").is_ok());
        let overdue = of(30, 1, "Overdue");
        assert!(overdue.line().starts_with("soak: failed, missed=0 doubled=0 false=0"));
        assert!(overdue.to_string().contains("did not fire, although cases make it fire: Overdue\n"));
        assert_eq!(overdue.json()["rules_that_had_to_fire"], json!(["Overdue"]));
    }

    #[test]
    fn firings_compared_with_those_of_rsigma_are_counted_and_have_to_be() {
        let with = |compared: u64, differing: u64, days: u32, is_shipped: bool, read: &[&str]| {
            let compared_rules = BTreeMap::from([("Burst".to_owned(), compared), ("Rare".to_owned(), 0)]);
            let mut all = Numbers { compared, differing, undecidable: 3, compared_rules, ..numbers(0) };
            for name in injected::missing(&numbers(0)) {
                all.inject(name, 1);
                all.habits.insert(name.to_owned(), 1);
            }
            let read = read.iter().map(|title| (*title).to_owned()).collect();
            let correlations = Some(Correlations { read, all: 25, is_shipped });
            let planned = Planned { name: "soak", days, has_fault: false, rules: Vec::new(), correlations };
            Summary::new(vec![(1, all.clone()), (1, all)], planned)
        };
        let of = |compared, differing| with(compared, differing, 3, true, &["Burst", "Rare", "Silent"]);
        let line = "rsigma, which reads 3 of 25 correlations: 14 firings compared, 2 differ, 6 more that whole seconds";
        assert!(of(7, 1).to_string().contains(line) && !of(7, 1).is_ok());
        assert!(of(7, 0).is_ok());
        assert!(of(0, 0).to_string().contains("did not happen: firings compared with rsigma's"));
        assert!(with(0, 0, 3, false, &["Burst"]).is_ok(), "own rules may fire nowhere");
        assert!(with(0, 0, 3, true, &[]).is_ok(), "rsigma reads none");
        let text = of(7, 0).to_string();
        assert!(text.contains("no firing compared: Rare\nno firing compared: Silent\n") && !text.contains(": Burst"));
        let soak = with(7, 0, 30, true, &["Burst", "Rare", "Silent"]);
        let line = "fired, but no firing could be compared with rsigma's: Rare\n";
        assert!(!soak.is_ok() && soak.to_string().contains(line), "Silent did not fire");
        assert_eq!(soak.json()["rules_that_had_to_be_compared"], json!(["Rare"]));
        let json = of(7, 1).json();
        assert_eq!((&json["compared"], &json["differing"], &json["undecidable"]), (&json!(14), &json!(2), &json!(6)));
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
