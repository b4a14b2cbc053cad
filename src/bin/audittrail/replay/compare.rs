//! The alert instances of a replay beside the truth.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use super::judge::{Hit, Row};
use super::numbers::Numbers;

/// The most alert instances that are listed of each fault.
const LISTED: usize = 10;

/// The missed, doubled and false alerts of a replay.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Alert instances that should have fired.
    pub(super) missed: BTreeSet<Row>,
    /// Alert instances that counted a match more than once.
    pub(super) doubled: BTreeSet<Row>,
    /// Alert instances that should not have fired.
    pub(super) unfounded: BTreeSet<Row>,
    /// The same of rules that compare a rate with the usual one, which are statistical.
    pub(super) statistical: BTreeSet<Row>,
    /// Alert instances that fired as they should.
    pub(super) fired: BTreeSet<Row>,
}

/// The truth in two versions, between which an answer may be: events that appear later than the lag may count or not.
#[derive(Debug)]
pub(super) struct Truth {
    /// Without the late events.
    in_time: Vec<Hit>,
    /// With all.
    all: Vec<Hit>,
    /// The labels of rules that are statistical.
    statistical: HashSet<String>,
}

/// The numbers that an answer may have for an alert instance.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    least: i64,
    most: i64,
}

/// The numbers that an answer may have.
#[derive(Debug)]
pub(super) struct Allowed(BTreeMap<Row, Bounds>);

impl Allowed {
    /// Whether an alert instance may have so many matches.
    pub(super) fn has(&self, row: &Row, matches: i64) -> bool {
        let Bounds { least, most } = self.0.get(row).copied().unwrap_or_default();
        (least..=most).contains(&matches)
    }
}

impl Truth {
    pub(super) fn new(in_time: Vec<Hit>, all: Vec<Hit>, statistical: HashSet<String>) -> Self {
        Self { in_time, all, statistical }
    }

    /// The hits that count whether or not late events do.
    pub(super) fn certain(&self) -> impl Iterator<Item = &Hit> {
        let all: HashSet<(usize, i64)> = self.all.iter().map(|hit| (hit.rule, hit.time)).collect();
        self.in_time.iter().filter(move |hit| all.contains(&(hit.rule, hit.time)))
    }

    /// Compares the answer to an evaluation of the range from `from` to `to`, of which the trail shows all before `shown`. `alone` is
    /// the title of the rule that was evaluated, if it was not all of them.
    pub(super) fn compare(
        &self,
        answer: &BTreeMap<Row, i64>,
        (from, to, shown): (i64, i64, i64),
        alone: Option<&str>,
        findings: &mut Findings,
    ) {
        let mut bounds = self.bounds(from, to, shown);
        bounds.retain(|row, _| alone.is_none_or(|title| row.rule == title));
        for (row, Bounds { least, most }) in &bounds {
            let value = answer.get(row).copied().unwrap_or_default();
            let of_row = |set: &mut BTreeSet<Row>| set.insert(row.clone());
            if value < *least {
                of_row(if self.statistical.contains(&row.rule) {
                    &mut findings.statistical
                } else {
                    &mut findings.missed
                });
            } else if value > *most {
                of_row(if self.statistical.contains(&row.rule) {
                    &mut findings.statistical
                } else {
                    &mut findings.doubled
                });
            }
            if value > 0 && value >= *least {
                findings.fired.insert(row.clone());
            }
        }
        for row in answer.keys().filter(|row| !bounds.contains_key(row)) {
            let is_statistical = self.statistical.contains(&row.rule);
            let set = if is_statistical { &mut findings.statistical } else { &mut findings.unfounded };
            set.insert(row.clone());
        }
    }

    /// The numbers that the answer to an evaluation of the range from `from` to `to` may have.
    pub(super) fn allowed(&self, (from, to, shown): (i64, i64, i64)) -> Allowed {
        Allowed(self.bounds(from, to, shown))
    }

    fn bounds(&self, from: i64, to: i64, shown: i64) -> BTreeMap<Row, Bounds> {
        let (mut counts, mut bounds): (BTreeMap<&Row, [i64; 2]>, BTreeMap<Row, Bounds>) = Default::default();
        for (version, hits) in [&self.in_time, &self.all].into_iter().enumerate() {
            let within =
                |end: i64| hits.partition_point(|hit| hit.time < from)..hits.partition_point(|hit| hit.time < end);
            for hit in hits.get(within(to.max(from))).into_iter().flatten() {
                counts.entry(&hit.row).or_default()[version] += 1;
                // Events that the trail may not show yet are not required.
                let least = &mut bounds.entry(hit.row.clone()).or_default().least;
                *least += i64::from(hit.time < shown && version == 0);
            }
        }
        for (row, [in_time, all]) in counts {
            let bounds = bounds.get_mut(row).expect("each counted row has bounds");
            bounds.most = in_time.max(all);
            bounds.least = bounds.least.min(all);
        }
        bounds
    }

    /// Adds the alert instances of some times that no evaluation has shown, however late.
    pub(super) fn never_shown(&self, times: Range<i64>, findings: &mut Findings) {
        let certain = self.certain().filter(|hit| times.contains(&hit.time));
        let certain: BTreeSet<Row> = certain.map(|hit| hit.row.clone()).collect();
        for row in
            certain.into_iter().filter(|row| !findings.fired.contains(row) && !self.statistical.contains(&row.rule))
        {
            findings.missed.insert(row);
        }
    }
}

impl Findings {
    /// The findings as numbers, with the beginnings of their lists.
    pub(super) fn numbers(&self) -> Numbers {
        let count = |rows: &BTreeSet<Row>| rows.len() as u64;
        let mut numbers = Numbers {
            fired: count(&self.fired),
            missed: count(&self.missed),
            doubled: count(&self.doubled),
            unfounded: count(&self.unfounded),
            statistical: count(&self.statistical),
            ..Numbers::default()
        };
        for row in &self.fired {
            *numbers.rules.entry(row.rule.clone()).or_default() += 1;
        }
        for (word, rows) in [
            ("missed", &self.missed),
            ("doubled", &self.doubled),
            ("false", &self.unfounded),
            ("statistical", &self.statistical),
        ] {
            numbers.faults.extend(rows.iter().take(LISTED).map(|row| format!("{word}: {row}")));
        }
        numbers
    }
}
