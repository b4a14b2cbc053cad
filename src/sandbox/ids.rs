//! Ids, derived from names or random.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Builder;

/// The same UUID for the same name, in every run and on every toolchain.
pub(super) fn id_of(name: &str) -> String {
    uuid_v4(of_name(name).random())
}

/// A generator seeded by a name.
pub(super) fn of_name(name: &str) -> ChaCha8Rng {
    // FNV-1a: the standard library's hasher may change with the toolchain.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ChaCha8Rng::seed_from_u64(hash)
}

/// Random bits as a UUID of version 4.
pub(super) fn uuid_v4(bits: u128) -> String {
    Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
}

/// A UUID of version 7: a Unix time in milliseconds, then the lower 80 random bits.
pub(super) fn uuid_v7(milliseconds: i64, bits: u128) -> String {
    let [_, _, _, _, _, _, random @ ..] = bits.to_be_bytes();
    Builder::from_unix_timestamp_millis(milliseconds.unsigned_abs(), &random).into_uuid().to_string()
}

/// An access key: `SCW` and 17 capitals or digits.
pub(super) fn access_key(rng: &mut impl Rng) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let tail = (0..17).map(|_| char::from(DIGITS[rng.random_range(0..32)]));
    "SCW".chars().chain(tail).collect()
}
