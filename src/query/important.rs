//! The annotations that matter: as many as a graph has room for, chosen by how severe and how unusual their events are, and how
//! close to what the graph shows.
//!
//! Where events come in hundreds, clusters that are coarse enough for all of them are bars that say "many things happened".
//! Here, a cluster is one principal's repetition of one call within minutes, and events that are left out are counted.

use std::collections::HashMap;
use std::time::Duration;

use super::cluster::Cluster;
use super::relatives::Closeness;
use crate::profile::Level;
use crate::risk::Severity;
use crate::time::Time;

/// The events of a cluster lie less than this after its first: ten minutes.
const LONGEST: Duration = Duration::from_mins(10);

/// A level of novelty counts as so many of severity: what a robot does each night wakes nobody, whatever it deletes.
const NOVELTY: f64 = 2.0;

/// A burst counts at most as much as two levels of severity: many trifles are no deletion.
const MOST_BURST: f64 = 2.0;

/// What a usual call loses each time that its clusters in the range double: it is routine.
const ROUTINE: f64 = 2.0;

/// The most that a call loses as routine.
const MOST_ROUTINE: f64 = 6.0;

/// An event, as far as it decides whether it is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) time: Time,
    pub(super) severity: Option<Severity>,
    pub(super) novelty: Level,
    /// One number for each call of each principal.
    pub(super) call: usize,
    /// One number for each colour that is not that of a severity: events of different colours share no cluster.
    pub(super) color: usize,
    /// How close it is to the resource of the query, where that names one.
    pub(super) closeness: Option<Closeness>,
}

impl Candidate {
    fn severity(&self) -> f64 {
        match self.severity {
            None => 0.0,
            Some(Severity::Low) => 1.0,
            Some(Severity::Medium) => 2.0,
            Some(Severity::High) => 3.0,
            Some(Severity::Critical) => 4.0,
        }
    }

    fn novelty(&self) -> f64 {
        match self.novelty {
            Level::Usual | Level::Unknown => 0.0,
            Level::Occasional => 1.0,
            Level::Rare => 2.0,
            Level::First => 3.0,
        }
    }

    fn closeness(&self) -> f64 {
        match self.closeness {
            None | Some(Closeness::Identity) => 0.0,
            Some(Closeness::Project) => 1.0,
            Some(Closeness::Relative) => 2.0,
            Some(Closeness::Resource) => 3.0,
        }
    }

    /// Whether it may be shown: usual log-ins of those who work on a resource say nothing about it.
    fn counts(&self) -> bool {
        let is_identity = self.closeness == Some(Closeness::Identity);
        !is_identity || self.novelty() > 0.0 || self.severity >= Some(Severity::High)
    }
}

/// The clusters of the events that matter most, the oldest first, at most `most`; and the number of the other events.
///
/// Candidates come newest first. Of two clusters that matter equally, the newer one is shown.
pub(super) fn important(candidates: &[Candidate], most: usize) -> (Vec<Cluster>, usize) {
    let mut clusters = by_importance(candidates);
    clusters.truncate(most);
    let mut shown: Vec<Cluster> = clusters.into_iter().map(|(_, cluster)| cluster).collect();
    shown.sort_by_key(|cluster| std::cmp::Reverse(cluster[0]));
    let others = candidates.len() - shown.iter().map(Vec::len).sum::<usize>();
    (shown, others)
}

/// The clusters with how much each matters, the most important first.
///
/// A cluster matters as much as its most severe, its least usual and its closest event, more where it is a burst, and less
/// where its principal makes the same call again and again. What is new is no routine, however often it is repeated within the
/// range.
fn by_importance(candidates: &[Candidate]) -> Vec<(f64, Cluster)> {
    let clusters = clusters(candidates);
    let mut times: HashMap<usize, usize> = HashMap::new();
    for cluster in &clusters {
        *times.entry(candidates[cluster[0]].call).or_default() += 1;
    }
    let importance = |cluster: &Cluster| {
        let most = |part: fn(&Candidate) -> f64| cluster.iter().map(|row| part(&candidates[*row])).fold(0.0, f64::max);
        let is_new = cluster.iter().any(|row| matches!(candidates[*row].novelty, Level::First | Level::Rare));
        let repeated = doublings(times[&candidates[cluster[0]].call]);
        let routine = if is_new { 0.0 } else { (ROUTINE * repeated).min(MOST_ROUTINE) };
        let burst = doublings(cluster.len()).min(MOST_BURST);
        most(Candidate::severity) + NOVELTY * most(Candidate::novelty) + most(Candidate::closeness) + burst - routine
    };
    let mut clusters: Vec<(f64, Cluster)> =
        clusters.into_iter().map(|cluster| (importance(&cluster), cluster)).collect();
    clusters.sort_by(|(one, a), (other, b)| other.total_cmp(one).then(a[0].cmp(&b[0])));
    clusters
}

/// How many times one doubles to be so many.
#[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
fn doublings(count: usize) -> f64 {
    (count as f64).log2()
}

/// The events of one call of one principal, and of one colour, that lie close together.
fn clusters(candidates: &[Candidate]) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut open = HashMap::new();
    for (row, candidate) in candidates.iter().enumerate().rev().filter(|(_, candidate)| candidate.counts()) {
        let key = (candidate.call, candidate.severity, candidate.color);
        match open.get(&key).map(|index: &usize| &mut clusters[*index]) {
            Some(cluster) if candidate.time.since(candidates[cluster[0]].time) < LONGEST => cluster.push(row),
            _ => {
                open.insert(key, clusters.len());
                clusters.push(vec![row]);
            }
        }
    }
    clusters
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::*;

    fn at(minute: u64) -> Time {
        Time::default() + Duration::from_mins(minute)
    }

    fn candidate(minute: u64, call: usize, severity: Severity, novelty: Level) -> Candidate {
        Candidate { time: at(minute), severity: Some(severity), novelty, call, color: 0, closeness: None }
    }

    #[test]
    fn the_first_deletion_is_shown_before_those_of_every_night() {
        let nightly = (0..30).rev().map(|night| candidate(100 + 15 * night, 1, Severity::High, Level::Usual));
        let mut all: Vec<Candidate> = nightly.collect();
        all.push(candidate(50, 2, Severity::High, Level::First));
        all.push(candidate(40, 3, Severity::Low, Level::First));
        let (shown, others) = important(&all, 2);
        assert_eq!((shown, others), (vec![vec![31], vec![30]], 30));
    }

    #[test]
    fn repetitions_of_one_call_share_an_annotation_for_ten_minutes() {
        let all = [19, 12, 9, 5, 0].map(|minute| candidate(minute, 1, Severity::Low, Level::Usual));
        let (shown, others) = important(&all, 9);
        assert_eq!((shown, others), (vec![vec![4, 3, 2], vec![1, 0]], 0));
    }

    #[test]
    fn a_burst_is_shown_before_what_repeats_all_day() {
        let routine = (0..12).rev().map(|turn| candidate(100 + 15 * turn, 1, Severity::Medium, Level::Usual));
        let burst = (0..4).rev().map(|minute| candidate(50 + minute, 2, Severity::Medium, Level::Usual));
        let all: Vec<Candidate> = routine.chain(burst).collect();
        assert_eq!(important(&all, 1), (vec![vec![15, 14, 13, 12]], 12));
    }

    #[test]
    fn what_is_new_is_no_routine_however_often_it_is_repeated() {
        let new = (0..32).map(|turn| candidate(11 * turn, 0, Severity::Critical, Level::First));
        let usual = (1..31).zip(1..).map(|(turn, call)| candidate(11 * turn - 6, call, Severity::Medium, Level::Usual));
        let mut all: Vec<Candidate> = new.chain(usual).collect();
        all.sort_by_key(|candidate| Reverse(candidate.time));
        let calls =
            |most| -> Vec<usize> { important(&all, most).0.iter().map(|cluster| all[cluster[0]].call).collect() };
        assert_eq!(calls(25), [0; 25]);
        assert_eq!(calls(40).iter().filter(|call| **call == 0).count(), 32);
    }

    #[test]
    fn many_unclassified_calls_matter_less_than_a_usual_deletion_before_them() {
        let call = candidate(0, 1, Severity::Low, Level::Usual);
        let mut all: Vec<Candidate> = (0..64)
            .rev()
            .map(|turn| Candidate { time: at(100) + Duration::from_secs(9 * turn), severity: None, ..call })
            .collect();
        all.push(candidate(50, 2, Severity::Critical, Level::Usual));
        assert_eq!(important(&all, 1), (vec![vec![64]], 64));
    }

    #[test]
    fn of_equal_events_the_one_nearer_to_the_resource_is_shown_and_usual_log_ins_are_not() {
        let with = |minute, call, novelty, closeness| Candidate {
            closeness: Some(closeness),
            ..candidate(minute, call, Severity::Low, novelty)
        };
        let all = [
            with(9, 1, Level::Usual, Closeness::Identity),
            with(8, 2, Level::Usual, Closeness::Project),
            with(7, 3, Level::Usual, Closeness::Relative),
            with(6, 4, Level::Usual, Closeness::Resource),
            with(5, 5, Level::First, Closeness::Identity),
        ];
        assert_eq!(important(&all, 9), (vec![vec![4], vec![3], vec![2], vec![1]], 1));
        assert_eq!(important(&all, 2), (vec![vec![4], vec![3]], 3));
    }

    #[test]
    fn events_of_different_colors_share_no_annotation() {
        let first = candidate(1, 1, Severity::Low, Level::First);
        let all = [candidate(2, 1, Severity::Low, Level::Usual), first];
        assert_eq!(important(&all, 9), (vec![vec![1, 0]], 0));
        assert_eq!(important(&[all[0], Candidate { color: 1, ..first }], 9), (vec![vec![1], vec![0]], 0));
    }

    const CLOSENESS: [Option<Closeness>; 4] =
        [Some(Closeness::Identity), Some(Closeness::Project), Some(Closeness::Relative), Some(Closeness::Resource)];

    /// Events of a query with a resource, or of one without.
    fn events() -> impl Strategy<Value = Vec<Candidate>> {
        any::<bool>().prop_flat_map(|is_bound| {
            let closeness = prop::sample::select(if is_bound { CLOSENESS.to_vec() } else { vec![None] });
            let severity = prop::option::of(prop::sample::select(Severity::ALL.to_vec()));
            let event = (0..600_u64, severity, prop::sample::select(Level::ALL.to_vec()), 0..9_usize, closeness);
            let event = event.prop_map(|(minute, severity, novelty, call, closeness)| Candidate {
                severity,
                closeness,
                ..candidate(minute, call, Severity::Low, novelty)
            });
            prop::collection::vec(event, 0..60).prop_map(|mut events| {
                events.sort_by_key(|event| Reverse(event.time));
                events
            })
        })
    }

    /// The places of a cluster, by its most severe, least usual and closest event: the higher, the more it matters.
    fn places(cluster: &Cluster, events: &[Candidate]) -> [usize; 3] {
        let highest = |place: &dyn Fn(&Candidate) -> usize| {
            cluster.iter().map(|row| place(&events[*row])).max().expect("a cluster has an event")
        };
        let severity = |event: &Candidate| Severity::ALL.iter().filter(|one| event.severity >= Some(**one)).count();
        let novelty = |event: &Candidate| match event.novelty {
            Level::Unknown | Level::Usual => 0,
            Level::Occasional => 1,
            Level::Rare => 2,
            Level::First => 3,
        };
        let closeness = |event: &Candidate| CLOSENESS.iter().position(|one| *one == event.closeness).unwrap_or(0);
        [highest(&severity), highest(&novelty), highest(&closeness)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_event_is_shown_once_or_counted(events in events(), most in 1..30_usize) {
            let (shown, others) = important(&events, most);
            prop_assert!(shown.len() <= most);
            let mut rows: Vec<usize> = shown.iter().flatten().copied().collect();
            prop_assert_eq!(rows.len() + others, events.len());
            rows.sort_unstable();
            rows.dedup();
            prop_assert_eq!(rows.len() + others, events.len(), "no event twice");
            for cluster in &shown {
                let (first, last) = (events[cluster[0]], events[cluster[cluster.len() - 1]]);
                prop_assert!(last.time.since(first.time) < LONGEST && first.call == last.call);
            }
            prop_assert!(shown.is_sorted_by_key(|cluster| events[cluster[0]].time), "the oldest first");
        }

        #[test]
        fn nothing_shown_is_worse_in_everything_than_what_is_left_out(events in events(), most in 1..30_usize) {
            let (shown, _) = important(&events, most);
            let all = clusters(&events);
            let calls = |cluster: &Cluster| {
                all.iter().filter(|other| events[other[0]].call == events[cluster[0]].call).count()
            };
            for left_out in all.iter().filter(|cluster| !shown.contains(cluster)) {
                prop_assert_eq!(shown.len(), most, "there is room for it");
                for shown in &shown {
                    let (better, worse) = (places(left_out, &events), places(shown, &events));
                    let is_as_good = better.iter().zip(&worse).all(|(better, worse)| better >= worse);
                    let is_burst = left_out.len() >= shown.len();
                    let is_routine = calls(left_out) > calls(shown);
                    prop_assert!(!(is_as_good && better != worse && is_burst && !is_routine), "{better:?} {worse:?}");
                }
            }
        }

        #[test]
        fn only_what_is_critical_or_new_or_closer_is_shown_before_something_critical_and_new(
            mut events in events(), most in 1..30_usize, row in any::<prop::sample::Index>(), repeated in 1..20_usize,
        ) {
            prop_assume!(!events.is_empty());
            let rows = events.len();
            // An intruder's call, again and again.
            for turn in 0..repeated {
                let event = &mut events[(row.index(rows) + turn) % rows];
                *event = Candidate { severity: Some(Severity::Critical), novelty: Level::First, call: 9, ..*event };
            }
            let (shown, _) = important(&events, most);
            let is_intruders =
                |event: &Candidate| event.severity == Some(Severity::Critical) && event.novelty == Level::First;
            let is_shown = |row: &usize| shown.iter().flatten().any(|one| one == row);
            for row in (0..rows).filter(|row| is_intruders(&events[*row]) && !is_shown(row)) {
                let [_, _, closeness] = places(&vec![row], &events);
                for cluster in &shown {
                    let [severity, novelty, close] = places(cluster, &events);
                    prop_assert!(severity == 4 || novelty == 3 || close > closeness);
                }
            }
        }
    }
}
