//! The notices of an investigation.

use std::time::Duration;

use super::super::documentation::Topic;
use super::super::text::listed;
use crate::frame::Notice;
use crate::investigation::Ranking;

const DAY: Duration = Duration::from_hours(24);

/// What a person has to know about a ranking.
pub(super) fn notices(ranking: &Ranking, shown: usize, history: Duration) -> Vec<Notice> {
    let mut notices = Vec::new();
    let (suspects, considered) = (ranking.suspects.len(), ranking.considered());
    if suspects == 0 {
        let candidates = if considered == 1 { "candidate" } else { "candidates" };
        let message = format!(
            "nothing audited explains this: {considered} {candidates}, none above the line. What has no event: {}",
            listed(&ranking.blind_spots)
        );
        notices.push(Topic::NoSuspect.info(message));
    } else if shown < suspects {
        notices.push(Topic::Limit.info(format!("the first {shown} of {suspects} suspects are shown (suspects)")));
    }
    let (covered, wanted) = (days(ranking.profile), days(history));
    notices.push(Topic::Baseline.info(format!(
        "what is usual for a principal is learned from the events before: {covered} of {wanted} days have events"
    )));
    notices
}

/// Whole days, rounded up.
pub(super) fn days(duration: Duration) -> u64 {
    duration.as_secs().div_ceil(DAY.as_secs())
}
