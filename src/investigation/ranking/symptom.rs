use std::time::Duration;

use super::super::spans::{Direction, Span};
use super::metric::Metric;
use crate::time::{Interval, Time};

/// How far before the onset an action is sought.
pub(super) const LOOKBACK: Duration = Duration::from_hours(1);

/// How far the clock of the metrics may be behind the trail's.
pub(super) const TOLERANCE: Duration = Duration::from_secs(10);

/// The usual is learned from so much time before the window.
pub(super) const PROFILE: Duration = Duration::from_hours(30 * 24);

/// A question about an anomalous span.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptom {
    /// Since when the metric is out of its band.
    pub onset: Time,
    /// The distance of two samples: the metric may have moved this much before the onset was seen.
    pub step: Duration,
    /// Which way the series moved.
    pub direction: Direction,
    /// What the series measures.
    pub metric: Metric,
    /// The series' expression or name, which decides which blind spots are named.
    pub expression: String,
    /// The ids and names of the resource whose metric it is; none where the series is of several resources.
    pub resource: Vec<String>,
    /// The caller's knowledge of other resources, beside that of the events themselves.
    pub relatives: Vec<Relative>,
    /// The ids of the projects concerned; none for all.
    pub projects: Vec<String>,
    /// This series and those beside which it is judged, such as sibling servers, backends or nodes; often none.
    pub members: Vec<Member>,
    /// How far before the onset an action is sought. An hour by default.
    pub lookback: Duration,
    /// How much later than the onset an action may be recorded, because clocks differ. Ten seconds by default.
    pub tolerance: Duration,
    /// How the metric went on after the onset; `None` where its series was not searched.
    pub course: Option<Course>,
    /// How often the metric left its band in the days before, as far as its series was searched: what comes and goes by itself
    /// does so again. Zero by default.
    pub earlier: usize,
}

/// How a metric goes on after its onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// How long the metric was out of its band; where it did not return, how long it is so far.
    pub lasted: Duration,
    /// Whether it returned to its band.
    pub returned: bool,
}

impl Symptom {
    /// The symptom that a span of a series is, as yet of any resource of any project.
    #[must_use]
    pub fn about(span: &Span, expression: &str, step: Duration) -> Self {
        Self {
            onset: span.onset,
            step,
            direction: span.direction(),
            metric: Metric::of(expression),
            expression: expression.to_owned(),
            resource: Vec::new(),
            relatives: Vec::new(),
            projects: Vec::new(),
            members: Vec::new(),
            lookback: LOOKBACK,
            tolerance: TOLERANCE,
            course: Some(Course { lasted: span.interval.end.since(span.onset), returned: span.returned }),
            earlier: 0,
        }
    }

    /// When an action may have been recorded that explains the span.
    #[must_use]
    pub fn window(&self) -> Interval {
        Interval::new(self.onset - self.step - self.lookback, (self.onset + self.tolerance).next())
    }

    /// The events that an answer needs: those of the window, and those of the 30 days before it that say what is usual. With
    /// fewer, [`rank`](super::rank) answers from those that it gets.
    #[must_use]
    pub fn interval(&self) -> Interval {
        let window = self.window();
        Interval::new(window.start - PROFILE, window.end)
    }

    /// Which way the metric's quantity moved.
    #[must_use]
    pub fn moved(&self) -> Direction {
        self.metric.moved(self.direction)
    }
}

/// A resource that has to do with the one asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relative {
    /// Its id or name.
    pub id: String,
    /// Its relation to the resource asked about.
    pub relation: Relation,
}

/// What a resource is to the one asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It belongs to it, as a pool to a cluster.
    Part,
    /// The other way round.
    Parent,
    /// They belong to the same resource, or are of one group.
    Sibling,
    /// Anything else: a security group that a server uses, a database behind an application.
    Other,
}

/// A series beside which the one asked about is judged: of a sibling server, a backend, a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id, name and address in events, and those of its parents, such as its pool.
    pub names: Vec<String>,
    /// Whether it moved too, in the same way and at about the same time.
    pub moved: bool,
}
