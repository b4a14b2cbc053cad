use std::collections::HashSet;
use std::ops::Range;

use super::column::Column;
use super::dictionary;
use super::events::Events;
use super::references::{item_text, items_of};
use super::schema::{Long, REFERENCES, WITHIN};

impl Events {
    /// Sets `hit` at the positions of the events in whose text `find` finds a match. `find` may get many texts at once, and
    /// has to return the first match, whatever the text around it. `in_uuids` is whether it can match in a UUID at all.
    ///
    /// # Panics
    /// When `hit` has another length than the events.
    pub(crate) fn search(
        &self,
        long: Long,
        hit: &mut [bool],
        in_uuids: bool,
        find: impl Fn(&str) -> Option<Range<usize>>,
    ) {
        assert_eq!(hit.len(), self.len());
        // A row that is not selected need not be searched.
        let mut chunks: Vec<Vec<bool>> = self.chunks.iter().map(|chunk| vec![true; chunk.rows()]).collect();
        for run in &self.rows.runs {
            chunks[run.chunk()][run.rows()].copy_from_slice(&hit[run.positions()]);
        }
        for (chunk, hit) in self.chunks.iter().zip(&mut chunks) {
            chunk.columns[long.index()].search(hit, in_uuids, &find);
        }
        for run in &self.rows.runs {
            hit[run.positions()].copy_from_slice(&chunks[run.chunk()][run.rows()]);
        }
    }

    /// Calls `see` with the positions of the events whose text, or lack of one, `matches`; called once for each text of a
    /// chunk.
    pub(crate) fn find(
        &self,
        column: Column,
        mut matches: impl FnMut(Option<&str>) -> bool,
        mut see: impl FnMut(usize),
    ) {
        let of_none = matches(None);
        let (rows, texts) = self.texts(column.index());
        // For each chunk, which texts match, and whether any row can.
        let mut chunks = Vec::with_capacity(texts.len());
        for text in texts {
            let hits: Vec<bool> = text.values.into_iter().flatten().map(&mut matches).collect();
            let any = hits.contains(&true) || (of_none && text.has_none());
            chunks.push((text, hits, any));
        }
        for run in &rows.runs {
            let (text, hits, any) = &chunks[run.chunk()];
            if *any {
                let rows = run.positions().zip(run.rows());
                let found = rows.filter(|(_, row)| text.key(*row).map_or(of_none, |key| hits[key]));
                found.for_each(|(position, _)| see(position));
            }
        }
    }

    /// The first event of each text of a column that is `wanted`, in the order of the events. `wanted` is called once for
    /// each text of a chunk, and a chunk is searched until each of its wanted texts is found.
    pub(crate) fn first_of_each(&self, column: Column, wanted: impl Fn(&str) -> bool) -> Vec<(usize, &str)> {
        let (rows, texts) = self.texts(column.index());
        let mut chunks = Vec::with_capacity(texts.len());
        for text in texts {
            let open: Vec<bool> = text.values.into_iter().flatten().map(|text| text.is_some_and(&wanted)).collect();
            let left = open.iter().filter(|open| **open).count();
            chunks.push((text, open, left));
        }
        let (mut first, mut seen) = (Vec::new(), HashSet::new());
        for run in &rows.runs {
            let (text, open, left) = &mut chunks[run.chunk()];
            for (position, row) in run.positions().zip(run.rows()) {
                if *left == 0 {
                    break;
                }
                if let Some(key) = text.key(row).filter(|key| std::mem::take(&mut open[*key])) {
                    *left -= 1;
                    first.extend(seen.insert(text.value(key)).then(|| (position, text.value(key))));
                }
            }
        }
        first
    }

    /// The number of each event's text. `number` is called once for each text of a chunk; `none` is the number of an absent
    /// text.
    pub(crate) fn numbers<'a>(&'a self, column: Column, none: u32, number: impl FnMut(&'a str) -> u32) -> Vec<u32> {
        let (rows, chunks) = self.texts(column.index());
        dictionary::numbers(rows, &chunks, none, number)
    }

    /// Calls `see` with the positions of the events that name several resources, or one within another.
    pub(crate) fn find_several(&self, mut see: impl FnMut(usize)) {
        let lists = self.chunks.iter().map(|chunk| chunk.list(REFERENCES));
        let chunks: Vec<_> = lists.map(|list| (list, item_text(list, WITHIN))).collect();
        for run in &self.rows.runs {
            let (list, within) = chunks[run.chunk()];
            for (position, row) in run.positions().zip(run.rows()) {
                let mut items = items_of(list, row);
                if items.len() > 1 || items.any(|item| within.key(item).is_some()) {
                    see(position);
                }
            }
        }
    }
}
