//! Parts, replayed by several threads.

use std::panic::resume_unwind;
use std::thread;

use parking_lot::Mutex;

use super::part::Part;

/// Replays parts on so many threads, each the next one that is left, and returns the results in the order of the parts. After the
/// first error, no further part is begun.
pub(super) fn replayed<T: Send, E: Send>(
    parts: &[Part],
    threads: usize,
    work: impl Fn(&Part) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let left = Mutex::new(parts.iter().enumerate());
    let replay = || {
        let mut done = Vec::new();
        loop {
            // The lock is not for the time of the work.
            let next = left.lock().next();
            let Some((number, part)) = next else { return Ok(done) };
            match work(part) {
                Ok(result) => done.push((number, result)),
                Err(error) => {
                    left.lock().by_ref().for_each(drop);
                    return Err(error);
                }
            }
        }
    };
    let results: Vec<Result<Vec<(usize, T)>, E>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(replay)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let mut done = Vec::new();
    for of_thread in results {
        done.extend(of_thread?);
    }
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::super::part::parts;
    use super::*;

    #[test]
    fn each_part_is_replayed_once_and_results_are_in_order() {
        let parts = parts(1..8, 1, 3);
        for threads in [0, 1, 4, 50] {
            let results = replayed(&parts, threads, |part| Ok::<_, ()>(part.clone())).unwrap();
            assert_eq!(results, parts, "{threads} threads");
        }
    }

    #[test]
    fn no_part_is_begun_after_an_error() {
        let (parts, begun) = (parts(1..100, 1, 1), Mutex::new(0));
        let fails = |part: &Part| {
            *begun.lock() += 1;
            if part.seed == 3 { Err("no disk") } else { Ok(()) }
        };
        assert_eq!(replayed(&parts, 1, fails), Err("no disk"));
        assert_eq!(*begun.lock(), 3);
    }
}
