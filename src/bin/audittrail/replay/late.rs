//! Whether the engine counts and names events that appear later than the lag.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::scenario::Happened;
use super::timeline::{SECOND, lag};

/// The time after which the engine fetches an event's time no more: the setting `settlingSeconds`.
const SETTLING: i64 = 300 * SECOND;

/// The engine's lines about late events.
const TARGET: &str = "audittrail::cache::late";

/// The late events of a part in the log.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedEvents(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    /// The ids of the events that have a line.
    ids: HashSet<String>,
    /// The events of a fetch that had too many for a line each.
    others: u64,
}

impl NamedEvents {
    /// Reads the log of this thread, which replays one part at a time, until the guard is dropped.
    pub(super) fn of_thread() -> (Self, DefaultGuard) {
        let named = Self::default();
        let lines = named.clone().with_filter(Targets::new().with_target(TARGET, tracing::Level::WARN));
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        (named, guard)
    }

    pub(super) fn has(&self, event: &Happened) -> bool {
        self.0.lock().ids.contains(event.id())
    }

    /// The late events by the log; one that is named twice is one.
    pub(super) fn count(&self) -> u64 {
        let lines = self.0.lock();
        lines.ids.len() as u64 + lines.others
    }
}

impl<S: Subscriber> Layer<S> for NamedEvents {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut *self.0.lock());
    }
}

impl Visit for Lines {
    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "event_id" {
            self.ids.insert(text.to_owned());
        }
    }

    fn record_u64(&mut self, field: &Field, number: u64) {
        if field.name() == "events" {
            self.others += number;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// The part of an evaluation that decides which late events the engine can find.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evaluated {
    /// The time by the API's clock.
    pub(super) now: i64,
    /// By how much the server's clock is ahead.
    pub(super) ahead: i64,
    pub(super) is_answered: bool,
    /// Whether the plugin started anew before: it knows no earlier fetches of what had not settled.
    pub(super) is_restarted: bool,
}

/// Whether the engine has to name a late event: one evaluation read its time without it, and another, before that time settled,
/// with it. Where a clock was set or the plugin started anew meanwhile, it may or may not.
pub(super) fn has_to_be_named(event: &Happened, evaluations: &[Evaluated]) -> bool {
    let reads = |of: &Evaluated| of.is_answered && event.time < of.now + of.ahead - lag();
    let before = evaluations.iter().rposition(|of| reads(of) && of.now < event.visible);
    let after = evaluations.iter().position(|of| reads(of) && of.now >= event.visible);
    let (Some(before), Some(after)) = (before, after) else { return false };
    let between = &evaluations[before..=after];
    between.iter().all(|of| of.ahead == 0)
        && !between[1..].iter().any(|of| of.is_restarted)
        && event.time > evaluations[after].now - SETTLING
}

#[cfg(test)]
mod tests {
    use audittrail::sandbox::Kind;
    use serde_json::json;

    use super::*;

    /// Evaluations at each minute.
    fn minutes() -> Vec<Evaluated> {
        let at =
            |minute: i64| Evaluated { now: minute * 60 * SECOND, ahead: 0, is_answered: true, is_restarted: false };
        (0..20).map(at).collect()
    }

    /// An event at 5:30 that appears so many seconds later.
    fn late(delay: i64) -> Happened {
        let json = json!({});
        Happened { time: 330 * SECOND, visible: (330 + delay) * SECOND, kind: Kind::Api, region: "fr-par", json }
    }

    #[test]
    fn a_late_event_is_named_if_evaluations_read_its_time_before_and_after() {
        assert!(!has_to_be_named(&late(125), &minutes()), "no evaluation is between the lag and its appearance");
        assert!(has_to_be_named(&late(155), &minutes()));
        assert!(has_to_be_named(&late(235), &minutes()));
        assert!(!has_to_be_named(&late(305), &minutes()), "its time has settled");
    }

    #[test]
    fn each_thread_has_the_lines_of_its_own_part() {
        let read = |ids: &'static [&'static str], others: u64| {
            let (named, guard) = NamedEvents::of_thread();
            for id in ids {
                tracing::warn!(target: TARGET, event_id = id, "late");
            }
            tracing::warn!(target: TARGET, events = others, "more");
            tracing::warn!(target: "another", event_id = "else", "not late");
            drop(guard);
            tracing::warn!(target: TARGET, event_id = "after", "late");
            named.count()
        };
        let counts = std::thread::scope(|scope| {
            let (one, other) = (scope.spawn(move || read(&["a", "b", "b"], 2)), scope.spawn(move || read(&["a"], 0)));
            [one.join().unwrap(), other.join().unwrap()]
        });
        assert_eq!(counts, [4, 1]);
    }

    #[test]
    fn failures_restarts_and_clock_steps_meanwhile_excuse() {
        // 5:30 + 200 s is 8:50: the evaluation at 8:00 read its time without it, and that at 9:00 with it.
        let changed = |minute: usize, change: &dyn Fn(&mut Evaluated)| {
            let mut evaluations = minutes();
            change(&mut evaluations[minute]);
            has_to_be_named(&late(200), &evaluations)
        };
        assert!(changed(3, &|of| of.is_restarted = true), "before");
        assert!(!changed(9, &|of| of.is_restarted = true));
        assert!(!changed(8, &|of| of.is_answered = false));
        assert!(changed(9, &|of| of.is_answered = false), "the next evaluation comes before its time settles");
        assert!(!changed(9, &|of| of.ahead = 45 * SECOND));
    }
}
