//! `EventCache`: the events of an organization, each fetched from Scaleway once.
//!
//! # Segments
//!
//! The unit of the cache is the *segment*: all events of one list (its
//! [`ListKey`](crate::scaleway::audit_trail::ListKey): region, list, API filter) in one half-open interval. The time of its
//! fetch decides how long it is a hit:
//!
//! ```text
//!   fetched            settling time after its end            settled: complete for good, cached until evicted,
//!  ──────────► is the fetch later than that? ── yes ────────►          also in the cache directory
//!                             │
//!                             no
//!                             ▼
//!                        provisional ── 10 s (1 s if its range ends now or later) ─► stale ── 60 s ──► removed
//!                     a hit for panels                          the part that ended 60 s before
//!                                                               the fetch is still a hit for panels
//! ```
//!
//! This is stale-while-revalidate with two exceptions. Beside settled segments, an alert rule accepts only segments fetched
//! after its request. And stale parts are hits only where they spare calls: a refresh fetches one page anyway, and few stale
//! events fit on it. [`Store`](store::Store) applies these rules; times are its arguments.
//!
//! # Who owns what
//!
//! - [`EventCache`] owns the [`Store`](store::Store) and the list of fetches in flight, behind one lock without guards
//!   across an await.
//! - A [`Request`](request::Request) is one read of some lists of a region, with a [`Progress`](progress::Progress) for each. It
//!   looks up, finds or begins fetches for missing intervals, waits, and looks up again. It owns its fetches together with all
//!   other requests that wait for the same fetches.
//! - An [`InFlightFetch`](in_flight::InFlightFetch) owns its task: when the last request drops it, the task is aborted, and the
//!   complete pages are cached.
//! - The [`Source`] owns everything particular to a service: its pages, its clock, and the interval that it covers. An error
//!   of its pages becomes a [`Gap`] of the fetch, and a [`Listing`] has the gaps that remain in the end.
//! - A task runs [`fetch`](fetch::fetch), which owns its [`Worker`](worker::Worker)s; a [`Batcher`](batcher::Batcher) packs the
//!   events of a worker.
//! - A [`Subscription`](subscription::Subscription) knows which events of a list its subscribers have received, and sends them
//!   the others as segments are cached. It lives as long as one of its receivers.
//! - A [`FetchPlan`](fetch_plan::FetchPlan) has what earlier fetches brought of its window ([`EarlierFetches`](late::EarlierFetches)):
//!   an event that they lack has appeared late, and is counted and logged once.
//! - The [`Directory`](directory::Directory) has settled segments on disk, for the next process.
//!
//! # Invariants, and the tests that guard them
//!
//! - An answer equals the answer of a plain list of events, or names the missing intervals:
//!   `answers_equal_those_of_a_plain_list`, `concurrent_threads_get_complete_answers`.
//! - A clock that is set back loses no event: `a_clock_set_back_during_a_fetch_loses_no_event`,
//!   `a_segment_settled_by_a_fast_clock_is_fetched_again`.
//! - A rule counts events fetched after its request:
//!   `a_rule_fetches_provisional_events_and_shares_them_with_rules_of_the_same_tick`.
//! - A subscriber receives each event once, and delays no request: `new_events_are_sent_once`,
//!   `a_slow_subscriber_delays_nothing_and_learns_that_it_missed_events`.
//! - An event that appears later than the lag is counted once, and no other event is: `late_events_are_counted_once`,
//!   `events_that_appear_within_the_lag_are_not_late`.
//! - Uncovered intervals are named: `a_range_from_before_the_coverage_names_the_uncovered_interval`.
//! - Equal requests at the same time are one fetch: `equal_requests_at_the_same_time_share_one_fetch`.

mod api;
mod batcher;
mod cached_list;
mod density;
mod directory;
mod event_cache;
mod fetch;
mod fetch_plan;
mod freshness;
mod gap;
mod in_flight;
mod late;
mod limits;
mod listing;
mod lookup;
mod metrics;
mod outcome;
mod progress;
mod request;
mod segment;
mod size;
mod source;
mod state;
mod store;
mod subscription;
mod worker;

#[cfg(test)]
mod tests;

pub(crate) use directory::make_private;
pub use event_cache::EventCache;
pub use freshness::Freshness;
pub use gap::Gap;
pub use limits::Limits;
pub use listing::Listing;
pub use metrics::Meter;
pub use source::{Pages, Source};
