//! The notices of an investigation.

use std::time::Duration;

use super::super::documentation::Topic;
use crate::frame::Notice;
use crate::investigation::Ranking;
use crate::locale::{Language, Sentence};

const DAY: Duration = Duration::from_hours(24);

/// What a person has to know about a ranking.
pub(super) fn notices(language: Language, ranking: &Ranking, shown: usize, history: Duration) -> Vec<Notice> {
    let mut notices = Vec::new();
    let (suspects, considered) = (ranking.suspects.len(), ranking.considered());
    if suspects == 0 {
        let blind_spots = &blind_spots(language, ranking);
        notices.push(Topic::NoSuspect.info(Sentence::NoSuspect { considered, blind_spots }.text(language)));
    } else if shown < suspects {
        notices.push(Topic::Limit.info(Sentence::FirstSuspects { shown, suspects }.text(language)));
    }
    let (covered, wanted) = (days(ranking.profile), days(history));
    notices.push(Topic::Baseline.info(Sentence::UsualLearned { covered, wanted }.text(language)));
    notices
}

/// Changes that may have moved the metric and have no event.
pub(super) fn blind_spots(language: Language, ranking: &Ranking) -> String {
    ranking.blind_spots.iter().map(|blind_spot| blind_spot.sentence(language)).collect::<Vec<_>>().join(" ")
}

/// Whole days, rounded up.
pub(super) fn days(duration: Duration) -> usize {
    usize::try_from(duration.as_secs().div_ceil(DAY.as_secs())).unwrap_or(usize::MAX)
}
