use std::ops::Range;

use arrow::error::ArrowError;

/// The number of texts that are compressed together: enough to find repetitions, few enough to read one at little cost.
pub(super) const BLOCK_ROWS: usize = 1024;

/// A block with as many bytes takes no further text.
pub(super) const BLOCK_BYTES: usize = 1 << 20;

/// zstd's compression level; higher levels gain little on blocks of this size.
const LEVEL: i32 = 1;

/// Text in compressed blocks of at most [`BLOCK_ROWS`].
#[derive(Debug)]
pub(super) struct CompressedText {
    pub(super) blocks: Vec<Block>,
    pub(super) rows: usize,
}

/// Compressed texts: a [`Length`] of each, then one after the other.
#[derive(Debug)]
pub(super) struct Block {
    /// The block's first row.
    first: usize,
    pub(super) packed: Box<[u8]>,
    /// The length of the decompressed block, in bytes.
    pub(super) length: usize,
}

/// The length of a text plus one; 0 is an absent text.
pub(super) type Length = u32;

pub(super) const LENGTH: usize = size_of::<Length>();

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

    pub(super) fn finish(mut self) -> Result<CompressedText, ArrowError> {
        if !self.lengths.is_empty() {
            self.close()?;
        }
        self.compressed.blocks.shrink_to_fit();
        Ok(self.compressed)
    }
}

impl CompressedText {
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
