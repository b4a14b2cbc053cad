use std::sync::Arc;

use super::chunk::Chunk;
use super::derivation::Derivation;
use super::events::Events;

impl Events {
    /// A number for each event; `derive` computes the numbers of whole chunks. A chunk caches the numbers of a derivation's
    /// last key, so that events that share it do not derive them again. Equal keys of a derivation mean equal numbers.
    pub(crate) fn derived(&self, of: Derivation, key: u64, derive: impl Fn(&Self) -> Arc<[u16]>) -> Vec<u16> {
        let chunks: Vec<Arc<[u16]>> = self.chunks.iter().map(|chunk| derived(chunk, of, key, &derive)).collect();
        let mut numbers = Vec::with_capacity(self.len());
        self.rows.runs.iter().for_each(|run| numbers.extend_from_slice(&chunks[run.chunk()][run.rows()]));
        numbers
    }

    /// The number of rows whose chunks do not have the numbers of the key, so that [`derived`](Self::derived) would derive
    /// them.
    pub(crate) fn not_derived(&self, of: Derivation, key: u64) -> usize {
        // While another thread derives the numbers of a chunk, it does not have them: this does not wait.
        let known = |chunk: &Arc<Chunk>| Some(source(chunk).derived[of as usize].try_lock()?.as_ref()?.0);
        self.chunks.iter().filter(|chunk| known(chunk) != Some(key)).map(|chunk| chunk.rows()).sum()
    }
}

/// The chunk that numbers are derived from, and cached beside.
fn source(chunk: &Arc<Chunk>) -> &Arc<Chunk> {
    chunk.whole.as_ref().unwrap_or(chunk)
}

/// The numbers of all rows of a chunk. Threads that ask for them at the same time wait instead of deriving them again.
fn derived(chunk: &Arc<Chunk>, of: Derivation, key: u64, derive: impl Fn(&Events) -> Arc<[u16]>) -> Arc<[u16]> {
    let chunk = source(chunk);
    let mut derived = chunk.derived[of as usize].lock();
    match &*derived {
        Some((known, numbers)) if *known == key => Arc::clone(numbers),
        _ => {
            let numbers = derive(&Events::whole(Arc::clone(chunk)));
            *derived = Some((key, Arc::clone(&numbers)));
            numbers
        }
    }
}
