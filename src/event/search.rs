use std::ops::Range;

use arrow::array::{Array, AsArray};

use super::column::Column;
use super::dictionary::{dictionary, keys};
use super::events::Events;
use super::row_selection::RowSelection;
use super::schema::{Long, REFERENCES, WITHIN};
use super::views::rows_of;

/// Where fewer than one of so many rows is picked, or slices take turns so often, texts are looked at one by one.
const FEW_OF: usize = 16;

impl Events {
    /// Shows each event's text to `see`, without putting them together: they may be larger than memory allows twice.
    pub fn each(&self, long: Long, mut see: impl FnMut(usize, Option<&str>)) {
        let mut readers = self.readers(long.place());
        let mut place = 0;
        for (slice, rows) in self.segments() {
            rows.each(|row| {
                see(place, readers[slice].get(row).as_deref());
                place += 1;
            });
        }
    }

    /// Sets the places in `hit` of the events in whose text `find` finds something, which is asked for many texts at once
    /// where it can be: it has to find the first match, with any text around it. `in_uuids` says whether it can find
    /// something in a UUID at all.
    ///
    /// # Panics
    /// When `hit` has another length than the events.
    pub fn search(&self, long: Long, hit: &mut [bool], in_uuids: bool, find: impl Fn(&str) -> Option<Range<usize>>) {
        assert_eq!(hit.len(), self.len());
        let finds = |text: &str| find(text).is_some();
        let segments = self.segments();
        if segments.len() > self.slices.len() * FEW_OF {
            // Runs take turns: one reader of each remembers what it has decompressed.
            self.each(long, |row, text| hit[row] = hit[row] || text.is_some_and(finds));
            return;
        }
        let mut rest = hit;
        for (slice, rows) in segments {
            let places;
            (places, rest) = std::mem::take(&mut rest).split_at_mut(rows.len());
            let column = &self.slices[slice].chunk.columns[long.place()];
            match &rows {
                RowSelection::Range(all) => column.search(all.start, places, in_uuids, &find),
                RowSelection::Picked { .. } => {
                    let (mut first, mut end) = (usize::MAX, 0);
                    rows.each(|row| (first, end) = (first.min(row), end.max(row + 1)));
                    if end - first > places.len() * FEW_OF {
                        let (mut reader, mut place) = (column.reader(), places.iter_mut());
                        rows.each(|row| {
                            let Some(hit) = place.next() else { return };
                            *hit = *hit || reader.get(row).is_some_and(|text| finds(&text));
                        });
                        continue;
                    }
                    // What is not picked is nothing to look for.
                    let mut all = vec![true; end - first];
                    let mut searched = places.iter();
                    rows.each(|row| all[row - first] = searched.next().is_none_or(|hit| *hit));
                    column.search(first, &mut all, in_uuids, &find);
                    let mut place = places.iter_mut();
                    rows.each(|row| _ = place.next().map(|hit| *hit = all[row - first]));
                }
            }
        }
    }

    /// Shows `see` the places of the events whose text, or lack of one, `matches`; it is asked once for each text of a slice.
    pub fn find(&self, column: Column, mut matches: impl FnMut(Option<&str>) -> bool, mut see: impl FnMut(usize)) {
        let mut place = 0;
        let of_none = matches(None);
        // Of each slice, which texts match, and whether any row can.
        let mut found: Vec<Option<(Vec<bool>, bool)>> = vec![None; self.slices.len()];
        for (slice, rows) in self.segments() {
            let data = &self.slices[slice].chunk.columns[column.place()];
            let (hits, any) = found[slice].get_or_insert_with(|| {
                let texts = dictionary(data).into_iter().flatten();
                let hits: Vec<bool> = texts.map(&mut matches).collect();
                let has_none = data.plain().is_some_and(|array| array.logical_null_count() > 0);
                let any = hits.contains(&true) || (of_none && has_none);
                (hits, any)
            });
            if *any {
                let mut row = place;
                keys(data, &rows, |key| {
                    if key.map_or(of_none, |key| hits[key]) {
                        see(row);
                    }
                    row += 1;
                });
            }
            place += rows.len();
        }
    }

    /// The number of each event's text; `number` is asked for it once for each text of a slice, and `none` is that of no text.
    pub fn numbers<'a>(&'a self, column: Column, none: u32, mut number: impl FnMut(&'a str) -> u32) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(self.len());
        let mut known: Vec<Vec<Option<u32>>> = vec![Vec::new(); self.slices.len()];
        for (slice, rows) in self.segments() {
            let data = &self.slices[slice].chunk.columns[column.place()];
            let Some(texts) = dictionary(data) else {
                numbers.resize(numbers.len() + rows.len(), none);
                continue;
            };
            known[slice].resize(texts.len(), None);
            let mut known = |key: usize| *known[slice][key].get_or_insert_with(|| number(texts.value(key)));
            keys(data, &rows, |key| numbers.push(key.map_or(none, &mut known)));
        }
        numbers
    }

    /// Shows `see` the places of the events that name several resources, or one that stands within another.
    pub fn find_several(&self, mut see: impl FnMut(usize)) {
        let mut place = 0;
        for (slice, rows) in self.segments() {
            let data = &self.slices[slice].chunk.columns[REFERENCES];
            if let Some(list) = data.plain().and_then(|array| array.as_list_opt::<i32>()) {
                let within = list.values().as_struct().column(WITHIN).logical_nulls();
                let mut row = place;
                rows.each(|of| {
                    let mut items = rows_of(list, of);
                    let is_within = |item| within.as_ref().is_none_or(|nulls| nulls.is_valid(item));
                    if items.len() > 1 || items.any(is_within) {
                        see(row);
                    }
                    row += 1;
                });
            }
            place += rows.len();
        }
    }
}
