//! From the cache's listings to events, and the gaps in them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::calendar::days;
use super::documentation::Topic;
use super::error::Failure;
use super::filter;
use super::incomplete::{Incomplete, Reason};
use super::request::{Request, rfc3339};
use super::scope::Scope;
use crate::cache::{Gap, Listing};
use crate::event::{Events, List};
use crate::frame::Notice;
use crate::locale::{Language, Sentence};
use crate::scaleway::audit_trail::{GLOBAL_REGION, ListKey, Window};
use crate::time::{Interval, Time};

/// How long after a range was made it may be answered: the last ninety days are not older than that.
const RANGE_AGE: Duration = Duration::from_mins(5);

/// The events of some listings, and the gaps in them.
pub(super) struct ReadEvents {
    /// The events, newest first.
    pub(super) events: Events,
    /// Intervals from which events may be missing, and why.
    pub(super) incomplete: Vec<Incomplete>,
    /// From when on events may be missing, whatever is read, because Scaleway does not keep them.
    uncovered_from: Option<Time>,
    /// Whether some text was not valid UTF-8.
    replaced: bool,
    /// The regions that do not exist.
    absent: BTreeSet<String>,
    /// The language of sentences about them.
    language: Language,
}

impl ReadEvents {
    /// Merges listings. A panel shows the events that were read, with notices about gaps; a rule, or a panel without any
    /// event, gets the error. A question that shows gaps always has something to show: the interval without events.
    ///
    /// # Errors
    /// The first gap of a rule, or of a panel without anything to show.
    pub(super) fn of(
        listings: Vec<Listing>,
        regions: &[String],
        shows_gaps: bool,
        request: &Request,
        language: Language,
    ) -> Result<Self, Failure> {
        complete_enough(&listings, shows_gaps, request)?;
        let absent = listings.iter().filter(|listing| listing.absent).map(|listing| listing.region.clone());
        Ok(Self {
            incomplete: incomplete(&listings, language),
            uncovered_from: listings.iter().flat_map(|listing| &listing.uncovered).map(|interval| interval.start).min(),
            replaced: listings.iter().any(|listing| listing.flaws.replaced),
            absent: absent.collect(),
            language,
            events: merge(listings, regions),
        })
    }

    /// Leaves the newest events where there are more than the settings allow.
    ///
    /// # Errors
    /// When a rule's events are more than that.
    pub(super) fn limit(&mut self, most: usize, request: &Request) -> Result<(), Failure> {
        if self.events.len() <= most {
            return Ok(());
        }
        let gap = Gap::Limit(most);
        if request.from_alert {
            return Err(Failure::from(&gap));
        }
        self.events = self.events.newest(most);
        let oldest = self.events.len().checked_sub(1).map_or(request.range.end, |last| self.events.time(last));
        self.incomplete.push(Incomplete {
            region: None,
            sentence: about(&Sentence::AllRegions.text(self.language), &gap, self.language),
            reason: Reason::Gap(gap),
            intervals: vec![Interval::new(request.range.start, oldest)],
        });
        Ok(())
    }

    /// Notices about gaps; a range that begins before the coverage adds one.
    ///
    /// # Errors
    /// When a rule's range begins before the coverage.
    pub(super) fn notices(
        &mut self,
        scope: &Scope,
        request: &Request,
        coverage: Interval,
    ) -> Result<Vec<Notice>, Failure> {
        let absent = self.absent.iter().filter(|region| scope.regions.contains(region));
        let absent = absent.map(|region| Sentence::RegionAbsent { region }.text(self.language));
        let mut notices: Vec<Notice> = absent.map(|text| Topic::Absent.warning(text)).collect();
        if let Some((notice, retention)) = self.retention(request, coverage)? {
            notices.push(Topic::Retention.warning(notice));
            self.incomplete.push(retention);
        }
        // Grafana's panels show the last of several warnings.
        for one in &self.incomplete {
            let Reason::Gap(gap) = &one.reason else { continue };
            let notice = Topic::of(gap).warning(one.sentence.clone());
            // Several listings of a list have the same gap.
            if !notices.contains(&notice) {
                notices.push(notice);
            }
        }
        if self.replaced {
            let text = Sentence::InvalidText { shown_as: "\u{fffd}" };
            notices.push(Topic::InvalidText.info(text.text(self.language)));
        }
        Ok(notices)
    }

    /// Scaleway's retention is limited: a range that begins earlier may lack events although every call succeeded. The
    /// notice names the time from which on events exist, and the interval shows it.
    fn retention(&self, request: &Request, coverage: Interval) -> Result<Option<(String, Incomplete)>, Failure> {
        let horizon = coverage.start - RANGE_AGE;
        let Some(start) = self.uncovered_from.filter(|start| *start < horizon) else { return Ok(None) };
        let days = days(coverage.length());
        let days = usize::try_from(days).unwrap_or(usize::MAX);
        let from = &rfc3339(horizon);
        let message = Sentence::RangeBeforeRetention { from, days };
        if request.from_alert {
            return Err(Failure::input(message.text(Language::English)));
        }
        let (message, sentence) = (message.text(self.language), Sentence::Retention { days }.text(self.language));
        let intervals = vec![Interval::new(start, horizon.min(request.range.end))];
        Ok(Some((message, Incomplete { region: None, reason: Reason::Retention(days), sentence, intervals })))
    }
}

fn name_of(region: &str, list: List, language: Language) -> String {
    Sentence::ListOfRegion { region, list: list.as_str() }.text(language)
}

/// A gap as a sentence, with its region and list.
fn about(what: &str, gap: &Gap, language: Language) -> String {
    Sentence::About { what, sentence: &summary(gap, language) }.text(language)
}

/// A gap as a sentence without advice. What Scaleway answered is in English.
pub(super) fn summary(gap: &Gap, language: Language) -> String {
    match gap {
        Gap::Limit(events) => Sentence::GapLimit { events: *events }.text(language),
        Gap::Bytes(bytes) => Sentence::GapMemory { mebibytes: bytes >> 20 }.text(language),
        Gap::Barren(pages) => Sentence::GapBarren { pages: *pages }.text(language),
        Gap::RepeatedToken => Sentence::GapRepeated.text(language),
        Gap::Late => Sentence::GapLate.text(language),
        Gap::Broken => Sentence::GapBroken.text(language),
        Gap::Failed(error) => error.summary(),
        Gap::Malformed { count, first } => Sentence::GapMalformed { count: *count, first }.text(language),
    }
}

/// From when events may be missing from the listings, and why.
fn incomplete(listings: &[Listing], language: Language) -> Vec<Incomplete> {
    let mut all = Vec::new();
    for listing in listings {
        let what = &name_of(&listing.region, listing.list, language);
        let mut add = |reason: Reason, sentence: &str, intervals: Vec<Interval>| {
            let sentence = Sentence::About { what, sentence }.text(language);
            all.push(Incomplete { region: Some(listing.region.clone()), reason, sentence, intervals });
        };
        for gap in &listing.gaps {
            let intervals = match gap {
                Gap::Malformed { .. } => {
                    // A malformed event may be as new as the interval's end.
                    listing.flaws.malformed.iter().map(|gap| Interval::new(gap.from, gap.to.next())).collect()
                }
                _ => listing.missing.clone(),
            };
            add(Reason::Gap(gap.clone()), &summary(gap, language), intervals);
        }
        if !listing.provisional.is_empty() {
            add(Reason::Cached, &Sentence::LatestCached.text(language), listing.provisional.clone());
        }
    }
    all
}

fn complete_enough(listings: &[Listing], shows_gaps: bool, request: &Request) -> Result<(), Failure> {
    let is_failure = |gap: &Gap| matches!(gap, Gap::Failed(_) | Gap::Late | Gap::Broken);
    let nothing = listings.iter().all(|listing| listing.events.is_empty() && listing.gaps.iter().any(is_failure));
    let first = listings.iter().find_map(|listing| Some((listing, listing.gaps.first()?)));
    let Some((listing, gap)) = first else { return Ok(()) };
    let name = name_of(&listing.region, listing.list, Language::English);
    if nothing && !shows_gaps {
        return Err(Failure { message: format!("{name}: {gap}"), ..Failure::from(gap) });
    }
    if request.from_alert {
        let message = format!("the answer would be incomplete, and an alert rule needs all of it: {name}: {gap}");
        return Err(Failure { message, ..Failure::from(gap) });
    }
    Ok(())
}

/// All events, each once, of those that belong to an answer about `regions`.
fn merge(listings: Vec<Listing>, regions: &[String]) -> Events {
    let parts: Vec<Events> = listings.into_iter().map(|listing| events_of(listing, regions)).collect();
    Events::merge(&parts)
}

/// The events of a listing that belong to an answer about `regions`: from a region that was not asked for, only those that
/// belong to every region.
pub(super) fn events_of(listing: Listing, regions: &[String]) -> Events {
    if listing.region != GLOBAL_REGION || regions.contains(&listing.region) {
        return listing.events;
    }
    listing.events.filter(&filter::global(&listing.events)).expect("the mask has one entry for each event")
}

/// A window as the query inspector shows it.
pub(super) fn describe(window: &Window) -> String {
    let ListKey { region, list, filter } = &window.key;
    let filters = filter.iter().map(|(param, value)| format!(", {} {value}", param.label()));
    name_of(region, *list, Language::English) + &filters.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaleway::Error;

    #[test]
    fn a_gap_has_the_words_of_its_error() {
        let first = "no id".to_owned();
        for gap in [
            Gap::Limit(7),
            Gap::Bytes(3 << 20),
            Gap::Barren(9),
            Gap::RepeatedToken,
            Gap::Late,
            Gap::Broken,
            Gap::Malformed { count: 2, first },
            Gap::Failed(Error::Timeout { host: "h".to_owned(), seconds: 15 }),
        ] {
            let (summary, whole) = (summary(&gap, Language::English), gap.to_string());
            let is_whole = !matches!(gap, Gap::Late | Gap::Failed(_));
            assert!(whole.starts_with(&summary) && (whole == summary) == is_whole, "{summary}: {whole}");
        }
    }
}
