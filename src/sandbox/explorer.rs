//! Resource Explorer: the list of resources, paged by tokens.

use chrono::SecondsFormat;

use super::entities::Resource;
use super::fault::Fault;
use super::organization::Organization;
use super::query::{Parameters, Refusal};
use super::render::Object;

/// The types of the trail that Resource Explorer lists, with its own names; it knows fewer than the trail.
const TYPES: [(&str, &str); 39] = [
    ("apple_silicon_server", "apple_silicon_server"),
    ("autoscaling_group", "autoscaling_group"),
    ("baremetal_server", "baremetal_server"),
    ("dtwh_deployment", "dtwh_deployment"),
    ("edge_services_pipeline", "edg_pipeline"),
    ("gapi_dedicated_deployment", "ifr_deployment"),
    ("iam_api_key", "iam_api_key"),
    ("iam_application", "iam_application"),
    ("iam_group", "iam_group"),
    ("iam_policy", "iam_policy"),
    ("iam_user", "iam_user"),
    ("instance_image", "instance_image"),
    ("instance_placement_group", "instance_placement_group"),
    ("instance_private_network_interface", "instance_private_nic"),
    ("instance_security_group", "instance_security_group"),
    ("instance_server", "instance_server"),
    ("instance_snapshot", "instance_snapshot"),
    ("instance_volume", "instance_volume"),
    ("key_manager_key", "kms_key"),
    ("kube_cluster", "k8s_cluster"),
    ("kube_node", "k8s_node"),
    ("kube_pool", "k8s_pool"),
    ("load_balancer_lb", "lb_server"),
    ("mongodb_instance", "mgdb_instance"),
    ("mongodb_instance_snapshot", "mgdb_snapshot"),
    ("observability_datasource", "obs_datasource"),
    ("observability_exporter", "obs_exporter"),
    ("rdb_instance", "rdb_instance"),
    ("rdb_instance_backup", "rdb_backup"),
    ("rdb_instance_snapshot", "rdb_snapshot"),
    ("s2s_connection", "svpn_connection"),
    ("s2s_vpn_gateway", "svpn_vpn_gateway"),
    ("secret_manager_secret", "sm_secret"),
    ("serverless_containers_container", "serverless_containers_container"),
    ("serverless_functions_function", "serverless_functions_function"),
    ("ssdb_database", "serverless_sqldb_database"),
    ("vpc_gw_gateway", "vpg_gateway"),
    ("vpc_private_network", "vpc_private_network"),
    ("vpc_vpc", "vpc_vpc"),
];

fn type_of(resource: &Resource) -> Option<&'static str> {
    TYPES.iter().find(|(audited, _)| *audited == resource.kind).map(|(_, listed)| *listed)
}

/// One page of the selected resources, as JSON.
pub(super) fn list(organization: &Organization, query: &Parameters, faults: &[Fault]) -> Result<Vec<u8>, Refusal> {
    let size = query.page_size(100)?.unwrap_or(50);
    let token = query.first("page_token");
    // A position in hexadecimal digits, behind a letter that no client may rely on.
    let first = match token {
        None => 0,
        Some(token) => token
            .strip_prefix('p')
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .ok_or_else(|| Refusal::argument("page_token", "format", "the token is not one of this list"))?,
    };
    let wanted = query.first("query").unwrap_or_default().to_lowercase();
    let picks = |parameter: &str, value: &str| {
        let mut values = query.all(parameter).peekable();
        values.peek().is_none() || values.any(|wanted| wanted == value)
    };
    let mut found: Vec<(&Resource, &str)> = organization
        .resources
        .iter()
        .filter_map(|resource| Some((resource, type_of(resource)?)))
        .filter(|(resource, kind)| {
            picks("project_ids", &resource.project_id)
                && picks("types", kind)
                && picks("localities", resource.locality)
                && (resource.name.to_lowercase().contains(&wanted) || resource.id.contains(&wanted))
        })
        .collect();
    if query.first("order_by") == Some("modified_at_desc") {
        found.sort_by_key(|(resource, _)| std::cmp::Reverse(resource.created_at));
    }
    let mut body = b"{\"resources\":[".to_vec();
    for (place, (resource, kind)) in found.iter().skip(first).take(size).enumerate() {
        if place > 0 {
            body.extend_from_slice(b", ");
        }
        write(&mut body, organization, resource, kind);
    }
    let end = first.saturating_add(size);
    let next = match token {
        Some(token) if faults.contains(&Fault::RepeatingToken) => format!("\"{token}\""),
        None if faults.contains(&Fault::RepeatingToken) => "\"p0\"".to_owned(),
        _ if end < found.len() => format!("\"p{end:x}\""),
        _ if faults.contains(&Fault::NullToken) => "null".to_owned(),
        _ => "\"\"".to_owned(),
    };
    body.extend_from_slice(format!("], \"next_page_token\":{next}}}").as_bytes());
    Ok(body)
}

fn write(out: &mut Vec<u8>, organization: &Organization, resource: &Resource, kind: &str) {
    let since = resource.created_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let mut object = Object::open(out);
    object.text("id", &resource.id).text("name", &resource.name).text("project_id", &resource.project_id);
    object.text("organization_id", &organization.id).text("type", kind);
    match resource.locality {
        "global" => object.raw("global", "true"),
        zone if zone != resource.region() => object.text("zone", zone),
        region => object.text("region", region),
    };
    object.text("created_at", &since).text("updated_at", &since);
    object.close();
}
