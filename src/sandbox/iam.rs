//! The lists of people, applications, keys and projects, paged by number.

use bytes::Bytes;
use chrono::{DateTime, Duration, SecondsFormat};

use super::endpoint::Endpoint;
use super::entities::{Application, Project, User};
use super::json;
use super::organization::{ORGANIZATION_ID, Organization};
use super::query::{Parameters, Refusal};

/// One page of a list, as JSON.
pub(super) fn list(endpoint: Endpoint, organization: &Organization, query: &Parameters) -> Result<Bytes, Refusal> {
    let page = query.number("page")?.unwrap_or(1).max(1);
    let size = query.page_size(100)?.unwrap_or(20);
    let entries: Vec<String> = match endpoint {
        Endpoint::Users => {
            let chosen = organization.users.iter().filter(|user| query.selects("user_ids", &user.id));
            chosen.map(|user| user_json(organization, user)).collect()
        }
        Endpoint::Applications => {
            let chosen = organization.applications.iter().filter(|app| query.selects("application_ids", &app.id));
            chosen.map(|app| application_json(organization, app)).collect()
        }
        Endpoint::ApiKeys => {
            let chosen = organization.applications.iter().filter(|app| {
                query.first("bearer_type") != Some("user")
                    && query.selects("access_keys", &app.access_key)
                    && query.selects("bearer_id", &app.id)
            });
            chosen.map(|app| api_key_json(organization, app)).collect()
        }
        _ => {
            let chosen = organization.projects.iter().filter(|project| {
                query.selects("project_ids", &project.id)
                    && query.first("name").is_none_or(|name| project.name.contains(name))
            });
            chosen.map(|project| project_json(organization, project)).collect()
        }
    };
    let count = format!(r#", "total_count":{}"#, entries.len());
    let entries = entries.into_iter().skip((page - 1).saturating_mul(size)).take(size);
    let entries: Vec<Vec<u8>> = entries.map(String::into_bytes).collect();
    Ok(json::list(&endpoint.to_string().replace('-', "_"), &entries, &count))
}

fn user_json(organization: &Organization, user: &User) -> String {
    let User { id, email, username, account_root_user_id, mfa, .. } = user;
    let since = created_at(organization, id);
    let is_owner = *id == organization.users[0].id;
    let (deletable, kind) = if is_owner { (false, "owner") } else { (true, "member") };
    let locked = *id == organization.incident.user_id;
    format!(
        r#"{{"id":"{id}", "email":"{email}", "username":"{username}", "first_name":"", "last_name":"", "phone_number":"", "locale":"en_US", "created_at":"{since}", "updated_at":"{since}", "organization_id":"{ORGANIZATION_ID}", "deletable":{deletable}, "last_login_at":null, "type":"{kind}", "status":"activated", "mfa":{mfa}, "account_root_user_id":"{account_root_user_id}", "tags":[], "two_factor_enabled":{mfa}, "locked":{locked}}}"#
    )
}

fn application_json(organization: &Organization, Application { id, name, .. }: &Application) -> String {
    let since = created_at(organization, id);
    format!(
        r#"{{"id":"{id}", "name":"{name}", "description":"", "created_at":"{since}", "updated_at":"{since}", "organization_id":"{ORGANIZATION_ID}", "editable":true, "deletable":true, "managed":false, "nb_api_keys":1, "tags":[]}}"#
    )
}

fn api_key_json(organization: &Organization, Application { id, name, access_key, .. }: &Application) -> String {
    let since = created_at(organization, access_key);
    let address = &organization.users[1].address;
    format!(
        r#"{{"access_key":"{access_key}", "secret_key":null, "description":"key of {name}", "created_at":"{since}", "updated_at":"{since}", "expires_at":null, "default_project_id":"{ORGANIZATION_ID}", "editable":true, "deletable":true, "managed":false, "creation_ip":"{address}", "application_id":"{id}"}}"#
    )
}

fn project_json(organization: &Organization, Project { id, name }: &Project) -> String {
    let since = created_at(organization, id);
    format!(
        r#"{{"id":"{id}", "name":"{name}", "organization_id":"{ORGANIZATION_ID}", "created_at":"{since}", "updated_at":"{since}", "description":"", "qualification":null}}"#
    )
}

fn created_at(organization: &Organization, id: &str) -> String {
    let resource = organization.resources.iter().find(|resource| resource.id == id);
    let at = resource.map_or(DateTime::UNIX_EPOCH + Duration::days(18_000), |resource| resource.created_at);
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
