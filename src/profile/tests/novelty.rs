//! Levels, and their reasons in words.

use super::super::{Level, Profile};
use super::setup::{Deed, ROBOT, events, finding, judged, on, profile, words};
use crate::locale::Language;

/// A month in which the robot deletes each night.
fn nightly() -> Profile {
    profile(0..30, &on(0..30, ROBOT))
}

#[test]
fn what_a_robot_does_every_night_is_usual_and_from_a_new_address_it_is_a_first() {
    let profile = nightly();
    assert_eq!(
        judged(&profile, 30, ROBOT),
        ("usual", "backup-robot does this every night around 02:00 UTC".to_owned())
    );
    let elsewhere = Deed { address: Some("198.51.100.1"), ..ROBOT };
    let expected = "backup-robot does this every night around 02:00 UTC, but for the first time from 198.51.100.1, which nobody \
                    used before";
    assert_eq!(judged(&profile, 30, elsewhere), ("first", expected.to_owned()));
    // An address of another principal is as new to the robot.
    let others = [on(0..30, ROBOT), on(3..4, Deed { who: "ada", address: Some("198.51.100.1"), ..ROBOT })].concat();
    let expected = "backup-robot does this every night around 02:00 UTC, but for the first time from 198.51.100.1";
    assert_eq!(judged(&super::setup::profile(0..30, &others), 30, elsewhere), ("first", expected.to_owned()));
}

#[test]
fn a_first_says_whether_the_method_or_the_principal_is_new() {
    let profile =
        profile(0..30, &[on(0..30, ROBOT), on(4..5, Deed { who: "ada", method: "CreateKey", ..ROBOT })].concat());
    let first = |deed: Deed| judged(&profile, 30, deed);
    let words = "first DisableAlertRules by anyone in 30 days";
    assert_eq!(first(Deed { method: "DisableAlertRules", ..ROBOT }), ("first", words.to_owned()));
    let words = "first CreateKey by backup-robot in 30 days";
    assert_eq!(first(Deed { method: "CreateKey", ..ROBOT }), ("first", words.to_owned()));
    let words = "first event of eve in 30 days";
    assert_eq!(first(Deed { who: "eve", ..ROBOT }), ("first", words.to_owned()));
}

#[test]
fn an_event_is_judged_by_the_thirty_days_before_its_own() {
    let profile = profile(0..61, &[(0, ROBOT), (31, ROBOT)]);
    let days = |day| judged(&profile, day, ROBOT).1;
    assert_eq!(days(30), "backup-robot does this on 1 of 30 days around 02:00 UTC");
    // Neither the day after the window, nor the event's own day, nor later ones count.
    assert_eq!(days(31), "first event of backup-robot in 30 days");
    assert_eq!(days(61), "backup-robot does this on 1 of 30 days around 02:00 UTC");
    assert_eq!(days(62), "first event of backup-robot in 30 days (29 of 30 days known)");
}

#[test]
fn nothing_is_judged_without_a_known_day_before_it() {
    let unknown = ("unknown", "no day before it is known yet".to_owned());
    assert_eq!(judged(&profile(0..0, &[]), 0, ROBOT), unknown);
    assert_eq!(judged(&profile(5..6, &[(5, ROBOT)]), 5, ROBOT), unknown);
    assert_eq!(judged(&profile(5..6, &[(5, ROBOT)]), 36, ROBOT), unknown);
    let one_day = judged(&profile(5..6, &[]), 6, ROBOT);
    assert_eq!(one_day, ("first", "first event of backup-robot in 30 days (1 of 30 days known)".to_owned()));
}

#[test]
fn a_level_follows_from_the_share_of_known_days() {
    for (days, level) in [(1, "rare"), (3, "rare"), (4, "occasional"), (9, "occasional"), (10, "usual"), (30, "usual")]
    {
        // Never on the same day of each week.
        let some = on((0..days).map(|index| index * 30 / days), ROBOT);
        assert_eq!(judged(&profile(0..30, &some), 30, ROBOT).0, level, "{days} of 30 days");
    }
    for (days, known, level) in
        [(0, 0, Level::Unknown), (0, 1, Level::First), (1, 12, Level::Rare), (1, 5, Level::Occasional)]
    {
        assert_eq!(Level::of_days(days, known), level, "{days} of {known} days");
    }
}

#[test]
fn a_rhythm_has_its_days_and_its_hour() {
    let words = |days: &[i32], hour| {
        let deed = Deed { hour, ..ROBOT };
        judged(&profile(0..30, &on(days.iter().copied(), deed)), 30, deed).1
    };
    let all: Vec<i32> = (0..30).collect();
    let workdays: Vec<i32> = (0..30).filter(|day| day % 7 < 5).collect();
    assert_eq!(words(&all, 14), "backup-robot does this every day around 14:00 UTC");
    assert_eq!(words(&workdays, 9), "backup-robot does this every day from Monday to Friday around 09:00 UTC");
    assert_eq!(words(&[2, 9, 16, 23], 3), "backup-robot does this every Wednesday around 03:00 UTC");
    assert_eq!(words(&all[..20], 23), "backup-robot does this most nights around 23:00 UTC");
    assert_eq!(words(&all[..5], 14), "backup-robot does this on 5 of 30 days around 14:00 UTC");
    let at_any_hour: Vec<_> = (0..30).map(|day| (day, Deed { hour: i64::from(day) % 24, ..ROBOT })).collect();
    assert_eq!(judged(&profile(0..30, &at_any_hour), 30, ROBOT).1, "backup-robot does this every day");
}

#[test]
fn what_happens_on_the_same_day_of_each_week_is_usual_on_that_day() {
    let profile = profile(0..30, &on([2, 9, 16, 23], ROBOT));
    assert_eq!((judged(&profile, 30, ROBOT).0, judged(&profile, 31, ROBOT).0), ("usual", "occasional"));
}

#[test]
fn a_new_hour_or_resource_makes_the_usual_rare() {
    let expected = "backup-robot does this every night around 02:00 UTC, but for the first time around 14:00 UTC";
    assert_eq!(judged(&nightly(), 30, Deed { hour: 14, ..ROBOT }), ("rare", expected.to_owned()));
    assert_eq!(judged(&nightly(), 30, Deed { hour: 3, ..ROBOT }).0, "usual");
    let expected = "backup-robot does this every night around 02:00 UTC, but for the first time on other";
    assert_eq!(judged(&nightly(), 30, Deed { resource: "other", ..ROBOT }), ("rare", expected.to_owned()));
}

#[test]
fn reasons_are_in_a_language() {
    let french = |profile: &Profile, deed: Deed| words(profile, 30, deed, Language::French);
    let robot = "backup-robot fait cela chaque nuit vers 02:00 UTC";
    assert_eq!(french(&nightly(), ROBOT), robot);
    let elsewhere = Deed { hour: 14, resource: "other", ..ROBOT };
    let expected = format!("{robot}, mais pour la première fois sur other et vers 14:00 UTC");
    assert_eq!(french(&nightly(), elsewhere), expected);
    let twice = profile(28..30, &on(28..30, ROBOT));
    assert_eq!(french(&twice, ROBOT), "backup-robot fait cela 2 jours sur 2 vers 02:00 UTC (2 jours connus sur 30)");
    let export = Deed { method: "CreateExport", ..ROBOT };
    assert_eq!(french(&nightly(), export), "CreateExport pour la première fois en 30 jours, par qui que ce soit");
    let known = [on(0..30, ROBOT), on(4..5, Deed { who: "ada", ..export })].concat();
    let expected = "CreateExport pour la première fois par backup-robot en 30 jours";
    assert_eq!(french(&profile(0..30, &known), export), expected);
    let elsewhere = Deed { address: Some("198.51.100.1"), ..ROBOT };
    let expected = format!("{robot}, mais pour la première fois depuis 198.51.100.1, sans usage antérieur connu");
    assert_eq!(french(&nightly(), elsewhere), expected);
    assert_eq!(french(&profile(0..0, &[]), ROBOT), "aucun jour antérieur n’est encore connu");
}

#[test]
fn what_is_another_one_each_time_is_not_new() {
    let names: Vec<&'static str> = (0..31).map(|day| &*format!("snapshot-{day}").leak()).collect();
    let each: Vec<_> =
        (0..30).map(|day| (day, Deed { resource: names[usize::try_from(day).unwrap()], ..ROBOT })).collect();
    assert_eq!(judged(&profile(0..30, &each), 30, Deed { resource: names[30], ..ROBOT }).0, "usual");
    let each: Vec<_> =
        (0..30).map(|day| (day, Deed { address: Some(names[usize::try_from(day).unwrap()]), ..ROBOT })).collect();
    assert_eq!(judged(&profile(0..30, &each), 30, Deed { address: Some(names[30]), ..ROBOT }).0, "usual");
}

#[test]
fn a_seldom_address_is_named_with_its_days() {
    let deeds = [on(0..30, ROBOT), on(7..9, Deed { address: Some("198.51.100.1"), ..ROBOT })].concat();
    let expected = "backup-robot does this every night around 02:00 UTC, but from 198.51.100.1 on 2 of 30 days only";
    let judged = judged(&profile(0..30, &deeds), 30, Deed { address: Some("198.51.100.1"), ..ROBOT });
    assert_eq!(judged, ("rare", expected.to_owned()));
}

#[test]
fn levels_are_those_of_the_findings_and_change_with_the_profile() {
    let deeds = [(30, ROBOT), (30, Deed { method: "CreateKey", ..ROBOT }), (31, ROBOT)];
    let (events, mut profile) = (events(&deeds), nightly());
    let levels = |profile: &Profile| profile.levels(&events).into_iter().map(Level::of).collect::<Vec<_>>();
    // The newest event comes first.
    let expected = [(31, ROBOT), (30, deeds[1].1), (30, ROBOT)].map(|(day, deed)| finding(&profile, day, deed).level);
    assert_eq!((levels(&profile), profile.cost(&events)), (expected.to_vec(), 0));
    profile.forget_old(super::setup::day(300));
    assert_eq!((profile.cost(&events), levels(&profile)), (3, vec![Level::Unknown; 3]));
}
