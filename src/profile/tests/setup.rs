use chrono::DateTime;
use serde_json::{Value, json};

use super::super::finding::Finding;
use super::super::{Counting, Day, Judge, Named, Profile, Salt};
use crate::event::{Events, Kind};
use crate::locale::Language;

pub(super) const HOUR: i64 = 3_600_000_000_000;

/// The day of the first events: a Monday.
pub(super) const START: i32 = 20_514;

pub(super) fn salt() -> Salt {
    Salt::new(&[7; 32], &["fr-par".to_owned()])
}

pub(super) fn day(number: i32) -> Day {
    Day::new(START + number)
}

/// An event of a test: a call of a method by a principal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    pub(super) who: &'static str,
    pub(super) method: &'static str,
    pub(super) address: Option<&'static str>,
    pub(super) resource: &'static str,
    pub(super) hour: i64,
}

/// A deletion by a robot at two in the morning.
pub(super) const ROBOT: Deed =
    Deed { who: "backup-robot", method: "DeleteSnapshot", address: Some("203.0.113.7"), resource: "snapshot", hour: 2 };

/// The JSON of a deed on a day, `index` seconds after the hour.
pub(super) fn event(deed: &Deed, day: i32, index: usize) -> Value {
    let at = Day::new(START + day).interval().start.nanos()
        + deed.hour * HOUR
        + i64::try_from(index).unwrap() * 1_000_000_000;
    json!({
        "id": format!("{day}-{index}"), "recorded_at": DateTime::from_timestamp_nanos(at), "product_name": "block",
        "method_name": deed.method, "principal": { "id": deed.who }, "source_ip": deed.address,
        "resources": [{ "id": deed.resource, "type": "snapshot" }],
    })
}

pub(super) fn events(deeds: &[(i32, Deed)]) -> Events {
    let json: Vec<Value> = deeds.iter().enumerate().map(|(index, (day, deed))| event(deed, *day, index)).collect();
    Events::from_json(Kind::Api, &json)
}

/// The profile in which the days from `first` on are known, with these deeds.
pub(super) fn profile(days: std::ops::Range<i32>, deeds: &[(i32, Deed)]) -> Profile {
    let mut profile = Profile::new(salt());
    for number in days {
        let of_day: Vec<(i32, Deed)> = deeds.iter().filter(|(day, _)| *day == number).copied().collect();
        let mut counting = Counting::new(salt());
        counting.add(&events(&of_day));
        profile.add(day(number), counting.finish());
    }
    profile
}

/// A deed on each of some days.
pub(super) fn on(days: impl IntoIterator<Item = i32>, deed: Deed) -> Vec<(i32, Deed)> {
    days.into_iter().map(|day| (day, deed)).collect()
}

pub(super) fn finding(profile: &Profile, day: i32, deed: Deed) -> Finding {
    Judge::new(profile).findings(&events(&[(day, deed)]))[0]
}

/// The level of a deed on a day, and its reason.
pub(super) fn judged(profile: &Profile, day: i32, deed: Deed) -> (&'static str, String) {
    (finding(profile, day, deed).level.as_str(), words(profile, day, deed, Language::English))
}

/// The reason of a deed's level, in a language.
pub(super) fn words(profile: &Profile, day: i32, deed: Deed, language: Language) -> String {
    let named =
        Named { who: deed.who, what: deed.method, which: Some(deed.resource), address: deed.address, country: None };
    finding(profile, day, deed).words(&named, language)
}
