use std::collections::HashMap;

use super::act::{Act, acts};
use super::day::Day;
use super::days::{DaySet, Profile};
use super::finding::{Finding, Method, Part};
use super::key::{Key, MANY};
use super::level::Level;
use super::rhythm::{Cycle, Rhythm, usual_hour};
use crate::event::{Derivation, Events};
use crate::time::hours_around;

/// A principal that was active on fewer days has no usual hours.
const DAYS_WITH_HOURS: u32 = 5;

/// With fewer addresses, a principal does not have another one nearly every time.
const MANY_ADDRESSES: usize = 5;

/// With fewer resources, a method is not called on another one nearly every time.
const MANY_RESOURCES: usize = 3;

/// How many more rows a chunk has than are asked for, where the rows alone are judged.
const FEW: usize = 8;

/// Judges events by a profile, with each look-up done once.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    profile: &'a Profile,
    sets: HashMap<Key, DaySet>,
    windows: HashMap<Day, DaySet>,
    varying: HashMap<(u64, Day), bool>,
    levels: HashMap<Act, Level>,
}

impl Profile {
    /// The number of each event's [`Level`]. Events are judged once, together with the other events of their chunks, until
    /// the profile changes; a few of many are judged by themselves.
    pub(crate) fn levels(&self, events: &Events) -> Vec<u16> {
        if self.cost(events) / FEW > events.len() {
            return Judge::new(self).levels(&events.whole_columns());
        }
        events.derived(Derivation::Novelty, self.version(), |events| Judge::new(self).levels(events).into())
    }

    /// The number of rows that [`levels`](Self::levels) may have to judge for these events.
    pub(crate) fn cost(&self, events: &Events) -> usize {
        events.not_derived(Derivation::Novelty, self.version())
    }
}

impl<'a> Judge<'a> {
    pub(crate) fn new(profile: &'a Profile) -> Self {
        let (sets, windows, varying, levels) = Default::default();
        Self { profile, sets, windows, varying, levels }
    }

    fn levels(&mut self, events: &Events) -> Vec<u16> {
        let acts = acts(&self.profile.salt, events);
        acts.iter().map(|act| self.level(act).number()).collect()
    }

    /// How usual each event is, and why.
    pub(crate) fn findings(&mut self, events: &Events) -> Vec<Finding> {
        let acts = acts(&self.profile.salt, events);
        acts.iter().map(|act| Finding { rhythm: Some(self.rhythm(act)), ..self.finding(act) }).collect()
    }

    fn level(&mut self, act: &Act) -> Level {
        if let Some(level) = self.levels.get(act) {
            return *level;
        }
        let level = self.finding(act).level;
        self.levels.insert(*act, level);
        level
    }

    /// The finding without the rhythm, which the level does not depend on.
    fn finding(&mut self, act: &Act) -> Finding {
        let window = self.window(act.day);
        let known = window.len();
        let method = self.method(act, window);
        let address = self.part(act, window, act.of_address(), act.of_any_address(), MANY_ADDRESSES);
        // Nobody has another country each time.
        let country = self.part(act, window, act.of_country(), act.of_any_country(), usize::MAX);
        let resource = self.part(act, window, act.of_resource(), None, MANY_RESOURCES);
        let new_hour = self.is_new_hour(act, window).then_some(act.hour);
        let mut level = match method {
            _ if known == 0 => Level::Unknown,
            Method::NewPrincipal | Method::NewToAll | Method::New => Level::First,
            Method::Known(..) => self.level_of_method(act, window),
        };
        for part in [address, country].into_iter().flatten() {
            level = level.min(part.level().unwrap_or(level));
        }
        if new_hour.is_some() || resource.is_some_and(|part| part.level() == Some(Level::First)) {
            level = level.min(Level::Rare);
        }
        Finding { level, known, method, address, country, resource, new_hour, rhythm: None }
    }

    fn method(&mut self, act: &Act, window: DaySet) -> Method {
        let key = act.of_method();
        let days = self.days(key, window);
        if !days.is_empty() {
            return Method::Known(days.len());
        }
        if self.days(act.of_principal(), window).is_empty() {
            return Method::NewPrincipal;
        }
        let is_new = self.profile.of(window).all(|(_, tally)| tally.items(key.list).is_empty());
        if is_new { Method::NewToAll } else { Method::New }
    }

    fn rhythm(&mut self, act: &Act) -> Rhythm {
        let window = self.window(act.day);
        let days = self.days(act.of_method(), window);
        let [days, known] = [days, window].map(|set| self.profile.of(set).map(|(day, _)| day).collect::<Vec<_>>());
        Rhythm { cycle: Cycle::of(&days, &known), hour: self.usual_hour(act, window) }
    }

    /// What occurs on the same day of each week is as usual as what occurs daily.
    fn level_of_method(&mut self, act: &Act, window: DaySet) -> Level {
        let days = self.days(act.of_method(), window);
        let is_weekly = |set: DaySet| {
            let same = self.profile.of(set).filter(|(day, _)| day.weekday() == act.day.weekday());
            same.count()
        };
        let (done, weeks) = (is_weekly(days), is_weekly(window));
        if weeks >= 3 && done == weeks { Level::Usual } else { Level::of_days(days.len(), window.len()) }
    }

    /// `many` is from how many items on a list may have another one nearly every time.
    fn part(&mut self, act: &Act, window: DaySet, key: Option<Key>, any: Option<Key>, many: usize) -> Option<Part> {
        let key = key?;
        let days = self.days(key, window).len();
        let new_to_all = any.is_some_and(|any| self.days(any, window).is_empty());
        let varies = days == 0 && self.varies(act.day, window, key.list, many);
        let active = self.days(act.of_principal(), window).len();
        Some(Part { days, active, new_to_all, varies })
    }

    /// Whether a list has at least `many` items, most of which occurred on one day only, or too many to be listed.
    fn varies(&mut self, day: Day, window: DaySet, list: u64, many: usize) -> bool {
        *self.varying.entry((list, day)).or_insert_with(|| {
            let mut items: Vec<u32> =
                self.profile.of(window).flat_map(|(_, tally)| tally.items(list)).copied().collect();
            let each_day = items.len();
            items.sort_unstable();
            items.dedup();
            items.contains(&MANY) || (items.len() >= many && each_day * 2 < items.len() * 3)
        })
    }

    /// Whether a principal that has hours was never active at this one, or one beside it.
    fn is_new_hour(&mut self, act: &Act, window: DaySet) -> bool {
        if self.days(act.of_principal(), window).len() < DAYS_WITH_HOURS {
            return false;
        }
        let near = hours_around(act.hour).map(|hour| act.of_hour(hour));
        near.into_iter().fold(DaySet::default(), |all, key| all.or(self.days(key, window))).is_empty()
    }

    fn usual_hour(&mut self, act: &Act, window: DaySet) -> Option<u8> {
        let mut hours = [0; 24];
        for (hour, days) in (0..).zip(&mut hours) {
            *days = self.days(act.of_method_hour(hour), window).len();
        }
        usual_hour(&hours)
    }

    fn days(&mut self, key: Key, window: DaySet) -> DaySet {
        let profile = self.profile;
        self.sets.entry(key).or_insert_with(|| profile.set_of(key)).and(window)
    }

    fn window(&mut self, day: Day) -> DaySet {
        let profile = self.profile;
        *self.windows.entry(day).or_insert_with(|| profile.window(day))
    }
}
