//! Whether a refusal (403) may be one of a permission that is on its way.
//!
//! Scaleway's servers learn of a grant one by one: for up to two minutes some refuse a key that others serve. Such a refusal
//! is worth another try; one that lasts is not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::transport;

/// How long a grant takes to reach all servers: a server that refuses for longer refuses for good.
const PROPAGATION: Duration = Duration::from_mins(2);

/// How long ago a call may have succeeded to speak for another that needs the same permission.
const RECENT: Duration = Duration::from_secs(10);

/// What stands and falls with one grant: a permission set, and a list where not all that the set permits is granted together.
pub(super) type Permission = (&'static str, String);

/// What is known about the permissions of one key. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Grants {
    /// Locked for a few instructions, never while something is awaited.
    state: Arc<Mutex<State>>,
    /// Notified when a call ends.
    ended: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    /// When a call last succeeded.
    succeeded: HashMap<Permission, Instant>,
    /// Since when a permission has been refused in a region.
    refused: HashMap<(Permission, String), Instant>,
    /// When a call last succeeded in a region that had refused it.
    granted: Option<Instant>,
    /// How many calls have been asked for and not ended.
    under_way: HashMap<Permission, usize>,
}

/// What a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Other calls succeed: the grant is on its way.
    Passing,
    /// The calls under way decide.
    Undecided,
    /// The permission is not granted.
    Lasting,
}

/// A call under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    grants: Grants,
    permission: Permission,
    region: String,
}

impl Grants {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins that needs a permission in a region.
    pub(super) fn begin(&self, permission: &Permission, region: &str) -> UnderWay {
        *self.state().under_way.entry(permission.clone()).or_default() += 1;
        UnderWay { grants: self.clone(), permission: permission.clone(), region: region.to_owned() }
    }

    /// Whether a grant is known to be on its way: a call was refused, and answered since.
    pub(super) fn is_propagating(&self) -> bool {
        self.state().granted.is_some_and(|then| then.elapsed() < PROPAGATION)
    }

    fn judge(&self, permission: &Permission, region: &str, now: Instant) -> Refusal {
        let state = self.state();
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

    /// Whether a refused call is worth another try; waits for calls under way where they decide.
    pub(super) async fn is_passing(&self, permission: &Permission, region: &str, deadline: Instant) -> bool {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            // From here on, no call ends unseen.
            ended.as_mut().enable();
            match self.judge(permission, region, Instant::now()) {
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

impl UnderWay {
    /// The call was answered: the key has the permission.
    pub(super) fn succeeded(self) {
        self.succeeded_at(Instant::now());
    }

    fn succeeded_at(self, now: Instant) {
        let mut state = self.grants.state();
        state.succeeded.insert(self.permission.clone(), now);
        if state.refused.remove(&(self.permission.clone(), self.region.clone())).is_some() {
            state.granted = Some(now);
        }
    }

    /// The call was refused.
    pub(super) fn refused(self) {
        self.refused_at(Instant::now());
    }

    fn refused_at(self, now: Instant) {
        self.grants.state().refused.entry((self.permission.clone(), self.region.clone())).or_insert(now);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(calls) = self.grants.state().under_way.get_mut(&self.permission) {
            *calls = calls.saturating_sub(1);
        }
        self.grants.ended.notify_waiters();
    }
}

/// The permission of one call, in the region that it asks.
#[derive(Debug)]
pub(super) struct Access<'a> {
    pub(super) grants: &'a Grants,
    pub(super) permission: Permission,
    pub(super) region: &'a str,
}

impl transport::Access for Access<'_> {
    type Try = UnderWay;

    fn begin(&self) -> UnderWay {
        self.grants.begin(&self.permission, self.region)
    }

    fn succeeded(&self, attempt: UnderWay) {
        attempt.succeeded();
    }

    fn refused(&self, attempt: UnderWay) {
        attempt.refused();
    }

    async fn is_passing(&self, deadline: Instant) -> bool {
        self.grants.is_passing(&self.permission, self.region, deadline).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> Permission {
        ("AuditTrailReadOnly", String::new())
    }

    /// What a refusal in Amsterdam is, `seconds` after the start.
    fn judged(grants: &Grants, start: Instant, seconds: u64) -> Refusal {
        grants.judge(&trail(), "nl-ams", start + Duration::from_secs(seconds))
    }

    #[test]
    fn a_refusal_between_answers_is_passing_for_as_long_as_there_are_answers() {
        let (grants, start) = (Grants::default(), Instant::now());
        grants.begin(&trail(), "nl-ams").refused_at(start);
        assert_eq!(judged(&grants, start, 0), Refusal::Lasting, "nothing speaks for it");
        for second in (0..110).step_by(5) {
            grants.begin(&trail(), "fr-par").succeeded_at(start + Duration::from_secs(second));
            grants.begin(&trail(), "nl-ams").refused_at(start + Duration::from_secs(second));
            assert_eq!(judged(&grants, start, second), Refusal::Passing, "{second} s");
        }
        assert_eq!(judged(&grants, start, 114), Refusal::Passing);
        assert_eq!(judged(&grants, start, 116), Refusal::Lasting, "the last answer was long ago");
    }

    #[test]
    fn a_place_that_refuses_for_two_minutes_refuses_for_good_whatever_others_answer() {
        let (grants, start) = (Grants::default(), Instant::now());
        grants.begin(&trail(), "nl-ams").refused_at(start);
        grants.begin(&trail(), "fr-par").succeeded_at(start + Duration::from_secs(119));
        assert_eq!(judged(&grants, start, 119), Refusal::Passing);
        assert_eq!(judged(&grants, start, 120), Refusal::Lasting);
        // An answer there begins a new count.
        assert!(!grants.is_propagating());
        grants.begin(&trail(), "nl-ams").succeeded_at(start + Duration::from_secs(130));
        assert!(grants.is_propagating());
        grants.begin(&trail(), "nl-ams").refused_at(start + Duration::from_secs(131));
        assert_eq!(judged(&grants, start, 132), Refusal::Passing);
    }

    #[test]
    fn a_permission_does_not_speak_for_another() {
        let (grants, start) = (Grants::default(), Instant::now());
        let users = ("IAMReadOnly", "users".to_owned());
        grants.begin(&users, "").succeeded_at(start);
        grants.begin(&trail(), "nl-ams").refused_at(start);
        assert_eq!(judged(&grants, start, 0), Refusal::Lasting);
        assert_eq!(grants.judge(&("IAMReadOnly", "applications".to_owned()), "", start), Refusal::Lasting);
        assert_eq!(grants.judge(&users, "", start), Refusal::Passing);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_waits_for_the_calls_that_can_tell() {
        let deadline = Instant::now() + Duration::from_hours(1);
        let refused = |grants: &Grants| grants.begin(&trail(), "nl-ams").refused();
        for answers in [true, false] {
            let grants = Grants::default();
            let others = ["fr-par", "pl-waw"].map(|region| grants.begin(&trail(), region));
            refused(&grants);
            let decide = async {
                for (second, other) in others.into_iter().enumerate() {
                    tokio::time::sleep(Duration::from_secs(second as u64 + 1)).await;
                    if answers { other.succeeded() } else { other.refused() }
                }
            };
            let permission = trail();
            assert_eq!(tokio::join!(grants.is_passing(&permission, "nl-ams", deadline), decide).0, answers);
        }
        // One that hangs is waited for until the deadline at most.
        let grants = Grants::default();
        let _hangs = grants.begin(&trail(), "fr-par");
        refused(&grants);
        let soon = Instant::now() + Duration::from_secs(1);
        assert!(!grants.is_passing(&trail(), "nl-ams", soon).await);
    }

    #[test]
    fn a_call_that_is_given_up_is_no_longer_under_way() {
        let grants = Grants::default();
        let call = grants.begin(&trail(), "fr-par");
        grants.begin(&trail(), "nl-ams").refused();
        assert_eq!(judged(&grants, Instant::now(), 0), Refusal::Undecided);
        drop(call);
        assert_eq!(judged(&grants, Instant::now(), 0), Refusal::Lasting);
    }
}
