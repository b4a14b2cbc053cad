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

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use super::combinations::Combinations;
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

/// Events beside a profile, for the baselines of several rules.
///
/// The events have to be all of a trail's, from the beginning of a UTC day on.
pub(crate) struct Baselines<'a> {
    profile: &'a Profile,
    events: &'a Events,
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
        Self { profile, events }
    }

    /// The rows, of those that a rule selects, for which its baseline holds, of the events from a time on; both ascend.
    pub(crate) fn holding(&self, since: Time, baseline: &Baseline, selected: &[usize]) -> Vec<usize> {
        let times = self.events.times().values();
        // Rows are newest first.
        let recent = selected.partition_point(|row| times[*row] >= since.nanos());
        if recent == 0 {
            return Vec::new();
        }
        let past = Past::new(self.profile, baseline.days);
        match baseline.kind {
            BaselineKind::FirstSeen(combination) => self.first_seen(past, combination, selected, recent),
            BaselineKind::TimesUsual { factor, at_least, by } => {
                self.times_usual(past, &Usual { factor, at_least, by }, &selected[..recent])
            }
        }
    }

    /// The event of a row beside the days before it.
    pub(crate) fn compared(&self, baseline: &Baseline, row: usize) -> Compared {
        let mut past = Past::new(self.profile, baseline.days);
        let act = self.acts(&[row])[0];
        let known = past.known(act.day);
        let since = (1..=baseline.days).rev().map(|days| act.day.before(days)).find(|day| self.profile.knows(*day));
        let numbers = match baseline.kind {
            BaselineKind::FirstSeen(_) => None,
            BaselineKind::TimesUsual { by, .. } => {
                let groups = by.groups(&self.events.slice(self.hours_of(&[row])));
                groups.get(0).filter(|_| known > 0).map(|group| {
                    // Counts are far below 2^53, where whole numbers are exact.
                    #[allow(clippy::cast_precision_loss)]
                    let sum = past.sum(by.hour(&act), act.day) as f64;
                    (groups.events(group), sum / f64::from(known))
                })
            }
        };
        Compared { known, since, numbers }
    }

    /// The rows with a new combination among the first `recent` of the selected ones.
    fn first_seen(&self, mut past: Past<'_>, of: Combination, selected: &[usize], recent: usize) -> Vec<usize> {
        let times = self.events.times().values();
        let combinations = of.combinations(&self.events.only(selected));
        // The first pass, from the oldest event on, finds the first event of each combination and day. What the profile knows takes
        // longer to look up and depends on the combination alone: the second pass looks up one event of each.
        // Of each combination the index of its oldest event, and the newest day so far.
        let mut known: Vec<Option<(usize, Day)>> = vec![None; combinations.count()];
        let (mut oldest, mut firsts) = (Vec::new(), Vec::new());
        for (position, row) in selected.iter().enumerate().rev() {
            let Some(combination) = combinations.get(position) else { continue };
            let day = Day::of(Time::from_nanos(times[*row]));
            let (index, is_first) = match &mut known[combination] {
                Some((index, newest)) => (*index, std::mem::replace(newest, day) != day),
                unknown => {
                    *unknown = Some((oldest.len(), day));
                    oldest.push(*row);
                    (oldest.len() - 1, true)
                }
            };
            if is_first && position < recent {
                firsts.push((*row, index, day));
            }
        }
        // Rows ascend from the newest event on, and so the indexes are those of the reverse.
        oldest.reverse();
        let keys: Vec<Option<Key>> = self.acts(&oldest).iter().rev().map(|act| of.key(act)).collect();
        let mut is_new = |index: usize, day| past.known(day) > 0 && keys[index].is_some_and(|key| !past.has(key, day));
        firsts.into_iter().rev().filter(|(_, index, day)| is_new(*index, *day)).map(|(row, ..)| row).collect()
    }

    fn times_usual(&self, mut past: Past<'_>, usual: &Usual, selected: &[usize]) -> Vec<usize> {
        let times = self.events.times().values();
        // The first pass, from the oldest event on, counts all events of each group and hour, whether the rule selects them or not, and
        // keeps the selected ones that are one of enough: mostly few. The second compares these with the profile, which is looked up
        // once for each group and hour.
        let rows = self.alike(usual.by, selected);
        let groups = usual.by.groups(&self.events.only(&rows));
        let mut hours = vec![Hour::default(); groups.count()];
        // Of each group and hour the first event that is one of enough; and each such event, with the index of the first.
        let (mut firsts, mut enough) = (Vec::new(), Vec::new());
        let mut left = selected.iter().rev().copied().peekable();
        for (position, row) in rows.iter().enumerate().rev() {
            let is_selected = left.next_if_eq(row).is_some();
            let Some(group) = groups.get(position) else { continue };
            let hour = hours[group].at(Time::from_nanos(times[*row]).hour().nanos());
            hour.count += 1;
            if is_selected && hour.count >= usual.at_least {
                let first = *hour.first.get_or_insert(firsts.len());
                if first == firsts.len() {
                    firsts.push(*row);
                }
                enough.push((*row, hour.count, first));
            }
        }
        // What is usual is the same for all events of a group and hour.
        firsts.reverse();
        let acts = self.acts(&firsts);
        let usually: Vec<(u32, u64)> =
            acts.iter().rev().map(|act| (past.known(act.day), past.sum(usual.by.hour(act), act.day))).collect();
        let is_much = |(_, count, first): &(usize, u64, usize)| usual.is_exceeded(*count, usually[*first]);
        enough.into_iter().rev().filter(is_much).map(|(row, ..)| row).collect()
    }

    /// The rows in the hours of some rows that may be of their groups, ascending.
    fn alike(&self, by: UsualOf, rows: &[usize]) -> Vec<usize> {
        let column = match by {
            UsualOf::Principal => Column::PrincipalId,
            UsualOf::PrincipalAndMethod => Column::Method,
        };
        let (events, mut texts) = (self.events.only(rows), HashSet::new());
        events.numbers(column, 0, |text| {
            texts.insert(text);
            0
        });
        let (hours, mut alike) = (self.hours_of(rows), Vec::new());
        let is_alike = |text: Option<&str>| text.is_none_or(|text| texts.contains(text));
        self.events.slice(hours.clone()).find(column, is_alike, |position| alike.push(hours.start + position));
        alike
    }

    /// The rows from the begin of the hour of the oldest of some rows to the newest of them.
    fn hours_of(&self, rows: &[usize]) -> Range<usize> {
        let times = self.events.times().values();
        let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else { return 0..0 };
        let begin = Time::from_nanos(times[*oldest]).hour().nanos();
        *newest..times.partition_point(|time| *time >= begin)
    }

    /// What the profile knows of the events at some rows, which ascend.
    fn acts(&self, rows: &[usize]) -> Vec<Act> {
        self.profile.acts(&self.events.only(rows))
    }
}

impl Combination {
    /// The combinations of events.
    fn combinations(self, events: &Events) -> Combinations {
        let (columns, others): (&[Column], &[Column]) = match self {
            Self::Principal => (&[Column::PrincipalId], &[]),
            Self::Address => (&[Column::SourceIp], &[]),
            Self::Country => (&[Column::Country], &[]),
            Self::PrincipalAndMethod => (&[Column::PrincipalId], &Act::METHOD),
            Self::PrincipalAndAddress => (&[Column::PrincipalId, Column::SourceIp], &[]),
            Self::PrincipalAndCountry => (&[Column::PrincipalId, Column::Country], &[]),
            Self::PrincipalMethodAndResource => (&[Column::PrincipalId, Column::ResourceId], &Act::METHOD),
        };
        Combinations::of(events, columns, others)
    }

    /// The key of an event that has the combination.
    fn key(self, act: &Act) -> Option<Key> {
        match self {
            Self::Principal => Some(act.of_principal()),
            Self::Address => act.of_any_address(),
            Self::Country => act.of_any_country(),
            Self::PrincipalAndMethod => Some(act.of_method()),
            Self::PrincipalAndAddress => act.of_address(),
            Self::PrincipalAndCountry => act.of_country(),
            Self::PrincipalMethodAndResource => act.of_resource(),
        }
    }
}

impl UsualOf {
    /// The groups of events; one that names no principal has none.
    fn groups(self, events: &Events) -> Combinations {
        let others: &[Column] = match self {
            Self::Principal => &[],
            Self::PrincipalAndMethod => &Act::METHOD,
        };
        Combinations::of(events, &[Column::PrincipalId], others)
    }

    /// The key of an event's group and hour.
    fn hour(self, act: &Act) -> Key {
        match self {
            Self::Principal => act.of_own_hour(),
            Self::PrincipalAndMethod => act.of_method_own_hour(),
        }
    }
}

/// The events of a group in an hour, so far.
#[derive(Clone, Copy, Default)]
struct Hour {
    /// Its begin, in nanoseconds since 1970.
    begin: i64,
    count: u64,
    /// The index of the first of the selected events that are one of enough.
    first: Option<usize>,
}

impl Hour {
    /// The events of the group in an hour that is not before this one.
    fn at(&mut self, begin: i64) -> &mut Self {
        if self.begin != begin {
            *self = Self { begin, ..Self::default() };
        }
        self
    }
}

/// What `times_usual` demands.
struct Usual {
    factor: f64,
    at_least: u64,
    by: UsualOf,
}

impl Usual {
    /// Whether so many events in an hour are too many beside the same hour of the known days: how many these are, and the sum of
    /// their events.
    fn is_exceeded(&self, count: u64, (known, sum): (u32, u64)) -> bool {
        if count < self.at_least || known == 0 {
            return false;
        }
        // Counts are far below 2^53, where whole numbers are exact.
        #[allow(clippy::cast_precision_loss)]
        let [count, sum] = [count, sum].map(|number| number as f64);
        count * f64::from(known) >= self.factor * sum
    }
}

#[cfg(test)]
mod tests;
