use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::quoting::{template, text};
use crate::detection::{Level, Pack, Rule};

const HEADER: &str = "\
# Alert rules for Grafana, one for each detection. Put the file into provisioning/alerting.
# - The range ends two minutes ago, the lag (lagSeconds of the data source): an event reaches the trail some seconds after it happened.
#   It is ten evaluations long, so that one that fails loses nothing. A match stays one alert meanwhile.
# - A query without a match answers 0, so that `noDataState` is for a query that Grafana could not send.
# - An answer that would be incomplete is an error of the rule (`execErrState`), which Grafana names DatasourceError.
apiVersion: 1
groups:
";

/// How far the range begins and ends before an evaluation, in seconds.
const RANGE: (u32, u32) = (720, 120);

/// The condition of all rules: at least one match.
const THRESHOLD: &str = r#"{"refId": "B", "type": "threshold", "expression": "A", "conditions": [{"evaluator": {"type": "gt", "params": [0]}}]}"#;

/// The text of a notification about a match. Grafana renders it in the states "no data" and "error" too, without labels of the query.
const SUMMARY: &str = "\
{{ if not $labels.rule }}{{ if $labels.ref_id }}No match{{ else }}The rule could not be evaluated: see the annotation Error{{ end }}\
{{ else if eq $labels.rule \"(none)\" }}No match{{ else }}{{ $labels.rule }}\
{{ if ne $labels.principal \"(none)\" }}: {{ $labels.principal }}{{ end }}\
{{ if ne $labels.source_ip \"(none)\" }} from {{ $labels.source_ip }}{{ end }}\
{{ if ne $labels.resource \"(none)\" }} on {{ $labels.resource }}{{ end }}\
{{ end }}";

/// A pack as a file that Grafana provisions alert rules from: YAML, with one alert rule for each rule that is shown, in a group for
/// each level. `data_source` is the uid of the data source.
///
/// ```
/// use audittrail::detection::{Pack, RuleFile, export};
///
/// let text = "title: Key lost\nid: 3d0b1cf6-2b0b-4a2e-9d43-1c8a1a3ad3a5\nlevel: high\nlogsource: {product: scaleway}\n\
///     detection:\n  selection:\n    method_name: DeleteKey\n  condition: selection\n";
/// let (pack, errors) = Pack::parse(&[RuleFile::new("key.yml", text)]);
/// assert!(errors.is_empty());
/// let file = export::grafana(&pack, "trail");
/// assert!(file.contains("    name: \"high\"\n"));
/// assert!(file.contains("uid: \"3d0b1cf6-2b0b-4a2e-9d43-1c8a1a3ad3a5\""));
/// ```
#[must_use]
pub fn grafana(pack: &Pack, data_source: &str) -> String {
    let mut file = HEADER.to_owned();
    for level in Level::ALL.into_iter().rev() {
        let mut rules: Vec<&Rule> = pack.rules().iter().filter(|rule| rule.is_shown && rule.level == level).collect();
        if rules.is_empty() {
            continue;
        }
        rules.sort_by_key(|rule| &rule.title);
        let name = text(level.as_str());
        write!(
            file,
            "  - orgId: 1\n    folder: \"Scaleway detections\"\n    name: {name}\n    interval: 1m\n    rules:\n"
        )
        .expect("a text takes all");
        for rule in rules {
            add(rule, data_source, &mut file);
        }
    }
    file
}

fn add(rule: &Rule, data_source: &str, file: &mut String) {
    let query =
        format!(r#"{{"refId": "A", "version": 1, "queryType": "detections", "ruleIds": [{}]}}"#, text(&rule.id));
    let (from, to) = RANGE;
    let description = template(rule.description.as_deref().unwrap_or_default().trim());
    let runbook = template(rule.runbook.as_deref().unwrap_or_default().trim());
    let harmless = template(&rule.false_positives.join("; "));
    let tags = text(&rule.tags.join(" "));
    let lines = [
        format!("      - uid: {}", text(&uid(&rule.id))),
        format!("        title: {}", text(&rule.title)),
        "        condition: B".to_owned(),
        "        for: 0s".to_owned(),
        "        noDataState: OK".to_owned(),
        "        execErrState: Error".to_owned(),
        format!(
            "        labels: {{\"severity\": {}, \"source\": \"scaleway-audit-trail\"}}",
            text(rule.level.as_str())
        ),
        "        annotations:".to_owned(),
        format!("          summary: {}", text(SUMMARY)),
        format!("          description: {}", text(&description)),
        format!("          runbook: {}", text(&runbook)),
        format!("          false_positives: {}", text(&harmless)),
        format!("          tags: {tags}"),
        "        data:".to_owned(),
        "          - refId: A".to_owned(),
        format!("            datasourceUid: {}", text(data_source)),
        format!("            relativeTimeRange: {{\"from\": {from}, \"to\": {to}}}"),
        format!("            model: {query}"),
        "          - refId: B".to_owned(),
        "            datasourceUid: __expr__".to_owned(),
        format!("            model: {THRESHOLD}"),
    ];
    for line in lines {
        file.push_str(&line);
        file.push('\n');
    }
}

/// An id that Grafana accepts: at most 40 letters, digits, `-` and `_`. A rule without a UUID has an id of any characters.
fn uid(id: &str) -> String {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.len() <= 40 && id.chars().all(is_legal) {
        return id.to_owned();
    }
    let hash = Sha256::digest(id.as_bytes());
    let half = u128::from_be_bytes(hash[..16].try_into().expect("a hash has 32 bytes"));
    format!("{half:032x}")
}
