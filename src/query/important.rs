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

/// What a call loses each time that its clusters in the range double: it is routine.
const ROUTINE: f64 = 2.0;

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

    /// How much it matters by itself.
    fn importance(&self) -> f64 {
        self.severity() + NOVELTY * self.novelty() + self.closeness()
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
/// A cluster matters as much as the event in it that matters most, more where it is a burst, and less where its principal
/// makes the same call again and again.
fn by_importance(candidates: &[Candidate]) -> Vec<(f64, Cluster)> {
    let clusters = clusters(candidates);
    let mut times: HashMap<usize, usize> = HashMap::new();
    for cluster in &clusters {
        *times.entry(candidates[cluster[0]].call).or_default() += 1;
    }
    let importance = |cluster: &Cluster| {
        let most = cluster.iter().map(|row| candidates[*row].importance()).fold(0.0, f64::max);
        most + doublings(cluster.len()) - ROUTINE * doublings(times[&candidates[cluster[0]].call])
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

    fn events() -> impl Strategy<Value = Vec<Candidate>> {
        let severity = prop::option::of(prop::sample::select(Severity::ALL.to_vec()));
        let event = (0..600_u64, severity, prop::sample::select(Level::ALL.to_vec()), 0..5_usize);
        let event = event.prop_map(|(minute, severity, novelty, call)| Candidate {
            severity,
            ..candidate(minute, call, Severity::Low, novelty)
        });
        prop::collection::vec(event, 0..60).prop_map(|mut events| {
            events.sort_by_key(|event| Reverse(event.time));
            events
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_event_is_shown_once_or_counted_and_none_shown_matters_less_than_one_left_out(
            events in events(), most in 1..30_usize,
        ) {
            let (shown, others) = important(&events, most);
            prop_assert!(shown.len() <= most);
            let mut rows: Vec<usize> = shown.iter().flatten().copied().collect();
            prop_assert_eq!(rows.len() + others, events.len());
            rows.sort_unstable();
            rows.dedup();
            prop_assert_eq!(rows.len() + others, events.len(), "no event twice");
            let (are_shown, left_out): (Vec<_>, Vec<_>) =
                by_importance(&events).into_iter().partition(|(_, cluster)| shown.contains(cluster));
            let least_shown = are_shown.iter().map(|(importance, _)| *importance).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(are_shown.len(), shown.len());
            prop_assert!(left_out.iter().all(|(importance, _)| *importance <= least_shown));
            for cluster in &shown {
                let (first, last) = (events[cluster[0]], events[cluster[cluster.len() - 1]]);
                prop_assert!(last.time.since(first.time) < LONGEST && first.call == last.call);
            }
            prop_assert!(shown.is_sorted_by_key(|cluster| events[cluster[0]].time), "the oldest first");
        }
    }
}
