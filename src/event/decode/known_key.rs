#![expect(clippy::inline_always, reason = "an event has twenty keys")]

use wide::u8x16;

/// The most keys of earlier objects that may be missing in a row.
const AHEAD: usize = 4;

/// The longest text of a known key, in bytes.
pub(super) const LONGEST: usize = 32;

/// A key of similar objects, with all bytes between two values: a comma, the key and a colon.
pub(super) struct KnownKey<K> {
    text: [u8; LONGEST],
    pub(super) length: usize,
    pub(super) key: K,
}

impl<K> KnownKey<K> {
    pub(super) fn new(between: &[u8], key: K) -> Option<Self> {
        let mut text = [0; LONGEST];
        text.get_mut(..between.len())?.copy_from_slice(between);
        Some(Self { text, length: between.len(), key })
    }

    /// Whether `text` begins with the known key.
    #[inline(always)]
    fn is(&self, text: &[u8; LONGEST]) -> bool {
        let ([a, b], [c, d]) = (halves(&self.text), halves(text));
        let same = a.simd_eq(c).to_bitmask() | (b.simd_eq(d).to_bitmask() << 16);
        same.trailing_ones() as usize >= self.length
    }
}

#[inline(always)]
fn halves(text: &[u8; LONGEST]) -> [u8x16; 2] {
    [0, 1].map(|half| u8x16::new(text.as_chunks().0[half]))
}

/// The number of known keys that are missing before the one that `text` begins with.
#[inline(always)]
pub(super) fn ahead<K>(known: &[KnownKey<K>], text: &[u8; LONGEST]) -> Option<usize> {
    known.iter().take(AHEAD).position(|known| known.is(text))
}
