//! An incident: the month before it, what caused it, what surrounds it, and the symptom about it.

use std::time::Duration;

use audittrail::event::Events;
use audittrail::investigation::{Direction, Member, Metric, Relation, Relative, Symptom};
use audittrail::time::Time;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::course::{course, earlier};
use super::kind::Kind;
use super::world::{Principal, World};
use super::writer::{Call, Writer};
use super::{background, cause, distractor, spike};

/// The first moment at which a metric leaves its band: a Monday.
const START: i64 = 1_788_739_200_000_000_000;

/// The clocks of metrics and trail differ by at most so much, to either side.
const SKEW: i64 = 5_000;

/// An incident, and the truth about it.
pub(crate) struct Incident {
    pub(crate) events: Events,
    pub(crate) symptom: Symptom,
    /// The ids of the events any of which is the cause; none for a spike.
    pub(crate) culprits: Vec<String>,
    /// The ids of actions on the same resource that could have been the cause of a spike.
    pub(crate) plausible: Vec<String>,
    /// Whether an action on the same resource, which cannot move this metric, is nearer to the onset than the cause.
    pub(crate) nearer: bool,
    /// The product, service and method of the cause.
    pub(crate) action: Option<[String; 3]>,
}

/// What a metric is of, and what it did.
pub(crate) struct Subject {
    /// The resource, of which the symptom has ids and names.
    pub(crate) resource: Option<usize>,
    pub(crate) expression: &'static str,
    pub(crate) direction: Direction,
    /// Series beside it, and whether each moved.
    pub(crate) members: Vec<(usize, bool)>,
    pub(crate) relatives: Vec<(usize, Relation)>,
}

/// An incident in the making.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a World,
    pub(crate) writer: Writer<'a>,
    pub(crate) rng: ChaCha8Rng,
    /// When the metric really moves, by the trail's clock.
    pub(crate) moves: Time,
    /// When the metric is seen to be out of its band, by its own clock.
    pub(crate) onset: Time,
    pub(crate) step: Duration,
    pub(crate) culprits: Vec<String>,
    pub(crate) plausible: Vec<String>,
    pub(crate) action: Option<[String; 3]>,
    /// When the cause was.
    pub(crate) caused_at: Option<Time>,
    pub(crate) nearer: bool,
}

impl Scene<'_> {
    /// A random time, each order of magnitude as likely as another.
    pub(crate) fn seconds(&mut self, from: f64, to: f64) -> Duration {
        Duration::from_secs_f64((self.rng.random_range(from.ln()..to.ln())).exp())
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    pub(crate) fn call(&mut self, call: &Call<'_>) -> String {
        self.writer.call(call, &mut self.rng)
    }

    /// The cause, or one of several events that are.
    pub(crate) fn cause(&mut self, call: &Call<'_>) {
        let id = self.call(call);
        self.culprits.push(id);
        self.action = Some([call.product, call.service, call.method].map(str::to_owned));
        self.caused_at = Some(self.caused_at.map_or(call.at, |known| known.min(call.at)));
    }
}

/// A call of a principal, to be changed where it differs.
pub(crate) fn call<'a>(
    at: Time,
    principal: &'a Principal,
    (product, service): (&'a str, &'a str),
    method: &'a str,
    on: usize,
    body: String,
) -> Call<'a> {
    Call { at, principal: Some(principal), from: None, product, service, method, status: 200, on, body }
}

impl Incident {
    /// The incident of a seed, with so many events of ordinary days.
    pub(crate) fn new(kind: Kind, seed: u64, background: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let world = World::new(&mut rng);
        let moves = Time::from_nanos(START) + Duration::from_millis(rng.random_range(0..7 * 86_400_000));
        let step = Duration::from_secs([15, 15, 30, 60, 60, 300][rng.random_range(0..6)]);
        let onset = seen(moves, step, &mut rng);
        let mut scene = Scene {
            world: &world,
            writer: Writer::new(&world),
            rng,
            moves,
            onset,
            step,
            culprits: Vec::new(),
            plausible: Vec::new(),
            action: None,
            caused_at: None,
            nearer: false,
        };
        let month = (onset - Duration::from_hours(24 * 30 + 2), onset + Duration::from_mins(40));
        background::write(&mut scene.writer, &world, background, month, &mut scene.rng);
        let subject = if kind == Kind::Spike { spike::spike(&mut scene) } else { cause::cause(kind, &mut scene) };
        distractor::surround(&mut scene, &subject);
        let course = course(kind, subject.expression, seed, step);
        let earlier = earlier(kind, seed);
        let symptom = Symptom { course: Some(course), earlier, ..symptom(&mut scene, &subject) };
        Self {
            events: scene.writer.finish(),
            symptom,
            culprits: scene.culprits,
            plausible: scene.plausible,
            nearer: scene.nearer,
            action: scene.action,
        }
    }
}

/// When a metric that moves is seen to be out of its band: at one of its samples, by its own clock, and now and then late.
fn seen(moves: Time, step: Duration, rng: &mut ChaCha8Rng) -> Time {
    let phase = Duration::from_secs_f64(step.as_secs_f64() * rng.random::<f64>());
    let late = match rng.random_range(0..100) {
        0..75 => 0,
        75..93 => 1,
        _ => 2,
    };
    let skew = rng.random_range(-SKEW..SKEW);
    let seen = moves + phase + step * late;
    Time::from_nanos(seen.nanos() + skew * 1_000_000)
}

fn symptom(scene: &mut Scene<'_>, subject: &Subject) -> Symptom {
    let world = scene.world;
    let metric = Metric::of(subject.expression);
    let resource = subject.resource.map(|index| &world.resources[index]);
    let aggregated = resource.is_some() && scene.chance(0.15);
    let project = resource.or(subject.members.first().map(|(index, _)| &world.resources[*index])).map(|of| of.project);
    let names = |index: usize| {
        let resource = &world.resources[index];
        let mut names = vec![resource.id.clone(), resource.name.clone(), resource.address.clone()];
        names.extend(resource.parent.into_iter().chain(resource.group).map(|index| world.resources[index].id.clone()));
        names
    };
    Symptom {
        onset: scene.onset,
        step: scene.step,
        direction: subject.direction,
        metric,
        expression: subject.expression.to_owned(),
        // Some rules aggregate the id away.
        resource: resource.map_or_else(Vec::new, |resource| {
            if aggregated { vec![resource.name.clone()] } else { vec![resource.id.clone(), resource.name.clone()] }
        }),
        relatives: subject
            .relatives
            .iter()
            .map(|(index, relation)| Relative { id: world.resources[*index].id.clone(), relation: *relation })
            .collect(),
        projects: project
            .filter(|_| scene.chance(0.8))
            .map(|project| world.projects[project].clone())
            .into_iter()
            .collect(),
        members: subject.members.iter().map(|(index, moved)| Member { names: names(*index), moved: *moved }).collect(),
        lookback: Duration::from_hours(1),
        tolerance: Duration::from_secs(10),
        course: None,
        earlier: 0,
    }
}
