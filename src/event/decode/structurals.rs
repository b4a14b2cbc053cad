#![expect(clippy::inline_always, reason = "an event has forty strings")]

use wide::u8x16;

/// One bit per byte of a text, set for quotes, backslashes and control characters, which a string has only escaped.
/// The bit after the text's end is set too, so that every string ends.
#[derive(Default)]
pub(super) struct Structurals(Vec<u64>);

impl Structurals {
    pub(super) fn set(&mut self, text: &[u8]) {
        let (blocks, rest) = text.as_chunks();
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        self.0.clear();
        self.0.extend(blocks.iter().map(Self::of));
        self.0.extend([Self::of(&last), u64::MAX]);
    }

    /// Compares sixteen bytes at a time, as every x86-64 and every 64-bit ARM processor can.
    #[inline]
    fn of(block: &[u8; 64]) -> u64 {
        Self::of_quarter(block, 0)
            | Self::of_quarter(block, 1)
            | Self::of_quarter(block, 2)
            | Self::of_quarter(block, 3)
    }

    #[inline(always)]
    fn of_quarter(block: &[u8; 64], quarter: usize) -> u64 {
        let bytes = u8x16::new(block.as_chunks().0[quarter]);
        let special = bytes.simd_eq(u8x16::splat(b'"'))
            | bytes.simd_eq(u8x16::splat(b'\\'))
            | bytes.simd_eq(bytes.min(u8x16::splat(0x1f)));
        u64::from(special.to_bitmask()) << (16 * quarter)
    }

    /// The position of the first set bit at or after `at`, or some position after the text.
    ///
    /// The 64 bits from `at` on are tested together, without regard to word boundaries. Otherwise a branch would depend on
    /// the position of a short string in its word, which a processor cannot predict.
    #[inline(always)]
    pub(super) fn next(&self, mut at: usize) -> usize {
        while let Some(&[low, high]) = self.0.get(at / 64..).and_then(<[u64]>::first_chunk) {
            let bits = (low >> (at % 64)) | (high << 1 << (63 - at % 64));
            if bits != 0 {
                return at + bits.trailing_zeros() as usize;
            }
            at += 64;
        }
        usize::MAX
    }
}
