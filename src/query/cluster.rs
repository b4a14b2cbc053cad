//! Clusters: events that share an annotation, so that a graph shows few enough of them and none hides something serious.
//!
//! Pure functions of times, severities, principals and risk classes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::profile::Level;
use crate::risk::Severity;
use crate::time::Time;

/// The distance on the screen, in pixels, below which a pointer cannot choose between two annotations.
const NEAR: u32 = 4;

/// The width that is assumed, in pixels, where Grafana sends none.
const DEFAULT_WIDTH: u64 = 1_000;

/// How many pixels of a graph an annotation takes, where a query sets no cap.
const APART: u64 = 40;

/// Grafana sends an annotation query the width of the window, of which a graph is taken to have this part.
const GRAPHS_BESIDE: u64 = 3;

/// The least cap, where a query sets none.
const LEAST_CAP: usize = 8;

/// The cap where Grafana clusters annotations itself and a query sets none.
const OVERFLOW_CAP: usize = 1_000;

/// A cluster covers at most this part of the range, unless the cap leaves no choice.
const COARSEST: u32 = 32;

/// When events share an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clustering {
    /// Events within a few pixels of each other do, and more where the cap demands it.
    Near,
    /// Only events beyond the cap do: Grafana 13.1 and later clusters the rest itself.
    Overflow,
}

/// The rows of events that share an annotation, the oldest event first; mostly one.
pub(super) type Cluster = Vec<usize>;

/// An event, as far as it decides which others may share its annotation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) time: Time,
    pub(super) severity: Option<Severity>,
    /// How usual the event is, where colours stand for that.
    pub(super) novelty: Option<Level>,
    /// One number for each pair of a principal and a risk class.
    pub(super) kin: usize,
    /// One number for each risk class.
    pub(super) class: usize,
}

/// What bounds the annotations of a graph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The length of the range.
    pub(super) range: Duration,
    /// The graph's width, in pixels; 0 where it is not known.
    pub(super) pixels: u64,
    /// At most this many annotations, unless there are more severities.
    pub(super) cap: usize,
    pub(super) clustering: Clustering,
}

/// The width of a graph, in pixels.
pub(super) fn width(pixels: u64) -> u64 {
    if pixels == 0 { DEFAULT_WIDTH } else { pixels }
}

/// The time that looks like one point on a graph of `range`, `pixels` wide.
pub(super) fn near(range: Duration, pixels: u64) -> Duration {
    let nanos = u64::try_from(range.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(nanos / width(pixels)).saturating_mul(NEAR)
}

/// The cap of a query that sets none. An overlay's request comes with the width of its panel, an annotation query's with that
/// of the window.
pub(super) fn default_cap(clustering: Clustering, overlay: bool, pixels: u64) -> usize {
    if clustering == Clustering::Overflow {
        return OVERFLOW_CAP;
    }
    let graph = if overlay { width(pixels) } else { width(pixels) / GRAPHS_BESIDE };
    usize::try_from(graph / APART).unwrap_or(usize::MAX).clamp(LEAST_CAP, OVERFLOW_CAP)
}

/// How much may share an annotation.
#[derive(Clone, Copy)]
struct Step {
    /// A cluster's events lie less than this after its first.
    distance: Duration,
    /// Whether a cluster's events are all of one principal; they are of one risk class too then.
    one_principal: bool,
    /// Whether a cluster's events are all of one risk class.
    one_class: bool,
}

/// The steps of clustering, each coarser than the one before; and those that also give up an event's time. The
/// first is what happens at any number of events.
fn steps(bounds: &Bounds) -> (Vec<Step>, Vec<Step>) {
    let range = bounds.range;
    let nearest = near(range, bounds.pixels).clamp(Duration::from_nanos(1), range);
    let coarsest = (range / COARSEST).max(nearest);
    let alone = (bounds.clustering == Clustering::Overflow).then_some(Duration::ZERO);
    let doubled = std::iter::successors(Some(nearest), |distance| Some(distance.saturating_mul(2)));
    let fine = alone.into_iter().chain(doubled.take_while(|distance| *distance < coarsest)).chain([coarsest]);
    let mut steps: Vec<Step> = fine.map(|distance| Step { distance, one_principal: true, one_class: true }).collect();
    steps.push(Step { distance: coarsest, one_principal: false, one_class: true });
    steps.push(Step { distance: coarsest, one_principal: false, one_class: false });
    let wider = std::iter::successors(Some(coarsest), |distance| Some(distance.saturating_mul(2))).skip(1);
    let wider = wider.take_while(|distance| *distance < range).chain([range]);
    let last_resort = wider.map(|distance| Step { distance, one_principal: false, one_class: false });
    (steps, last_resort.collect())
}

/// Puts events, which come newest first, into at most `cap` clusters.
///
/// Where the first step makes too many, the least severe events are clustered more coarsely first. Events of different
/// severity never share a cluster, so that nothing serious hides among lesser events.
pub(super) fn clusters(points: &[Point], bounds: &Bounds) -> Vec<Cluster> {
    // The most usual are the least important.
    let mut levels: BTreeMap<(_, Option<Severity>), Vec<usize>> = BTreeMap::new();
    for (row, point) in points.iter().enumerate().rev() {
        levels.entry((point.novelty.map(Reverse), point.severity)).or_default().push(row);
    }
    let levels: Vec<Vec<usize>> = levels.into_values().collect();

    let (usual, last_resort) = steps(bounds);
    let mut chosen = vec![usual[0]; levels.len()];
    let mut counts: Vec<usize> = levels.iter().map(|level| cluster(points, level, usual[0], |_, _| {})).collect();
    // A level becomes as coarse as it may before the next, more severe one is touched; all of them do before the first
    // loses its time, and then they lose it step by step.
    let by_level = (0..levels.len()).flat_map(|level| usual[1..].iter().map(move |step| (level, *step)));
    let by_step = last_resort.iter().flat_map(|step| (0..levels.len()).map(move |level| (level, *step)));
    for (level, step) in by_level.chain(by_step) {
        if counts.iter().sum::<usize>() <= bounds.cap {
            break;
        }
        chosen[level] = step;
        counts[level] = cluster(points, &levels[level], step, |_, _| {});
    }
    let mut clusters: Vec<Cluster> = Vec::with_capacity(counts.iter().sum());
    for (level, step) in levels.iter().zip(chosen) {
        let first = clusters.len();
        cluster(points, level, step, |cluster, row| match clusters.get_mut(first + cluster) {
            Some(cluster) => cluster.push(row),
            None => clusters.push(vec![row]),
        });
    }
    clusters.sort_by_key(|cluster| (points[cluster[0]].time, Reverse(cluster[0])));
    clusters
}

/// Joins the events of some rows, the oldest first: each with the last cluster of its kind, if that began near enough. Shows
/// `see` the cluster of each row; clusters are numbered as they begin. Returns how many there are.
fn cluster(points: &[Point], rows: &[usize], step: Step, mut see: impl FnMut(usize, usize)) -> usize {
    let mut clusters = 0;
    // Of each kind, its last cluster and when that began.
    let mut open: Vec<Option<(usize, Time)>> = Vec::new();
    for row in rows {
        let point = &points[*row];
        let kind = match (step.one_principal, step.one_class) {
            (true, _) => point.kin,
            (false, true) => point.class,
            (false, false) => 0,
        };
        if kind >= open.len() {
            open.resize(kind + 1, None);
        }
        let cluster = match open[kind] {
            Some((cluster, first)) if point.time.since(first) < step.distance => cluster,
            _ => {
                open[kind] = Some((clusters, point.time));
                clusters += 1;
                clusters - 1
            }
        };
        see(cluster, *row);
    }
    clusters
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn bounds(seconds: u64, pixels: u64, cap: usize) -> Bounds {
        Bounds { range: Duration::from_secs(seconds), pixels, cap, clustering: Clustering::Near }
    }

    /// Events of a hundred seconds, newest first.
    fn events() -> impl Strategy<Value = Vec<Point>> {
        let severity = prop::option::weighted(0.8, prop::sample::select(Severity::ALL.to_vec()));
        let event = (0..100_000_i64, 0..3_usize, severity, 0..2_usize).prop_map(|(ms, who, severity, class)| Point {
            time: Time::from_nanos(ms * 1_000_000),
            severity,
            novelty: None,
            kin: who * 2 + class,
            class,
        });
        prop::collection::vec(event, 0..80).prop_map(|mut events| {
            events.sort_by_key(|event| Reverse(event.time));
            events
        })
    }

    fn clustering() -> impl Strategy<Value = Clustering> {
        prop::sample::select(vec![Clustering::Near, Clustering::Overflow])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn clusters_are_a_partition_that_never_mixes_severities(
            events in events(), cap in 1..60_usize, pixels in 0..2_000_u64, clustering in clustering(),
        ) {
            let clusters = clusters(&events, &Bounds { clustering, ..bounds(100, pixels, cap) });
            let rows: BTreeSet<usize> = clusters.iter().flatten().copied().collect();
            prop_assert_eq!(rows.len(), events.len());
            prop_assert_eq!(clusters.iter().map(Vec::len).sum::<usize>(), events.len());
            for cluster in &clusters {
                let severities: BTreeSet<_> = cluster.iter().map(|row| events[*row].severity).collect();
                prop_assert_eq!(severities.len(), 1);
                prop_assert!(cluster.iter().map(|row| events[*row].time).is_sorted(), "the first event is the oldest");
            }
            let severities: BTreeSet<_> = events.iter().map(|event| event.severity).collect();
            prop_assert!(clusters.len() <= cap.max(severities.len()), "{} clusters, a cap of {cap}", clusters.len());
        }

        #[test]
        fn the_first_step_joins_one_principal_one_class_and_a_few_pixels(events in events(), pixels in 1..2_000_u64) {
            let near = Duration::from_nanos(100_000_000_000 / pixels) * NEAR;
            for cluster in clusters(&events, &bounds(100, pixels, usize::MAX)) {
                let kin: BTreeSet<_> = cluster.iter().map(|row| events[*row].kin).collect();
                prop_assert_eq!(kin.len(), 1);
                let time = |row: usize| events[row].time;
                let (first, last) = (time(cluster[0]), time(cluster[cluster.len() - 1]));
                prop_assert!(last.since(first) < near.clamp(Duration::from_nanos(1), Duration::from_secs(100)));
            }
        }

        #[test]
        fn overflow_leaves_events_alone_up_to_the_cap(events in events(), cap in 1..120_usize, pixels in 0..2_000_u64) {
            let overflow = Bounds { clustering: Clustering::Overflow, ..bounds(100, pixels, cap) };
            let made = clusters(&events, &overflow).len();
            prop_assert!(events.len() > cap || made == events.len(), "{made} annotations of {} events", events.len());
        }

        #[test]
        fn lesser_events_lose_their_place_before_serious_ones_do(events in events(), cap in 1..60_usize) {
            let of = |cap| -> BTreeMap<Option<Severity>, usize> {
                clusters(&events, &bounds(100, 1_000, cap)).iter().fold(BTreeMap::new(), |mut counts, cluster| {
                    *counts.entry(events[cluster[0]].severity).or_default() += 1;
                    counts
                })
            };
            let (free, capped) = (of(usize::MAX), of(cap));
            // Where serious events were clustered, all lesser ones had been as far as that goes without losing time.
            let most = usize::try_from(COARSEST).unwrap() + 1;
            let coarser = free.iter().filter(|(level, count)| capped[level] < **count).map(|(level, _)| *level).max();
            for (level, count) in capped {
                prop_assert!(coarser.is_none_or(|coarser| level >= coarser || count <= most), "{level:?}: {count}");
            }
        }
    }

    #[test]
    fn steps_only_get_coarser() {
        for (seconds, pixels) in [(1, 0), (3_600, 1_000), (90 * 86_400, 3_840), (1, 1), (1, u64::MAX)] {
            for clustering in [Clustering::Near, Clustering::Overflow] {
                let (usual, last_resort) = steps(&Bounds { clustering, ..bounds(seconds, pixels, 1) });
                let steps = [usual, last_resort].concat();
                assert!(steps.is_sorted_by_key(|step| step.distance));
                assert!(steps.is_sorted_by_key(|step| (!step.one_principal, !step.one_class)));
                assert!(steps[0].one_principal && steps[0].one_class);
                assert_eq!(!steps[0].distance.is_zero(), clustering == Clustering::Near);
                assert_eq!(steps[steps.len() - 1].distance, Duration::from_secs(seconds));
            }
        }
    }

    #[test]
    fn as_many_events_as_the_cap_allows_are_alone() {
        let apart = |n: i64| Point {
            time: Time::from_nanos(n * 2_000_000_000),
            severity: Some(Severity::Low),
            novelty: None,
            kin: 0,
            class: 0,
        };
        let apart: Vec<Point> = (0..50).rev().map(apart).collect();
        let count = |cap| clusters(&apart, &bounds(100, 1_000, cap)).len();
        assert_eq!(count(50), 50);
        assert!((1..50).contains(&count(49)));
        assert_eq!(count(1), 1);
    }

    #[test]
    fn the_default_cap_leaves_forty_pixels_of_a_third_of_the_window() {
        let cap = |pixels| default_cap(Clustering::Near, false, pixels);
        assert_eq!([1_920, 1_000, 0, 3_840].map(cap), [16, 8, 8, 32]);
        assert_eq!([1, 7, 960, 959, 1_079, 1_080].map(cap), [8, 8, 8, 8, 8, 9]);
        assert_eq!(cap(u64::MAX), OVERFLOW_CAP);
        // A panel's own query comes with the width of the panel.
        let overlay = |pixels| default_cap(Clustering::Near, true, pixels);
        assert_eq!([1_920, 640, 0].map(overlay), [48, 16, 25]);
        assert_eq!(default_cap(Clustering::Overflow, false, 1_920), 1_000);
    }
}
