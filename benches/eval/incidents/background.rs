//! A month of ordinary days.

use std::time::Duration;

use audittrail::time::Time;
use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand_chacha::ChaCha8Rng;

use super::catalogue::{HABITS, Habit, ROUTINES};
use super::world::{Principal, World};
use super::writer::{Call, Writer};

const HOUR: i64 = 3_600_000_000_000;

/// So many times is another moment drawn for a person who rests; then the person works late.
const PATIENCE: usize = 12;

/// Writes so many events between two moments.
pub(crate) fn write(
    writer: &mut Writer<'_>,
    world: &World,
    count: usize,
    (from, to): (Time, Time),
    rng: &mut ChaCha8Rng,
) {
    let habits: Vec<Vec<&Habit>> = world
        .principals
        .iter()
        .map(|principal| HABITS.iter().filter(|habit| habit.by.contains(&principal.role)).collect())
        .collect();
    let choices: Vec<WeightedIndex<u32>> = habits
        .iter()
        .map(|habits| WeightedIndex::new(habits.iter().map(|habit| habit.weight)).expect("each role has habits"))
        .collect();
    let who =
        WeightedIndex::new(world.principals.iter().map(|principal| principal.weight)).expect("there are principals");
    let mut written = 0;
    while written < count {
        if rng.random_bool(0.01) {
            routine(writer, world, moment(from, to, rng), rng);
            written += 1;
            continue;
        }
        let index = who.sample(rng);
        let principal = &world.principals[index];
        let mut at = active(principal, from, to, rng);
        let from_elsewhere = rng.random_bool(0.03);
        let address = from_elsewhere.then_some(&*principal.elsewhere);
        if principal.role.is_person() && rng.random_bool(0.2) {
            let from = (address.unwrap_or(&principal.address), principal.country);
            writer.log_in(at, principal, from, rng.random_bool(0.95), rng);
            written += 1;
        }
        // A session: one principal, a few calls, seconds apart; a machine does the same to several resources.
        let same = (!principal.role.is_person() && rng.random_bool(0.3)).then(|| choices[index].sample(rng));
        for _ in 0..rng.random_range(1..7) {
            let habit = habits[index][same.unwrap_or_else(|| choices[index].sample(rng))];
            let on = world.pick(habit.on, &principal.projects, rng);
            let status = match rng.random_range(0..100) {
                0..2 => 403,
                2 => [400, 404, 409, 500][rng.random_range(0..4)],
                _ => 200,
            };
            let call = Call {
                at,
                principal: Some(principal),
                from: address,
                product: habit.product,
                service: habit.service,
                method: habit.method,
                status,
                on,
                body: filled(world, habit.body, on, rng),
            };
            writer.call(&call, rng);
            written += 1;
            at = at
                + Duration::from_millis(rng.random_range(if principal.role.is_person() {
                    4_000..60_000
                } else {
                    50..3_000
                }));
        }
    }
}

fn routine(writer: &mut Writer<'_>, world: &World, at: Time, rng: &mut ChaCha8Rng) {
    let (product, service, method, kind) = ROUTINES[rng.random_range(0..ROUTINES.len())];
    let on = world.any(kind, rng);
    let call =
        Call { at, principal: None, from: None, product, service, method, status: 200, on, body: "null".to_owned() };
    writer.call(&call, rng);
}

fn moment(from: Time, to: Time, rng: &mut ChaCha8Rng) -> Time {
    Time::from_nanos(rng.random_range(from.nanos()..to.nanos()))
}

/// A moment at which a principal is active: people by day, machines at any time.
fn active(principal: &Principal, from: Time, to: Time, rng: &mut ChaCha8Rng) -> Time {
    let mut at = moment(from, to, rng);
    for _ in 0..PATIENCE {
        let (hour, day) = (at.nanos() / HOUR % 24, at.nanos() / HOUR / 24 % 7);
        // 1970 began on a Thursday.
        let works = (principal.begins..principal.begins + 9).contains(&hour) && !matches!(day, 2 | 3);
        if !principal.role.is_person() || works {
            break;
        }
        at = moment(from, to, rng);
    }
    at
}

/// A body with its words replaced.
pub(crate) fn filled(world: &World, body: &str, on: usize, rng: &mut ChaCha8Rng) -> String {
    if !body.contains('$') {
        return body.to_owned();
    }
    let resource = &world.resources[on];
    let parent = resource.parent.map_or("", |parent| &world.resources[parent].id);
    let small = rng.random_range(1..9).to_string();
    body.replace("$id", &resource.id)
        .replace("$parent", parent)
        .replace("$name", &resource.name)
        .replace("$small", &small)
}
