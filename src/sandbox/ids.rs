//! Ids, derived from names or drawn.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The same UUID for the same name, in every run and on every toolchain.
pub(super) fn id_of(name: &str) -> String {
    uuid_v4(of_name(name).random())
}

/// Randomness that a name decides.
pub(super) fn of_name(name: &str) -> ChaCha8Rng {
    // FNV-1a: the standard library's hasher may change with the toolchain.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ChaCha8Rng::seed_from_u64(hash)
}

/// Random bits as a UUID of version 4.
pub(super) fn uuid_v4(bits: u128) -> String {
    uuid((bits & !(0xf << 76)) | (4 << 76))
}

/// A UUID of version 7: a millisecond, then random bits.
pub(super) fn uuid_v7(milliseconds: i64, bits: u128) -> String {
    let time = u128::from(milliseconds.unsigned_abs()) << 80;
    uuid(time | (bits & ((1 << 80) - 1) & !(0xf << 76)) | (7 << 76))
}

fn uuid(bits: u128) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    /// Where each byte is written.
    const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    // Variant 10: the two upper bits of the second half.
    let bits = (bits & !(0b11 << 62)) | (0b10 << 62);
    let mut text = vec![b'-'; 36];
    for (byte, place) in bits.to_be_bytes().into_iter().zip(PLACES) {
        text[place] = DIGITS[usize::from(byte >> 4)];
        text[place + 1] = DIGITS[usize::from(byte & 0xf)];
    }
    String::from_utf8(text).unwrap_or_default()
}

/// `SCW` and 17 capitals or digits.
pub(super) fn access_key(rng: &mut impl Rng) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let tail = (0..17).map(|_| char::from(DIGITS[rng.random_range(0..32)]));
    "SCW".chars().chain(tail).collect()
}
