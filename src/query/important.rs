//! The annotations that matter: as many as a graph has room for, chosen by how severe and how unusual their events are.
//!
//! Where events come in hundreds, clusters that are coarse enough for all of them are bars that say "many things happened".
//! Here, a cluster is one principal's repetition of one call within minutes, and events that are left out are counted.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use super::cluster::Cluster;
use crate::profile::Level;
use crate::risk::Severity;
use crate::time::Time;

/// The events of a cluster lie less than this after its first: ten minutes.
const LONGEST: Duration = Duration::from_mins(10);

/// An event, as far as it decides whether it is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) time: Time,
    pub(super) severity: Option<Severity>,
    pub(super) novelty: Level,
    /// One number for each call of each principal.
    pub(super) call: usize,
}

impl Candidate {
    /// How much it matters. An unusual event of low severity matters as much as a usual one of critical severity: what a robot
    /// does each night wakes nobody, whatever it deletes.
    fn importance(&self) -> u8 {
        let severity = match self.severity {
            None => 0,
            Some(Severity::Low) => 1,
            Some(Severity::Medium) => 2,
            Some(Severity::High) => 3,
            Some(Severity::Critical) => 4,
        };
        let novelty = match self.novelty {
            Level::Usual | Level::Unknown => 0,
            Level::Occasional => 1,
            Level::Rare => 2,
            Level::First => 3,
        };
        severity + novelty
    }
}

/// The clusters of the events that matter most, the oldest first, at most `most`; and the number of the other events.
///
/// Candidates come newest first. Of two clusters that matter equally, the one with fewer events is shown: repetitions are
/// machines.
pub(super) fn important(candidates: &[Candidate], most: usize) -> (Vec<Cluster>, usize) {
    let mut clusters = clusters(candidates);
    let importance = |cluster: &Cluster| cluster.iter().map(|row| candidates[*row].importance()).max();
    clusters.sort_by_cached_key(|cluster| (Reverse(importance(cluster)), cluster.len(), cluster[0]));
    let others = clusters.split_off(most.min(clusters.len()));
    clusters.sort_by_key(|cluster| Reverse(cluster[0]));
    (clusters, others.iter().map(Vec::len).sum())
}

/// The events of one call of one principal, and of one severity, that lie close together.
fn clusters(candidates: &[Candidate]) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut open = HashMap::new();
    for (row, candidate) in candidates.iter().enumerate().rev() {
        let key = (candidate.call, candidate.severity, candidate.novelty);
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
    use proptest::prelude::*;

    use super::*;

    fn at(minute: u64) -> Time {
        Time::default() + Duration::from_mins(minute)
    }

    fn candidate(minute: u64, call: usize, severity: Severity, novelty: Level) -> Candidate {
        Candidate { time: at(minute), severity: Some(severity), novelty, call }
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

    fn events() -> impl Strategy<Value = Vec<Candidate>> {
        let severity = prop::option::of(prop::sample::select(Severity::ALL.to_vec()));
        let event = (0..600_u64, severity, prop::sample::select(Level::ALL.to_vec()), 0..5_usize);
        let event =
            event.prop_map(|(minute, severity, novelty, call)| Candidate { time: at(minute), severity, novelty, call });
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
            let out = (0..events.len()).filter(|row| rows.binary_search(row).is_err());
            let most_left_out = out.map(|row| events[row].importance()).max();
            let least_shown = shown.iter().map(|cluster| events[cluster[0]].importance()).min();
            prop_assert!(others == 0 || most_left_out <= least_shown);
            for cluster in &shown {
                let (first, last) = (events[cluster[0]], events[cluster[cluster.len() - 1]]);
                prop_assert!(last.time.since(first.time) < LONGEST && first.call == last.call);
            }
            prop_assert!(shown.is_sorted_by_key(|cluster| events[cluster[0]].time), "the oldest first");
        }
    }
}
