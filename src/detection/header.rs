//! The keys that a rule of each kind may have.

use super::error::quoted;
use super::keys::{did_you_mean, get, meant, required};
use super::level::{Level, Status};
use super::yaml::{Entry, Fault, Node, Value};

/// The keys that are about a rule, and not its condition.
const ABOUT: [&str; 20] = [
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "fields",
    "falsepositives",
    "level",
    "tags",
    "scope",
    "sigma-version",
    "generate",
    "audittrail",
];

/// The keys of conditions.
const CONDITIONS: [&str; 4] = ["logsource", "detection", "correlation", "filter"];

/// The only product of a log source.
const PRODUCT: &str = "scaleway";

/// The only service of a log source.
const SERVICE: &str = "audit_trail";

/// A rule's title, level and other metadata.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) title: String,
    pub(super) level: Option<Level>,
    pub(super) status: Option<Status>,
    pub(super) description: Option<String>,
    pub(super) author: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) references: Vec<String>,
    pub(super) false_positives: Vec<String>,
    /// `generate`, where it is set.
    pub(super) generate: Option<bool>,
}

impl Header {
    /// The metadata of a document with a fault, as far as it can be read.
    pub(super) fn guess(root: &Node) -> Self {
        let Value::Map(map) = &root.value else { return Self::default() };
        let text = |key| get(map, key).and_then(|node| node.text(key).ok()).map(str::to_owned);
        Self {
            id: text("id"),
            name: text("name"),
            title: text("title").unwrap_or_default(),
            level: text("level").and_then(|level| Level::named(&level)),
            tags: texts(map, "tags").unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Whether the tags of a document can be read.
    pub(super) fn has_tags(root: &Node) -> bool {
        matches!(&root.value, Value::Map(map) if texts(map, "tags").is_ok())
    }

    /// The id, or else the name or the title.
    pub(super) fn label(&self) -> &str {
        self.id.as_deref().or(self.name.as_deref()).unwrap_or(&self.title)
    }

    /// The header of a document.
    pub(super) fn read(map: &[Entry], line: u32) -> Result<Self, Fault> {
        check_keys(map)?;
        let title = required(map, "title", "the rule", line)?.text("title")?;
        let text = |key| get(map, key).map(|node| node.text(key).map(str::to_owned)).transpose();
        let header = Self {
            id: text("id")?,
            name: text("name")?,
            title: title.to_owned(),
            level: choice(map, "level", &Level::ALL, Level::as_str)?,
            status: choice(map, "status", &Status::ALL, Status::as_str)?,
            description: text("description")?,
            author: text("author")?,
            tags: texts(map, "tags")?,
            references: texts(map, "references")?,
            false_positives: texts(map, "falsepositives")?,
            generate: get(map, "generate").map(|node| node.boolean("generate")).transpose()?,
        };
        for (key, value) in [("title", Some(&header.title)), ("id", header.id.as_ref()), ("name", header.name.as_ref())]
        {
            if value.is_some_and(|value| value.trim().is_empty()) {
                return Err(Fault::at(get(map, key).map_or(line, |node| node.line), format!("{key} is empty")));
            }
        }
        Ok(header)
    }
}

/// Sigma allows further keys. One that is nearly a known one is a slip, and those of other engines change what a rule means.
fn check_keys(map: &[Entry]) -> Result<(), Fault> {
    let known = [&ABOUT[..], &CONDITIONS].concat();
    for entry in map {
        let key = entry.key.as_str();
        if known.contains(&key) {
            continue;
        }
        if key == "action" {
            return Err(Fault::at(
                entry.line,
                "collections with \"action\" are not supported; write each rule in full",
            ));
        }
        if key.starts_with("rsigma.") {
            return Err(Fault::at(entry.line, format!("{} is not supported; remove it", quoted(key))));
        }
        if let Some(meant) = meant(key, &known) {
            let message = format!("the rule has an unknown key {}; did you mean {}?", quoted(key), quoted(meant));
            return Err(Fault::at(entry.line, message));
        }
    }
    if let Some(node) = get(map, "sigma-version") {
        let major = match &node.value {
            Value::Int(major) => major.to_string(),
            Value::Float(version) => version.to_string(),
            Value::Text(version) => version.clone(),
            _ => String::new(),
        };
        if major.trim_start_matches('v').split('.').next() != Some("2") {
            let message = "sigma-version must be 2: the array selectors of version 3 are not supported";
            return Err(Fault::at(node.line, message));
        }
    }
    Ok(())
}

fn texts(map: &[Entry], key: &str) -> Result<Vec<String>, Fault> {
    let Some(node) = get(map, key) else { return Ok(Vec::new()) };
    if node.value == Value::Null {
        return Ok(Vec::new());
    }
    Ok(node.texts(key)?.into_iter().map(|(text, _)| text.to_owned()).collect())
}

fn choice<T: Copy>(map: &[Entry], key: &str, all: &[T], name: fn(T) -> &'static str) -> Result<Option<T>, Fault> {
    let Some(node) = get(map, key) else { return Ok(None) };
    let text = node.text(key)?;
    let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
    match names.iter().position(|name| *name == text) {
        Some(index) => Ok(Some(all[index])),
        None => Err(Fault::at(node.line, format!("{key} has no value {}{}", quoted(text), did_you_mean(text, &names)))),
    }
}

/// Refuses a log source other than Audit Trail. `must` is whether there has to be one.
pub(super) fn check_log_source(map: &[Entry], line: u32, must: bool) -> Result<(), Fault> {
    let node = match get(map, "logsource") {
        None if !must => return Ok(()),
        _ => required(map, "logsource", "the rule", line)?,
    };
    for entry in node.map("logsource")? {
        let allowed = match entry.key.as_str() {
            "product" => PRODUCT,
            "service" => SERVICE,
            "definition" => continue,
            key => {
                let message = format!("logsource has {}; only product and service are supported", quoted(key));
                return Err(Fault::at(entry.line, message));
            }
        };
        let value = entry.node.text(&entry.key)?;
        if !value.eq_ignore_ascii_case(allowed) {
            let message = format!("the {} of logsource is {}; only {allowed} is supported", entry.key, quoted(value));
            return Err(Fault::at(entry.line, message));
        }
    }
    if must && get(node.map("logsource")?, "product").is_none() {
        return Err(Fault::at(node.line, format!("logsource has no product; write product: {PRODUCT}")));
    }
    Ok(())
}
