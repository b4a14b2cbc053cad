//! How a metric goes on after its onset, and how much of that is seen when the question is asked.
//!
//! What is known of the world, and of no table: a server that is off stays off until it is switched on, servers that were taken
//! out stay out, a stolen or new load stays; a restore or an export ends when it is done, and so does a rollout, where the new
//! version works in the end. Neither is certain: people undo things, and work that should end may not. A spike that nobody
//! caused mostly ends by itself, and every third does not; more often than not, its metric had spikes before.

use std::time::Duration;

use audittrail::investigation::Course;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::kind::Kind;

/// So that the course does not change what else a seed makes.
const STREAM: u64 = 0x5eed_c0de;

/// The question is asked so many seconds after the onset: during the incident, or in the report about it.
const ASKED: (f64, f64) = (600.0, 14_400.0);

/// How often something that stays is undone, and after how many seconds: a person has to notice it first.
const UNDONE: f64 = 0.3;
const UNTIL_UNDONE: (f64, f64) = (300.0, 10_800.0);

/// How often something that should end does not.
const ENDLESS: f64 = 0.2;

/// How often a spike without a cause goes on, and how many seconds the others take.
const SUSTAINED: f64 = 1.0 / 3.0;
const SPIKE: (f64, f64) = (60.0, 3_600.0);

/// How often a spike without a cause is not the first one of its metric, and how often the metric of another incident had one.
const RECURRENT: f64 = 0.6;
const RESTLESS: f64 = 0.25;

/// How long what a kind of incident does to its metric takes by itself, in seconds; `None` where it stays.
fn ends(kind: Kind, expression: &str, rng: &mut ChaCha8Rng) -> Option<(f64, f64)> {
    match kind {
        Kind::Restored if !expression.contains("filesystem") => Some((120.0, 5_400.0)),
        Kind::Export => Some((60.0, 2_400.0)),
        Kind::Rollout if rng.random_bool(0.5) => Some((60.0, 900.0)),
        _ => None,
    }
}

/// How the metric of a seed's incident goes on.
pub(crate) fn course(kind: Kind, expression: &str, seed: u64, step: Duration) -> Course {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed ^ STREAM);
    let ends = match kind {
        Kind::Spike => (!rng.random_bool(SUSTAINED)).then_some(SPIKE),
        kind => match ends(kind, expression, rng) {
            Some(ends) => (!rng.random_bool(ENDLESS)).then_some(ends),
            None => rng.random_bool(UNDONE).then_some(UNTIL_UNDONE),
        },
    };
    let asked = within(ASKED, rng);
    let takes = ends.map_or(f64::INFINITY, |ends| within(ends, rng));
    let lasted = takes.min(asked).max(step.as_secs_f64());
    Course { lasted: Duration::from_secs_f64(lasted), returned: takes < asked }
}

/// How often the metric of a seed's incident left its band in the days before.
pub(crate) fn earlier(kind: Kind, seed: u64) -> usize {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed ^ !STREAM);
    let recurs = if kind == Kind::Spike { RECURRENT } else { RESTLESS };
    if rng.random_bool(recurs) { 1 << rng.random_range(0..4) } else { 0 }
}

/// A random number, each order of magnitude as likely as another.
fn within((from, to): (f64, f64), rng: &mut ChaCha8Rng) -> f64 {
    rng.random_range(from.ln()..to.ln()).exp()
}
