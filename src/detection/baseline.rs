//! Rules that compare an event with the days before it.
//!
//! The days are whole UTC days, as many before the event's own as the rule asks for; a
//! [`Profile`](crate::profile::Profile) has the counts of all of their events. So an answer is the same whenever it is given, as
//! long as no further day becomes known and no further event of the day does.
//!
//! - **First seen**: the combination occurred on none of the known days, and the event is the first of its day, of those that
//!   the rule selects, which has it; at equal times the one with the greatest id counts as the first. What the rule does not
//!   select does not take the newness of a later event on the same day: a log-in that succeeds after attempts that failed is
//!   the first one. An event that lacks one of the values does not match. A method is a product's method, for an
//!   Instance's `ServerAction` together with its action, and the resource is the first of the event.
//! - **Times usual**: the events of a group in the UTC clock hour, up to and including this one, are at least as many as the rule
//!   says, and at least so many times the mean of that hour on the known days, those without an event included.
//!
//! Where no day is known, neither matches.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use super::rule::{Baseline, BaselineKind, Combination, UsualOf};
use crate::event::{Column, Events};
use crate::profile::{Act, Day, Key, Past, Profile};
use crate::time::{Interval, Time};

/// How many of the days that a baseline asks for are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The known days of the day with the fewest.
    pub(crate) known: u32,
    /// The days that the baseline asks for.
    pub(crate) of: u32,
}

/// An event beside the days before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compared {
    /// How many of the days are known.
    pub(crate) known: u32,
    /// The oldest of them.
    pub(crate) since: Option<Day>,
    /// Of a rate: the events of the group in the hour, up to this one, and the mean of that hour on the known days.
    pub(crate) numbers: Option<(u64, f64)>,
}

/// Events with their keys in a profile, for the baselines of several rules.
///
/// The events have to be all of a trail's, from the beginning of a UTC day on.
pub(crate) struct Baselines<'a> {
    profile: &'a Profile,
    events: &'a Events,
    /// The keys of the events that a rule has needed so far.
    acts: RefCell<Vec<Option<Known>>>,
}

/// An event's keys in a profile.
#[derive(Clone, Copy)]
struct Known {
    act: Act,
    /// Whether the event names its principal; the act has a stand-in where it does not.
    has_principal: bool,
}

impl Baseline {
    /// How many of the days are known on which events of an interval are judged.
    pub(crate) fn coverage(&self, profile: &Profile, interval: Interval) -> Coverage {
        let last = Day::of(interval.end.max(interval.start.next()) - Duration::from_nanos(1));
        let days = std::iter::successors(Some(Day::of(interval.start)), |day| Some(day.after(1)));
        let known = days.take_while(|day| *day <= last).map(|day| profile.known_of(day, self.days)).min();
        Coverage { known: known.unwrap_or_default(), of: self.days }
    }
}

impl<'a> Baselines<'a> {
    pub(crate) fn new(profile: &'a Profile, events: &'a Events) -> Self {
        Self { profile, events, acts: RefCell::new(vec![None; events.len()]) }
    }

    /// The rows, of those that a rule selects, for which its baseline holds, of the events from a time on; both ascend.
    pub(crate) fn holding(&self, since: Time, baseline: &Baseline, selected: &[usize]) -> Vec<usize> {
        let times = self.events.times().values();
        // Rows are newest first.
        let (recent, earlier) = selected.split_at(selected.partition_point(|row| times[*row] >= since.nanos()));
        if recent.is_empty() {
            return Vec::new();
        }
        let past = Past::new(self.profile, baseline.days);
        match baseline.kind {
            BaselineKind::FirstSeen(combination) => self.first_seen(past, combination, earlier, recent),
            BaselineKind::TimesUsual { factor, at_least, by } => {
                self.times_usual(past, &Usual { factor, at_least, by }, recent)
            }
        }
    }

    /// The event of a row beside the days before it.
    pub(crate) fn compared(&self, baseline: &Baseline, row: usize) -> Compared {
        let mut past = Past::new(self.profile, baseline.days);
        let event = self.acts(std::iter::once(row))[0];
        let day = event.act.day;
        let known = past.known(day);
        let since = (1..=baseline.days).rev().map(|days| day.before(days)).find(|day| self.profile.knows(*day));
        let numbers = match baseline.kind {
            BaselineKind::FirstSeen(_) => None,
            BaselineKind::TimesUsual { by, .. } => event.hour(by).filter(|_| known > 0).map(|hour| {
                let of_hour = self.acts(self.hours_of(&[row]));
                let count = of_hour.into_iter().filter(|other| other.hour(by) == Some(hour)).count() as u64;
                // Counts are far below 2^53, where whole numbers are exact.
                #[allow(clippy::cast_precision_loss)]
                let sum = past.sum(hour, day) as f64;
                (count, sum / f64::from(known))
            }),
        };
        Compared { known, since, numbers }
    }

    fn first_seen(
        &self,
        mut past: Past<'_>,
        combination: Combination,
        earlier: &[usize],
        recent: &[usize],
    ) -> Vec<usize> {
        let with_key = |known: Known| Some((known.act.day, known.key(combination)?));
        let mut seen: HashSet<(Day, Key)> =
            self.acts(earlier.iter().copied()).into_iter().filter_map(with_key).collect();
        let mut holding = Vec::new();
        for (row, known) in recent.iter().zip(self.acts(recent.iter().copied())).rev() {
            if let Some((day, key)) = with_key(known)
                && seen.insert((day, key))
                && past.known(day) > 0
                && !past.has(key, day)
            {
                holding.push(*row);
            }
        }
        holding.reverse();
        holding
    }

    fn times_usual(&self, mut past: Past<'_>, usual: &Usual, selected: &[usize]) -> Vec<usize> {
        let group = |known: Known| Some((known.act.day, known.hour(usual.by)?));
        let mut counts: HashMap<(Day, Key), u64> =
            self.acts(selected.iter().copied()).into_iter().filter_map(group).map(|group| (group, 0)).collect();
        let mut holding = Vec::new();
        let mut left = selected.iter().rev().copied().peekable();
        let rows = self.hours_of(selected);
        for (row, known) in rows.clone().zip(self.acts(rows)).rev() {
            let is_selected = left.next_if_eq(&row).is_some();
            if let Some(group) = group(known)
                && let Some(count) = counts.get_mut(&group)
            {
                *count += 1;
                if is_selected && usual.is_exceeded(*count, group, &mut past) {
                    holding.push(row);
                }
            }
        }
        holding.reverse();
        holding
    }

    /// The rows from the begin of the hour of the oldest of some rows to the newest of them.
    fn hours_of(&self, rows: &[usize]) -> Range<usize> {
        let times = self.events.times().values();
        let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else { return 0..0 };
        let begin = Time::from_nanos(times[*oldest]).hour().nanos();
        *newest..times.partition_point(|time| *time >= begin)
    }

    /// The keys of the events at some rows, which ascend.
    fn acts(&self, rows: impl Iterator<Item = usize> + Clone) -> Vec<Known> {
        let mut acts = self.acts.borrow_mut();
        let unknown: Vec<usize> = rows.clone().filter(|row| acts[*row].is_none()).collect();
        if !unknown.is_empty() {
            let events = self.events.only(&unknown);
            let principals = events.text(Column::PrincipalId);
            for (position, act) in self.profile.acts(&events).into_iter().enumerate() {
                let has_principal = principals.key(position).is_some();
                acts[unknown[position]] = Some(Known { act, has_principal });
            }
        }
        rows.map(|row| acts[row].expect("the acts of all of these rows are known now")).collect()
    }
}

impl Known {
    /// The key of an event's combination; none where it lacks one of the values.
    fn key(&self, combination: Combination) -> Option<Key> {
        let act = &self.act;
        if combination != Combination::Address && combination != Combination::Country && !self.has_principal {
            return None;
        }
        match combination {
            Combination::Principal => Some(act.of_principal()),
            Combination::Address => act.of_any_address(),
            Combination::Country => act.of_any_country(),
            Combination::PrincipalAndMethod => Some(act.of_method()),
            Combination::PrincipalAndAddress => act.of_address(),
            Combination::PrincipalAndCountry => act.of_country(),
            Combination::PrincipalMethodAndResource => act.of_resource(),
        }
    }

    /// The key of an event's group and hour; none where it names no principal.
    fn hour(&self, by: UsualOf) -> Option<Key> {
        self.has_principal.then(|| match by {
            UsualOf::Principal => self.act.of_own_hour(),
            UsualOf::PrincipalAndMethod => self.act.of_method_own_hour(),
        })
    }
}

/// What `times_usual` demands.
struct Usual {
    factor: f64,
    at_least: u64,
    by: UsualOf,
}

impl Usual {
    /// Whether so many events in an hour are too many beside the same hour of the days before.
    fn is_exceeded(&self, count: u64, (day, key): (Day, Key), past: &mut Past<'_>) -> bool {
        let known = past.known(day);
        if count < self.at_least || known == 0 {
            return false;
        }
        // Counts are far below 2^53, where whole numbers are exact.
        #[allow(clippy::cast_precision_loss)]
        let [count, sum] = [count, past.sum(key, day)].map(|number| number as f64);
        count * f64::from(known) >= self.factor * sum
    }
}

#[cfg(test)]
mod tests;
