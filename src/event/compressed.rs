use std::ops::Range;

use arrow::error::ArrowError;

/// The number of consecutive texts of a block. A reader has one block in memory.
pub(super) const BLOCK_ROWS: usize = 8192;

/// A block with as many bytes takes no further text.
pub(super) const BLOCK_BYTES: usize = 1 << 20;

/// The number of texts that are compressed together: enough to find repetitions, few enough to read one at little cost.
pub(super) const PART_ROWS: usize = 512;

/// zstd's compression level; higher levels gain little on parts of this size.
const LEVEL: i32 = 1;

/// Text in blocks of at most [`BLOCK_ROWS`], each compressed in parts.
#[derive(Debug)]
pub(super) struct CompressedText {
    pub(super) blocks: Vec<Block>,
    pub(super) rows: usize,
}

/// Consecutive texts. Texts of a group are in as few parts as possible, so that a question about one method decompresses
/// little else.
#[derive(Debug)]
pub(super) struct Block {
    /// The block's first row.
    first: usize,
    pub(super) parts: Box<[Part]>,
}

/// Compressed texts: a [`Length`] of each, then one after the other.
#[derive(Debug)]
pub(super) struct Part {
    /// The rows of the texts, from the block's first.
    pub(super) rows: Box<[u16]>,
    pub(super) packed: Box<[u8]>,
    /// The length of the decompressed part, in bytes.
    pub(super) length: usize,
}

/// The length of a text plus one; 0 is an absent text.
pub(super) type Length = u32;

pub(super) const LENGTH: usize = size_of::<Length>();

/// A text of the block that is not compressed yet.
struct Pending {
    group: u32,
    length: Length,
    bytes: Range<usize>,
}

/// Compresses texts, one after the other.
pub(super) struct TextCompressor {
    compressor: zstd::bulk::Compressor<'static>,
    pending: Vec<Pending>,
    raw: Vec<u8>,
    compressed: CompressedText,
}

impl TextCompressor {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let compressed = CompressedText { blocks: Vec::new(), rows: 0 };
        Ok(Self { compressor: zstd::bulk::Compressor::new(LEVEL)?, pending: Vec::new(), raw: Vec::new(), compressed })
    }

    /// Adds a text of a group.
    pub(super) fn push(&mut self, group: u32, text: Option<&str>) -> Result<(), ArrowError> {
        let length = text.map_or(Some(0), |text| Length::try_from(text.len()).ok()?.checked_add(1));
        let length = length.ok_or(ArrowError::OffsetOverflowError(text.map_or(0, str::len)))?;
        let start = self.raw.len();
        self.raw.extend_from_slice(text.unwrap_or_default().as_bytes());
        self.pending.push(Pending { group, length, bytes: start..self.raw.len() });
        self.compressed.rows += 1;
        let full = self.pending.len() == BLOCK_ROWS || self.raw.len() >= BLOCK_BYTES;
        if full { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), ArrowError> {
        let Self { compressor, pending, raw, compressed } = self;
        let row = |row: usize| u16::try_from(row).expect("a block has at most BLOCK_ROWS rows");
        let mut order: Vec<u16> = (0..pending.len()).map(row).collect();
        order.sort_by_key(|row| pending[usize::from(*row)].group);
        let (mut parts, mut part) = (Vec::new(), Vec::new());
        for rows in order.chunks(PART_ROWS) {
            part.clear();
            let texts = || rows.iter().map(|row| &pending[usize::from(*row)]);
            texts().for_each(|text| part.extend_from_slice(&text.length.to_le_bytes()));
            texts().for_each(|text| part.extend_from_slice(&raw[text.bytes.clone()]));
            parts.push(Part { rows: rows.into(), packed: compressor.compress(&part)?.into(), length: part.len() });
        }
        compressed.blocks.push(Block { first: compressed.rows - pending.len(), parts: parts.into() });
        pending.clear();
        raw.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<CompressedText, ArrowError> {
        if !self.pending.is_empty() {
            self.close()?;
        }
        self.compressed.blocks.shrink_to_fit();
        Ok(self.compressed)
    }
}

impl CompressedText {
    pub(super) fn bytes(&self) -> usize {
        let part = |part: &Part| part.packed.len() + size_of_val(&*part.rows) + size_of::<Part>();
        let block = |block: &Block| size_of::<Block>() + block.parts.iter().map(part).sum::<usize>();
        self.blocks.iter().map(block).sum()
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
