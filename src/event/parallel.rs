use rayon::prelude::*;

/// From so many rows on, work is worth threads of its own.
pub(crate) const MANY: usize = 4_096;

/// What `work` makes of each item, in their order; side by side where each concerns many rows.
pub(crate) fn side_by_side<T: Copy + Sync, R: Send>(rows: usize, items: &[T], work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if rows < MANY {
        items.iter().copied().map(work).collect()
    } else {
        items.par_iter().map(|item| work(*item)).collect()
    }
}
