//! The resources about rules of detections, as JSON.

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::detection::{CorrelationKind, Kind, Rule, RuleError};
use crate::query::{Failure, RuleField, Rules, check_rules, text};

/// The largest body of a check, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// The rules of a data source, the most serious first, and the faults of others.
pub(super) fn listed(rules: &Rules) -> Value {
    let mut shown: Vec<&Rule> = rules.pack.rules().iter().filter(|rule| rule.is_shown).collect();
    shown.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.title.cmp(&b.title)));
    let problems: Vec<Value> = rules.problems.iter().map(problem).collect();
    json!({ "rules": shown.into_iter().map(described).collect::<Vec<_>>(), "problems": problems })
}

/// The faults of the rules in a request's body.
///
/// # Errors
/// When the body is no object with a text `sigma`.
pub(super) async fn checked(body: &[u8]) -> Result<Value, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        sigma: String,
        /// Whether the rules are those of the settings, beside the shipped ones.
        #[serde(default)]
        beside_shipped: bool,
    }
    if body.len() > MOST_BYTES {
        let message = format!("the body of the check has {} bytes. Allowed: at most {MOST_BYTES}", body.len());
        return Err(Failure { status: 413, ..Failure::input(message) });
    }
    let Ok(Body { sigma, beside_shipped }) = serde_json::from_slice(body) else {
        let message = "the body is no rules. Allowed: an object such as {\"sigma\": \"title: ...\"}";
        return Err(Failure::input(message.to_owned()));
    };
    // Rules are bounded in what they cost, and a patient thread takes them.
    let checked = spawn_blocking(move || check_rules(&sigma, beside_shipped)).await;
    let problems: Vec<Value> = match checked {
        Ok(problems) => problems.iter().map(problem).collect(),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    };
    Ok(json!({ "problems": problems }))
}

/// The fields that rules may name.
pub(super) fn fields(fields: &[RuleField]) -> Value {
    let described = fields.iter().map(|field| {
        let mut described = json!({ "name": field.name, "description": field.description });
        if !field.values.is_empty() {
            described["values"] = field.values.clone().into();
        }
        described
    });
    json!({ "fields": described.collect::<Vec<_>>() })
}

fn described(rule: &Rule) -> Value {
    let cleaned = |texts: &[String]| texts.iter().map(|text| text::cell(text).into_owned()).collect::<Vec<_>>();
    json!({
        "id": rule.id,
        "title": text::label(&rule.title),
        "level": rule.level.as_str(),
        "tags": cleaned(&rule.tags),
        "description": rule.description.as_deref().map(text::lines),
        "kind": kind(rule),
        "source": if rule.is_shipped() { "shipped".into() } else { text::cell(&rule.place.file) },
    })
}

/// What a rule is about: single events, or several within a window.
fn kind(rule: &Rule) -> &'static str {
    match &rule.kind {
        Kind::Events(_) => "event",
        Kind::Correlation(correlation) => match correlation.kind {
            CorrelationKind::EventCount => "event_count",
            CorrelationKind::ValueCount(_) => "value_count",
            CorrelationKind::Temporal => "temporal",
            CorrelationKind::TemporalOrdered => "temporal_ordered",
        },
    }
}

fn problem(error: &RuleError) -> Value {
    json!({
        "source": text::cell(&error.file),
        "line": error.line,
        "rule": error.rule.as_deref().map(text::cell),
        "message": text::message(&error.message),
    })
}
