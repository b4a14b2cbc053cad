//! What Grafana needs to evaluate the rules: a data source, a folder, and the alert rules that `detections export` writes.

use audittrail::detection::{Pack, export};
use audittrail::sandbox::{ORGANIZATION_ID, SECRET_KEY};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::Grafana;
use super::states::MATCHES;
use crate::Error;

/// A data source and a folder with alert rules, under one uid of this run.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) uid: String,
}

impl Setup {
    /// Makes the data source of an API and the rules of the pack that ships.
    pub(super) async fn make(&self, grafana: &Grafana, api: &str) -> Result<(), Error> {
        let uid = &self.uid;
        let data_source = json!({
            "uid": uid, "name": uid, "type": "scaleway-audittrail-datasource", "access": "proxy",
            "jsonData": { "organizationId": ORGANIZATION_ID, "apiUrl": api, "regions": "fr-par,nl-ams" },
            "secureJsonData": { "secretKey": SECRET_KEY },
        });
        grafana.post("api/datasources", &data_source).await?;
        grafana.post("api/folders", &json!({ "uid": uid, "title": uid })).await?;
        for group in groups(&export::grafana(&Pack::shipped(), uid), uid)? {
            let name = group["title"].as_str().unwrap_or_default();
            grafana.put(&format!("api/v1/provisioning/folder/{uid}/rule-groups/{name}"), &group).await?;
        }
        Ok(())
    }

    /// Removes the rules with their folder, and the data source, as far as they were made.
    pub(super) async fn remove(&self, grafana: &Grafana) -> Result<(), Error> {
        let uid = &self.uid;
        let rules = grafana.delete(&format!("api/folders/{uid}?forceDeleteRules=true")).await;
        let data_source = grafana.delete(&format!("api/datasources/uid/{uid}")).await;
        for (removed, what) in [(rules, "the folder with its rules"), (data_source, "the data source")] {
            removed.map_err(|error| format!("{what} {uid} may be left in Grafana: {error}"))?;
        }
        Ok(())
    }
}

/// The groups of a provisioning file as the API takes them, with an annotation more: the number of matches.
fn groups(file: &str, folder: &str) -> Result<Vec<Value>, Error> {
    let mut file = Value::deserialize(yaml_serde::Deserializer::from_str(file))?;
    let groups = file["groups"].as_array_mut().ok_or("an export without groups")?;
    let to_api = |group: &mut Value| {
        let name = group["name"].take();
        let mut rules = group["rules"].take();
        for rule in rules.as_array_mut().into_iter().flatten() {
            let of_api = json!({ "orgID": 1, "folderUID": folder, "ruleGroup": name });
            let members: &mut Map<String, Value> = rule.as_object_mut().ok_or("a rule that is no object")?;
            // A Grafana may have the exported rules already.
            members.remove("uid");
            members.extend(of_api.as_object().cloned().unwrap_or_default());
            rule["annotations"][MATCHES] = "{{ $values.A }}".into();
        }
        Ok(json!({ "title": name, "folderUid": folder, "interval": 60, "rules": rules }))
    };
    groups.iter_mut().map(to_api).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_groups_are_as_the_api_takes_them() {
        let groups = groups(&export::grafana(&Pack::shipped(), "trail"), "folder").unwrap();
        let shown = Pack::shipped().rules().iter().filter(|rule| rule.is_shown).count();
        let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
        assert_eq!(rules.clone().count(), shown);
        for (key, value) in [("folderUID", "folder"), ("condition", "B"), ("noDataState", "OK"), ("for", "0s")] {
            assert!(rules.clone().all(|rule| rule[key] == value), "{key}");
        }
        let first = &groups[0]["rules"][0];
        assert_eq!(first["uid"], Value::Null);
        assert_eq!(first["ruleGroup"], groups[0]["title"]);
        assert_eq!(first["annotations"][MATCHES], "{{ $values.A }}");
        assert_eq!(first["data"][0]["relativeTimeRange"], json!({ "from": 720, "to": 120 }));
    }
}
