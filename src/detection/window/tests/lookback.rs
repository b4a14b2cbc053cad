//! From when on events decide what a rule matches.

use super::super::reads_from;
use crate::detection::{Pack, RuleFile};
use crate::time::Time;

const RULES: &str = "
title: call
name: call
logsource: {product: scaleway}
detection: {selection: {method_name: DeleteKey}, condition: selection}
---
title: new call
name: new
logsource: {product: scaleway}
detection: {selection: {method_name: DeleteKey}, condition: selection}
audittrail: {first_seen: {fields: [principal.id], days: 3}}
---
title: many calls
name: many
correlation: {type: event_count, rules: [call], group-by: [principal.id], timespan: 10m, condition: {gte: 3}}
---
title: many calls and a new one
name: sequence
correlation: {type: temporal, rules: [many, new], group-by: [principal.id], timespan: 1h}
";

#[test]
fn a_rule_reads_back_by_its_windows_and_to_midnight_for_a_baseline() {
    let (pack, errors) = Pack::parse(&[RuleFile::new("rules.yml", RULES)]);
    assert!(errors.is_empty(), "{errors:?}");
    let from = |name: &str, start: &str| {
        let rule = pack.rules().iter().position(|rule| rule.name.as_deref() == Some(name)).unwrap();
        let start = start.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        reads_from(pack.rules(), rule, Time::from(start)).to_string()
    };
    assert_eq!(from("call", "2026-03-02T10:30:00Z"), "2026-03-02T10:30:00Z");
    assert_eq!(from("many", "2026-03-02T10:30:00Z"), "2026-03-02T10:20:00Z");
    assert_eq!(from("new", "2026-03-02T10:30:00Z"), "2026-03-02T00:00:00Z");
    // The window of an hour reaches into the day before, whose new calls are decided by all of that day.
    assert_eq!(from("sequence", "2026-03-02T10:30:00Z"), "2026-03-02T00:00:00Z");
    assert_eq!(from("sequence", "2026-03-02T00:59:59.999999999Z"), "2026-03-01T00:00:00Z");
    assert_eq!(from("sequence", "2026-03-02T01:00:00Z"), "2026-03-01T23:50:00Z");
}
