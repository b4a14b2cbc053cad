//! Files and cases, judged by the engine.

use std::collections::BTreeMap;

use audittrail::detection::{Pack, RuleFile, Trial};
use audittrail::event::{Decoder, Events, List};
use audittrail::time::Time;
use serde_json::{Value, json};

/// The days that are known before the first event of a case, one more than a baseline can ask for.
const KNOWN_DAYS: i64 = 32;

/// Documents as a pack.
///
/// # Errors
/// When a document is refused: the reason.
pub(crate) fn pack(documents: &[Value]) -> Result<Pack, String> {
    // JSON is YAML.
    let text = documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n");
    let (pack, errors) = Pack::parse(&[RuleFile::new("mutant", text)]);
    errors.first().map_or(Ok(pack), |error| Err(error.to_string()))
}

/// The matches of each rule that is shown, by its name.
pub(crate) fn matches(pack: &Pack, trial: &Trial) -> BTreeMap<String, usize> {
    let name = |number: usize| pack.rules()[number].name.clone().expect("each rule of the pack has a name");
    trial.matches(pack).into_iter().map(|(number, count)| (name(number), count)).collect()
}

/// The events of a case, after those of its baseline and an event that makes all days before it known.
pub(crate) fn trial(baseline: &[Value], events: &[Value]) -> Trial {
    let first = events.iter().map(time).min().expect("a case has events");
    let known = first - chrono::Duration::days(KNOWN_DAYS);
    let known = json!({
        "id": "known", "recorded_at": known.to_rfc3339(), "product_name": "known", "method_name": "Known",
        "principal": { "id": "known" }, "source_ip": "192.0.2.1", "status_code": 500,
    });
    let all = baseline.iter().chain(events).chain([&known]);
    Trial::new(decoded(all), Time::from_nanos(first.timestamp_nanos_opt().expect("a time of this century")))
}

fn time(event: &Value) -> chrono::DateTime<chrono::Utc> {
    event["recorded_at"].as_str().expect("a time").parse().expect("a time")
}

/// Events as the API sends them, of all kinds.
fn decoded<'a>(events: impl Iterator<Item = &'a Value>) -> Events {
    let items: Vec<Value> = events.map(|event| json!({ kind(event): event })).collect();
    let mut decoder = Decoder::new("fr-par");
    let page = decoder.page(List::Combined, json!({ "events": items }).to_string()).expect("a page");
    assert!(page.malformed.is_empty(), "{:?}", page.malformed);
    decoder.finish().expect("few events")
}

fn kind(event: &Value) -> &'static str {
    match event {
        event if event.get("result").is_some() => "auth",
        event if event.get("system_name").is_some() => "system",
        _ => "api",
    }
}
