//! What happens in each kind of incident: the cause, what leads to it, and which metric moves.

use std::time::Duration;

use audittrail::investigation::{Direction, Relation};
use audittrail::time::Time;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};

use super::catalogue::{BALANCER, CONTAINERS, DATABASE, INSTANCE, KUBERNETES, SCALING};
use super::incident::{Scene, Subject, call};
use super::kind::Kind;
use super::world::{Role, Type};
use super::writer::Call;

pub(crate) const SERVER_CPU: &str = "rate(instance_server_cpu_seconds_total[1m]) / instance_server_vcpu_count";
pub(crate) const SERVER_NETWORK: &str = "rate(instance_server_network_bytes_total{direction=\"in\"}[1m])";
pub(crate) const BALANCER_CONNECTIONS: &str = "load_balancer_lb_connection_usage";
pub(crate) const BALANCER_BANDWIDTH: &str = "load_balancer_lb_bandwidth_in_usage";
pub(crate) const BACKEND_DOWN: &str =
    "load_balancer_lb_backend_agg_server_check_status{state=\"DOWN\", backend_name!=\"\"}";
pub(crate) const BALANCER_ERRORS: &str = "rate(load_balancer_lb_http_responses_5xx_total[1m])";
pub(crate) const NODES: &str = "sum by (resource_name, project_id, region) (kubernetes_cluster_k8s_shoot_nodes)";
pub(crate) const NODES_CPU: &str = "kubernetes_cluster_k8s_shoot_nodes_cpu_usage_total";
pub(crate) const NODES_READY: &str = "sum by (resource_name) (kubernetes_cluster_k8s_shoot_nodes_ready)";
pub(crate) const DATABASE_CPU: &str =
    "1 - avg by (resource_id) (irate(rdb_instance_postgresql_node_cpu_seconds_total{mode=\"idle\"}[5m]))";
pub(crate) const DATABASE_CONNECTIONS: &str = "sum(rdb_instance_postgresql_pg_stat_database_numbackends)";
pub(crate) const DATABASE_STORAGE: &str =
    "1 - rdb_instance_postgresql_node_filesystem_avail_bytes / rdb_instance_postgresql_node_filesystem_size_bytes";
pub(crate) const DATABASE_NETWORK: &str = "rate(rdb_instance_postgresql_node_network_transmit_bytes_total[1m])";
pub(crate) const CONTAINER_CPU: &str = "serverless_container_cpu_usage_ratio";

/// An intruder's address and country.
const INTRUDER: (&str, &str) = ("192.0.2.66", "AQ");

/// How many of the causes are actions that are younger than any table.
const YOUNG: f64 = 0.34;

/// How often the series of siblings are known.
const COMPARED: f64 = 0.6;

/// Writes the cause of an incident and what belongs to it.
pub(crate) fn cause(kind: Kind, scene: &mut Scene<'_>) -> Subject {
    match kind {
        Kind::ScaleUp => scale_up(scene),
        Kind::PowerOff => power_off(scene),
        Kind::Opened => opened(scene),
        Kind::BackendRemoved => backend_removed(scene),
        Kind::PoolShrunk => pool_shrunk(scene),
        Kind::Restored => restored(scene),
        Kind::Mining => mining(scene),
        Kind::Export => export(scene),
        Kind::Rollout => rollout(scene),
        Kind::Autoscaled => autoscaled(scene),
        Kind::Spike => unreachable!("a spike has no cause"),
    }
}

/// The usual method, or one that is younger than any table.
fn method<'a>(scene: &mut Scene<'_>, usual: &'a str, young: &[&'a str]) -> &'a str {
    if scene.chance(YOUNG) { young.choose(&mut scene.rng).expect("not empty") } else { usual }
}

/// The tier of a server, of which only some moved.
pub(crate) fn compared(scene: &mut Scene<'_>, all: Vec<usize>, moved: impl Fn(usize) -> bool) -> Vec<(usize, bool)> {
    if all.len() < 2 || !scene.chance(COMPARED) {
        return Vec::new();
    }
    all.into_iter().map(|index| (index, moved(index))).collect()
}

fn scale_up(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let server = world.any(Type::Server, &mut scene.rng);
    let at = scene.moves - scene.seconds(15.0, 120.0);
    let key = world.principal(&[Role::Deployment, Role::Terraform, Role::Backups], &mut scene.rng);
    let stolen = |at: Time, method, body: &str| Call {
        from: Some(INTRUDER.0),
        ..call(at, key, INSTANCE, method, server, body.to_owned())
    };
    if scene.chance(0.7) {
        for _ in 0..scene.rng.random_range(3..10) {
            let tried = at - scene.seconds(240.0, 7_000.0);
            let denied = Call { status: 403, ..stolen(tried, "CreateServer", "{}") };
            scene.call(&denied);
        }
    }
    let minute = Duration::from_secs(scene.rng.random_range(20..90));
    if scene.chance(YOUNG) {
        let method = *["ChangeServerOffer", "ConvertServer", "UpsizeServer"].choose(&mut scene.rng).expect("three");
        scene.cause(&stolen(at, method, r#"{"type":"POP2-HC-64C-128G"}"#));
    } else {
        scene.call(&stolen(at - minute * 3, "ServerAction", r#"{"action":"poweroff"}"#));
        scene.call(&stolen(at - minute * 2, "UpdateServer", r#"{"commercial_type":"POP2-HC-64C-128G"}"#));
        if scene.chance(0.6) {
            scene.call(&stolen(at - minute, "SetServerUserData", r#"{"key":"cloud-init"}"#));
        }
        scene.cause(&stolen(at, "ServerAction", r#"{"action":"poweron"}"#));
    }
    let members = compared(scene, world.tier(server), |index| index == server);
    Subject { resource: Some(server), expression: SERVER_CPU, direction: Direction::Up, members, relatives: Vec::new() }
}

fn power_off(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let server = world.any(Type::Server, &mut scene.rng);
    let at = scene.moves - scene.seconds(2.0, 60.0);
    let person = world.principal(&[Role::Operator, Role::Developer], &mut scene.rng);
    let action = *[r#"{"action":"poweroff"}"#, r#"{"action":"stop_in_place"}"#].choose(&mut scene.rng).expect("two");
    let method = method(scene, "ServerAction", &["ShelveServer", "PauseServer", "HaltServer"]);
    scene.cause(&call(at, person, INSTANCE, method, server, action.to_owned()));
    let expression = *[SERVER_CPU, SERVER_CPU, SERVER_NETWORK].choose(&mut scene.rng).expect("three");
    let members = compared(scene, world.tier(server), |index| index == server);
    Subject { resource: Some(server), expression, direction: Direction::Down, members, relatives: Vec::new() }
}

fn opened(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let server = world.any(Type::Server, &mut scene.rng);
    let group = world.resources[server].group.expect("a server has a security group");
    let at = scene.moves - scene.seconds(15.0, 900.0);
    let principal = world.principal(&[Role::Developer, Role::Operator, Role::Terraform], &mut scene.rng);
    let (usual, body) = *[
        (
            "CreateSecurityGroupRule",
            r#"{"action":"accept","direction":"inbound","ip_range":"0.0.0.0/0","protocol":"ANY"}"#,
        ),
        ("UpdateSecurityGroup", r#"{"inbound_default_policy":"accept"}"#),
    ]
    .choose(&mut scene.rng)
    .expect("two");
    let method = method(scene, usual, &["ApplySecurityGroupPolicy", "ImportSecurityGroupRules", "AuthorizeIngress"]);
    scene.cause(&call(at, principal, INSTANCE, method, group, body.to_owned()));
    let tiers: Vec<usize> = world
        .of(Type::Server)
        .filter(|index| world.resources[*index].project == world.resources[server].project)
        .collect();
    // Not each server of the group is found at once.
    let moved = |index: usize| index == server || (world.resources[index].group == Some(group) && index % 6 != 1);
    let members = compared(scene, tiers, moved);
    let relatives = if scene.chance(0.5) { vec![(group, Relation::Other)] } else { Vec::new() };
    Subject { resource: Some(server), expression: SERVER_NETWORK, direction: Direction::Up, members, relatives }
}

fn backend_removed(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let backend = world.any(Type::Backend, &mut scene.rng);
    let balancer = world.resources[backend].parent.expect("a backend has a load balancer");
    let project = world.resources[backend].project;
    let mut servers: Vec<usize> =
        world.of(Type::Server).filter(|index| world.resources[*index].project == project).collect();
    servers.shuffle(&mut scene.rng);
    servers.truncate(scene.rng.random_range(3..7));
    let removed = scene.rng.random_range(1..servers.len());
    let (gone, stay) = servers.split_at(removed);
    let list = |servers: &[usize]| {
        let quoted: Vec<String> =
            servers.iter().map(|index| format!("\"{}\"", world.resources[*index].address)).collect();
        quoted.join(",")
    };
    let id = &world.resources[backend].id;
    let at = scene.moves - scene.seconds(1.0, 45.0);
    let robot = world.principal(&[Role::Deployment, Role::Deployment, Role::Operator], &mut scene.rng);
    let sets = scene.chance(0.5);
    let (usual, named) = if sets { ("SetBackendServers", stay) } else { ("RemoveBackendServers", gone) };
    let young: &[&str] = if sets {
        &["ReconcileBackendServers", "DefineBackendServers"]
    } else {
        &["DeregisterBackendServers", "WithdrawBackendServers"]
    };
    let method = method(scene, usual, young);
    scene.cause(&call(
        at,
        robot,
        BALANCER,
        method,
        backend,
        format!(r#"{{"backend_id":"{id}","server_ip":[{}]}}"#, list(named)),
    ));
    let (expression, direction) = *[
        (BACKEND_DOWN, Direction::Up),
        (BALANCER_ERRORS, Direction::Up),
        (BALANCER_CONNECTIONS, Direction::Down),
        (BALANCER_BANDWIDTH, Direction::Down),
    ]
    .choose(&mut scene.rng)
    .expect("four");
    let gone = gone.to_vec();
    let members = compared(scene, servers.clone(), |index| gone.contains(&index));
    let relatives = Vec::new();
    Subject {
        resource: Some(if scene.chance(0.7) { balancer } else { backend }),
        expression,
        direction,
        members,
        relatives,
    }
}

fn pool_shrunk(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let pool = world.any(Type::Pool, &mut scene.rng);
    let cluster = world.resources[pool].parent.expect("a pool has a cluster");
    let at = scene.moves - scene.seconds(20.0, 360.0);
    let principal = world.principal(&[Role::Operator, Role::Terraform, Role::Developer], &mut scene.rng);
    let id = &world.resources[pool].id;
    let body = *[r#""size":{"value":1}"#, r#""min_size":{"value":1},"autoscaling":{"value":true}"#]
        .choose(&mut scene.rng)
        .expect("two");
    let method = method(scene, "UpdatePool", &["ScalePool", "DownsizePool", "AdjustPoolCapacity"]);
    scene.cause(&call(at, principal, KUBERNETES, method, pool, format!(r#"{{"pool_id":"{id}",{body}}}"#)));
    let (expression, direction) =
        if scene.chance(0.75) { (NODES, Direction::Down) } else { (NODES_CPU, Direction::Up) };
    let members = compared(scene, world.below(cluster), |index| index == pool);
    Subject { resource: Some(cluster), expression, direction, members, relatives: Vec::new() }
}

fn restored(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let backup = world.any(Type::Backup, &mut scene.rng);
    let database = world.resources[backup].parent.expect("a backup has a database");
    let at = scene.moves - scene.seconds(5.0, 600.0);
    let person = world.principal(&[Role::Operator, Role::Analyst], &mut scene.rng);
    let ids = (&world.resources[backup].id, &world.resources[database].id);
    let body = format!(r#"{{"database_backup_id":"{}","instance_id":"{}","database_name":"orders"}}"#, ids.0, ids.1);
    let method =
        method(scene, "RestoreDatabaseBackup", &["RecoverDatabase", "RevertDatabase", "RehydrateDatabaseBackup"]);
    scene.cause(&call(at, person, DATABASE, method, backup, body));
    let expression =
        *[DATABASE_CPU, DATABASE_CPU, DATABASE_STORAGE, DATABASE_NETWORK].choose(&mut scene.rng).expect("four");
    let databases: Vec<usize> = world
        .of(Type::Database)
        .filter(|index| world.resources[*index].project == world.resources[database].project)
        .collect();
    let members = compared(scene, databases, |index| index == database);
    Subject { resource: Some(database), expression, direction: Direction::Up, members, relatives: Vec::new() }
}

fn mining(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let person = world.principal(&[Role::Developer, Role::Operator], &mut scene.rng);
    let at = scene.moves - scene.seconds(10.0, 200.0);
    let entered = at - scene.seconds(120.0, 5_000.0);
    scene.writer.log_in(entered, person, INTRUDER, true, &mut scene.rng);
    let on_container = scene.chance(0.5);
    let kind = if on_container { Type::Container } else { Type::Server };
    let target = world.any(kind, &mut scene.rng);
    let id = &world.resources[target].id;
    if on_container {
        let method =
            method(scene, "UpdateContainer", &["ModifyContainer", "InvokeContainerCommand", "LaunchContainerJob"]);
        let body = format!(r#"{{"container_id":"{id}","registry_image":"docker.example.com/x/m:latest"}}"#);
        scene.cause(&Call { from: Some(INTRUDER.0), ..call(at, person, CONTAINERS, method, target, body) });
    } else {
        let set = at - scene.seconds(5.0, 60.0);
        let data = call(set, person, INSTANCE, "SetServerUserData", target, r#"{"key":"cloud-init"}"#.to_owned());
        scene.call(&Call { from: Some(INTRUDER.0), ..data });
        let method = method(scene, "ServerAction", &["SendServerCommand", "RebuildServer"]);
        let reboot = call(at, person, INSTANCE, method, target, r#"{"action":"reboot"}"#.to_owned());
        scene.cause(&Call { from: Some(INTRUDER.0), ..reboot });
    }
    let siblings: Vec<usize> = if on_container {
        world
            .of(Type::Container)
            .filter(|index| world.resources[*index].project == world.resources[target].project)
            .collect()
    } else {
        world.tier(target)
    };
    let expression = if on_container { CONTAINER_CPU } else { SERVER_CPU };
    let members = compared(scene, siblings, |index| index == target);
    Subject { resource: Some(target), expression, direction: Direction::Up, members, relatives: Vec::new() }
}

fn export(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let person = world.principal(&[Role::Analyst, Role::Operator, Role::Developer], &mut scene.rng);
    let backup = world.any(Type::Backup, &mut scene.rng);
    let database = world.resources[backup].parent.expect("a backup has a database");
    let at = scene.moves - scene.seconds(3.0, 120.0);
    let made = at - scene.seconds(60.0, 1_500.0);
    let entered = made - scene.seconds(60.0, 3_000.0);
    for attempt in 1..scene.rng.random_range(5..30_u32) {
        scene.writer.log_in(entered - Duration::from_secs(4) * attempt, person, INTRUDER, false, &mut scene.rng);
    }
    scene.writer.log_in(entered, person, INTRUDER, true, &mut scene.rng);
    let ids = (&world.resources[backup].id, &world.resources[database].id);
    let body = format!(r#"{{"instance_id":"{}","database_name":"orders","name":"copy"}}"#, ids.1);
    let copy = call(made, person, DATABASE, "CreateDatabaseBackup", backup, body);
    scene.call(&Call { from: Some(INTRUDER.0), ..copy });
    let method = method(
        scene,
        "ExportDatabaseBackup",
        &["DownloadDatabaseBackup", "PublishDatabaseBackup", "TransferDatabaseBackup"],
    );
    let sent = call(at, person, DATABASE, method, backup, format!(r#"{{"database_backup_id":"{}"}}"#, ids.0));
    scene.cause(&Call { from: Some(INTRUDER.0), ..sent });
    let databases: Vec<usize> = world
        .of(Type::Database)
        .filter(|index| world.resources[*index].project == world.resources[database].project)
        .collect();
    let members = compared(scene, databases, |index| index == database);
    let expression = DATABASE_NETWORK;
    Subject { resource: Some(database), expression, direction: Direction::Up, members, relatives: Vec::new() }
}

fn rollout(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let robot = world.principal(&[Role::Deployment], &mut scene.rng);
    let on_cluster = scene.chance(0.6);
    let (cluster, mut all) = if on_cluster {
        let cluster = world.any(Type::Cluster, &mut scene.rng);
        (Some(cluster), world.nodes(cluster))
    } else {
        let server = world.any(Type::Server, &mut scene.rng);
        (None, world.tier(server))
    };
    all.shuffle(&mut scene.rng);
    let half = all[..all.len().div_ceil(2)].to_vec();
    let method = if on_cluster {
        method(scene, "ReplaceNode", &["RecycleNode", "RefreshNode"])
    } else {
        method(scene, "ServerAction", &["RecycleServer", "RedeployServer"])
    };
    let mut at = scene.moves - scene.seconds(5.0, 120.0);
    for node in &half {
        let (product, body) = if on_cluster {
            (KUBERNETES, format!(r#"{{"node_id":"{}"}}"#, world.resources[*node].id))
        } else {
            (INSTANCE, r#"{"action":"reboot"}"#.to_owned())
        };
        scene.cause(&call(at, robot, product, method, *node, body));
        at = at + Duration::from_millis(scene.rng.random_range(200..40_000));
    }
    let members = all.iter().map(|index| (*index, half.contains(index))).collect();
    let expression = if on_cluster { NODES_READY } else { SERVER_CPU };
    Subject { resource: cluster, expression, direction: Direction::Down, members, relatives: Vec::new() }
}

fn autoscaled(scene: &mut Scene<'_>) -> Subject {
    let world = scene.world;
    let at = scene.moves - scene.seconds(20.0, 300.0);
    if scene.chance(0.5) {
        let pool = world.any(Type::Pool, &mut scene.rng);
        let cluster = world.resources[pool].parent.expect("a pool has a cluster");
        let method = method(scene, "cluster-autoscaler", &["node-provisioner", "capacity-controller"]);
        let (product, service) = ("kubernetes", "scaleway.k8s.v1");
        let body = "null".to_owned();
        scene.cause(&Call { at, principal: None, from: None, product, service, method, status: 200, on: pool, body });
        let members = compared(scene, world.below(cluster), |index| index == pool);
        let direction = if scene.chance(0.7) { Direction::Up } else { Direction::Down };
        return Subject { resource: Some(cluster), expression: NODES, direction, members, relatives: Vec::new() };
    }
    let robot = world.principal(&[Role::Autoscaler], &mut scene.rng);
    let server = world.any(Type::Server, &mut scene.rng);
    let group = world.resources[server].parent.expect("a server has a group");
    let id = &world.resources[group].id;
    let method = method(scene, "UpdateGroup", &["RescaleGroup", "AdjustGroupCapacity"]);
    scene.cause(&call(at, robot, SCALING, method, group, format!(r#"{{"group_id":"{id}","capacity":9}}"#)));
    // More servers share the load of each.
    let members =
        compared(scene, world.of(Type::Server).collect(), |index| world.resources[index].parent == Some(group));
    let relatives = vec![(group, Relation::Parent)];
    Subject { resource: Some(server), expression: SERVER_CPU, direction: Direction::Down, members, relatives }
}
