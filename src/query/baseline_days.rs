//! The days before a query's events with which its rules compare them: missing days are a notice, or an alert rule's error.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
use crate::profile::{Day, Profile};
use crate::time::{Interval, Time};

/// The time after midnight, UTC, within which the day before may not be counted yet: its events are read with those of the
/// question, and counted with the answer.
const YOUNG: Duration = Duration::from_hours(2);

/// The days with which rules compare events.
#[derive(Clone, Debug)]
pub(super) struct BaselineDays {
    profile: Arc<Profile>,
    /// A day that the profile does not know, and whose events the answer has.
    from_answer: Option<Day>,
    /// What is said about days that are missing.
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

/// From when on the events of a question with baselines are read, where these need them from `start` on.
pub(super) fn reads_from(start: Time, end: Time) -> Time {
    let today = Day::of(end).interval().start;
    if end < today + YOUNG { start.min(Day::of(end).before(1).interval().start) } else { start }
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
        let known = self.profile.known(&self.cache, &days(request.from, request.to, now), deadline).await;
        let read = Interval::from_nanos(request.from, request.to);
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
                    known.reason
                );
                return Err(Failure { message, status: 503, fault: Fault::Downstream });
            }
            partial.entry((count, of)).or_default().push(format!("{:?}", plain(&rule.title)));
        }
        let notice = |((count, of), titles): ((u32, u32), Vec<String>)| {
            let rules = listed(&titles);
            let text = format!("the baseline covers {count} of {of} days for {rules}; {}", known.reason);
            Topic::RuleBaseline.warning(text)
        };
        let notices = partial.into_iter().map(notice).collect();
        Ok(Some(BaselineDays { profile: known.profile, from_answer, notices }))
    }
}
