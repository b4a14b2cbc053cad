//! The facts of the incident in the last hours: a guessed password, and the actions of the intruder.
//!
//! The API has only events; tests and demos compare their findings with these facts.

use chrono::{DateTime, Duration, SubsecRound, Utc};

use super::entities::{Application, Resource, User};
use super::ids::{access_key, id_of, of_name};

/// The duration of the incident, or of the span when that is shorter.
const MINUTES: i64 = 180;

/// The facts of the incident.
#[derive(Debug, Clone)]
pub struct Incident {
    /// The first failed log-in.
    pub started_at: DateTime<Utc>,
    /// The last action of the response.
    pub ended_at: DateTime<Utc>,
    /// IAM id of the user whose password was guessed.
    pub user_id: String,
    /// The e-mail address of that user.
    pub user_email: String,
    /// IAM id of the user who responds.
    pub responder_id: String,
    /// The source address of the intruder.
    pub source_ip: &'static str,
    /// The country of that address, as in authentication events.
    pub country_code: &'static str,
    /// The number of failed log-ins before the first success.
    pub failed_logins: usize,
    /// The time of the successful log-in.
    pub logged_in_at: DateTime<Utc>,
    /// The number of denied calls during discovery.
    pub denied_calls: usize,
    /// The application with a new key.
    pub application_id: String,
    /// The new key.
    pub access_key: String,
    /// The creation of the key.
    pub key_created_at: DateTime<Utc>,
    /// The policy that made the application manager of the organization.
    pub policy_id: String,
    /// The creation of the policy.
    pub granted_at: DateTime<Utc>,
    /// The server that was scaled up and started.
    pub server_id: String,
    /// The project of that server.
    pub project_id: String,
    /// The start of that server: the cause of the spike.
    pub powered_on_at: DateTime<Utc>,
    /// The start of its CPU load.
    pub spike_from: DateTime<Utc>,
    /// The end of its CPU load.
    pub spike_until: DateTime<Utc>,
    /// The servers created in a burst, in another region.
    pub created_server_ids: Vec<String>,
    /// The first export of data.
    pub exported_at: DateTime<Utc>,
    /// The snapshot that was exported to a bucket.
    pub snapshot_id: String,
    /// The first tampering with logging.
    pub tampered_at: DateTime<Utc>,
}

const BURST: usize = 12;

impl Incident {
    pub(super) fn new(
        users: &[User],
        applications: &[Application],
        resources: &[Resource],
        now: DateTime<Utc>,
        span: Duration,
    ) -> Self {
        let whole = span.min(Duration::minutes(MINUTES)).num_microseconds().expect("three hours are not too long");
        let minute = Duration::microseconds(whole / MINUTES);
        // Most products record nanoseconds, Instance microseconds.
        let now = now - Duration::nanoseconds(407);
        let on_instance = now.trunc_subsecs(6);
        let user = users.iter().find(|user| user.username == "ops-3").expect("a user");
        let responder = users.iter().find(|user| user.username == "security-1").expect("a user");
        let application = applications.iter().find(|app| app.name == "ci-deploy").expect("an application");
        let server = resources.iter().find(|resource| resource.name == "web-3").expect("a server");
        Self {
            started_at: now - minute * 170,
            ended_at: now - minute * 40,
            user_id: user.id.clone(),
            user_email: user.email.clone(),
            responder_id: responder.id.clone(),
            source_ip: "192.0.2.66",
            country_code: "AQ",
            failed_logins: 7,
            logged_in_at: now - minute * 165,
            denied_calls: 24,
            application_id: application.id.clone(),
            access_key: access_key(&mut of_name("key of the incident")),
            key_created_at: now - minute * 157,
            policy_id: id_of("policy of the incident"),
            granted_at: now - minute * 154,
            server_id: server.id.clone(),
            project_id: server.project_id.clone(),
            powered_on_at: on_instance - minute * 138,
            spike_from: on_instance - minute * 137,
            spike_until: on_instance - minute * 55,
            created_server_ids: (1..=BURST).map(|n| id_of(&format!("server {n} of the incident"))).collect(),
            exported_at: on_instance - minute * 108,
            snapshot_id: id_of("snapshot of the incident"),
            tampered_at: now - minute * 95,
        }
    }
}
