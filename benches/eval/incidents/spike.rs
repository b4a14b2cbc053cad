//! Spikes without a cause, most of them after an action that could have caused one.

use std::time::Duration;

use audittrail::investigation::Direction;
use rand::Rng;
use rand::seq::IndexedRandom;

use super::catalogue::{BALANCER, CONTAINERS, DATABASE, INSTANCE, KUBERNETES};
use super::cause::{
    BACKEND_DOWN, BALANCER_CONNECTIONS, BALANCER_ERRORS, CONTAINER_CPU, DATABASE_CONNECTIONS, DATABASE_CPU,
    DATABASE_NETWORK, NODES_CPU, NODES_READY, SERVER_CPU, SERVER_NETWORK, compared,
};
use super::incident::{Scene, Subject, call};
use super::world::{Role, Type};

/// How many spikes follow an action that could have caused them.
const FOLLOWS: f64 = 0.75;

/// A spike of a type's metric, and an action that could have caused it: method and body.
type Could = (Type, &'static str, Direction, (&'static str, &'static str), &'static str, &'static str);

const COULD: &[Could] = &[
    (Type::Server, SERVER_CPU, Direction::Up, INSTANCE, "ServerAction", r#"{"action":"reboot"}"#),
    (Type::Server, SERVER_CPU, Direction::Up, INSTANCE, "ServerAction", r#"{"action":"poweron"}"#),
    (Type::Server, SERVER_CPU, Direction::Up, INSTANCE, "UpdateServer", r#"{"commercial_type":"PRO2-M"}"#),
    (Type::Server, SERVER_CPU, Direction::Down, INSTANCE, "ServerAction", r#"{"action":"poweroff"}"#),
    (Type::Server, SERVER_NETWORK, Direction::Down, INSTANCE, "ServerAction", r#"{"action":"reboot"}"#),
    (Type::Server, SERVER_NETWORK, Direction::Up, INSTANCE, "UpdateServer", r#"{"security_group":{"id":"$id"}}"#),
    (
        Type::Backend,
        BACKEND_DOWN,
        Direction::Up,
        BALANCER,
        "SetBackendServers",
        r#"{"backend_id":"$id","server_ip":["172.16.0.2"]}"#,
    ),
    (
        Type::Backend,
        BALANCER_ERRORS,
        Direction::Up,
        BALANCER,
        "UpdateBackend",
        r#"{"backend_id":"$id","forward_port":8080}"#,
    ),
    (
        Type::Backend,
        BALANCER_CONNECTIONS,
        Direction::Down,
        BALANCER,
        "RemoveBackendServers",
        r#"{"backend_id":"$id","server_ip":["172.16.0.2"]}"#,
    ),
    (
        Type::Cluster,
        NODES_READY,
        Direction::Down,
        KUBERNETES,
        "UpgradeCluster",
        r#"{"cluster_id":"$id","version":"1.33.1"}"#,
    ),
    (Type::Pool, NODES_CPU, Direction::Up, KUBERNETES, "UpdatePool", r#"{"pool_id":"$id","size":{"value":2}}"#),
    (Type::Pool, NODES_READY, Direction::Down, KUBERNETES, "UpdatePool", r#"{"pool_id":"$id","size":{"value":2}}"#),
    (Type::Database, DATABASE_CPU, Direction::Up, DATABASE, "RestartInstance", r#"{"instance_id":"$id"}"#),
    (
        Type::Database,
        DATABASE_CPU,
        Direction::Up,
        DATABASE,
        "SetInstanceSettings",
        r#"{"instance_id":"$id","settings":[]}"#,
    ),
    (Type::Database, DATABASE_CONNECTIONS, Direction::Down, DATABASE, "RestartInstance", r#"{"instance_id":"$id"}"#),
    (
        Type::Backup,
        DATABASE_NETWORK,
        Direction::Up,
        DATABASE,
        "ExportDatabaseBackup",
        r#"{"database_backup_id":"$id","instance_id":"$parent"}"#,
    ),
    (
        Type::Container,
        CONTAINER_CPU,
        Direction::Up,
        CONTAINERS,
        "UpdateContainer",
        r#"{"container_id":"$id","registry_image":"rg/app:2"}"#,
    ),
    (Type::Container, CONTAINER_CPU, Direction::Up, CONTAINERS, "RedeployContainer", r#"{"container_id":"$id"}"#),
];

/// Writes a spike and, mostly, an action in the hour before it that has nothing to do with it.
pub(crate) fn spike(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let (kind, expression, direction, product, method, body) = *COULD.choose(&mut scene.rng).expect("not empty");
    let acted_on = world.any(kind, &mut scene.rng);
    if scene.chance(FOLLOWS) {
        // An action that has nothing to do with the spike is at any time of the hour before it.
        let at = scene.onset - Duration::from_millis(scene.rng.random_range(10_000..3_600_000));
        let who =
            world.principal(&[Role::Operator, Role::Developer, Role::Deployment, Role::Terraform], &mut scene.rng);
        let body = super::background::filled(world, body, acted_on, &mut scene.rng);
        let id = scene.call(&call(at, who, product, method, acted_on, body));
        scene.plausible.push(id);
    }
    let resource = match kind {
        Type::Backend | Type::Pool | Type::Backup => world.resources[acted_on].parent.expect("these have parents"),
        _ => acted_on,
    };
    let siblings: Vec<usize> = match world.resources[resource].kind {
        Type::Server => world.tier(resource),
        Type::Cluster | Type::Balancer => world.below(resource),
        kind => world
            .of(kind)
            .filter(|index| world.resources[*index].project == world.resources[resource].project)
            .collect(),
    };
    // Load comes to one, to some or to all of them, whatever was done before.
    let (one, all) = (*siblings.choose(&mut scene.rng).expect("not empty"), scene.chance(0.5));
    let one = if siblings.contains(&resource) { resource } else { one };
    let members = compared(scene, siblings, |index| all || index == one);
    Subject { resource: Some(resource), expression, direction, members, relatives: Vec::new() }
}
