//! The lists of people, applications, keys and projects, paged by number.

use chrono::{DateTime, Duration, SecondsFormat, Utc};

use super::endpoint::Endpoint;
use super::entities::Resource;
use super::organization::{ORGANIZATION_ID, Organization};
use super::query::{Parameters, Refusal};
use super::render::Object;

/// One page of a list, as JSON.
pub(super) fn list(endpoint: Endpoint, organization: &Organization, query: &Parameters) -> Result<Vec<u8>, Refusal> {
    let page = query.number("page")?.unwrap_or(1).max(1);
    let size = query.page_size(100)?.unwrap_or(20);
    let entries = match endpoint {
        Endpoint::Users => users(organization, query),
        Endpoint::Applications => applications(organization, query),
        Endpoint::ApiKeys => api_keys(organization, query),
        _ => projects(organization, query),
    };
    let mut body = format!("{{\"{}\":[", endpoint.name().replace('-', "_")).into_bytes();
    let first = (page - 1).saturating_mul(size);
    for (place, entry) in entries.iter().skip(first).take(size).enumerate() {
        if place > 0 {
            body.extend_from_slice(b", ");
        }
        body.extend_from_slice(entry);
    }
    body.extend_from_slice(format!("], \"total_count\":{}}}", entries.len()).as_bytes());
    Ok(body)
}

/// A repeated parameter selects; without it, everything is selected.
fn selects(query: &Parameters, parameter: &str, value: &str) -> bool {
    let mut wanted = query.all(parameter).peekable();
    wanted.peek().is_none() || wanted.any(|wanted| wanted == value)
}

fn object(write: impl FnOnce(&mut Object)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    write(&mut object);
    object.close();
    out
}

fn users(organization: &Organization, query: &Parameters) -> Vec<Vec<u8>> {
    let chosen = organization.users.iter().enumerate().filter(|(_, user)| selects(query, "user_ids", &user.id));
    chosen
        .map(|(place, user)| {
            let since = created_at(organization, &user.id);
            let locked = user.id == organization.incident.user_id;
            object(|out| {
                out.text("id", &user.id).text("email", &user.email).text("username", &user.username);
                out.text("first_name", "").text("last_name", "").text("phone_number", "").text("locale", "en_US");
                out.text("created_at", &since).text("updated_at", &since).text("organization_id", ORGANIZATION_ID);
                out.raw("deletable", if place == 0 { "false" } else { "true" });
                out.raw("last_login_at", "null").text("type", if place == 0 { "owner" } else { "member" });
                out.text("status", "activated").raw("mfa", if user.mfa { "true" } else { "false" });
                out.text("account_root_user_id", &user.account_root_user_id).raw("tags", "[]");
                out.raw("two_factor_enabled", if user.mfa { "true" } else { "false" });
                out.raw("locked", if locked { "true" } else { "false" });
            })
        })
        .collect()
}

fn applications(organization: &Organization, query: &Parameters) -> Vec<Vec<u8>> {
    let chosen = organization.applications.iter().filter(|app| selects(query, "application_ids", &app.id));
    chosen
        .map(|application| {
            let since = created_at(organization, &application.id);
            object(|out| {
                out.text("id", &application.id).text("name", &application.name).text("description", "");
                out.text("created_at", &since).text("updated_at", &since).text("organization_id", ORGANIZATION_ID);
                out.raw("editable", "true").raw("deletable", "true").raw("managed", "false");
                out.raw("nb_api_keys", "1").raw("tags", "[]");
            })
        })
        .collect()
}

fn api_keys(organization: &Organization, query: &Parameters) -> Vec<Vec<u8>> {
    let wants_users = query.first("bearer_type") == Some("user");
    let chosen = organization.applications.iter().filter(|app| {
        !wants_users && selects(query, "access_keys", &app.access_key) && selects(query, "bearer_id", &app.id)
    });
    chosen
        .map(|application| {
            let since = created_at(organization, &application.access_key);
            object(|out| {
                out.text("access_key", &application.access_key).raw("secret_key", "null");
                out.text("description", &format!("key of {}", application.name));
                out.text("created_at", &since).text("updated_at", &since).raw("expires_at", "null");
                out.text("default_project_id", ORGANIZATION_ID).raw("editable", "true").raw("deletable", "true");
                out.raw("managed", "false").text("creation_ip", &organization.users[1].address);
                out.text("application_id", &application.id);
            })
        })
        .collect()
}

fn projects(organization: &Organization, query: &Parameters) -> Vec<Vec<u8>> {
    let chosen = organization.projects.iter().filter(|project| {
        selects(query, "project_ids", &project.id) && query.first("name").is_none_or(|name| project.name.contains(name))
    });
    chosen
        .map(|project| {
            let since = created_at(organization, &project.id);
            object(|out| {
                out.text("id", &project.id).text("name", &project.name).text("organization_id", ORGANIZATION_ID);
                out.text("created_at", &since).text("updated_at", &since);
                out.text("description", "").raw("qualification", "null");
            })
        })
        .collect()
}

fn created_at(organization: &Organization, id: &str) -> String {
    let resource = organization.resources.iter().find(|resource: &&Resource| resource.id == id);
    let at = resource.map_or(DateTime::<Utc>::UNIX_EPOCH + Duration::days(18_000), |resource| resource.created_at);
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
