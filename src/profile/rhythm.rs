use super::day::Day;
use crate::locale::{Language, Sentence};
use crate::time::hours_around;

/// The hours, UTC, at which a daily event is nightly.
const NIGHT: [u8; 8] = [22, 23, 0, 1, 2, 3, 4, 5];

/// With fewer days, there is no rhythm.
const FEWEST: u32 = 3;

/// How regularly something occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rhythm {
    pub(super) cycle: Cycle,
    /// The hour around which it occurs, where it nearly always does.
    pub(super) hour: Option<u8>,
}

/// On which days something occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cycle {
    /// On each known day.
    Daily,
    /// From Monday to Friday.
    Weekdays,
    /// On the same day of each week: 0 for Monday.
    Weekly(usize),
    /// On most days.
    Mostly,
    /// On so many of the known days.
    Some(u32),
}

impl Cycle {
    /// The cycle of something that occurs on some of the known days.
    pub(super) fn of(days: &[Day], known: &[Day]) -> Self {
        let [count, all] = [days.len(), known.len()].map(|days| u32::try_from(days).expect("a window has few days"));
        let is_workday = |day: &&Day| day.weekday() < 5;
        let workdays = known.iter().filter(is_workday).count();
        let weekday = days.first().map_or(0, |day| day.weekday());
        let same = known.iter().filter(|day| day.weekday() == weekday).count();
        match count {
            _ if count < FEWEST => Self::Some(count),
            _ if count == all => Self::Daily,
            _ if days.len() == workdays && days.iter().filter(is_workday).count() == workdays => Self::Weekdays,
            _ if days.len() == same && days.iter().all(|day| day.weekday() == weekday) => Self::Weekly(weekday),
            _ if count * 5 >= all * 3 => Self::Mostly,
            _ => Self::Some(count),
        }
    }
}

/// The hour around which something nearly always occurs: of four in five of its hours, this one or one beside it. `hours` has
/// the number of days on which it occurs in each hour.
pub(super) fn usual_hour(hours: &[u32; 24]) -> Option<u8> {
    let all: u32 = hours.iter().sum();
    let near = |hour: u8| hours_around(hour).map(|hour| hours[usize::from(hour)]).iter().sum::<u32>();
    let hour = (0..24).max_by_key(|hour| (near(*hour), hours[usize::from(*hour)], std::cmp::Reverse(*hour)))?;
    let is_usual = all > 0 && near(hour) * 5 >= all * 4;
    is_usual.then_some(hour)
}

impl Rhythm {
    /// In words, such as "every night around 02:00 UTC".
    pub(super) fn words(self, known: u32, language: Language) -> String {
        let at_night = self.hour.is_some_and(|hour| NIGHT.contains(&hour));
        let cycle = match self.cycle {
            Cycle::Daily if at_night => Sentence::EveryNight,
            Cycle::Daily => Sentence::EveryDay,
            Cycle::Weekdays => Sentence::Workdays,
            Cycle::Weekly(weekday) => WEEKDAYS[weekday],
            Cycle::Mostly if at_night => Sentence::MostNights,
            Cycle::Mostly => Sentence::MostDays,
            Cycle::Some(days) => Sentence::OnDays { days: days as usize, known: known as usize },
        };
        let cycle = cycle.text(language);
        match self.hour {
            Some(hour) => Sentence::Around { cycle: &cycle, hour: &format!("{hour:02}") }.text(language),
            None => cycle,
        }
    }
}

const WEEKDAYS: [Sentence<'static>; 7] = [
    Sentence::EveryMonday,
    Sentence::EveryTuesday,
    Sentence::EveryWednesday,
    Sentence::EveryThursday,
    Sentence::EveryFriday,
    Sentence::EverySaturday,
    Sentence::EverySunday,
];
