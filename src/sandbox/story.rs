//! The events of the incident: its log-ins, and its API calls from `tables/incident.tsv`.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::catalogue::{expand, info_of, is_of_projects};
use super::entities::User;
use super::event::{ApiCall, Content, Event, Login, Principal, Touched, event_id, nanos};
use super::ids::{id_of, of_name};
use super::incident::Incident;
use super::json::{Json, escaped};
use super::organization::{ORGANIZATION_ID, Organization};
use super::table::rows;
use super::traffic::user_resource;

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const SCRIPT: &str = "python-requests/2.31.0";

/// The servers that the quota lets the intruder create.
const QUOTA: usize = 10;

/// An API call of the incident.
#[derive(Deserialize)]
struct Step {
    /// `access`, `discovery` (denied), `takeover`, `burst` of new servers, `refused` servers, or `aftermath`.
    scene: String,
    /// The instant of the incident from which the call's time counts, and the minutes since then.
    from: String,
    minutes: i32,
    caller: String,
    status: u16,
    product: String,
    service: String,
    method: String,
    /// A resource of the incident, the name of a resource of the organization, or `-`.
    on: String,
    locality: String,
    /// A template as in the catalogue.
    body: String,
}

/// In the order of the story.
static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| rows(include_str!("tables/incident.tsv")));

fn steps(scene: &str) -> impl Iterator<Item = &'static Step> + Clone {
    STEPS.iter().filter(move |step| step.scene == scene)
}

impl Incident {
    /// The events, in the order of the story.
    pub(super) fn events<'a>(&'a self, organization: &'a Organization) -> Vec<Event<'a>> {
        let mut story =
            Story { incident: self, organization, rng: of_name("the incident"), server: 0, events: Vec::new() };
        let pause = (self.logged_in_at - self.started_at) / 8;
        for attempt in (0..).take(self.failed_logins) {
            story.login(self.started_at + pause * attempt, "failure", Some("invalid_password"));
        }
        story.login(self.logged_in_at, "success", None);
        story.play("access");
        let pause = (self.key_created_at - self.logged_in_at) / 30;
        for (step, number) in steps("discovery").cycle().take(self.denied_calls).zip(1..) {
            story.call(step, pause * number);
        }
        story.play("takeover");
        for number in (1..).take(self.created_server_ids.len()) {
            story.server += 1;
            let scene = if story.server <= QUOTA { "burst" } else { "refused" };
            steps(scene).for_each(|step| story.call(step, self.minute() / 6 * number));
        }
        story.play("aftermath");
        story.events
    }

    /// A minute of the story, shorter in a short span.
    fn minute(&self) -> Duration {
        self.spike_from - self.powered_on_at
    }

    fn instant(&self, name: &str) -> DateTime<Utc> {
        match name {
            "logged_in" => self.logged_in_at,
            "key_created" => self.key_created_at,
            "granted" => self.granted_at,
            "powered_on" => self.powered_on_at,
            "exported" => self.exported_at,
            "tampered" => self.tampered_at,
            "spike_until" => self.spike_until,
            "ended" => self.ended_at,
            unknown => unreachable!("the incident has no instant {unknown}"),
        }
    }
}

struct Story<'a> {
    incident: &'a Incident,
    organization: &'a Organization,
    rng: ChaCha8Rng,
    /// The number of the server that a call creates.
    server: usize,
    events: Vec<Event<'a>>,
}

impl<'a> Story<'a> {
    fn play(&mut self, scene: &str) {
        steps(scene).for_each(|step| self.call(step, Duration::zero()));
    }

    fn call(&mut self, step: &'static Step, delay: Duration) {
        let at = self.incident.instant(&step.from) + self.incident.minute() * step.minutes + delay;
        let (principal, source_ip, user_agent) = self.caller(&step.caller);
        let resource = self.resource(&step.on, at);
        let call = ApiCall {
            principal: principal.map(|id| Principal { id }),
            project_id: (step.scene != "discovery" && is_of_projects(&step.product))
                .then_some(&*self.incident.project_id),
            source_ip,
            user_agent: Some(user_agent),
            product_name: &step.product,
            service_name: &step.service,
            method_name: &step.method,
            request_body: Json(self.fill(&step.body, resource.as_ref())),
            status_code: step.status,
            ..ApiCall::default()
        };
        let at = if step.product == "instance" { at.trunc_subsecs(6) } else { at };
        let resources = resource.into_iter().collect();
        self.events.push(Event::api(nanos(at), &step.locality, call, resources, &mut self.rng));
    }

    /// Principal, source address and user agent.
    fn caller(&self, name: &str) -> (Option<&'a str>, &'a str, &'a str) {
        match name {
            "anonymous" => (None, self.incident.source_ip, BROWSER),
            "intruder" => (Some(&self.incident.user_id), self.incident.source_ip, BROWSER),
            "stolen_key" => (Some(&self.incident.application_id), self.incident.source_ip, SCRIPT),
            "responder" => {
                let user = self.user(&self.incident.responder_id);
                (Some(&user.id), &user.address, &user.user_agent)
            }
            unknown => unreachable!("the incident has no caller {unknown}"),
        }
    }

    fn user(&self, id: &str) -> &'a User {
        self.organization.users.iter().find(|user| user.id == id).expect("the incident is of users")
    }

    /// The resource of a call at this time.
    fn resource(&self, name: &str, at: DateTime<Utc>) -> Option<Touched<'a>> {
        let incident = self.incident;
        let (id, kind, name, created_at) = match name {
            "-" => return None,
            "user" => return Some(user_resource(self.organization, self.user(&incident.user_id))),
            "key" => (&incident.access_key, "iam_api_key", None, at),
            "policy" => (&incident.policy_id, "iam_policy", Some("temporary".into()), at),
            "snapshot" => {
                let created_at = incident.exported_at - incident.minute() * 3;
                (&incident.snapshot_id, "instance_snapshot", Some("web-copy".into()), created_at)
            }
            "server" => {
                (&incident.created_server_ids[self.server - 1], "instance_server", Some(self.server_name().into()), at)
            }
            name => {
                let resource = self.organization.resource(name).expect("the table names resources");
                (&resource.id, resource.kind, Some(Cow::Borrowed(&*resource.name)), resource.created_at)
            }
        };
        let created_at = created_at - Duration::milliseconds(20);
        let info =
            info_of(kind).map(|info| expand(info, |_, out| out.push_str(&escaped(name.as_deref().unwrap_or("")))));
        Some(Touched {
            id: Cow::Borrowed(id),
            kind,
            created_at,
            updated_at: created_at,
            deleted_at: None,
            name,
            info: info.map(|info| (format!("{kind}_info"), Json(info))).into_iter().collect(),
        })
    }

    fn server_name(&self) -> String {
        format!("node-{:02}", self.server)
    }

    fn fill(&self, template: &str, resource: Option<&Touched<'_>>) -> String {
        let incident = self.incident;
        expand(template, |word, out| match word {
            "id" => out.push_str(resource.map_or("", |resource| &resource.id)),
            "name" => out.push_str(&self.server_name()),
            "email" => out.push_str(&incident.user_email),
            "application" => out.push_str(&incident.application_id),
            "organization" => out.push_str(ORGANIZATION_ID),
            "project" => out.push_str(&incident.project_id),
            "key" => out.push_str(&incident.access_key),
            "policy" => out.push_str(&incident.policy_id),
            "group" => out.push_str(&id_of("iam_group Administrators")),
            "image" => out.push_str(&id_of("image of the incident")),
            "volume" => out.push_str(&id_of("volume")),
            unknown => unreachable!("the incident has no word ${unknown}"),
        })
    }

    fn login(&mut self, at: DateTime<Utc>, result: &'static str, failure_reason: Option<&'static str>) {
        let login = Login {
            organization_id: ORGANIZATION_ID,
            source_ip: self.incident.source_ip,
            user_agent: Some(BROWSER),
            resources: vec![user_resource(self.organization, self.user(&self.incident.user_id))],
            result,
            failure_reason,
            country_code: self.incident.country_code,
            method: "password",
            origin: "public_api",
            mfa_type: None,
        };
        let id = event_id(nanos(at), "iam", &mut self.rng);
        self.events.push(Event { id, recorded_at: at, locality: None, content: Content::Login(login) });
    }
}
