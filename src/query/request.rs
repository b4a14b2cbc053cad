//! The context of a query from Grafana: the range, the width of the graph, and whether an alert rule asks.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use super::error::Failure;
use crate::time::{Interval, Time};

/// The earliest time of a request.
pub(super) const EARLIEST: Time = Time::from_nanos(0);

/// The context of a query: its range, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The query's name within its panel or rule.
    pub ref_id: String,
    /// The range that is shown, or that a rule is about.
    pub range: Interval,
    /// The distance of points that Grafana suggests.
    pub interval: Duration,
    /// How many points fit: about the pixels of the panel.
    pub max_data_points: u64,
    /// Whether an alert rule asks: then an answer is complete or an error.
    pub from_alert: bool,
    /// Whether the asker may see no request bodies, addresses and investigations.
    pub redacted: bool,
}

impl Request {
    /// The same request for another range.
    #[must_use]
    pub fn with_range(&self, range: Interval) -> Self {
        Self { range, ..self.clone() }
    }

    /// A request for the range from `from` to `to`, both milliseconds since 1970.
    ///
    /// # Errors
    /// When the range is reversed, or outside the years 1970 to 2262; a rule's also when it is empty.
    pub fn new(
        ref_id: &str,
        (from, to): (i64, i64),
        interval: Duration,
        max_data_points: u64,
        from_alert: bool,
    ) -> Result<Self, Failure> {
        let range = format!("{} to {}", shown(from), shown(to));
        let nanos = [from, to].map(|ms| ms.checked_mul(1_000_000).filter(|nanos| *nanos >= 0));
        let [Some(start), Some(end)] = nanos else {
            return Err(Failure::input(format!("the time range {range} is not between the years 1970 and 2262")));
        };
        // A panel's user is about to change an empty range; it has no event.
        if end < start || (end == start && from_alert) {
            return Err(Failure::input(format!("the time range {range} ends before it begins, or is empty")));
        }
        let interval = interval.max(Duration::from_millis(1));
        Ok(Self {
            ref_id: ref_id.to_owned(),
            range: Interval::from_nanos(start, end),
            interval,
            max_data_points,
            from_alert,
            redacted: false,
        })
    }
}

fn shown(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| format!("{ms} ms"), seconds)
}

/// A time as users read it: RFC 3339, to the second.
#[must_use]
pub(super) fn rfc3339(time: Time) -> String {
    seconds(time.into())
}

fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_never_nothing() {
        let request = Request::new("A", (0, 1), Duration::ZERO, 0, false).unwrap();
        assert_eq!((request.range, request.interval), (Interval::from_nanos(0, 1_000_000), Duration::from_millis(1)));
    }
}
