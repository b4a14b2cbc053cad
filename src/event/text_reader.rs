use std::borrow::Cow;
use std::ops::Range;

use arrow::array::{Array, AsArray};

use super::chunk::ColumnData;
use super::compressed::{Block, LENGTH, Length, Part};
use super::page_text::text_of;

/// Where fewer than one in so many texts of a part has to be searched, the texts are read one by one.
const FEW_OF: usize = 16;

impl ColumnData {
    /// Sets `hit` for the rows in whose text `find` finds a match.
    pub(super) fn search(&self, hit: &mut [bool], in_uuids: bool, find: impl Fn(&str) -> Option<Range<usize>>) {
        let mut reader = self.reader();
        match self {
            Self::Uuids(uuids) if !in_uuids => {
                for (row, text) in &uuids.others {
                    let hit = &mut hit[*row as usize];
                    *hit = *hit || text.as_deref().is_some_and(|text| find(text).is_some());
                }
            }
            Self::Compressed(compressed) => {
                for (number, block) in compressed.blocks.iter().enumerate() {
                    let hit = &mut hit[compressed.rows(number)];
                    for part in &block.parts {
                        let left = part.rows.iter().filter(|row| !hit[usize::from(**row)]).count();
                        if left > 0 {
                            let texts = reader.decompress(part);
                            let few = left * FEW_OF < part.rows.len();
                            if few { texts.search_each(part, hit, &find) } else { texts.search(part, hit, &find) }
                        }
                    }
                }
            }
            _ => reader.search_each(0, hit, find),
        }
    }

    /// A reader of the column's texts, which caches the parts of the last block that it decompressed.
    pub(super) fn reader(&self) -> TextReader<'_> {
        TextReader { data: self, rows: 0..0, places: Vec::new(), parts: Vec::new(), decompressor: None }
    }
}

/// Reads the texts of a column, best in order: a part is then decompressed once for all its rows.
pub(super) struct TextReader<'a> {
    data: &'a ColumnData,
    /// The rows of the present block.
    rows: Range<usize>,
    /// Of each row the part that has its text, and the index there.
    places: Vec<(usize, usize)>,
    /// The parts of the block, as far as a row of them was read.
    parts: Vec<Option<Decompressed>>,
    decompressor: Option<zstd::bulk::Decompressor<'static>>,
}

/// A decompressed part, and the end of each of its texts there.
struct Decompressed {
    raw: Vec<u8>,
    ends: Vec<usize>,
}

impl TextReader<'_> {
    /// The text of a row.
    pub(super) fn get(&mut self, row: usize) -> Option<Cow<'_, str>> {
        match self.data {
            ColumnData::Plain(array) => {
                let texts = array.as_string::<i32>();
                texts.is_valid(row).then(|| Cow::Borrowed(texts.value(row)))
            }
            ColumnData::PageText(pages) => pages.get(row),
            ColumnData::Uuids(uuids) => uuids.get(row),
            ColumnData::Compressed(compressed) => {
                debug_assert!(row < compressed.rows, "row {row} of {}", compressed.rows);
                let number = compressed.block(row);
                let block = &compressed.blocks[number];
                if !self.rows.contains(&row) {
                    self.enter(compressed.rows(number), block);
                }
                let (part, index) = self.places[row - self.rows.start];
                if self.parts[part].is_none() {
                    self.parts[part] = Some(self.decompress(&block.parts[part]));
                }
                self.parts[part].as_ref().and_then(|texts| texts.get(index))
            }
        }
    }

    /// Sets `hit`, whose first element is row `start`, for the texts in which `find` finds a match.
    fn search_each(&mut self, start: usize, hit: &mut [bool], find: impl Fn(&str) -> Option<Range<usize>>) {
        for (row, hit) in (start..).zip(hit) {
            *hit = *hit || self.get(row).is_some_and(|text| find(&text).is_some());
        }
    }

    /// Goes to another block.
    fn enter(&mut self, rows: Range<usize>, block: &Block) {
        self.places.clear();
        self.places.resize(rows.len(), (0, 0));
        self.rows = rows;
        for (number, part) in block.parts.iter().enumerate() {
            part.rows.iter().enumerate().for_each(|(index, row)| self.places[usize::from(*row)] = (number, index));
        }
        self.parts.clear();
        self.parts.resize_with(block.parts.len(), || None);
    }

    fn decompress(&mut self, part: &Part) -> Decompressed {
        let mut raw = Vec::with_capacity(part.length);
        let decompressor =
            self.decompressor.get_or_insert_with(|| zstd::bulk::Decompressor::new().unwrap_or_else(|e| panic!("{e}")));
        decompressor.decompress_to_buffer(&part.packed, &mut raw).expect("the part was compressed by this process");
        let mut texts = Decompressed { raw, ends: Vec::with_capacity(part.rows.len()) };
        let mut end = part.rows.len() * LENGTH;
        for index in 0..part.rows.len() {
            end += (texts.length(index) as usize).saturating_sub(1);
            texts.ends.push(end);
        }
        texts
    }
}

impl Decompressed {
    fn get(&self, index: usize) -> Option<Cow<'_, str>> {
        (self.length(index) > 0).then(|| text_of(&self.raw[self.start(index)..self.ends[index]]))
    }

    /// The [`Length`] of a text.
    fn length(&self, index: usize) -> Length {
        Length::from_le_bytes(self.raw[index * LENGTH..][..LENGTH].try_into().expect("a slice of LENGTH bytes"))
    }

    /// The start of a text.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(self.ends.len() * LENGTH, |before| self.ends[before])
    }

    /// Sets `hit`, by the rows of the block, for the texts in which `find` finds a match. `find` gets one at a time.
    fn search_each(&self, part: &Part, hit: &mut [bool], find: impl Fn(&str) -> Option<Range<usize>>) {
        for (index, row) in part.rows.iter().enumerate() {
            let hit = &mut hit[usize::from(*row)];
            *hit = *hit || self.get(index).is_some_and(|text| find(&text).is_some());
        }
    }

    /// As [`search_each`](Self::search_each), but `find` gets all texts at once.
    fn search(&self, part: &Part, hit: &mut [bool], find: impl Fn(&str) -> Option<Range<usize>>) {
        let start = self.start(0);
        let all =
            simdutf8::basic::from_utf8(&self.raw[start..]).expect("the texts were UTF-8 when they were compressed");
        let mut at = 0;
        while let Some(found) = find(&all[at..]) {
            let index = self.ends.partition_point(|end| *end <= start + at + found.start);
            let Some(end) = self.ends.get(index) else { return };
            let text = self.start(index) - start..end - start;
            let hit = &mut hit[usize::from(part.rows[index])];
            // A match that continues in the next text is in neither, but this text may have another.
            *hit = *hit || at + found.end <= text.end || find(&all[text.clone()]).is_some();
            at = text.end;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use arrow::array::StringArray;
    use proptest::prelude::*;

    use super::*;
    use crate::event::compressed::{BLOCK_BYTES, BLOCK_ROWS, TextCompressor};
    use crate::event::uuid_column::Uuids;

    fn compressed(texts: &StringArray) -> ColumnData {
        let mut compressor = TextCompressor::new().unwrap();
        // Neighbours are of different groups, so that the texts of a part are not in a row.
        texts.iter().zip((0..5).cycle()).for_each(|(text, group)| compressor.push(group, text).unwrap());
        ColumnData::Compressed(compressor.finish().unwrap())
    }

    fn read(data: &ColumnData, rows: impl IntoIterator<Item = usize>) -> Vec<Option<String>> {
        let mut reader = data.reader();
        rows.into_iter().map(|row| reader.get(row).map(Cow::into_owned)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn packed_texts_read_the_same(
            texts in prop::collection::vec(prop::option::of("[1aé]{0,3}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\\PC{0,40}"), 0..BLOCK_ROWS / 4),
            // Few texts, and more rows than a block has.
            times in 1..6_usize,
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
        ) {
            let texts = vec![texts; times].concat();
            let array = StringArray::from(texts.clone());
            let order: Vec<usize> = if texts.is_empty() { Vec::new() } else { order.iter().map(|i| i.index(texts.len())).collect() };
            let expected: Vec<_> = order.iter().map(|row| texts[*row].clone()).collect();
            for data in [Uuids::pack(&array).map_or(ColumnData::Plain(Arc::new(array.clone())), ColumnData::Uuids), compressed(&array)] {
                for wanted in ["1a", "é"] {
                    let find = |text: &str| text.find(wanted).map(|at| at..at + wanted.len());
                    let found: Vec<bool> = texts.iter().map(|text| text.as_deref().is_some_and(|text| find(text).is_some())).collect();
                    for part in [0..texts.len(), texts.len() / 3..texts.len() * 2 / 3] {
                        // A hit from before stays a hit.
                        let already: Vec<bool> = part.clone().map(|row| row % 5 == 0).collect();
                        let mut hit = vec![true; texts.len()];
                        hit[part.clone()].copy_from_slice(&already);
                        data.search(&mut hit, true, find);
                        let all: Vec<bool> = part.clone().zip(already).map(|(row, already)| already || found[row]).collect();
                        prop_assert_eq!(&hit[part], &all);
                    }
                }
                prop_assert_eq!(read(&data, 0..texts.len()), texts.clone());
                prop_assert_eq!(read(&data, order.clone()), expected.clone());
            }
        }
    }

    #[test]
    fn a_block_of_long_texts_ends_early() {
        let long = "x".repeat(BLOCK_BYTES / 3);
        let texts: Vec<Option<String>> = (0..8).map(|row| (row != 5).then(|| format!("{row}{long}"))).collect();
        let data = compressed(&StringArray::from(texts.clone()));
        let ColumnData::Compressed(compressed) = &data else { unreachable!("it was compressed") };
        assert_eq!(
            (0..compressed.blocks.len()).map(|number| compressed.rows(number)).collect::<Vec<_>>(),
            [0..3, 3..7, 7..8]
        );
        let backwards: Vec<usize> = (0..8).rev().collect();
        assert_eq!(read(&data, backwards.clone()), backwards.iter().map(|row| texts[*row].clone()).collect::<Vec<_>>());
    }

    #[test]
    fn repetition_costs_little() {
        let body = r#"{"commercial_type":"GP1-M","image":"debian_bookworm","name":"worker-"#;
        let texts: StringArray = (0..6400).map(|i| Some(format!("{body}{i}\"}}"))).collect();
        let plain = ColumnData::Plain(Arc::new(texts.clone())).bytes(&mut HashSet::new());
        assert!(compressed(&texts).bytes(&mut HashSet::new()) * 4 < plain);
        let ids: StringArray = (0..100).map(|i| Some(format!("018f3c1e-0000-7abc-8def-0123456789{i:02}"))).collect();
        assert_eq!(ColumnData::Uuids(Uuids::pack(&ids).unwrap()).bytes(&mut HashSet::new()), 1600);
    }
}
