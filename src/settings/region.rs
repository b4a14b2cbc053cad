//! Names of regions.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::field::{Error, error, texts};

/// The known regions of Audit Trail. Source: Scaleway's documentation of Audit Trail's product integration.
pub const REGIONS: [&str; 4] = ["fr-par", "nl-ams", "pl-waw", "it-mil"];

/// The allowed names of regions. A region that Scaleway adds needs no new version of the plugin.
pub(crate) const REGIONS_ALLOWED: &str = "fr-par, nl-ams, pl-waw, it-mil, or another region such as xx-abc";

/// The default regions: the ones known to Scaleway's own clients.
pub const DEFAULT_REGIONS: [&str; 2] = ["fr-par", "nl-ams"];

/// Whether a text can be a region's name: two letters for the country, a dash, and three to five letters or digits.
pub(crate) fn is_region(text: &str) -> bool {
    static REGION: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z]{2}-[a-z0-9]{3,5}$").expect("a pattern"));
    REGION.is_match(text)
}

pub(super) fn regions(value: &Value) -> Result<Vec<String>, Error> {
    let names = texts("regions", value, REGIONS_ALLOWED)?;
    if let Some(wrong) = names.iter().find(|name| !is_region(name)) {
        return Err(error("regions", format!("contains {wrong:?}"), REGIONS_ALLOWED));
    }
    if names.is_empty() {
        return Ok(DEFAULT_REGIONS.map(str::to_owned).to_vec());
    }
    // Each once, in a fixed order, so that equal settings have equal fingerprints.
    let known =
        REGIONS.iter().filter(|region| names.iter().any(|name| name == *region)).map(|&region| region.to_owned());
    let others: BTreeSet<String> = names.iter().filter(|name| !REGIONS.contains(&name.as_str())).cloned().collect();
    Ok(known.chain(others).collect())
}
