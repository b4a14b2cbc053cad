//! The days before a query's events with which its rules compare them: missing days are a notice, or an alert rule's error.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::data_source::DataSource;
use super::documentation::Topic;
use super::error::{Failure, Fault};
use super::model::Query;
use super::profile_builder::days;
use super::request::Request;
use super::text::{listed, plain};
use crate::detection::baseline::Coverage;
use crate::event::Events;
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
use crate::profile::{Day, Profile};

/// The days with which rules compare events.
#[derive(Clone, Debug)]
pub(super) struct BaselineDays {
    profile: Arc<Profile>,
    /// A day that the profile does not know, and whose events the answer has.
    from_answer: Option<Day>,
    /// The sentences about missing days.
    pub(super) notices: Vec<Notice>,
}

impl BaselineDays {
    /// The profile, with the day that is counted from all events of an answer.
    pub(super) fn profile(self, whole: &Events) -> Arc<Profile> {
        match self.from_answer {
            Some(day) => Arc::new(self.profile.with_day(day, whole)),
            None => self.profile,
        }
    }
}

impl DataSource {
    /// The days for the baselines of a query's rules; none where no rule has one.
    ///
    /// # Errors
    /// When an alert rule's answer would rest on some of the days, and a rule does not allow that.
    pub(super) async fn baseline_days(
        &self,
        query: &Query,
        request: &Request,
        deadline: Instant,
    ) -> Result<Option<BaselineDays>, Failure> {
        let Some(rules) = query.question.chosen_rules().filter(|rules| rules.have_baselines()) else { return Ok(None) };
        let now = self.cache.coverage().end;
        let known = self.profile.known(&self.cache, &days(request.range, now), deadline).await;
        let read = request.range;
        let yesterday = Day::of(now).before(1);
        let is_read = read.covers(yesterday.interval());
        let from_answer = Some(yesterday).filter(|day| is_read && !known.profile.knows(*day));
        let assumed = match from_answer {
            Some(day) => known.profile.with_day(day, &Events::default()),
            None => (*known.profile).clone(),
        };
        let mut partial: BTreeMap<(u32, u32), Vec<String>> = BTreeMap::new();
        for (rule, baseline) in rules.baselines() {
            let Coverage { known: count, of } = baseline.coverage(&assumed, read);
            if count == of {
                continue;
            }
            if request.from_alert && !baseline.allow_partial {
                let title = plain(&rule.title);
                let message = format!(
                    "the baseline of the rule {title:?} covers {count} of {of} days, and an alert rule needs all of them, unless \
                     the rule has allow_partial_baseline; {}",
                    known.missing.words(Language::English)
                );
                return Err(Failure { message, status: 503, fault: Fault::Downstream });
            }
            partial.entry((count, of)).or_default().push(format!("{:?}", plain(&rule.title)));
        }
        let (language, reason) = (query.language, known.missing.words(query.language));
        let notice = |((count, of), titles): ((u32, u32), Vec<String>)| {
            let (known, of) = (count as usize, of as usize);
            let (rules_named, reason) = (&listed(language, &titles), &reason);
            Topic::RuleBaseline.warning(Sentence::BaselineCovers { known, of, rules_named, reason }.text(language))
        };
        let mut notices: Vec<Notice> = partial.into_iter().map(notice).collect();
        if let Some(region) = query.scope.regions.iter().find(|region| !self.settings.regions.contains(region)) {
            let message = Sentence::BaselineRegion { region }.text(language);
            if request.from_alert {
                return Err(Failure::input(message));
            }
            notices.push(Topic::RuleBaseline.warning(message));
        }
        Ok(Some(BaselineDays { profile: known.profile, from_answer, notices }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Kind;
    use crate::profile::Salt;

    #[test]
    fn a_day_that_the_profile_lacks_is_counted_from_the_answer() {
        let day = Day::new(20_000);
        let profile = Arc::new(Profile::new(Salt::new(&[7; 32], &[])));
        let at = chrono::DateTime::from_timestamp_nanos(day.interval().start.nanos() + 5);
        let events = Events::from_json(Kind::Api, &[json!({ "recorded_at": at, "principal": { "id": "who" } })]);
        let days = |from_answer| BaselineDays { profile: Arc::clone(&profile), from_answer, notices: Vec::new() };
        let counted = days(Some(day)).profile(&events);
        assert_eq!((counted.knows(day), profile.knows(day)), (true, false));
        assert_ne!(counted.version(), profile.version(), "novelties are cached by the version");
        assert!(Arc::ptr_eq(&days(None).profile(&events), &profile));
    }
}
