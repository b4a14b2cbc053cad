//! The settings `detectionRules` and `detectionFolder`: the organization's own rules; and their root, a setting of Grafana's server.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::field::{Error, error, text};

/// The most bytes of pasted rules, as of a file of rules.
const MOST_BYTES: usize = 256 << 10;

/// The environment variable with the folder below which folders of rules are. Grafana sets it from `detection_root` in the
/// section `[plugin.scaleway-audittrail-datasource]` of its configuration.
const ROOT: &str = "GF_PLUGIN_DETECTION_ROOT";

pub(super) fn detection_rules(value: &Value) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "Sigma documents as YAML, at most 256 KiB";
    match value {
        Value::Null => Ok(None),
        Value::String(rules) if rules.trim().is_empty() => Ok(None),
        Value::String(rules) if rules.len() <= MOST_BYTES => Ok(Some(rules.clone())),
        Value::String(rules) => Err(error("detectionRules", format!("has {} bytes", rules.len()), ALLOWED)),
        _ => Err(error("detectionRules", "is not a text", ALLOWED)),
    }
}

pub(super) fn detection_folder(value: &Value) -> Result<Option<PathBuf>, Error> {
    const ALLOWED: &str = "a path below the root that the server's administrator has set (detection_root), such as team/rules, \
                           without ..";
    let Some(path) = text("detectionFolder", value, ALLOWED)? else { return Ok(None) };
    let is_below = Path::new(&path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_below || path.contains('\0') {
        return Err(error("detectionFolder", format!("is {path:?}"), ALLOWED));
    }
    Ok(Some(PathBuf::from(path)))
}

/// The root of folders of rules, as the server's administrator has set it.
pub(crate) fn detection_root() -> Option<PathBuf> {
    std::env::var_os(ROOT).filter(|root| !root.is_empty()).map(PathBuf::from)
}
