//! Incomplete intervals: when events may be missing from an answer, and why, for people who look at a graph.
//!
//! Pure functions of the gaps of a read.

use std::time::Duration;

use crate::cache::Gap;
use crate::locale::{Language, Sentence};
use crate::scaleway::Error;
use crate::time::Interval;

/// The resolution of times.
const SHORTEST: Duration = Duration::from_nanos(1);

/// The most intervals of one reason; more are joined with their neighbours.
const MOST_INTERVALS: usize = 20;

/// Why events may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// A read ended early, or left events out.
    Gap(Gap),
    /// The events are cached, and the latest of them could not be read again.
    Cached,
    /// Scaleway keeps events for so many days only.
    Retention(usize),
}

/// Intervals from which events may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Incomplete {
    /// The region that was read; `None` if it concerns all of them.
    pub(super) region: Option<String>,
    pub(super) reason: Reason,
    /// The reason as a sentence, with where.
    pub(super) sentence: String,
    pub(super) intervals: Vec<Interval>,
}

/// One interval for a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) interval: Interval,
    /// The missing events, in a few words.
    pub(super) title: String,
    /// The reasons, as sentences.
    pub(super) sentences: Vec<String>,
    /// The regions that it concerns; none if it concerns all of them.
    pub(super) regions: Vec<String>,
}

impl Reason {
    /// The headline about the missing events of `whom`.
    fn headline(&self, language: Language, whom: &str) -> String {
        let sentence = match self {
            Self::Cached => Sentence::HeadlineCached { whom },
            Self::Retention(days) => Sentence::HeadlineRetention { days: *days },
            Self::Gap(Gap::Failed(Error::Unauthorized { .. } | Error::Forbidden { .. })) => {
                Sentence::HeadlineRefused { whom }
            }
            Self::Gap(Gap::Failed(Error::RateLimited { .. })) => Sentence::HeadlineRateLimit { whom },
            Self::Gap(Gap::Failed(
                Error::Timeout { .. } | Error::Unreachable { .. } | Error::Status { status: 500.., .. },
            )) => Sentence::HeadlineNoAnswer { whom },
            Self::Gap(Gap::Failed(_)) => Sentence::HeadlineUnreadable { whom },
            Self::Gap(Gap::Late) => Sentence::HeadlineLate { whom },
            Self::Gap(Gap::Broken) => Sentence::HeadlineBroken { whom },
            Self::Gap(Gap::Limit(most)) => Sentence::HeadlineLimit { events: *most, whom },
            Self::Gap(Gap::Bytes(_)) => Sentence::HeadlineMemory { whom },
            Self::Gap(Gap::Barren(_) | Gap::RepeatedToken) => Sentence::HeadlineEndless { whom },
            Self::Gap(Gap::Malformed { count, .. }) => Sentence::HeadlineMalformed { count: *count, whom },
        };
        sentence.text(language)
    }
}

/// Intervals that lack events for one reason.
struct Group<'a> {
    reason: &'a Reason,
    regions: Vec<String>,
    intervals: Vec<Interval>,
    sentences: Vec<String>,
}

impl Group<'_> {
    /// Whether another group has the same reason, as far as a person is shown it.
    fn has_reason_of(&self, other: &Self) -> bool {
        self.reason.headline(Language::English, "") == other.reason.headline(Language::English, "")
    }

    /// Whether the intervals of another group look like these on the graph.
    fn looks_like(&self, other: &Self, nearest: Duration) -> bool {
        let mut pairs = self.intervals.iter().zip(&other.intervals);
        self.intervals.len() == other.intervals.len() && pairs.all(|(one, other)| look_alike(*one, *other, nearest))
    }
}

/// Adds the texts that are not there yet.
fn add(all: &mut Vec<String>, more: &[String]) {
    for text in more {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
}

/// A group for each region and reason: the lists of a region fail together, at slightly different times.
fn by_region(incomplete: &[Incomplete]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in incomplete {
        let group = Group {
            reason: &one.reason,
            regions: Vec::from_iter(one.region.clone()),
            intervals: one.intervals.clone(),
            sentences: vec![one.sentence.clone()],
        };
        match groups.iter_mut().find(|other| other.regions == group.regions && other.has_reason_of(&group)) {
            Some(other) => {
                other.intervals.extend(group.intervals);
                add(&mut other.sentences, &group.sentences);
            }
            None => groups.push(group),
        }
    }
    groups
}

/// One group for the regions that fail for one reason over the same intervals.
fn by_reason(groups: Vec<Group<'_>>, nearest: Duration) -> Vec<Group<'_>> {
    let mut alike: Vec<Group<'_>> = Vec::new();
    for mut group in groups {
        group.intervals = joined(group.intervals, nearest);
        match alike.iter_mut().find(|other| other.has_reason_of(&group) && other.looks_like(&group, nearest)) {
            Some(other) => {
                other.intervals = joined([&other.intervals[..], &group.intervals].concat(), nearest);
                add(&mut other.regions, &group.regions);
                add(&mut other.sentences, &group.sentences);
            }
            None => alike.push(group),
        }
    }
    alike
}

/// The intervals for a graph on which a time of `nearest` looks like one point: the earliest first and, of those that begin
/// together, the longest, so that each can be pointed at. Reasons that concern the same intervals share them.
pub(super) fn regions(incomplete: &[Incomplete], nearest: Duration, language: Language) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for Group { reason, regions: names, intervals, sentences } in by_reason(by_region(incomplete), nearest) {
        let headline = &reason.headline(language, &whom(language, &names));
        for interval in intervals {
            match regions.iter_mut().find(|region| look_alike(region.interval, interval, nearest)) {
                Some(region) => {
                    region.interval = region.interval.hull(interval);
                    region.title = Sentence::IncompleteToo { title: &region.title, headline }.text(language);
                    add(&mut region.sentences, &sentences);
                    add(&mut region.regions, &names);
                }
                None => regions.push(Region {
                    interval,
                    title: Sentence::Incomplete { headline }.text(language),
                    sentences: sentences.clone(),
                    regions: names.clone(),
                }),
            }
        }
    }
    regions.sort_by_key(|region| (region.interval.start, std::cmp::Reverse(region.interval.end)));
    regions
}

/// Whether two intervals look like one on the graph.
fn look_alike(one: Interval, other: Interval, nearest: Duration) -> bool {
    let farthest = one.start.distance(other.start).max(one.end.distance(other.end));
    farthest < nearest.max(SHORTEST)
}

fn whom(language: Language, regions: &[String]) -> String {
    match regions {
        [] => Sentence::AllRegions.text(language),
        [region] => Sentence::WhomRegion { region }.text(language),
        [others @ .., last] => Sentence::WhomRegions { regions: &others.join(", "), last }.text(language),
    }
}

/// The union of intervals. Intervals nearer than `nearest` are one, and so are those that lie nearest to each other until there
/// are few enough.
fn joined(mut intervals: Vec<Interval>, nearest: Duration) -> Vec<Interval> {
    intervals.retain(|interval| !interval.is_empty());
    intervals.sort_by_key(|interval| interval.start);
    let mut nearest = nearest.max(SHORTEST);
    loop {
        let mut apart: Vec<Interval> = Vec::new();
        for interval in &intervals {
            match apart.last_mut() {
                Some(last) if interval.start.since(last.end) < nearest => {
                    last.end = last.end.max(interval.end);
                }
                _ => apart.push(*interval),
            }
        }
        if apart.len() <= MOST_INTERVALS {
            return apart;
        }
        nearest = nearest.saturating_mul(2);
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of intervals")]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;
    use crate::time::Time;

    fn timeout() -> Reason {
        Reason::Gap(Gap::Failed(Error::Timeout { host: "h".to_owned(), seconds: 15 }))
    }

    fn interval(nanos: Range<i64>) -> Interval {
        Interval::from_nanos(nanos.start, nanos.end)
    }

    fn incomplete<const N: usize>(region: &str, reason: Reason, intervals: [Range<i64>; N]) -> Incomplete {
        let region = (!region.is_empty()).then(|| region.to_owned());
        Incomplete { region, reason, sentence: "because".to_owned(), intervals: intervals.map(interval).to_vec() }
    }

    fn regions(incomplete: &[Incomplete], nearest: Duration) -> Vec<Region> {
        super::regions(incomplete, nearest, Language::English)
    }

    fn titles(incomplete: &[Incomplete]) -> Vec<(Range<i64>, String)> {
        regions(incomplete, SHORTEST).into_iter().map(|region| (region.interval.nanos(), region.title)).collect()
    }

    #[test]
    fn a_region_that_fails_is_named_once_whatever_lists_it_has() {
        let lists = [0..100, 0..90, 10..100].map(|interval| incomplete("nl-ams", timeout(), [interval]));
        assert_eq!(titles(&lists), [(0..100, "Incomplete: region nl-ams did not answer".to_owned())]);
        assert_eq!(regions(&lists, SHORTEST)[0].sentences, ["because"]);
    }

    #[test]
    fn regions_that_fail_alike_share_an_interval_and_others_do_not_hide_it() {
        let forbidden = Reason::Gap(Gap::Failed(Error::Forbidden { permission_set: "p", message: String::new() }));
        let all = [
            incomplete("fr-par", timeout(), [0..100]),
            incomplete("nl-ams", timeout(), [0..100]),
            incomplete("pl-waw", timeout(), [0..100]),
            incomplete("it-mil", forbidden, [0..100]),
            incomplete("fr-par", Reason::Cached, [0..40, 60..70]),
        ];
        let whole = "Incomplete: regions fr-par, nl-ams and pl-waw did not answer; the key may not read region it-mil";
        let cached = "Incomplete: the latest events of region fr-par are cached ones, and some may be missing";
        let expected = [(0..100, whole), (0..40, cached), (60..70, cached)];
        assert_eq!(titles(&all), expected.map(|(interval, title)| (interval, title.to_owned())));
        assert_eq!(regions(&all, SHORTEST)[0].regions, ["fr-par", "nl-ams", "pl-waw", "it-mil"]);
    }

    #[test]
    fn headlines_are_in_a_language() {
        let all = ["fr-par", "nl-ams"].map(|region| incomplete(region, timeout(), [0..100]));
        let regions = super::regions(&all, SHORTEST, Language::French);
        assert_eq!(regions[0].title, "Incomplet : pas de réponse (régions fr-par et nl-ams)");
    }

    #[test]
    fn intervals_that_look_alike_on_the_graph_are_one() {
        let all = [incomplete("fr-par", timeout(), [0..100]), incomplete("nl-ams", timeout(), [2..99])];
        let one = |all: &[Incomplete], nearest| {
            regions(all, Duration::from_nanos(nearest)).into_iter().map(|region| region.interval.nanos()).collect()
        };
        let (apart, alike): (Vec<_>, Vec<_>) = (one(&all, 1), one(&all, 3));
        assert_eq!((apart, alike), (vec![0..100, 2..99], vec![0..100]));
        assert_eq!(
            regions(&all, Duration::from_nanos(3))[0].title,
            "Incomplete: regions fr-par and nl-ams did not answer"
        );
        // For different reasons too.
        let cached = [incomplete("fr-par", timeout(), [0..100]), incomplete("nl-ams", Reason::Cached, [1..101])];
        assert_eq!(one(&cached, 3), [0..101]);
    }

    #[test]
    fn what_concerns_all_regions_names_none() {
        let limit = incomplete("", Reason::Gap(Gap::Limit(7)), [0..3]);
        assert_eq!(
            titles(&[limit]),
            [(0..3, "Incomplete: only the newest 7 events of all regions were fetched".to_owned())]
        );
        let retention = incomplete("", Reason::Retention(90), [0..3]);
        assert_eq!(titles(&[retention]), [(0..3, "Incomplete: Scaleway keeps events for 90 days".to_owned())]);
    }

    #[test]
    fn what_is_without_an_interval_is_not_on_the_graph() {
        assert_eq!(titles(&[incomplete("fr-par", timeout(), []), incomplete("fr-par", timeout(), [5..5])]), []);
    }

    proptest! {
        #[test]
        fn joined_intervals_are_few_and_cover_what_they_are_joined_from(
            starts in prop::collection::vec((0..10_000_i64, 0..50_i64), 0..200), nearest in 0..100_u64,
        ) {
            let intervals: Vec<Interval> = starts.iter().map(|(start, length)| interval(*start..start + length)).collect();
            let joined = joined(intervals.clone(), Duration::from_nanos(nearest));
            prop_assert!(joined.len() <= MOST_INTERVALS);
            prop_assert!(joined.windows(2).all(|pair| pair[0].end < pair[1].start && !pair[0].is_empty()));
            for interval in intervals.iter().filter(|interval| !interval.is_empty()) {
                prop_assert!(joined.iter().any(|wide| wide.covers(*interval)));
            }
            let edge = |time: Time, of: fn(&Interval) -> Time| intervals.iter().any(|interval| of(interval) == time);
            prop_assert!(joined.iter().all(|wide| edge(wide.start, |i| i.start) && edge(wide.end, |i| i.end)));
        }
    }
}
