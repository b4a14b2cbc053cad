use rayon::prelude::*;

/// The fewest rows for which work is shared among threads.
pub(crate) const MANY: usize = 4_096;

/// The results of `work` for each item, in the items' order; computed in parallel where each concerns many rows.
pub(crate) fn side_by_side<T: Copy + Sync, R: Send>(rows: usize, items: &[T], work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if rows < MANY {
        items.iter().copied().map(work).collect()
    } else {
        items.par_iter().map(|item| work(*item)).collect()
    }
}
