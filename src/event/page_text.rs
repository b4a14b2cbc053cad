use std::borrow::Cow;
use std::sync::Arc;

use arrow::buffer::Buffer;

/// Text as byte ranges of decoded pages: a text is not copied before it is read.
#[derive(Debug)]
pub(super) struct PageText {
    pub(super) pages: Arc<[Buffer]>,
    pub(super) ranges: Vec<ByteRange>,
}

/// The bytes of a text in a page; an empty range is an absent text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ByteRange {
    pub(super) page: u32,
    pub(super) start: u32,
    pub(super) length: u32,
}

impl PageText {
    pub(super) fn bytes(&self) -> usize {
        self.ranges.iter().map(|range| range.length as usize + size_of::<ByteRange>()).sum()
    }

    pub(super) fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        let ByteRange { page, start, length } = self.ranges[row];
        let text = self.pages.get(page as usize)?.get(start as usize..)?.get(..length as usize)?;
        (length > 0).then(|| text_of(text))
    }
}

/// Text from bytes that the decoder or the compressor has checked.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
