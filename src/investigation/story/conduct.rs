use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::event::{Column, Events, Kind, status_class};

/// What a principal did in a phase: how often each, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// How many events it has.
    pub events: usize,
    /// How many of its calls were refused.
    pub refused: usize,
    /// How many of its log-ins failed.
    pub failed_log_ins: usize,
    /// From where it came.
    pub addresses: Vec<Seen>,
    /// Its user agents: text of the caller's choice.
    pub agents: Vec<Seen>,
    /// Its resources, by name or else by id.
    pub resources: Vec<Seen>,
}

/// A text, and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The text.
    pub text: String,
    /// How often.
    pub count: usize,
    /// Whether the principal has earlier events, and none of them has the text.
    pub is_new: bool,
}

impl Conduct {
    /// A principal's actions in the events of some rows; the events before them tell the new values.
    pub(crate) fn of(events: &Events, principal: &str, phase: Range<usize>, before: Range<usize>) -> Self {
        let own = |rows: Range<usize>| {
            let part = events.slice(rows);
            let mut own = Vec::new();
            part.find(Column::PrincipalId, |id| id == Some(principal), |row| own.push(row));
            part.only(&own)
        };
        let (now, earlier) = (own(phase), own(before));
        let (outcomes, kinds) = (now.text(Column::StatusClass), now.text(Column::Kind));
        let rows = 0..now.len();
        let is_log_in = |row: usize| kinds.get(row) == Some(Kind::Authentication.as_str());
        Self {
            events: now.len(),
            refused: rows.clone().filter(|row| outcomes.get(*row) == Some(status_class::DENIED)).count(),
            failed_log_ins: rows
                .filter(|row| is_log_in(*row) && outcomes.get(*row) == Some(status_class::FAILED))
                .count(),
            addresses: seen(&now, &earlier, &[Column::SourceIp]),
            agents: seen(&now, &earlier, &[Column::UserAgent]),
            resources: seen(&now, &earlier, &[Column::ResourceName, Column::ResourceId]),
        }
    }
}

/// The texts of the first of some columns that has one.
fn seen(now: &Events, earlier: &Events, columns: &[Column]) -> Vec<Seen> {
    let known: HashSet<String> = texts(earlier, columns).into_iter().collect();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for text in texts(now, columns) {
        *counts.entry(text).or_default() += 1;
    }
    let mut seen: Vec<Seen> = counts
        .into_iter()
        .map(|(text, count)| Seen { is_new: !earlier.is_empty() && !known.contains(&text), text, count })
        .collect();
    seen.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
    seen
}

fn texts(events: &Events, columns: &[Column]) -> Vec<String> {
    let columns: Vec<_> = columns.iter().map(|column| events.text(*column)).collect();
    let text = |row: usize| columns.iter().find_map(|column| column.get(row)).map(str::to_owned);
    (0..events.len()).filter_map(text).collect()
}
