//! Cockpit's data sources: those of a project in a region, paged by number.

use bytes::Bytes;

use super::ids::id_of;
use super::json;
use super::organization::Organization;
use super::query::{Parameters, Refusal};

/// The regions that have Cockpit.
const REGIONS: [&str; 3] = ["fr-par", "nl-ams", "pl-waw"];

/// The data sources of each project in a region: name, type and origin.
const DATA_SOURCES: [(&str, &str, &str); 4] = [
    ("Scaleway Metrics", "metrics", "scaleway"),
    ("Scaleway Logs", "logs", "scaleway"),
    ("Alerts", "metrics", "external"),
    ("Own metrics", "metrics", "custom"),
];

/// One page of a project's data sources in a region where it has resources, as JSON.
pub(super) fn list(region: &str, organization: &Organization, query: &Parameters) -> Result<Bytes, Refusal> {
    if !REGIONS.contains(&region) {
        return Err(Refusal::not_found());
    }
    let project = query.required("project_id")?;
    if !organization.projects.iter().any(|own| own.id == project) {
        return Err(Refusal::denied("cockpit"));
    }
    let page = query.number("page")?.unwrap_or(1).max(1);
    let size = query.page_size(100)?.unwrap_or(20);
    let is_used = organization.resources.iter().any(|one| one.project_id == project && one.region() == region);
    // Scaleway's clients send the default of an enum, which is no filter.
    let is_any = query.first("origin") == Some("unknown_origin");
    let all = DATA_SOURCES.iter().filter(|(_, kind, origin)| {
        is_used && query.selects("types", kind) && (is_any || query.selects("origin", origin))
    });
    let entries: Vec<Vec<u8>> = all.map(|source| source_json(*source, project, region).into_bytes()).collect();
    let count = format!(r#", "total_count":{}"#, entries.len());
    let entries: Vec<Vec<u8>> = entries.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
    Ok(json::list("data_sources", &entries, &count))
}

fn source_json((name, kind, origin): (&str, &str, &str), project: &str, region: &str) -> String {
    let id = id_of(&format!("{name} of {project} in {region}"));
    format!(
        r#"{{"id":"{id}", "project_id":"{project}", "name":"{name}", "url":"https://{id}.{kind}.cockpit.{region}.scw.cloud", "type":"{kind}", "origin":"{origin}", "created_at":"2026-01-05T09:00:00.000000Z", "updated_at":"2026-01-05T09:00:00.000000Z", "synchronized_with_grafana":true, "retention_days":31, "region":"{region}", "current_month_usage":null}}"#
    )
}
