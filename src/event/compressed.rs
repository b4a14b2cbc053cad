use std::borrow::Cow;
use std::ops::Range;

use arrow::array::{Array, AsArray, StringArray};
use arrow::error::ArrowError;

use super::chunk::ColumnData;
use super::page_text::text_of;

/// How many texts are compressed together: enough to find what repeats, few enough to read one at little cost.
const BLOCK_ROWS: usize = 1024;

/// A block with as many bytes takes no text more.
const BLOCK_BYTES: usize = 1 << 20;

/// How hard to compress; higher levels gain little on blocks of this size.
const LEVEL: i32 = 1;

/// Text in compressed blocks of at most [`BLOCK_ROWS`].
#[derive(Debug)]
pub(super) struct CompressedText {
    blocks: Vec<Block>,
    pub(super) rows: usize,
}

/// Compressed texts: a [`Length`] of each, then one after the other.
#[derive(Debug)]
struct Block {
    /// Its first row.
    first: usize,
    packed: Box<[u8]>,
    /// How long it is when decompressed.
    length: usize,
}

/// The length of a text and one more, so that 0 is no text at all.
type Length = u32;

const LENGTH: usize = size_of::<Length>();

/// Compresses texts, one after the other.
pub(super) struct TextCompressor {
    compressor: zstd::bulk::Compressor<'static>,
    lengths: Vec<u8>,
    raw: Vec<u8>,
    compressed: CompressedText,
}

impl TextCompressor {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let compressed = CompressedText { blocks: Vec::new(), rows: 0 };
        Ok(Self { compressor: zstd::bulk::Compressor::new(LEVEL)?, lengths: Vec::new(), raw: Vec::new(), compressed })
    }

    pub(super) fn push(&mut self, text: Option<&str>) -> Result<(), ArrowError> {
        let length = text.map_or(Some(0), |text| Length::try_from(text.len()).ok()?.checked_add(1));
        let length = length.ok_or(ArrowError::OffsetOverflowError(text.map_or(0, str::len)))?;
        self.lengths.extend_from_slice(&length.to_le_bytes());
        self.raw.extend_from_slice(text.unwrap_or_default().as_bytes());
        self.compressed.rows += 1;
        let full = self.lengths.len() == BLOCK_ROWS * LENGTH || self.raw.len() >= BLOCK_BYTES;
        if full { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), ArrowError> {
        let first = self.compressed.rows - self.lengths.len() / LENGTH;
        self.lengths.append(&mut self.raw);
        let packed = self.compressor.compress(&self.lengths)?.into();
        self.compressed.blocks.push(Block { first, packed, length: self.lengths.len() });
        self.lengths.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<ColumnData, ArrowError> {
        if !self.lengths.is_empty() {
            self.close()?;
        }
        self.compressed.blocks.shrink_to_fit();
        Ok(ColumnData::Compressed(self.compressed))
    }
}

impl CompressedText {
    /// The length of all blocks when they are decompressed.
    pub(super) fn decompressed_bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.length).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.packed.len() + size_of::<Block>()).sum()
    }

    /// The number of a row's block.
    pub(super) fn block(&self, row: usize) -> usize {
        self.blocks.partition_point(|block| block.first <= row) - 1
    }

    /// The rows of a block.
    pub(super) fn rows(&self, number: usize) -> Range<usize> {
        self.blocks[number].first..self.blocks.get(number + 1).map_or(self.rows, |next| next.first)
    }
}

/// Reads texts one by one, best in order: a block is decompressed once for all its rows.
pub(super) struct TextReader<'a> {
    pub(super) data: &'a ColumnData,
    /// The rows of the block that is decompressed.
    pub(super) rows: Range<usize>,
    /// The block as it is decompressed, and where each of its texts ends there.
    pub(super) raw: Vec<u8>,
    pub(super) ends: Vec<usize>,
    pub(super) decompressor: Option<zstd::bulk::Decompressor<'static>>,
}

impl TextReader<'_> {
    /// The text of a row.
    pub(super) fn get(&mut self, row: usize) -> Option<Cow<'_, str>> {
        match self.data {
            ColumnData::Plain(array) => {
                let texts: &StringArray = array.as_string();
                texts.is_valid(row).then(|| Cow::Borrowed(texts.value(row)))
            }
            ColumnData::PageText(quoted) => quoted.get(row),
            ColumnData::Uuids(uuids) => uuids.get(row),
            ColumnData::Compressed(compressed) => {
                debug_assert!(row < compressed.rows, "row {row} of {}", compressed.rows);
                if !self.rows.contains(&row) {
                    self.decompress(compressed.block(row), compressed);
                }
                let place = row - self.rows.start;
                (self.length(place) > 0).then(|| text_of(&self.raw[self.start(place)..self.ends[place]]))
            }
        }
    }

    /// The length of a text of the decompressed block and one more.
    pub(super) fn length(&self, place: usize) -> Length {
        Length::from_le_bytes(self.raw[place * LENGTH..][..LENGTH].try_into().expect("a slice of LENGTH bytes"))
    }

    /// Where a text of the decompressed block begins.
    pub(super) fn start(&self, place: usize) -> usize {
        place.checked_sub(1).map_or(self.ends.len() * LENGTH, |before| self.ends[before])
    }

    /// Sets the places in `hit` of the decompressed block's texts, from one on, in which `find` finds something: it looks through
    /// all of them at once.
    pub(super) fn search(&self, first: usize, hit: &mut [bool], find: impl Fn(&str) -> Option<Range<usize>>) {
        let (start, ends) = (self.start(first), &self.ends[first..][..hit.len()]);
        // It was text when it was compressed.
        let all =
            simdutf8::basic::from_utf8(&self.raw[start..]).expect("the texts were UTF-8 when they were compressed");
        let mut at = 0;
        while let Some(found) = find(&all[at..]) {
            let place = ends.partition_point(|end| *end <= start + at + found.start);
            let Some(end) = ends.get(place) else { return };
            let text = self.start(first + place) - start..end - start;
            // What goes on in the next text is in neither, but there may be more in this one.
            hit[place] = hit[place] || at + found.end <= text.end || find(&all[text.clone()]).is_some();
            at = text.end;
        }
    }

    pub(super) fn decompress(&mut self, number: usize, compressed: &CompressedText) {
        let block = &compressed.blocks[number];
        self.rows = compressed.rows(number);
        // What was compressed here is whole: it never left this process.
        self.raw.clear();
        self.raw.reserve(block.length);
        let decompressor =
            self.decompressor.get_or_insert_with(|| zstd::bulk::Decompressor::new().unwrap_or_else(|e| panic!("{e}")));
        decompressor
            .decompress_to_buffer(&block.packed, &mut self.raw)
            .expect("the block was compressed by this process");
        self.ends.clear();
        let mut end = self.rows.len() * LENGTH;
        for place in 0..self.rows.len() {
            end += (self.length(place) as usize).saturating_sub(1);
            self.ends.push(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn compressed(texts: &StringArray) -> ColumnData {
        let mut compressor = TextCompressor::new().unwrap();
        texts.iter().for_each(|text| compressor.push(text).unwrap());
        compressor.finish().unwrap()
    }

    fn read(data: &ColumnData, rows: impl IntoIterator<Item = usize>) -> Vec<Option<String>> {
        let mut reader = data.reader();
        rows.into_iter().map(|row| reader.get(row).map(Cow::into_owned)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_packed_reads_as_it_was(
            texts in prop::collection::vec(prop::option::of("[1aé]{0,3}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\\PC{0,40}"), 0..2 * BLOCK_ROWS),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
        ) {
            let array = StringArray::from(texts.clone());
            let order: Vec<usize> = if texts.is_empty() { Vec::new() } else { order.iter().map(|i| i.index(texts.len())).collect() };
            let expected: Vec<_> = order.iter().map(|row| texts[*row].clone()).collect();
            for data in [ColumnData::uuids(&array).unwrap_or(ColumnData::Plain(Arc::new(array.clone()))), compressed(&array)] {
                for wanted in ["1a", "é"] {
                    let find = |text: &str| text.find(wanted).map(|at| at..at + wanted.len());
                    let found: Vec<bool> = texts.iter().map(|text| text.as_deref().is_some_and(|text| find(text).is_some())).collect();
                    for part in [0..texts.len(), texts.len() / 3..texts.len() * 2 / 3] {
                        // What is found already stays found.
                        let already: Vec<bool> = part.clone().map(|row| row % 5 == 0).collect();
                        let mut hit = already.clone();
                        data.search(part.start, &mut hit, true, find);
                        let all: Vec<bool> = part.zip(already).map(|(row, already)| already || found[row]).collect();
                        prop_assert_eq!(hit, all);
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
        assert_eq!(ColumnData::uuids(&ids).unwrap().bytes(&mut HashSet::new()), 1600);
    }
}
