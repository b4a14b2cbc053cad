use super::super::*;
use super::client::*;

#[tokio::test]
async fn the_incident_can_be_found() {
    let sandbox = sandbox(5_000).await;
    let incident = sandbox.organization().incident.clone();
    let mut story: Vec<Value> = Vec::new();
    for region in ["fr-par", "nl-ams"] {
        story
            .extend(all(&sandbox, region, Endpoint::Events, &format!("{EVER}&source_ip={}", incident.source_ip)).await);
    }
    let of = |method: &str| -> Vec<&Value> { story.iter().filter(|event| event["method_name"] == method).collect() };
    let only = |method: &str| -> &Value {
        let [one] = of(method)[..] else { panic!("{method}: {}", of(method).len()) };
        one
    };
    let logins = all(&sandbox, "fr-par", Endpoint::AuthenticationEvents, EVER).await;
    let logins: Vec<_> = logins.iter().filter(|login| login["source_ip"] == incident.source_ip).collect();
    assert_eq!(logins.iter().filter(|login| login["result"] == "failure").count(), incident.failed_logins);
    assert_eq!((&logins[0]["result"], recorded_at(logins[0])), (&"success".into(), incident.logged_in_at));
    assert!(logins.iter().all(|login| login["country_code"] == incident.country_code
        && login["resources"][0]["id"] == incident.user_id.as_str()));
    let key = only("CreateAPIKey");
    assert_eq!(key["principal"]["id"], incident.user_id.as_str());
    assert_eq!(key["request_body"]["application_id"], incident.application_id.as_str());
    assert_eq!(
        (key["resources"][0]["id"].as_str(), recorded_at(key)),
        (Some(&*incident.access_key), incident.key_created_at)
    );
    assert!(only("CreatePolicy")["request_body"].to_string().contains("OrganizationManager"));
    assert_eq!(recorded_at(only("CreatePolicy")), incident.granted_at);
    let poweron =
        of("ServerAction").into_iter().find(|event| event["request_body"]["action"] == "poweron").expect("poweron");
    assert_eq!(recorded_at(poweron), incident.powered_on_at);
    assert_eq!(poweron["resources"][0]["id"], incident.server_id.as_str());
    assert!(only("UpdateServer")["request_body"]["commercial_type"].is_string());
    let since = incident.started_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let actions = format!("recorded_after={since}&method_name=ServerAction&resource_id={}", incident.server_id);
    let actions = all(&sandbox, "fr-par", Endpoint::Events, &actions).await;
    let actions: Vec<_> = actions.iter().map(|event| event["request_body"]["action"].as_str().unwrap_or("")).collect();
    assert_eq!(actions, ["poweroff", "poweron", "poweroff"], "nobody else switches the server");
    assert_eq!(of("CreateServer").len(), incident.created_server_ids.len());
    assert_eq!(recorded_at(only("ExportSnapshot")), incident.exported_at);
    assert_eq!(only("ExportDatabaseBackup")["product_name"], "rdb");
    assert_eq!(
        (only("DeleteExportJob")["status_code"].as_u64(), recorded_at(only("DeleteExportJob"))),
        (Some(403), incident.tampered_at)
    );
    assert_eq!(only("DeleteExporter")["product_name"], "cockpit");
    assert_eq!(only("DisableAlertRules")["product_name"], "audit-trail");
    let denied = story
        .iter()
        .filter(|event| event["status_code"] == 403 && event["principal"]["id"] == incident.user_id.as_str())
        .count();
    assert_eq!(denied, incident.denied_calls + 1);
    // Nothing of it happens on ordinary days.
    for method in ["ExportSnapshot", "ExportDatabaseBackup", "DeleteExportJob", "DeleteExporter", "DisableAlertRules"] {
        assert_eq!(all(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&method_name={method}")).await.len(), 1);
    }
    sandbox.stop().await;
}

/// The organization, and its metrics of a day.
fn day() -> (Organization, Vec<Series>) {
    let organization = Organization::new(now(), TimeDelta::days(7));
    let series = organization.metrics(now() - TimeDelta::days(1), now(), TimeDelta::minutes(1));
    (organization, series)
}

fn named<'a>(series: &'a [Series], name: &str) -> Vec<&'a Series> {
    series.iter().filter(|series| series.name == name).collect()
}

#[test]
fn the_metrics_show_the_spike_and_nothing_else() {
    let (organization, series) = day();
    let incident = &organization.incident;
    let (used, vcpus) =
        (named(&series, "instance_server_cpu_seconds_total"), named(&series, "instance_server_vcpu_count"));
    let servers = organization.resources_of("instance_server").count();
    assert_eq!((used.len(), vcpus.len()), (servers, servers));
    let busy: BTreeMap<&str, Vec<DateTime<Utc>>> = used
        .into_iter()
        .zip(vcpus)
        .map(|(used, vcpus)| {
            assert!(used.samples.is_sorted_by(|a, b| a.1 <= b.1), "a counter does not fall");
            assert_eq!(used.labels, vcpus.labels, "one divides the other");
            let loads = used.samples.windows(2).zip(&vcpus.samples);
            let high = loads.filter(|(two, vcpus)| (two[1].1 - two[0].1) / 60.0 / vcpus.1 > 0.9);
            (used.labels["resource_id"].as_str(), high.map(|(two, _)| two[0].0).collect())
        })
        .filter(|(_, high): &(&str, Vec<_>)| !high.is_empty())
        .collect();
    let [(server, minutes)] = &busy.into_iter().collect::<Vec<_>>()[..] else { panic!("one server is busy") };
    assert_eq!(*server, incident.server_id);
    assert!(minutes.iter().all(|at| (incident.spike_from..incident.spike_until).contains(at)));
    assert!(
        i64::try_from(minutes.len()).is_ok_and(|n| n >= (incident.spike_until - incident.spike_from).num_minutes() - 1)
    );
}

#[test]
fn each_resource_of_a_product_has_each_of_its_metrics() {
    let (organization, series) = day();
    let mysql = named(&series, "rdb_instance_mysql_node_cpu_seconds_total").len();
    let count = |kind| organization.resources_of(kind).count();
    assert_eq!(mysql, 1);
    for (name, resources) in [
        ("rdb_instance_postgresql_node_cpu_seconds_total", count("rdb_instance") - mysql),
        ("rdb_instance_postgresql_pg_stat_database_numbackends", count("rdb_instance") - mysql),
        ("load_balancer_lb_connection_usage", count("load_balancer_lb")),
        ("load_balancer_lb_backend_status", 2 * count("load_balancer_backend")),
        ("kubernetes_cluster_k8s_shoot_nodes", count("kube_cluster")),
        ("kubernetes_cluster_k8s_shoot_controlplane_cpu_usage", count("kube_cluster")),
    ] {
        assert_eq!(named(&series, name).len(), resources, "{name}");
    }
    let idle = named(&series, "rdb_instance_postgresql_node_cpu_seconds_total");
    assert!(
        idle.iter().all(|series| series.samples.windows(2).all(|two| (0.0..60.0).contains(&(two[1].1 - two[0].1))))
    );
    let connections = named(&series, "load_balancer_lb_connection_usage");
    assert!(connections.iter().flat_map(|series| &series.samples).all(|sample| (0.0..0.8).contains(&sample.1)));
}

#[test]
fn a_server_that_is_off_is_down_for_its_load_balancer_alone() {
    let (organization, series) = day();
    let incident = &organization.incident;
    let down: Vec<(&str, DateTime<Utc>)> = named(&series, "load_balancer_lb_backend_agg_server_check_status")
        .into_iter()
        .filter(|series| series.labels["state"] == "DOWN")
        .flat_map(|series| series.samples.iter().map(|(at, count)| (&*series.labels["backend_name"], *at, *count)))
        .filter(|(.., count)| *count > 0.0)
        .map(|(backend, at, _)| (backend, at))
        .collect();
    assert!(!down.is_empty());
    let is_busy = |at: &DateTime<Utc>| (incident.spike_from..incident.spike_until).contains(at);
    assert!(down.iter().all(|(backend, at)| *backend == "pool-web-1" && *at > incident.logged_in_at && !is_busy(at)));
}

#[test]
fn ready_nodes_follow_new_nodes_and_are_never_more() {
    let (_, series) = day();
    let nodes = named(&series, "kubernetes_cluster_k8s_shoot_nodes");
    let ready = named(&series, "kubernetes_cluster_k8s_shoot_nodes_ready");
    let pairs = nodes.iter().zip(&ready).flat_map(|(all, ready)| all.samples.iter().zip(&ready.samples));
    let missing: Vec<f64> = pairs.map(|(all, ready)| all.1 - ready.1).collect();
    assert!(missing.iter().all(|missing| *missing >= 0.0) && missing.iter().any(|missing| *missing > 0.0));
}
