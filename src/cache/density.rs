use std::time::Duration;

use super::cached_list::CachedList;
use crate::event::Events;
use crate::scaleway::audit_trail::ListKey;
use crate::time::Interval;

/// The events of a list per second, and the share of them in another list, estimated from cached events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Density {
    pub(super) events_per_second: f64,
    /// From 0 (none) to 1 (all).
    pub(super) selected: f64,
}

/// Estimates from the cached events nearest to an interval, at most `limit` of them. `None` if no interval is cached.
pub(super) fn estimate(cached: &CachedList, wanted: &ListKey, near: Interval, limit: usize) -> Option<Density> {
    let settled = cached.settled.iter().map(|settled| (settled.segment.interval, &settled.segment.events));
    let provisional = cached.provisional.iter().map(|provisional| (provisional.known(), &provisional.segment.events));
    let mut segments: Vec<_> = settled.chain(provisional).collect();
    segments.sort_by_key(|(interval, _)| near.start.since(interval.end).max(interval.start.since(near.end)));
    let (mut events, mut time, mut found) = (0, 0.0, 0);
    for (interval, all) in segments {
        let (sample, part) = nearest(interval, all, near, limit);
        events += sample.len();
        time += part.length().as_secs_f64();
        found += wanted.select(&sample).len();
        if events >= limit {
            break;
        }
    }
    (time > 0.0).then(|| Density {
        events_per_second: to_f64(events) / time,
        selected: (to_f64(found) + 1.0) / (to_f64(events) + 1.0),
    })
}

/// The events of a segment nearest to an interval, at most `limit`, and the part of the segment that they fill.
fn nearest(interval: Interval, events: &Events, near: Interval, limit: usize) -> (Events, Interval) {
    let all = events.len();
    if all <= limit {
        (events.clone(), interval)
    } else if interval.end <= near.end {
        let sample = events.newest(limit);
        let part = Interval::new(sample.time(limit - 1), interval.end);
        (sample, part)
    } else {
        let sample = events.slice(all - limit..all);
        let part = Interval::new(interval.start, sample.time(0).next());
        (sample, part)
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn to_f64(count: usize) -> f64 {
    count as f64
}

/// Events, or pages, per second.
pub(super) fn rate(count: usize, time: Duration) -> f64 {
    to_f64(count) / time.max(Duration::from_nanos(1)).as_secs_f64()
}
