//! The answer of an evaluation as alert instances.

use std::collections::{BTreeMap, HashMap};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use audittrail::frame::Frame;
use audittrail::sandbox::Organization;
use chrono::DateTime;

use super::judge::Row;
use super::scenario::Happened;

/// The ids of principals by the names that labels have.
#[derive(Debug)]
pub(super) struct Names {
    ids: HashMap<String, String>,
    names: HashMap<String, String>,
}

impl Names {
    /// The names in IAM, and those that events have.
    pub(super) fn of(organization: &Organization, events: &[Happened]) -> Self {
        let mut known: Vec<(String, String)> = Vec::new();
        for event in events {
            for resource in event.json["resources"].as_array().into_iter().flatten() {
                let is_principal = matches!(resource["type"].as_str(), Some("iam_user" | "iam_application"));
                if let (true, Some(id), Some(name)) = (is_principal, resource["id"].as_str(), resource["name"].as_str())
                {
                    let user = name.split('@').next().unwrap_or(name);
                    known.push((user.to_owned(), id.to_owned()));
                    known.push((name.to_owned(), id.to_owned()));
                }
            }
        }
        for user in &organization.users {
            known.push((user.email.clone(), user.id.clone()));
            known.push((user.username.clone(), user.id.clone()));
        }
        for robot in organization.applications.iter().chain([&organization.departed]) {
            known.push((robot.name.clone(), robot.id.clone()));
        }
        let ids = known.iter().cloned().collect();
        let names = known.into_iter().map(|(name, id)| (id, name)).collect();
        Self { ids, names }
    }

    /// The id that stands for a name.
    fn id(&self, name: &str) -> String {
        self.ids.get(name).map_or(name, String::as_str).to_owned()
    }

    /// The id that stands for the principal of a label.
    pub(super) fn of_label(&self, name: &str) -> String {
        self.one_of(&self.id(name))
    }

    /// The id that stands for the name of an id: of several with one name, labels do not tell which.
    pub(super) fn one_of(&self, id: &str) -> String {
        self.id(self.names.get(id).map_or(id, String::as_str))
    }
}

/// The alert instances of an answer with their numbers, those that are 0 left out.
pub(super) fn instances(frames: &[Frame], names: &Names) -> Result<BTreeMap<Row, i64>, String> {
    let [frame] = frames else { return Err(format!("an answer of {} frames", frames.len())) };
    let column = |name: &str| {
        let field = frame.fields.iter().find(|field| field.name == name);
        field.ok_or_else(|| format!("an answer without the column {name}"))
    };
    let labels = ["rule", "level", "principal", "source_ip", "resource", "first"];
    let labels = labels.map(|name| column(name).map(|field| field.values.as_string::<i32>()));
    let [rule, level, principal, source_ip, resource, first] = labels;
    let (rule, level, principal, source_ip, resource, first) =
        (rule?, level?, principal?, source_ip?, resource?, first?);
    let numbers = frame.fields.iter().find_map(|field| field.values.as_primitive_opt::<Int64Type>());
    let numbers = numbers.ok_or("an answer without numbers")?;
    let mut instances = BTreeMap::new();
    for index in (0..numbers.len()).filter(|index| numbers.value(*index) != 0) {
        let hour = DateTime::parse_from_rfc3339(first.value(index)).map_err(|error| error.to_string())?;
        let row = Row {
            rule: rule.value(index).to_owned(),
            level: level.value(index).to_owned(),
            principal: names.of_label(principal.value(index)),
            source_ip: source_ip.value(index).to_owned(),
            resource: resource.value(index).to_owned(),
            hour: hour.timestamp_nanos_opt().ok_or("a time after 2262")?,
        };
        *instances.entry(row).or_default() += numbers.value(index);
    }
    Ok(instances)
}
