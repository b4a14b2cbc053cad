//! Groups: the events of a count by the values of some columns, the largest by themselves and the others together.

use std::collections::HashMap;

use super::answer::Answer;
use super::condition::NONE;
use super::dimension::Dimension;
use super::documentation::Topic;
use super::error::Failure;
use super::keys::{self, Keys};
use super::request::Request;
use super::tally::{CountOf, Tally};
use super::text;
use crate::frame::Notice;
use crate::locale::{Language, Sentence};

/// The label of the groups beyond the limit.
pub(super) const OTHER: &str = "other";

/// How events are grouped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grouping<'q> {
    /// The columns whose values distinguish groups.
    pub(super) by: &'q [Dimension],
    /// At most this many groups.
    pub(super) limit: usize,
    /// What makes a group large.
    pub(super) of: CountOf,
}

/// Events grouped by the values of some columns.
pub(super) struct Groups<'a> {
    /// The values of each group: in the order that their columns have, then the largest group first.
    pub(super) keys: Vec<Vec<String>>,
    /// Each event's group.
    of: Vec<u32>,
    /// The values that are counted in each group, where these are counted instead of events.
    values: Option<Keys<'a>>,
}

impl<'a> Groups<'a> {
    /// One group of so many events.
    pub(super) fn one(events: usize) -> Self {
        Self { keys: vec![Vec::new()], of: vec![0; events], values: None }
    }

    /// The groups of a count, and a notice where some are counted together.
    ///
    /// # Errors
    /// When an alert rule's count has more groups than allowed.
    pub(super) fn of(
        grouping: Grouping<'_>,
        answer: &'a Answer,
        request: &Request,
    ) -> Result<(Self, Option<Notice>), Failure> {
        let values = grouping.of.column().map(|column| answer.keys(column));
        let (mut keys, of) = labelled_groups(grouping.by, answer);
        let sizes = Tally::of_all(&of, keys.len(), values.as_ref());
        let found = keys.len();
        let mut order: Vec<usize> = (0..found).collect();
        order.sort_by(|a, b| sizes[*b].cmp(&sizes[*a]).then_with(|| keys[*a].cmp(&keys[*b])));
        order.truncate(grouping.limit);
        // The largest groups are left, in the order of their values where these have one.
        order.sort_by_cached_key(|group| -> Vec<usize> {
            grouping.by.iter().zip(&keys[*group]).map(|(dimension, text)| dimension.rank(text)).collect()
        });
        let mut positions = vec![number_of(order.len()); found];
        order.iter().enumerate().for_each(|(position, group)| positions[*group] = number_of(position));
        let of = of.into_iter().map(|group| positions[group as usize]).collect();
        let mut keys: Vec<Vec<String>> = order.into_iter().map(|group| std::mem::take(&mut keys[group])).collect();
        let notice = beyond_limit(answer.language, grouping.limit, found, request)?;
        if notice.is_some() {
            keys.push(vec![name_of_others(&keys); grouping.by.len()]);
        }
        Ok((Self { keys, of, values }, notice))
    }

    /// A tally of no event.
    pub(super) fn tally(&self) -> Tally<'_> {
        Tally::new(&self.of, self.keys.len(), self.values.as_ref())
    }
}

/// The labels of all groups, and each event's group. Events with the same labels are one group, whether or not they lack a column.
fn labelled_groups(by: &[Dimension], answer: &Answer) -> (Vec<Vec<String>>, Vec<u32>) {
    let columns: Vec<Keys<'_>> = by.iter().map(|dimension| answer.keys(*dimension)).collect();
    let (of, first) = keys::group_rows(answer.events.len(), &columns.iter().collect::<Vec<_>>());
    let mut known: HashMap<Vec<String>, u32> = HashMap::new();
    let numbers = first.iter().map(|row| {
        let labels = columns.iter().map(|keys| label(keys, *row)).collect();
        let next = number_of(known.len());
        *known.entry(labels).or_insert(next)
    });
    let numbers: Vec<u32> = numbers.collect();
    let mut keys = vec![Vec::new(); known.len()];
    for (labels, number) in known {
        keys[number as usize] = labels;
    }
    (keys, of.into_iter().map(|group| numbers[group as usize]).collect())
}

fn number_of(position: usize) -> u32 {
    u32::try_from(position).expect("there are fewer than 2^32 groups")
}

/// The text of an event as a group's label.
fn label(keys: &Keys<'_>, row: usize) -> String {
    keys.get(row).map_or(NONE.to_owned(), |text| text::label(text).into_owned())
}

/// The notice about groups beyond the limit.
fn beyond_limit(language: Language, limit: usize, found: usize, request: &Request) -> Result<Option<Notice>, Failure> {
    if found <= limit {
        return Ok(None);
    }
    if request.from_alert {
        let message = format!(
            "the count has {found} groups. Allowed: groupLimit, which is {limit}; raise it, or narrow the scope"
        );
        return Err(Failure::input(message));
    }
    let folded = Sentence::GroupsFolded { groups: found, folded: found - limit, other: &format!("{OTHER:?}") };
    Ok(Some(Topic::GroupLimit.info(folded.text(language))))
}

/// The label of the groups beyond the limit. Two groups with the same labels are one to Grafana: a group that has this name
/// already does not change.
fn name_of_others(keys: &[Vec<String>]) -> String {
    let mut other = OTHER.to_owned();
    while keys.iter().any(|key| key.iter().all(|text| *text == other)) {
        other = format!("({other})");
    }
    other
}
