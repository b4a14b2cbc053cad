//! `Lookup`: one cached value beside the events, such as the list of names.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::error::Error;
use crate::locale::{Language, Sentence};
use crate::time::{Clock, Time};

/// The age up to which a value is good.
const GOOD_FOR: Duration = Duration::from_mins(10);

/// The age up to which a failure is cached, so that a missing permission costs one call a minute and not one a query.
const FAILURE_FOR: Duration = Duration::from_mins(1);

/// The age after which a value that lacks something needed is fetched again.
const LACKING_FOR: Duration = Duration::from_secs(30);

/// One value beside the events, for all questions of a data source: cached, and renewed when it is too old.
///
/// A failed renewal leaves the last value: a stale value is better than none, and [`Found::stale`] has the reason.
#[derive(Debug)]
pub(crate) struct Lookup<T> {
    /// Locked for a few instructions, never across an await.
    cached: Mutex<Cached<T>>,
    /// Locked while a value is fetched, so that concurrent callers share one fetch.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Cached<T> {
    clock: Arc<dyn Clock>,
    /// The last value, and the end of its fetch.
    value: Option<(Arc<T>, Instant)>,
    /// The failure of the last fetch, unless it succeeded.
    failure: Option<(Error, Instant)>,
}

/// The value of a lookup.
#[derive(Debug)]
pub struct Found<T> {
    /// The value.
    pub value: Arc<T>,
    /// The failure of its renewal, if it is too old.
    pub stale: Option<Stale>,
}

/// The failure of a value's renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// When the value was fetched.
    pub time: Time,
    /// When the value was looked up.
    pub looked_up: Time,
    /// Whether the value is older than any value without a failure.
    pub expired: bool,
    /// The error of the renewal.
    pub error: Error,
}

impl<T> Clone for Found<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), stale: self.stale.clone() }
    }
}

impl<T> Found<T> {
    /// A value without a failure.
    pub(crate) fn fresh(value: Arc<T>) -> Self {
        Self { value, stale: None }
    }

    /// The value, unless it is expired: an alert's verdict may not depend on an expired value.
    ///
    /// # Errors
    /// The error of the renewal of an expired value.
    pub(crate) fn unexpired(self) -> Result<Self, Error> {
        match self.stale {
            Some(Stale { expired: true, error, .. }) => Err(error),
            _ => Ok(self),
        }
    }
}

impl Stale {
    /// A sentence for people, such as `Names are those of 14:05 UTC; IAM does not answer: ...`.
    pub(crate) fn sentence(&self, language: Language, what: &str, source: &str) -> String {
        let (time, now): (DateTime<Utc>, DateTime<Utc>) = (self.time.into(), self.looked_up.into());
        let format = if time.date_naive() == now.date_naive() { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
        let (time, error) = (&time.format(format).to_string(), &self.error.summary());
        Sentence::Stale { what, time, source, error }.text(language)
    }
}

impl<T> Cached<T> {
    /// The value, however old, or the failure if there has never been a value.
    fn answer(&self) -> Option<Result<Found<T>, Error>> {
        let Some((value, fetched)) = &self.value else {
            return self.failure.as_ref().map(|(error, _)| Err(error.clone()));
        };
        let (looked_up, age) = (self.clock.now(), fetched.elapsed());
        let stale = self.failure.as_ref().map(|(error, _)| Stale {
            time: looked_up - age,
            looked_up,
            expired: age >= GOOD_FOR,
            error: error.clone(),
        });
        Some(Ok(Found { value: Arc::clone(value), stale }))
    }

    /// As [`answer`](Self::answer), if nothing need be fetched.
    fn answer_if(&self, is_good: impl Fn(&Self) -> bool) -> Option<Result<Found<T>, Error>> {
        if is_good(self) { self.answer() } else { None }
    }

    /// Whether the value, or the failure, is not too old.
    fn is_good(&self, lacks: impl Fn(&T) -> bool) -> bool {
        match (&self.failure, &self.value) {
            (Some((_, failed)), _) => failed.elapsed() < FAILURE_FOR,
            (None, Some((value, fetched))) => fetched.elapsed() < if lacks(value) { LACKING_FOR } else { GOOD_FOR },
            (None, None) => false,
        }
    }

    /// When the last fetch ended.
    fn last(&self) -> Option<Instant> {
        self.failure.as_ref().map(|(_, failed)| *failed).or(self.value.as_ref().map(|(_, fetched)| *fetched))
    }

    /// Stores the result of a fetch.
    fn put(&mut self, fetched: Result<T, Error>) -> Result<Found<T>, Error> {
        let ended = Instant::now();
        match fetched {
            Ok(value) => {
                self.value = Some((Arc::new(value), ended));
                self.failure = None;
            }
            Err(error) => self.failure = Some((error, ended)),
        }
        self.answer().expect("a fetch leaves a value or a failure")
    }
}

impl<T> Lookup<T> {
    /// A lookup that has fetched nothing yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let cached = Cached { clock, value: None, failure: None };
        Self { cached: Mutex::new(cached), fetching: tokio::sync::Mutex::new(()) }
    }

    /// The cached value, if it is good and its renewal has not failed.
    pub(crate) fn get_cached(&self) -> Option<Arc<T>> {
        let found = self.cached.lock().answer_if(|cached| cached.is_good(|_| false))?.ok()?;
        found.stale.is_none().then_some(found.value)
    }

    /// Whether there has never been a value, because its source does not exist.
    pub(crate) fn is_absent(&self) -> bool {
        let cached = self.cached.lock();
        cached.value.is_none() && cached.failure.as_ref().is_some_and(|(error, _)| error.is_absence())
    }

    /// The value, from the cache if it is good, or else from `fetch`, which ends at the deadline; `lacks` returns whether
    /// something is missing in the value. With `now`, it is fetched even if the cached value is good. Callers that wait for
    /// the same fetch share it.
    ///
    /// # Errors
    /// When no fetch has ever succeeded.
    pub(crate) async fn get(
        &self,
        deadline: std::time::Instant,
        now: bool,
        lacks: impl Fn(&T) -> bool + Send,
        fetch: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<Found<T>, Error> {
        let asked = Instant::now();
        let is_good = move |cached: &Cached<T>| if now { cached.last() > Some(asked) } else { cached.is_good(&lacks) };
        let good = self.cached.lock().answer_if(&is_good);
        if let Some(good) = good {
            return good;
        }
        let turn = tokio::time::timeout_at(deadline.into(), self.fetching.lock()).await;
        let shared = self.cached.lock().answer_if(&is_good);
        if let Some(shared) = shared {
            return shared;
        }
        if turn.is_err() {
            // Another caller's fetch outlasts this caller's deadline. Without an answer, `fetch` fails at the deadline with
            // an error.
            let answer = self.cached.lock().answer();
            return match answer {
                Some(answer) => answer,
                None => fetch.await.map(|value| Found::fresh(Arc::new(value))),
            };
        }
        let fetched = fetch.await;
        self.cached.lock().put(fetched)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::time::tests::FixedClock;

    /// A lookup, and the number of its fetches.
    struct Source {
        lookup: Lookup<usize>,
        fetched: AtomicUsize,
    }

    impl Default for Source {
        fn default() -> Self {
            Self { lookup: Lookup::new(Arc::new(FixedClock::default())), fetched: AtomicUsize::default() }
        }
    }

    fn busy() -> Error {
        Error::Status { status: 503, message: "busy".to_owned(), about: None }
    }

    fn later() -> std::time::Instant {
        Instant::now().into_std() + Duration::from_mins(1)
    }

    impl Source {
        /// The number of the fetch, or a failure.
        async fn fetch(&self, fails: bool) -> Result<usize, Error> {
            let number = self.fetched.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
            if fails { Err(busy()) } else { Ok(number) }
        }

        async fn get(&self, fails: bool) -> Result<(usize, bool), Error> {
            let found = self.lookup.get(later(), false, |_| false, self.fetch(fails)).await?;
            Ok((*found.value, found.stale.is_some()))
        }

        async fn get_now(&self, fails: bool) -> Result<(usize, bool), Error> {
            let found = self.lookup.get(later(), true, |_| false, self.fetch(fails)).await?;
            Ok((*found.value, found.stale.is_some()))
        }
    }

    async fn pass(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failed_renewal_the_value_is_stale() {
        let source = Source::default();
        let cached = || source.lookup.get_cached().map(|value| *value);
        assert_eq!(cached(), None);
        assert_eq!(source.get(false).await, Ok((1, false)));
        pass(599).await;
        assert_eq!(source.get(true).await, Ok((1, false)), "a value is good for ten minutes");
        assert_eq!(cached(), Some(1));
        pass(1).await;
        assert_eq!(cached(), None);
        assert_eq!(source.get(true).await, Ok((1, true)));
        assert_eq!(cached(), None, "a stale value is not good");
        pass(58).await;
        assert_eq!(source.get(false).await, Ok((1, true)), "a failure is cached for a minute");
        pass(2).await;
        assert_eq!(source.get(false).await, Ok((3, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_health_check_discards_no_value() {
        let source = Source::default();
        source.get(false).await.unwrap();
        assert_eq!(source.get_now(true).await, Ok((1, true)));
        assert_eq!(source.get(false).await, Ok((1, true)));
        assert_eq!(source.get_now(false).await, Ok((3, false)), "a check asks whatever is cached");
        assert_eq!(source.get(true).await, Ok((3, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn without_any_value_a_failure_is_an_error_for_a_minute() {
        let source = Source::default();
        assert_eq!(source.get(true).await, Err(busy()));
        pass(58).await;
        assert_eq!((source.get(false).await, source.fetched.load(Ordering::Relaxed)), (Err(busy()), 1));
        pass(2).await;
        assert_eq!(source.get(false).await, Ok((2, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_lacks_something_is_fetched_again_after_half_a_minute() {
        let source = Source::default();
        let get = || source.lookup.get(later(), false, |number| *number < 2, source.fetch(false));
        assert_eq!(*get().await.unwrap().value, 1);
        pass(29).await;
        assert_eq!(*get().await.unwrap().value, 1);
        pass(1).await;
        assert_eq!(*get().await.unwrap().value, 2);
        pass(599).await;
        assert_eq!(*get().await.unwrap().value, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_callers_share_one_fetch() {
        let source = Source::default();
        let (one, two, three) = tokio::join!(source.get(false), source.get_now(false), source.get(false));
        assert_eq!((one, two, three), (Ok((1, false)), Ok((1, false)), Ok((1, false))));
        let (one, two) = tokio::join!(source.get_now(true), source.get_now(true));
        assert_eq!((one, two), (Ok((1, true)), Ok((1, true))));
        assert_eq!(source.fetched.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_waits_no_longer_than_its_deadline_for_anothers_fetch() {
        let source = Source::default();
        source.get(false).await.unwrap();
        pass(600).await;
        let begun = Instant::now();
        let soon = begun.into_std() + Duration::from_millis(10);
        let hurried = async {
            tokio::task::yield_now().await;
            let found = source.lookup.get(soon, false, |_| false, source.fetch(true)).await;
            (found.map(|found| *found.value), begun.elapsed())
        };
        let (patient, hurried) = tokio::join!(source.get(false), hurried);
        assert_eq!((patient, hurried.0), (Ok((2, false)), Ok(1)));
        assert!(hurried.1 < Duration::from_millis(100), "{:?}", hurried.1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_fetch_does_not_block_the_next_caller() {
        let source = Source::default();
        let given_up = tokio::time::timeout(Duration::from_millis(1), source.get(false)).await;
        assert!(given_up.is_err());
        assert_eq!(source.get(false).await, Ok((2, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stale_value_expires_at_the_age_of_a_good_one() {
        let source = Source::default();
        source.get(false).await.unwrap();
        let found = async || source.lookup.get(later(), true, |_| false, source.fetch(true)).await.unwrap();
        assert!(found().await.unexpired().is_ok());
        pass(600).await;
        assert_eq!(found().await.unexpired().unwrap_err(), busy());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_is_absent_if_its_source_never_existed() {
        let absent = Error::Status { status: 404, message: "Not Found".to_owned(), about: None };
        let Source { lookup, .. } = Source::default();
        assert!(!lookup.is_absent());
        for (fetched, is_absent) in
            [(Err(busy()), false), (Err(absent.clone()), true), (Ok(1), false), (Err(absent), false)]
        {
            let _ = lookup.get(later(), true, |_| false, async { fetched }).await;
            assert_eq!(lookup.is_absent(), is_absent);
        }
    }

    #[test]
    fn the_sentence_of_a_stale_value_has_its_time() {
        let at = |text: &str| Time::from(text.parse::<DateTime<Utc>>().unwrap());
        let sentence = |now: &str| {
            let stale = Stale { time: at("2026-11-28T14:05:59Z"), looked_up: at(now), expired: false, error: busy() };
            stale.sentence(Language::English, "Names", "IAM")
        };
        assert_eq!(
            sentence("2026-11-28T14:16:00Z"),
            "Names are those of 14:05 UTC; IAM does not answer: Scaleway answers HTTP 503: busy"
        );
        assert!(sentence("2026-11-29T00:00:00Z").starts_with("Names are those of 2026-11-28 14:05 UTC; "));
    }
}
