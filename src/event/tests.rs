use std::collections::HashSet;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;

use crate::event::chunk::ColumnData;
use crate::event::compressed::{PART_ROWS, Part};
use crate::event::{Column, Events, Kind, Long};
use crate::time::{Interval, Time};

fn texts(events: &Events) -> Vec<Option<String>> {
    let mut texts = Vec::new();
    events.each(Long::RequestBody, |_, text| texts.push(text.map(str::to_owned)));
    texts
}

#[test]
fn a_window_includes_its_start_and_excludes_its_end() {
    let events = Events::from_json(Kind::Api, &[json!({}), json!({}), json!({})]);
    let within = |from, to| events.within(Interval::from_nanos(from, to)).len();
    assert_eq!(within(1_000_000_000, 3_000_000_000), 2);
    assert_eq!(within(1_000_000_001, 3_000_000_001), 2);
    assert_eq!((within(0, i64::MAX), within(5, 5), within(i64::MIN, 0)), (3, 0, 0));
    assert_eq!((events.newest(2).len(), events.newest(9).len()), (2, 3));
    assert_eq!(events.newest(1).ids().value(0), "event-002");
}

#[test]
fn the_bodies_of_a_rare_method_are_compressed_together() {
    // Every hundredth call is of another method.
    let event = |row: usize| {
        let method = if row.is_multiple_of(100) { "CreateServer" } else { "UpdateServer" };
        json!({ "method_name": method, "request_body": { "number": row } })
    };
    let events = Events::from_json(Kind::Api, &(0..4 * PART_ROWS).map(event).collect::<Vec<_>>()).packed().unwrap();
    let ColumnData::Compressed(bodies) = &*events.chunks[0].columns[Long::RequestBody.index()] else {
        panic!("bodies are compressed")
    };
    let [block] = &bodies.blocks[..] else { panic!("{} blocks", bodies.blocks.len()) };
    let methods = events.text(Column::Method);
    let has = |part: &&Part| part.rows.iter().any(|row| methods.get((*row).into()) == Some("CreateServer"));
    assert_eq!((block.parts.len(), block.parts.iter().filter(has).count()), (4, 1));
}

proptest! {
    #[test]
    fn merged_events_are_newest_first_and_each_once(
        items in prop::collection::vec((0..20_u8, 0..4_i64), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        // An id belongs to one time, as for real events.
        let event = |(id, _): &(u8, i64)| json!({ "id": format!("e{id}"), "recorded_at": DateTime::from_timestamp_nanos(i64::from(*id) / 3) });
        let items: Vec<_> = items.iter().map(event).collect();
        let (one, other) = items.split_at(cut.index(items.len() + 1));
        let whole = Events::from_json(Kind::Api, &items);
        let merged = Events::merge(&[Events::from_json(Kind::Api, one), Events::default(), Events::from_json(Kind::Api, other)]);
        let rows = |events: &Events| -> Vec<(i64, String)> {
            (0..events.len()).map(|row| (-events.times().value(row), events.ids().value(row).to_owned())).collect()
        };
        prop_assert_eq!(rows(&merged), rows(&whole));
        prop_assert!(rows(&merged).is_sorted_by(|a, b| a < b), "newest first, equal times by id, none twice");
        for list in [&merged, &merged.packed().unwrap()] {
            for time in 0..8 {
                let newer = merged.times().values().iter().filter(|other| **other >= time).count();
                prop_assert_eq!(list.since(Time::from_nanos(time)), newer);
            }
        }
        let distinct: HashSet<_> = items.iter().map(|event| event["id"].to_string()).collect();
        prop_assert_eq!(merged.len(), distinct.len());
    }

    #[test]
    fn consecutive_windows_merge_whichever_rows_are_selected(
        // Of each window all rows, one in three, or a few.
        windows in prop::collection::vec((0..80_i64, prop::sample::select(&[1, 3, 20])), 0..6),
    ) {
        // Each window is later than the one before, with its own chunk: all rows or some, without the chunk's first.
        let events = |(number, (count, of)): (i64, &(i64, usize))| {
            let event = |row: i64| {
                let method = (row % 5 > 0).then(|| format!("m{}", row % 3));
                let time = DateTime::from_timestamp_nanos(number * 100 + row / 2);
                let id = format!("{number:03}-{row:03}");
                json!({ "recorded_at": time, "id": id, "method_name": method, "request_body": { "of": id } })
            };
            let all = Events::from_json(Kind::Api, &(0..=*count).map(event).collect::<Vec<_>>()).packed().unwrap();
            let all = all.slice(1..all.len());
            all.filter(&(0..all.len()).map(|row| row.is_multiple_of(*of)).collect::<Vec<_>>()).unwrap()
        };
        let lists: Vec<Events> = (0..).zip(&windows).map(events).collect();
        let merged = Events::merge(&lists);
        let rows = |events: &Events| -> Vec<(i64, String, Option<String>)> {
            let method = events.text(Column::Method);
            let row = |row| (events.times().value(row), events.ids().value(row).to_owned(), method.get(row).map(str::to_owned));
            (0..events.len()).map(row).collect()
        };
        let expected: Vec<_> = lists.iter().rev().flat_map(rows).collect();
        let runs: usize = lists.iter().map(|list| list.rows.runs.len()).sum();
        prop_assert!(merged.rows.runs.len() <= runs, "rows that follow each other are one run");
        prop_assert_eq!(rows(&merged), expected.clone());
        let bodies: Vec<Option<String>> = expected.iter().map(|(_, id, _)| Some(format!(r#"{{"of":"{id}"}}"#))).collect();
        let third: Vec<usize> = (0..merged.len()).step_by(3).collect();
        let some: Vec<_> = third.iter().map(|row| bodies[*row].clone()).collect();
        let mask: Vec<bool> = (0..merged.len()).map(|row| row % 3 == 0).collect();
        prop_assert_eq!(texts(&merged.filter(&mask).unwrap()), some);
        prop_assert_eq!(texts(&merged), bodies);
        let mut texts = Vec::new();
        let numbers = merged.numbers(Column::Method, u32::MAX, |text| {
            texts.push(text);
            u32::try_from(texts.len() - 1).unwrap()
        });
        let numbered: Vec<_> = numbers.iter().map(|number| texts.get(*number as usize).copied()).collect();
        prop_assert_eq!(numbered, expected.iter().map(|(.., method)| method.as_deref()).collect::<Vec<_>>());
        for time in 0..600 {
            prop_assert_eq!(merged.since(Time::from_nanos(time)), expected.iter().filter(|(other, ..)| *other >= time).count());
        }
        for (from, to) in [(0, 700), (1, 2), (3, 60), (17, 117)].map(|(from, to)| (from.min(merged.len()), to.min(merged.len()))) {
            prop_assert_eq!(rows(&merged.slice(from..to)), expected[from..to].to_vec());
        }
    }
}
