use std::borrow::Cow;
use std::sync::Arc;

use arrow::buffer::Buffer;

/// Text as byte ranges of the pages that were read: a text is not copied before it is read.
#[derive(Debug)]
pub(super) struct PageText {
    pub(super) pages: Arc<[Buffer]>,
    pub(super) places: Vec<ByteRange>,
}

/// The bytes of a text in a page; an empty range is no text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ByteRange {
    pub(super) page: u32,
    pub(super) start: u32,
    pub(super) length: u32,
}

impl PageText {
    pub(super) fn bytes(&self) -> usize {
        self.places.iter().map(|place| place.length as usize + size_of::<ByteRange>()).sum()
    }

    pub(super) fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        let ByteRange { page, start, length } = self.places[row];
        let text = self.pages.get(page as usize)?.get(start as usize..)?.get(..length as usize)?;
        (length > 0).then(|| text_of(text))
    }
}

/// Bytes that were checked when they were read.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
