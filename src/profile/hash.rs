use sha2::{Digest, Sha256};

use crate::event::Column;
use crate::settings::fingerprint;

/// The secret of a data source with which its profile's hashes are salted: without it, a profile's file does not even tell
/// whether a guessed name is in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Salt([u8; 32]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// The salt of a trail, a hash that includes the credential, for a profile of some regions.
    pub(crate) fn new(trail: &[u8; 32], regions: &[String]) -> Self {
        let mut regions: Vec<&str> = regions.iter().map(String::as_str).collect();
        regions.sort_unstable();
        regions.dedup();
        Self(fingerprint([b"profile".as_slice(), trail.as_slice(), regions.join(",").as_bytes()]))
    }

    /// What a file has of the salt, to tell whether it was written with the same.
    pub(super) fn check(&self) -> [u8; 32] {
        fingerprint([b"check".as_slice(), self.0.as_slice()])
    }

    pub(super) fn hash(&self, column: Column, text: &str) -> u64 {
        let hash = Sha256::new().chain_update(self.0).chain_update([column as u8]).chain_update(text).finalize();
        u64::from_be_bytes(*hash.first_chunk().expect("32 bytes have 8"))
    }
}

/// A hash of hashes. Those of texts are salted, so that nobody can choose texts whose mixtures are equal.
pub(super) fn mix<const N: usize>(parts: [u64; N]) -> u64 {
    parts.into_iter().fold(0, |hash, part| {
        let hash = (hash ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 32)
    })
}
