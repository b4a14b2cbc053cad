//! What is beside a cause and has nothing to do with the metric.

use std::time::Duration;

use audittrail::time::Time;
use rand::Rng;
use rand::seq::IndexedRandom;

use super::catalogue::{BALANCER, CONTAINERS, DATABASE, INSTANCE, KUBERNETES};
use super::incident::{Scene, Subject, call};
use super::world::{Role, Type};
use super::writer::Call;

/// The least and the most time from a distractor to the onset.
const NEAREST: Duration = Duration::from_secs(5);
const FARTHEST: Duration = Duration::from_mins(30);

/// How often one of them is put between the cause and the onset, where there is time for it.
const NEARER: f64 = 0.8;

/// Actions that cannot move a metric of such a resource: product and service, method, body.
fn harmless(kind: Type) -> &'static [((&'static str, &'static str), &'static str, &'static str)] {
    match kind {
        Type::Server => &[
            (INSTANCE, "UpdateServer", r#"{"tags":["reviewed"]}"#),
            (INSTANCE, "UpdateServer", r#"{"protected":true}"#),
            (INSTANCE, "UpdateServer", r#"{"name":"renamed"}"#),
            (INSTANCE, "DeleteServerUserData", r#"{"key":"note"}"#),
            (INSTANCE, "SetServerUserData", r#"{"key":"note"}"#),
            (INSTANCE, "AssignServerCostCenter", r#"{"cost_center":"a"}"#),
            (INSTANCE, "SetServerTerminationProtection", r#"{"enabled":true}"#),
        ],
        Type::Balancer => &[
            (BALANCER, "UpdateLb", r#"{"name":"renamed"}"#),
            (BALANCER, "UpdateLb", r#"{"tags":["reviewed"]}"#),
            (BALANCER, "CreateCertificate", r#"{"name":"next"}"#),
            (BALANCER, "ConfigureAccessLogExport", "{}"),
        ],
        Type::Backend => &[
            (BALANCER, "AssignBackendCostCenter", r#"{"cost_center":"a"}"#),
            (BALANCER, "SetBackendDisplayName", r#"{"display_name":"reviewed"}"#),
        ],
        Type::Cluster => &[
            (KUBERNETES, "SetClusterACLRules", r#"{"acls":[]}"#),
            (KUBERNETES, "ResetClusterAdminToken", "{}"),
            (KUBERNETES, "UpdateCluster", r#"{"description":"reviewed"}"#),
            (KUBERNETES, "PostponeClusterMaintenance", r#"{"day":"monday"}"#),
        ],
        Type::Database => &[
            (DATABASE, "UpdateInstance", r#"{"tags":["reviewed"]}"#),
            (DATABASE, "CreateUser", r#"{"name":"reader"}"#),
            (DATABASE, "SetPrivilege", r#"{"permission":"readonly"}"#),
            (DATABASE, "CreateDatabase", r#"{"name":"empty"}"#),
            (DATABASE, "SubscribeToAdvisories", r#"{"day":"monday"}"#),
        ],
        Type::Container => &[
            (CONTAINERS, "CreateDomain", r#"{"hostname":"new.example.com"}"#),
            (CONTAINERS, "RegisterContainerInCatalog", "{}"),
            (CONTAINERS, "SetContainerDisplayName", r#"{"display_name":"renamed"}"#),
        ],
        _ => &[],
    }
}

/// What an engineer on call restarts.
fn restart(kind: Type) -> Option<((&'static str, &'static str), &'static str, &'static str)> {
    Some(match kind {
        Type::Server => (INSTANCE, "ServerAction", r#"{"action":"reboot"}"#),
        Type::Backend | Type::Balancer => (BALANCER, "UpdateBackend", r#"{"timeout_server":"5m"}"#),
        Type::Cluster => (KUBERNETES, "RebootNode", "{}"),
        Type::Database => (DATABASE, "RestartInstance", "{}"),
        Type::Container => (CONTAINERS, "RedeployContainer", "{}"),
        _ => return None,
    })
}

/// Writes the distractors of an incident.
pub(crate) fn surround(scene: &mut Scene<'_>, subject: &Subject) {
    let fallback = subject.members.first().map(|(index, _)| *index);
    let target = subject.resource.or(fallback).expect("a metric is of something");
    let kind = scene.world.resources[target].kind;
    if let Some(caused_at) = scene.caused_at {
        let gap = scene.onset.since(caused_at);
        if gap > NEAREST + Duration::from_secs(2) && scene.chance(NEARER) && innocent(scene, target, kind, caused_at) {
            scene.nearer = true;
        }
    }
    for _ in 0..scene.rng.random_range(1..4) {
        let earliest = scene.onset - FARTHEST;
        innocent(scene, target, kind, earliest);
    }
    if scene.chance(0.6) {
        same_on_sibling(scene, target);
    }
    if scene.chance(0.6)
        && let Some((product, method, body)) = restart(kind)
    {
        let on_call = scene.world.principal(&[Role::Operator], &mut scene.rng);
        for _ in 0..scene.rng.random_range(1..4) {
            let at = scene.onset + scene.seconds(45.0, 1_500.0);
            scene.call(&call(at, on_call, product, method, target, body.to_owned()));
        }
    }
}

/// An action on the resource that cannot move the metric, between a moment and the onset; whether there is one for it.
fn innocent(scene: &mut Scene<'_>, target: usize, kind: Type, after: Time) -> bool {
    let Some((product, method, body)) = harmless(kind).choose(&mut scene.rng).copied() else { return false };
    let who = scene
        .world
        .principal(&[Role::Operator, Role::Developer, Role::Terraform, Role::Security, Role::Analyst], &mut scene.rng);
    let (from, to) = ((after + Duration::from_millis(500)).nanos(), (scene.onset - NEAREST).nanos());
    let at = Time::from_nanos(scene.rng.random_range(from.min(to - 1)..to));
    scene.call(&call(at, who, product, method, target, body.to_owned()));
    true
}

/// What was the cause, on a sibling, in the minutes around it.
fn same_on_sibling(scene: &mut Scene<'_>, target: usize) {
    let Some([product, service, method]) = scene.action.clone() else { return };
    let world = scene.world;
    let siblings: Vec<usize> = match world.resources[target].kind {
        Type::Server => world.tier(target),
        kind => world.of(kind).collect(),
    };
    let others: Vec<usize> = siblings.into_iter().filter(|index| *index != target).collect();
    let Some(sibling) = others.choose(&mut scene.rng).copied() else { return };
    let who = world.principal(&[Role::Operator, Role::Deployment, Role::Terraform], &mut scene.rng);
    let at = scene.onset - scene.seconds(5.0, 1_800.0);
    let body = if method == "ServerAction" { r#"{"action":"poweroff"}"# } else { "{}" };
    let is_server = world.resources[target].kind == Type::Server && product == "instance";
    let on = if is_server { sibling } else { world.below(sibling).first().copied().unwrap_or(sibling) };
    scene.call(&Call { service: &service, ..call(at, who, (&product, &service), &method, on, body.to_owned()) });
}
