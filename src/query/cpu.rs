//! Work on the events of an answer: beside the threads that wait for calls, and no more at once than there are processors.

use std::num::NonZero;
use std::sync::LazyLock;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::error::Failure;
use crate::event;

/// One permit for each processor, since each task takes memory for its whole answer.
static PERMITS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(processors()));

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs work that costs `rows`, see [`Answer::cost`](super::answer::Answer::cost), on the blocking pool, or at once where they
/// are few. A panic of the work panics the caller.
///
/// # Errors
/// Those of the work; and when no processor is free before the deadline.
pub(crate) async fn spawn_cpu<T: Send + 'static>(
    rows: usize,
    deadline: Instant,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    if rows < event::MANY {
        return work();
    }
    let permit = tokio::time::timeout_at(deadline.into(), PERMITS.acquire()).await.map_err(|_| Failure::busy())?;
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    match done.await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[tokio::test]
    async fn work_on_many_rows_blocks_no_other_task() {
        let (send, receive) = mpsc::channel();
        let work = spawn_cpu(event::MANY, soon(), move || Ok(receive.recv_timeout(Duration::from_mins(1))));
        let other = async { send.send("meanwhile").unwrap() };
        assert_eq!(tokio::join!(work, other).0, Ok(Ok("meanwhile")));
    }

    #[tokio::test]
    async fn no_more_tasks_run_at_once_than_there_are_processors() {
        let most = processors();
        let running = Arc::new(AtomicUsize::new(0));
        let works = (0..most * 4).map(|_| {
            let running = Arc::clone(&running);
            spawn_cpu(event::MANY, soon(), move || {
                let at_once = running.fetch_add(1, Ordering::SeqCst) + 1;
                std::thread::sleep(Duration::from_millis(5));
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(at_once)
            })
        });
        let at_once = futures::future::join_all(works).await;
        assert!(at_once.iter().all(|count| count.as_ref().is_ok_and(|count| *count <= most)), "{at_once:?} of {most}");
    }

    #[tokio::test]
    async fn a_panic_of_the_work_is_one_of_the_caller() {
        let failed = tokio::spawn(spawn_cpu::<()>(event::MANY, soon(), || panic!("on purpose"))).await;
        assert!(failed.is_err_and(|error| error.is_panic()));
    }

    #[tokio::test]
    async fn without_a_free_processor_until_the_deadline_the_error_says_so() {
        let taken = PERMITS.acquire_many(u32::try_from(processors()).unwrap()).await;
        let late = spawn_cpu(event::MANY, Instant::now() + Duration::from_millis(20), || Ok(())).await;
        assert_eq!(late, Err(Failure::busy()));
        assert_eq!(spawn_cpu(1, Instant::now(), || Ok("few rows need no permit")).await, Ok("few rows need no permit"));
        drop(taken);
    }
}
