//! Resource Explorer: the list of resources, paged by tokens.

use chrono::SecondsFormat;

use super::catalogue::resource_type;
use super::entities::Resource;
use super::fault::Fault;
use super::organization::{ORGANIZATION_ID, Organization};
use super::query::{Parameters, Refusal};
use super::render::Object;

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
        .filter_map(|resource| Some((resource, resource_type(resource.kind)?.explorer.as_deref()?)))
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
        write(&mut body, resource, kind);
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

fn write(out: &mut Vec<u8>, resource: &Resource, kind: &str) {
    let since = resource.created_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let mut object = Object::open(out);
    object.text("id", &resource.id).text("name", &resource.name).text("project_id", &resource.project_id);
    object.text("organization_id", ORGANIZATION_ID).text("type", kind);
    match resource.locality {
        "global" => object.raw("global", "true"),
        zone if zone != resource.region() => object.text("zone", zone),
        region => object.text("region", region),
    };
    object.text("created_at", &since).text("updated_at", &since);
    object.close();
}
