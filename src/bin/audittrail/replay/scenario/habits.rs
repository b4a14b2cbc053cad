//! The actions of people and robots on a day.

use audittrail::sandbox::Kind;
use rand::Rng;
use serde_json::json;

use super::habit::Habit;
use super::writer::{Actor, Call, Outcome, Writer};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Calls of people at work.
const WORK: [Call; 10] = [
    ("instance", "scaleway.instance.v1.Api", "UpdateServer", "instance_server"),
    ("instance", "scaleway.instance.v1.Api", "CreateServer", "instance_server"),
    ("lb", "scaleway.lb.v1.Api", "UpdateBackend", "lb_backend"),
    ("vpc", "scaleway.vpc.v2.Api", "UpdatePrivateNetwork", "vpc_private_network"),
    ("rdb", "scaleway.rdb.v1.Api", "UpdateInstance", "rdb_instance"),
    ("k8s", "scaleway.k8s.v1.Api", "UpdatePool", "k8s_pool"),
    ("secret-manager", "scaleway.secret_manager.v1beta1.Api", "CreateSecretVersion", "secret_manager_secret"),
    ("cockpit", "scaleway.cockpit.v1.Api", "UpdateDataSource", "cockpit_data_source"),
    ("domain", "scaleway.domain.v2beta1.Api", "UpdateDNSZoneRecords", "domain_zone"),
    ("registry", "scaleway.registry.v1.Api", "DeleteImage", "registry_image"),
];

const ACTION: Call = ("instance", "scaleway.instance.v1.Api", "ServerAction", "instance_server");
const CREATE_SNAPSHOT: Call = ("instance", "scaleway.instance.v1.Api", "CreateSnapshot", "instance_snapshot");
const DELETE_SNAPSHOT: Call = ("instance", "scaleway.instance.v1.Api", "DeleteSnapshot", "instance_snapshot");
const CREATE_KEY: Call = ("iam", "scaleway.iam.v1alpha1.Api", "CreateAPIKey", "iam_api_key");
const DELETE_KEY: Call = ("iam", "scaleway.iam.v1alpha1.Api", "DeleteAPIKey", "iam_api_key");
const CREATE_USER: Call = ("iam", "scaleway.iam.v1alpha1.Api", "CreateUser", "iam_user");
const SECRET: Call =
    ("secret-manager", "scaleway.secret_manager.v1beta1.Api", "CreateSecretVersion", "secret_manager_secret");

impl Writer {
    /// A person's sessions on a working day, from an hour on: log-ins, some of them mistyped, and calls, some of them denied.
    pub(super) fn shift(&mut self, day: i64, from: i64, actor: &Actor) {
        for _ in 0..self.rng.random_range(1..4) {
            let mut time = day + from * HOUR + self.rng.random_range(0..8 * HOUR);
            for _ in 0..[0, 0, 0, 1, 2][self.rng.random_range(0..5)] {
                self.habits.push((time, Habit::MistypedPassword));
                self.login(time, actor, Some("invalid_password"));
                time += self.rng.random_range(3 * SECOND..30 * SECOND);
            }
            self.login(time, actor, None);
            for _ in 0..self.rng.random_range(2..14) {
                time += self.rng.random_range(SECOND..4 * MINUTE);
                let call = WORK[self.rng.random_range(0..WORK.len())];
                let status = [200, 200, 200, 200, 200, 200, 403, 404, 409, 500][self.rng.random_range(0..10)];
                let locality = ["fr-par-1", "fr-par-1", "nl-ams-1"][self.rng.random_range(0..3)];
                let name = format!("{}-{}", call.3, self.rng.random_range(0..5));
                self.call(time, actor, call, Outcome { locality, status, ..Outcome::of(name) });
            }
        }
    }

    /// Each night, as many snapshots are made as are deleted; one night in ten in a hurry.
    pub(super) fn backups(&mut self, day: i64, robot: &Actor) {
        let start = day + 2 * HOUR + self.rng.random_range(0..5 * MINUTE);
        let step = if self.rng.random_bool(0.1) { SECOND } else { 70 * SECOND };
        for number in 0..6 {
            let name = format!("nightly-{number}");
            self.call(start + number * step, robot, CREATE_SNAPSHOT, Outcome::of(&name));
            self.call(start + number * step + 10 * SECOND, robot, DELETE_SNAPSHOT, Outcome::of(name));
        }
    }

    /// Servers are started in the morning and stopped in the evening, and some in between.
    pub(super) fn scaling(&mut self, day: i64, robot: &Actor) {
        for number in 0..30 {
            let time = day + self.rng.random_range(0..24 * HOUR);
            let action = if number % 2 == 0 { "poweron" } else { "poweroff" };
            let outcome = Outcome {
                status: 202,
                body: json!({ "action": action }),
                ..Outcome::of(format!("worker-{}", number % 7))
            };
            self.call(time, robot, ACTION, outcome);
        }
    }

    /// A deployment: calls at the same times each day, many of them at the very same nanosecond.
    pub(super) fn deployments(&mut self, day: i64, robot: &Actor) {
        for hour in [7, 9, 11, 13, 15, 17] {
            let start = day + hour * HOUR + self.rng.random_range(0..HOUR / 2);
            for number in 0..self.rng.random_range(5..25) {
                let call = WORK[usize::try_from(number).expect("small") % 6];
                let status = if self.rng.random_bool(0.05) { 409 } else { 200 };
                let time = start + (number / 3) * 2 * SECOND;
                self.call(time, robot, call, Outcome { status, ..Outcome::of(format!("{}-app", call.3)) });
            }
        }
    }

    /// A robot that calls every ten minutes, day and night; the trail shows a few of the calls late.
    pub(super) fn monitoring(&mut self, day: i64, robot: &Actor) {
        for number in 0..144 {
            let time = day + number * 10 * MINUTE + self.rng.random_range(0..SECOND);
            let outcome = Outcome { status: 409, ..Outcome::of("metrics") };
            if number % 36 == 18 {
                self.add_late(Kind::Api, time, Self::json_of(robot, WORK[7], outcome));
            } else {
                self.call(time, robot, WORK[7], outcome);
            }
        }
        self.habits.push((day + 12 * HOUR, Habit::Robot));
    }

    /// Secrets are renewed, and on Mondays a key.
    pub(super) fn rotation(&mut self, day: i64, is_monday: bool, robot: &Actor, owner: &Actor) {
        let start = day + 3 * HOUR + 30 * MINUTE + self.rng.random_range(0..MINUTE);
        for number in 0..5 {
            self.call(start + number * SECOND, robot, SECRET, Outcome::of(format!("secret-{number}")));
        }
        if is_monday {
            let (start, body) =
                (day + 10 * HOUR + self.rng.random_range(0..HOUR), json!({ "application_id": robot.id }));
            let key = Outcome { locality: "global", body, ..Outcome::of("rotated-key") };
            self.call(start, owner, CREATE_KEY, key);
            let old = Outcome { locality: "global", ..Outcome::of("former-key") };
            self.call(start + 5 * MINUTE, owner, DELETE_KEY, old);
            self.habits.push((start, Habit::KeyRotation));
        }
    }

    /// A user is created, and logs in for the first time.
    pub(super) fn hire(&mut self, day: i64, owner: &Actor, hired: &Actor) {
        let start = day + 8 * HOUR + self.rng.random_range(0..HOUR);
        let user = Outcome { locality: "global", ..Outcome::of(&hired.email) };
        self.call(start, owner, CREATE_USER, user);
        self.login(start + 20 * MINUTE, hired, Some("invalid_password"));
        self.login(start + 21 * MINUTE, hired, None);
        self.habits.push((start, Habit::NewEmployee));
    }

    /// A day on which one person moves everything elsewhere: many servers are created, and the old ones go.
    pub(super) fn migration(&mut self, day: i64, actor: &Actor) {
        let start = day + 9 * HOUR;
        self.habits.push((start, Habit::MigrationDay));
        for number in 0..120 {
            let time = start + number * 20 * SECOND + self.rng.random_range(0..SECOND);
            let name = Outcome { locality: "nl-ams-1", ..Outcome::of(format!("moved-{number}")) };
            self.call(time, actor, WORK[1], name);
        }
        for number in 0..40 {
            let time = start + 4 * HOUR + number * 45 * SECOND;
            let call = ("instance", "scaleway.instance.v1.Api", "DeleteServer", "instance_server");
            self.call(time, actor, call, Outcome { status: 204, ..Outcome::of(format!("former-{number}")) });
        }
    }
}
