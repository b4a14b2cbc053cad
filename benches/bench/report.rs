//! What was measured: a table for people, a summary for programs.

use std::path::Path;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use crate::Error;

/// What a figure must reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    AtLeast(f64),
    AtMost(f64),
}

impl Reach {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!(">= {}", number(least)),
            Self::AtMost(most) => format!("<= {}", number(most)),
        }
    }
}

/// A figure. Without a value it could not be measured, and `what` says why.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    what: String,
    value: Option<f64>,
    unit: &'static str,
    reach: Option<Reach>,
}

impl Row {
    /// A figure that must reach something.
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str, reach: Reach) -> Self {
        Self { what: what.into(), value: Some(value), unit, reach: Some(reach) }
    }

    /// A figure to know.
    pub(crate) fn info(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value: Some(value), unit, reach: None }
    }

    /// A figure that could not be measured.
    pub(crate) fn missing(what: &str, why: impl std::fmt::Display) -> Self {
        Self { what: format!("{what}: not measured, {why}"), value: None, unit: "", reach: None }
    }

    /// Whether the figure is what it must be; nothing where it need not be anything.
    fn is_met(&self) -> Option<bool> {
        match (self.value, self.reach) {
            (None, _) => Some(false),
            (Some(value), Some(reach)) => Some(reach.is_met_by(value)),
            (Some(_), None) => None,
        }
    }
}

/// All rows, as people read them.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["what", "value", "unit", "reach", "met"]);
    for row in rows {
        let met = row.is_met().map_or("", |met| if met { "yes" } else { "NO" });
        let value = row.value.map(number).unwrap_or_default();
        table.add_row([&row.what, &value, row.unit, &row.reach.map(Reach::text).unwrap_or_default(), met]);
    }
    table.to_string()
}

/// Writes all rows, as programs read them. `reach` and `met` are null where a figure need not reach anything.
pub(crate) fn write(rows: &[Row], path: &Path) -> Result<(), Error> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "what": row.what,
                "value": row.value,
                "unit": row.unit,
                "reach": row.reach.map(Reach::text),
                "met": row.is_met(),
            })
        })
        .collect();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, format!("{:#}\n", json!({ "rows": rows })))?)
}

/// Three digits that matter.
fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.4}"),
    }
}
