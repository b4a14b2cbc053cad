use std::sync::{Arc, PoisonError};

use super::events::{ChunkSlice, Events};

impl Events {
    /// A number for each event, which `derive` makes of whole chunks. A chunk caches the numbers of the last key, so that
    /// events that share it do not derive them again. Equal keys mean equal numbers.
    pub fn derived(&self, key: u64, derive: impl Fn(&Self) -> Arc<[u16]>) -> Vec<u16> {
        let mut numbers = Vec::with_capacity(self.len());
        let mut known: Vec<Option<Arc<[u16]>>> = vec![None; self.slices.len()];
        for (slice, rows) in self.segments() {
            let of_chunk = known[slice].get_or_insert_with(|| self.slices[slice].derived(key, &derive));
            rows.each(|row| numbers.push(of_chunk[row]));
        }
        numbers
    }
}

impl ChunkSlice {
    /// The numbers of all rows of the chunk. Who else wants them waits, rather than derive them too.
    fn derived(&self, key: u64, derive: impl Fn(&Events) -> Arc<[u16]>) -> Arc<[u16]> {
        let mut derived = self.chunk.derived.lock().unwrap_or_else(PoisonError::into_inner);
        match &*derived {
            Some((known, numbers)) if *known == key => Arc::clone(numbers),
            _ => {
                let whole = Self { start: 0, rows: self.chunk.rows, ..self.clone() };
                let numbers = derive(&Events::over(vec![whole], None));
                *derived = Some((key, Arc::clone(&numbers)));
                numbers
            }
        }
    }
}
