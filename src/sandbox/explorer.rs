//! Resource Explorer: the list of resources, paged by tokens.

use bytes::Bytes;
use chrono::SecondsFormat;

use super::catalogue::resource_type;
use super::entities::Resource;
use super::fault::Fault;
use super::json;
use super::organization::{ORGANIZATION_ID, Organization};
use super::query::{Parameters, Refusal};

/// One page of the selected resources, as JSON.
pub(super) fn list(organization: &Organization, query: &Parameters, faults: &[Fault]) -> Result<Bytes, Refusal> {
    let size = query.page_size(100)?.unwrap_or(50);
    let token = query.first("page_token");
    // A position; no client may rely on this form.
    let first = match token {
        None => 0,
        Some(token) => {
            token.parse().map_err(|_| Refusal::argument("page_token", "format", "the token is not one of this list"))?
        }
    };
    let wanted = query.first("query").unwrap_or_default().to_lowercase();
    let mut found: Vec<(&Resource, &str)> = organization
        .resources
        .iter()
        .filter_map(|resource| Some((resource, resource_type(resource.kind)?.explorer.as_deref()?)))
        .filter(|(resource, kind)| {
            query.selects("project_ids", &resource.project_id)
                && query.selects("types", kind)
                && query.selects("localities", resource.locality)
                && (resource.name.to_lowercase().contains(&wanted) || resource.id.contains(&wanted))
        })
        .collect();
    if query.first("order_by") == Some("modified_at_desc") {
        found.sort_by_key(|(resource, _)| std::cmp::Reverse(resource.created_at));
    }
    let entries: Vec<Vec<u8>> =
        found.iter().skip(first).take(size).map(|(resource, kind)| resource_json(resource, kind)).collect();
    let end = first.saturating_add(size);
    let next = if faults.contains(&Fault::RepeatingToken) {
        format!("\"{}\"", token.unwrap_or("0"))
    } else if end < found.len() {
        format!("\"{end}\"")
    } else if faults.contains(&Fault::NullToken) {
        "null".to_owned()
    } else {
        "\"\"".to_owned()
    };
    Ok(json::list("resources", &entries, &format!(r#", "next_page_token":{next}"#)))
}

fn resource_json(resource: &Resource, kind: &str) -> Vec<u8> {
    let Resource { id, project_id, .. } = resource;
    let name = json::escaped(&resource.name);
    let since = resource.created_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let locality = match resource.locality {
        "global" => r#""global":true"#.to_owned(),
        zone if zone != resource.region() => format!(r#""zone":"{zone}""#),
        region => format!(r#""region":"{region}""#),
    };
    let json = format!(
        r#"{{"id":"{id}", "name":"{name}", "project_id":"{project_id}", "organization_id":"{ORGANIZATION_ID}", "type":"{kind}", {locality}, "created_at":"{since}", "updated_at":"{since}"}}"#
    );
    json.into_bytes()
}
