//! The events of the incident.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use rand_chacha::ChaCha8Rng;

use super::catalogue::info_of;
use super::entities::User;
use super::event::{ApiCall, Content, Event, Login, Principal, Touched, event_id, nanos};
use super::ids::{id_of, of_name};
use super::incident::{ADDRESS, COUNTRY, FAILED_LOGINS, Incident, PROBE_ROUNDS, PROBES};
use super::json::{Json, escaped};
use super::organization::{ORGANIZATION_ID, Organization};
use super::traffic::user_resource;

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const SCRIPT: &str = "python-requests/2.31.0";

impl Incident {
    /// The events, in the order of the story.
    pub(super) fn events<'a>(&'a self, organization: &'a Organization) -> Vec<Event<'a>> {
        let mut story = Story { organization, rng: of_name("the incident"), events: Vec::new() };
        self.initial_access(&mut story);
        self.persistence(&mut story);
        self.impact(&mut story);
        self.defense_evasion(&mut story);
        self.response(&mut story);
        story.events
    }

    /// A minute of the story, shorter when the span is.
    fn minute(&self) -> Duration {
        self.spike_from - self.powered_on_at
    }

    fn intruder(&self) -> Caller<'_> {
        Caller { principal: Some(&self.user_id), source_ip: ADDRESS, user_agent: BROWSER }
    }

    fn stolen_key(&self) -> Caller<'_> {
        Caller { principal: Some(&self.application_id), source_ip: ADDRESS, user_agent: SCRIPT }
    }

    fn initial_access<'a>(&'a self, story: &mut Story<'a>) {
        let Some(user) = story.organization.users.iter().find(|user| user.id == self.user_id) else { return };
        let pause = (self.logged_in_at - self.started_at) / 8;
        for attempt in (0..).take(FAILED_LOGINS) {
            story.login(self.started_at + pause * attempt, user, "failure", Some("invalid_password"));
        }
        story.login(self.logged_in_at, user, "success", None);
        let owner = user_resource(story.organization, user);
        story.add(StoryCall {
            method: "CreatePasswordLogin",
            body: format!(r#"{{"email":"{}", "password":"REDACTED"}}"#, self.user_email),
            resources: vec![owner],
            ..StoryCall::of(
                "iam",
                "scaleway.iam.v1alpha1.UnauthenticatedApi",
                self.logged_in_at,
                Caller { principal: None, ..self.intruder() },
            )
        });
        let pause = (self.key_created_at - self.logged_in_at) / 30;
        for (probe, number) in std::iter::repeat_n(PROBES, PROBE_ROUNDS).flatten().zip(1..) {
            let (product, service, method, body) = probe;
            story.add(StoryCall {
                method,
                body: body.replace("$group", &id_of("iam_group Administrators")),
                status: 403,
                locality: if product == "iam" { "global" } else { "fr-par" },
                ..StoryCall::of(product, service, self.logged_in_at + pause * number, self.intruder())
            });
        }
    }

    fn persistence<'a>(&'a self, story: &mut Story<'a>) {
        let iam = "scaleway.iam.v1alpha1.Api";
        story.add(StoryCall {
            method: "CreateAPIKey",
            body: format!(r#"{{"application_id":"{}"}}"#, self.application_id),
            resources: vec![created_resource(&self.access_key, "iam_api_key", None::<&str>, self.key_created_at)],
            ..StoryCall::of("iam", iam, self.key_created_at, self.intruder())
        });
        story.add(StoryCall {
            method: "CreatePolicy",
            body: format!(
                r#"{{"application_id":"{}", "name":"temporary", "organization_id":"{org}", "rules":[{{"permission_set_names":{{"value":["OrganizationManager"]}}, "organization_id":"{org}"}}]}}"#,
                self.application_id,
                org = ORGANIZATION_ID,
            ),
            resources: vec![created_resource(&self.policy_id, "iam_policy", Some("temporary"), self.granted_at)],
            ..StoryCall::of("iam", iam, self.granted_at, self.intruder())
        });
    }

    fn impact<'a>(&'a self, story: &mut Story<'a>) {
        let minute = self.minute();
        let on_server = |method, status, before: i32, body: &str| StoryCall {
            method,
            status,
            body: body.to_owned(),
            locality: self.zone,
            project: Some(&self.project_id),
            resources: vec![self.server(story.organization)],
            ..StoryCall::of("instance", INSTANCE, self.powered_on_at - minute * before, self.stolen_key())
        };
        let steps = [
            on_server("ServerAction", 202, 3, r#"{"action":"poweroff"}"#),
            on_server("UpdateServer", 200, 2, r#"{"commercial_type":"POP2-HC-64C-128G"}"#),
            on_server("SetServerUserData", 200, 1, r#"{"key":"cloud-init"}"#),
            on_server("ServerAction", 202, 0, r#"{"action":"poweron"}"#),
        ];
        for step in steps {
            story.add(step);
        }
        story.add(StoryCall {
            method: "CreateSecurityGroupRule",
            body: r#"{"action":"accept", "direction":"inbound", "ip_range":"0.0.0.0/0", "protocol":"ANY"}"#.to_owned(),
            locality: self.zone,
            project: Some(&self.project_id),
            resources: story.named("sg-web"),
            ..StoryCall::of("instance", INSTANCE, self.powered_on_at + minute * 8, self.stolen_key())
        });
        for (id, number) in self.created_server_ids.iter().zip(1..) {
            let at = self.powered_on_at + minute * 13 + minute / 6 * number;
            let name = format!("node-{number:02}");
            // The quota ends it.
            let refused = number > 10;
            let server =
                Touched { info: server_info(&name), ..created_resource(id, "instance_server", Some(name.clone()), at) };
            story.add(StoryCall {
                method: "CreateServer",
                status: if refused { 403 } else { 200 },
                body: format!(
                    r#"{{"commercial_type":"GPU-3070-S", "image":"{}", "name":"{name}", "project":"{}", "tags":[]}}"#,
                    id_of("image of the incident"),
                    self.project_id
                ),
                locality: "nl-ams-1",
                project: Some(&self.project_id),
                resources: if refused { Vec::new() } else { vec![server] },
                ..StoryCall::of("instance", INSTANCE, at, self.stolen_key())
            });
        }
        let snapshot = |at| vec![created_resource(&self.snapshot_id, "instance_snapshot", Some("web-copy"), at)];
        story.add(StoryCall {
            method: "CreateSnapshot",
            body: format!(
                r#"{{"name":"web-copy", "project":"{}", "volume_id":"{}"}}"#,
                self.project_id,
                id_of("volume")
            ),
            locality: self.zone,
            project: Some(&self.project_id),
            resources: snapshot(self.exported_at - minute * 3),
            ..StoryCall::of("instance", INSTANCE, self.exported_at - minute * 3, self.stolen_key())
        });
        story.add(StoryCall {
            method: "ExportSnapshot",
            body: format!(r#"{{"bucket":"outbox", "key":"web-copy.qcow2", "snapshot_id":"{}"}}"#, self.snapshot_id),
            locality: self.zone,
            project: Some(&self.project_id),
            resources: snapshot(self.exported_at - minute * 3),
            ..StoryCall::of("instance", INSTANCE, self.exported_at, self.stolen_key())
        });
        story.add(StoryCall {
            method: "ExportDatabaseBackup",
            body: format!(r#"{{"database_backup_id":"{}"}}"#, id_of("rdb_instance_backup backup-orders-1")),
            project: Some(&self.project_id),
            resources: story.named("backup-orders-1"),
            ..StoryCall::of("rdb", "scaleway.rdb.v1.Api", self.exported_at + minute * 4, self.stolen_key())
        });
    }

    fn defense_evasion<'a>(&'a self, story: &mut Story<'a>) {
        let minute = self.minute();
        let organization = ORGANIZATION_ID;
        let audit_trail = "scaleway.audit_trail.v1alpha1.Api";
        let job = id_of("audit_trail_export_job export-to-archive");
        let rule = id_of("audit_trail_alert_rule alert-organization-manager");
        let exporter = id_of("observability_exporter siem-exporter");
        story.add(StoryCall {
            method: "DeleteExportJob",
            status: 403,
            body: format!(r#"{{"export_job_id":"{job}"}}"#),
            resources: story.named("export-to-archive"),
            ..StoryCall::of("audit-trail", audit_trail, self.tampered_at, self.intruder())
        });
        story.add(StoryCall {
            method: "DeleteExporter",
            body: format!(r#"{{"exporter_id":"{exporter}"}}"#),
            project: Some(&self.project_id),
            resources: story.named("siem-exporter"),
            ..StoryCall::of(
                "cockpit",
                "scaleway.cockpit.v1.RegionalApi",
                self.tampered_at + minute * 3,
                self.stolen_key(),
            )
        });
        story.add(StoryCall {
            method: "DisableAlertRules",
            body: format!(r#"{{"alert_rule_ids":["{rule}"], "organization_id":"{organization}"}}"#),
            resources: story.named("alert-organization-manager"),
            ..StoryCall::of("audit-trail", audit_trail, self.tampered_at + minute * 5, self.stolen_key())
        });
    }

    fn response<'a>(&'a self, story: &mut Story<'a>) {
        let minute = self.minute();
        let Some(responder) = story.organization.users.iter().find(|user| user.id == self.responder_id) else { return };
        let caller =
            Caller { principal: Some(&responder.id), source_ip: &responder.address, user_agent: &responder.user_agent };
        let iam = "scaleway.iam.v1alpha1.Api";
        let victim = story.organization.users.iter().find(|user| user.id == self.user_id);
        story.add(StoryCall {
            method: "LockUser",
            body: format!(r#"{{"user_id":"{}"}}"#, self.user_id),
            resources: victim.map(|user| user_resource(story.organization, user)).into_iter().collect(),
            ..StoryCall::of("iam", iam, self.spike_until - minute * 6, caller)
        });
        story.add(StoryCall {
            method: "DeleteAPIKey",
            body: format!(r#"{{"access_key":"{}"}}"#, self.access_key),
            ..StoryCall::of("iam", iam, self.spike_until - minute * 4, caller)
        });
        story.add(StoryCall {
            method: "DeletePolicy",
            body: format!(r#"{{"policy_id":"{}"}}"#, self.policy_id),
            ..StoryCall::of("iam", iam, self.spike_until - minute * 3, caller)
        });
        story.add(StoryCall {
            method: "ServerAction",
            status: 202,
            body: r#"{"action":"poweroff"}"#.to_owned(),
            locality: self.zone,
            project: Some(&self.project_id),
            resources: vec![self.server(story.organization)],
            ..StoryCall::of("instance", INSTANCE, self.spike_until, caller)
        });
        story.add(StoryCall {
            method: "EnableAlertRules",
            body: format!(
                r#"{{"alert_rule_ids":["{}"], "organization_id":"{}"}}"#,
                id_of("audit_trail_alert_rule alert-organization-manager"),
                ORGANIZATION_ID
            ),
            resources: story.named("alert-organization-manager"),
            ..StoryCall::of("audit-trail", "scaleway.audit_trail.v1alpha1.Api", self.ended_at, caller)
        });
    }

    fn server<'a>(&'a self, organization: &'a Organization) -> Touched<'a> {
        let created_at = organization.resource(&self.server_name).map_or(self.started_at, |server| server.created_at);
        Touched {
            info: server_info(&self.server_name),
            ..created_resource(&self.server_id, "instance_server", Some(self.server_name.as_str()), created_at)
        }
    }
}

const INSTANCE: &str = "scaleway.instance.v1.Api";

#[derive(Clone, Copy)]
struct Caller<'a> {
    principal: Option<&'a str>,
    source_ip: &'a str,
    user_agent: &'a str,
}

/// One call of the story.
struct StoryCall<'a> {
    at: DateTime<Utc>,
    caller: Caller<'a>,
    product: &'static str,
    service: &'static str,
    method: &'static str,
    body: String,
    status: u16,
    locality: &'static str,
    project: Option<&'a str>,
    resources: Vec<Touched<'a>>,
}

impl<'a> StoryCall<'a> {
    fn of(product: &'static str, service: &'static str, at: DateTime<Utc>, caller: Caller<'a>) -> Self {
        Self {
            at,
            caller,
            product,
            service,
            method: "",
            body: String::new(),
            status: 200,
            locality: if product == "iam" { "global" } else { "fr-par" },
            project: None,
            resources: Vec::new(),
        }
    }
}

struct Story<'a> {
    organization: &'a Organization,
    rng: ChaCha8Rng,
    events: Vec<Event<'a>>,
}

impl<'a> Story<'a> {
    fn add(&mut self, call: StoryCall<'a>) {
        let at = match call.product {
            "instance" => nanos(call.at.trunc_subsecs(6)),
            _ => nanos(call.at),
        };
        let api_call = ApiCall {
            principal: call.caller.principal.map(|id| Principal { id }),
            project_id: call.project,
            source_ip: call.caller.source_ip,
            user_agent: Some(call.caller.user_agent),
            product_name: call.product,
            service_name: call.service,
            method_name: call.method,
            request_body: Json(call.body),
            status_code: call.status,
            ..ApiCall::default()
        };
        self.events.push(Event::api(at, call.locality, api_call, call.resources, &mut self.rng));
    }

    fn login(&mut self, at: DateTime<Utc>, user: &'a User, result: &'static str, failure_reason: Option<&'static str>) {
        let login = Login {
            organization_id: ORGANIZATION_ID,
            source_ip: ADDRESS,
            user_agent: Some(BROWSER),
            resources: vec![user_resource(self.organization, user)],
            result,
            failure_reason,
            country_code: COUNTRY,
            method: "password",
            origin: "public_api",
            mfa_type: None,
        };
        self.events.push(Event {
            id: event_id(nanos(at), "iam", &mut self.rng),
            recorded_at: at,
            locality: None,
            content: Content::Login(login),
        });
    }

    fn named(&self, name: &str) -> Vec<Touched<'a>> {
        let resource = self.organization.resource(name);
        resource
            .map(|resource| Touched {
                info: info_of(resource.kind)
                    .filter(|info| !info.contains('$'))
                    .map(|info| (format!("{}_info", resource.kind), Json(info.to_owned())))
                    .into_iter()
                    .collect(),
                ..created_resource(&resource.id, resource.kind, Some(resource.name.as_str()), resource.created_at)
            })
            .into_iter()
            .collect()
    }
}

fn created_resource<'a>(
    id: &'a str,
    kind: &'a str,
    name: Option<impl Into<Cow<'a, str>>>,
    created: DateTime<Utc>,
) -> Touched<'a> {
    let created_at = created - Duration::milliseconds(20);
    Touched {
        id: Cow::Borrowed(id),
        kind,
        created_at,
        updated_at: created_at,
        deleted_at: None,
        name: name.map(Into::into),
        info: BTreeMap::new(),
    }
}

fn server_info(name: &str) -> BTreeMap<String, Json> {
    BTreeMap::from([("instance_server_info".to_owned(), Json(format!(r#"{{"name":"{}"}}"#, escaped(name))))])
}
