//! The days before a query's events, by which these are judged: missing days are a notice, or a rule's error.

use std::time::{Duration, Instant};

use super::data_source::DataSource;
use super::dimension::Dimension;
use super::documentation::Topic;
use super::error::{Failure, Fault};
use super::model::Query;
use super::novelty::Novelty;
use super::profile_builder::days;
use super::question::Needs;
use super::request::Request;
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
use crate::profile::{Day, WINDOW};

/// The time in which a settled day is counted: until then, a rule does without it.
const COUNTED_WITHIN: Duration = Duration::from_hours(1);

impl Query {
    /// Whether the answer depends on how usual events are, or shows it.
    fn needs_novelty(&self, needs: Needs) -> bool {
        let compares = self.filters.iter().any(|filter| filter.key == Dimension::Novelty);
        needs.novelty || compares || !self.scope.novelties.is_empty()
    }
}

impl DataSource {
    /// The novelty for a query's events, and a notice where it rests on some of the days.
    ///
    /// # Errors
    /// When an alert rule's answer would rest on some of the days.
    pub(super) async fn novelty(
        &self,
        query: &Query,
        needs: Needs,
        request: &Request,
        deadline: Instant,
    ) -> Result<(Novelty, Option<Notice>), Failure> {
        if !query.needs_novelty(needs) {
            return Ok((Novelty::new(None), None));
        }
        let now = self.cache.coverage().end;
        let days = days(request.range, now);
        let known = self.profile.known(&self.cache, &days, deadline).await;
        let profile = known.profile;
        let other = query.scope.regions.iter().find(|region| !self.settings.regions.contains(region));
        if let Some(region) = other {
            let reason = Sentence::RegionNotRead { region }.text(query.language);
            return partial(0, &reason, Novelty::new(None), query.language, request);
        }
        let all_days = || std::iter::successors(Some(*days.start()), |day| Some(day.after(1)));
        let of_range = || all_days().take_while(|day| day <= days.end());
        let fewest = of_range().min_by_key(|day| profile.known_before(*day)).unwrap_or(*days.start());
        let count = profile.known_before(fewest);
        let is_complete = if request.from_alert {
            let settled = |day: Day| now >= day.interval().end + self.settings.settling + COUNTED_WITHIN;
            of_range().all(|day| day.window().all(|before| profile.knows(before) || !settled(before)))
        } else {
            count == WINDOW
        };
        let novelty = Novelty::new(Some(profile));
        if is_complete {
            return Ok((novelty, None));
        }
        let reason = &known.missing.words(query.language);
        let reason = Sentence::BeforeDay { day: &fewest.to_string(), reason }.text(query.language);
        partial(count, &reason, novelty, query.language, request)
    }

    /// Erases the profile of usual events, in memory and on disk.
    pub fn erase_profile(&self) {
        self.profile.erase();
    }
}

/// A novelty that rests on some of the days.
fn partial(
    count: u32,
    reason: &str,
    novelty: Novelty,
    language: Language,
    request: &Request,
) -> Result<(Novelty, Option<Notice>), Failure> {
    if request.from_alert {
        let known = format!("{count} of {WINDOW} days known{reason}");
        let message = format!("novelty would rest on some of the days, and an alert rule needs all of them: {known}");
        return Err(Failure { message, status: 503, fault: Fault::Downstream });
    }
    let rests = Sentence::NoveltyRests { known: count as usize, days: WINDOW as usize, reason };
    Ok((novelty, Some(Topic::Novelty.info(rests.text(language)))))
}
