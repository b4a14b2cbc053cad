//! Refusals (403) of permissions that are still propagating.
//!
//! Scaleway's servers learn of a grant one by one: for up to two minutes some refuse a key that others serve. A call refused
//! meanwhile is retried; a lasting refusal is not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::transport;

/// The longest propagation of a grant: a region that refuses for longer refuses for good.
const PROPAGATION: Duration = Duration::from_mins(2);

/// The age up to which a success shows that another call with the same permission may succeed.
const RECENT: Duration = Duration::from_secs(10);

/// A permission set, and a list of the API if its lists are granted separately.
pub(super) type Permission = (&'static str, String);

/// The observed permissions of one key. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Grants {
    /// Locked for a few instructions, never across an await.
    state: Arc<Mutex<State>>,
    /// Notified when a call ends.
    ended: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    /// The last success of each permission.
    succeeded: HashMap<Permission, Instant>,
    /// The first refusal of a permission in a region since its last success there.
    refused: HashMap<(Permission, String), Instant>,
    /// The last success in a region that had refused the permission.
    granted: Option<Instant>,
    /// The number of calls that have begun and not ended.
    under_way: HashMap<Permission, usize>,
}

/// The verdict on a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Other calls succeed: the grant is propagating.
    Passing,
    /// The calls under way decide.
    Undecided,
    /// The permission is not granted.
    Lasting,
}

/// A call under way.
#[derive(Debug)]
pub(super) struct UnderWay(Access);

impl Grants {
    /// Whether a grant is known to be propagating: a region has refused and later answered.
    pub(super) fn is_propagating(&self) -> bool {
        self.state.lock().granted.is_some_and(|then| then.elapsed() < PROPAGATION)
    }

    fn judge(&self, permission: &Permission, region: &str, now: Instant) -> Refusal {
        let state = self.state.lock();
        let since = state.refused.get(&(permission.clone(), region.to_owned())).copied().unwrap_or(now);
        let succeeded = state.succeeded.get(permission);
        if now.saturating_duration_since(since) >= PROPAGATION {
            Refusal::Lasting
        } else if succeeded.is_some_and(|then| now.saturating_duration_since(*then) < RECENT) {
            Refusal::Passing
        } else if state.under_way.get(permission).is_some_and(|calls| *calls > 0) {
            Refusal::Undecided
        } else {
            Refusal::Lasting
        }
    }
}

impl UnderWay {
    /// Ends a call that was answered: the key has the permission.
    fn succeeded_at(self, now: Instant) {
        let Access { grants, permission, region } = &self.0;
        let mut state = grants.state.lock();
        state.succeeded.insert(permission.clone(), now);
        if state.refused.remove(&(permission.clone(), region.clone())).is_some() {
            state.granted = Some(now);
        }
    }

    /// Ends a call that was refused.
    fn refused_at(self, now: Instant) {
        let Access { grants, permission, region } = &self.0;
        grants.state.lock().refused.entry((permission.clone(), region.clone())).or_insert(now);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Access { grants, permission, .. } = &self.0;
        if let Some(calls) = grants.state.lock().under_way.get_mut(permission) {
            *calls = calls.saturating_sub(1);
        }
        grants.ended.notify_waiters();
    }
}

/// The permission of one call in its region.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) grants: Grants,
    pub(super) permission: Permission,
    pub(super) region: String,
}

impl transport::Access for Access {
    type Try = UnderWay;

    fn begin(&self) -> UnderWay {
        *self.grants.state.lock().under_way.entry(self.permission.clone()).or_default() += 1;
        UnderWay(self.clone())
    }

    fn succeeded(&self, attempt: UnderWay) {
        attempt.succeeded_at(Instant::now());
    }

    fn refused(&self, attempt: UnderWay) {
        attempt.refused_at(Instant::now());
    }

    /// Waits for calls under way if they decide.
    async fn is_passing(&self, deadline: Instant) -> bool {
        loop {
            let mut ended = std::pin::pin!(self.grants.ended.notified());
            // Enabled before the state is read, so that the end of no call is missed.
            ended.as_mut().enable();
            match self.grants.judge(&self.permission, &self.region, Instant::now()) {
                Refusal::Passing => return true,
                Refusal::Lasting => return false,
                Refusal::Undecided => {
                    if tokio::time::timeout_at(deadline.into(), ended).await.is_err() {
                        return false;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Access as _;

    fn trail() -> Permission {
        ("AuditTrailReadOnly", String::new())
    }

    /// The access of a call to the trail of a region.
    fn access(grants: &Grants, region: &str) -> Access {
        Access { grants: grants.clone(), permission: trail(), region: region.to_owned() }
    }

    /// The verdict on a refusal in Amsterdam, `seconds` after the start.
    fn judged(grants: &Grants, start: Instant, seconds: u64) -> Refusal {
        grants.judge(&trail(), "nl-ams", start + Duration::from_secs(seconds))
    }

    #[test]
    fn a_refusal_is_passing_while_other_calls_succeed() {
        let (grants, start) = (Grants::default(), Instant::now());
        access(&grants, "nl-ams").begin().refused_at(start);
        assert_eq!(judged(&grants, start, 0), Refusal::Lasting, "no other call succeeded");
        for second in (0..110).step_by(5) {
            access(&grants, "fr-par").begin().succeeded_at(start + Duration::from_secs(second));
            access(&grants, "nl-ams").begin().refused_at(start + Duration::from_secs(second));
            assert_eq!(judged(&grants, start, second), Refusal::Passing, "{second} s");
        }
        assert_eq!(judged(&grants, start, 114), Refusal::Passing);
        assert_eq!(judged(&grants, start, 116), Refusal::Lasting, "the last answer was long ago");
    }

    #[test]
    fn a_region_that_refuses_for_two_minutes_refuses_for_good() {
        let (grants, start) = (Grants::default(), Instant::now());
        access(&grants, "nl-ams").begin().refused_at(start);
        access(&grants, "fr-par").begin().succeeded_at(start + Duration::from_secs(119));
        assert_eq!(judged(&grants, start, 119), Refusal::Passing);
        assert_eq!(judged(&grants, start, 120), Refusal::Lasting);
        // A success in the region restarts the two minutes.
        assert!(!grants.is_propagating());
        access(&grants, "nl-ams").begin().succeeded_at(start + Duration::from_secs(130));
        assert!(grants.is_propagating());
        access(&grants, "nl-ams").begin().refused_at(start + Duration::from_secs(131));
        assert_eq!(judged(&grants, start, 132), Refusal::Passing);
    }

    #[test]
    fn a_success_says_nothing_about_another_permission() {
        let (grants, start) = (Grants::default(), Instant::now());
        let users = ("IAMReadOnly", "users".to_owned());
        Access { permission: users.clone(), ..access(&grants, "") }.begin().succeeded_at(start);
        access(&grants, "nl-ams").begin().refused_at(start);
        assert_eq!(judged(&grants, start, 0), Refusal::Lasting);
        assert_eq!(grants.judge(&("IAMReadOnly", "applications".to_owned()), "", start), Refusal::Lasting);
        assert_eq!(grants.judge(&users, "", start), Refusal::Passing);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_waits_for_calls_under_way() {
        let deadline = Instant::now() + Duration::from_hours(1);
        for answers in [true, false] {
            let grants = Grants::default();
            let others = ["fr-par", "pl-waw"].map(|region| access(&grants, region).begin());
            access(&grants, "nl-ams").begin().refused_at(Instant::now());
            let decide = async {
                for (second, other) in others.into_iter().enumerate() {
                    tokio::time::sleep(Duration::from_secs(second as u64 + 1)).await;
                    if answers { other.succeeded_at(Instant::now()) } else { other.refused_at(Instant::now()) }
                }
            };
            let access = access(&grants, "nl-ams");
            assert_eq!(tokio::join!(access.is_passing(deadline), decide).0, answers);
        }
        // The wait for a call that hangs ends at the deadline.
        let grants = Grants::default();
        let _hangs = access(&grants, "fr-par").begin();
        access(&grants, "nl-ams").begin().refused_at(Instant::now());
        let soon = Instant::now() + Duration::from_secs(1);
        assert!(!access(&grants, "nl-ams").is_passing(soon).await);
    }

    #[test]
    fn a_dropped_call_is_no_longer_under_way() {
        let grants = Grants::default();
        let call = access(&grants, "fr-par").begin();
        access(&grants, "nl-ams").begin().refused_at(Instant::now());
        assert_eq!(judged(&grants, Instant::now(), 0), Refusal::Undecided);
        drop(call);
        assert_eq!(judged(&grants, Instant::now(), 0), Refusal::Lasting);
    }
}
