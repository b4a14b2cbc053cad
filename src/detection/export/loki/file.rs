use std::fmt::Write as _;

use super::super::quoting::{template, text};
use super::query::query;
use crate::detection::{Level, Pack, Rule};

const HEADER: &str = "\
# Alert rules for Loki's ruler, one for each detection that lines of the OpenTelemetry receiver for Audit Trail can express.
# - A rule judges the status code. The severity of the lines says that an Instance's action, which is answered 202, has failed.
# - The lines have no log-ins and no system events, and session renewals have no principal.
# - A query ends two minutes ago, since a line arrives later than its event. One about single events is ten evaluations long, so that
#   one that fails loses nothing. A window is one evaluation longer than that of its detection, so that none lies between two.
# - A line that the receiver ships twice counts twice, and one that it loses does not count.
groups:
";

/// The most rules of a group, as Cockpit takes them.
const GROUP: usize = 20;

/// The text of a notification about an alert.
const SUMMARY: &str = "{{ with $labels.principal_id }}: {{ . }}{{ end }}{{ with $labels.source_ip }} from {{ . }}{{ end }}\
    {{ with $labels.resource }} on {{ . }}{{ end }}";

/// A pack as rules for Loki.
#[derive(Debug)]
pub struct LokiRules {
    /// The file that Loki's ruler reads: YAML, with groups for each level.
    pub file: String,
    /// The rules that are not in it, in the order of the pack.
    pub left_out: Vec<LeftOut>,
}

/// A rule that Loki cannot evaluate.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The rule's name, or else its id.
    pub name: String,
    /// What Loki lacks.
    pub reason: String,
}

/// The rules of a pack that Loki can evaluate on the lines of Audit Trail, and why the others are left out.
///
/// ```
/// use audittrail::detection::{Pack, RuleFile, export};
///
/// let text = "title: Key lost\nid: key\nlevel: high\nlogsource: {product: scaleway}\n\
///     detection:\n  selection:\n    method_name: DeleteKey\n  condition: selection\n---\n\
///     title: Log-in\nid: login\nlogsource: {product: scaleway}\n\
///     detection:\n  selection:\n    result: success\n  condition: selection\n";
/// let (pack, errors) = Pack::parse(&[RuleFile::new("rules.yml", text)]);
/// assert!(errors.is_empty());
/// let rules = export::loki(&pack);
/// assert!(rules.file.contains(r#"| method_name=~"(?i)^DeleteKey$""#));
/// assert_eq!(rules.left_out[0].name, "login");
/// assert_eq!(rules.left_out[0].reason, "result: the lines have no log-ins");
/// ```
#[must_use]
pub fn loki(pack: &Pack) -> LokiRules {
    let mut rules = LokiRules { file: HEADER.to_owned(), left_out: Vec::new() };
    let mut queries: Vec<(&Rule, String)> = Vec::new();
    for rule in pack.rules().iter().filter(|rule| rule.is_shown) {
        match query(pack, rule) {
            Ok(query) => queries.push((rule, query)),
            Err(reason) => {
                rules.left_out.push(LeftOut { name: rule.name.as_ref().unwrap_or(&rule.id).clone(), reason });
            }
        }
    }
    queries.sort_by_key(|(rule, _)| &rule.title);
    for level in Level::ALL.into_iter().rev() {
        let of_level: Vec<_> = queries.iter().filter(|(rule, _)| rule.level == level).collect();
        for (number, group) in of_level.chunks(GROUP).enumerate() {
            let name = format!("scaleway-detections-{}-{}", level.as_str(), number + 1);
            write!(rules.file, "  - name: {name}\n    interval: 1m\n    rules:\n").expect("a text takes all");
            for (rule, query) in group {
                add(rule, query, &mut rules.file);
            }
        }
    }
    rules
}

fn add(rule: &Rule, query: &str, file: &mut String) {
    let summary = template(&rule.title) + SUMMARY;
    let prose = |prose: &str| text(&template(prose.trim()));
    let lines = [
        format!("      - alert: {}", text(&rule.title)),
        format!("        expr: |-\n          {}", query.replace('\n', "\n          ")),
        format!(
            "        labels: {{\"severity\": {}, \"source\": \"scaleway-audit-trail\", \"rule_id\": {}}}",
            text(rule.level.as_str()),
            prose(&rule.id)
        ),
        "        annotations:".to_owned(),
        format!("          summary: {}", text(&summary)),
        format!("          description: {}", prose(rule.description.as_deref().unwrap_or_default())),
        format!("          runbook: {}", prose(rule.runbook.as_deref().unwrap_or_default())),
        format!("          false_positives: {}", prose(&rule.false_positives.join("; "))),
        format!("          tags: {}", prose(&rule.tags.join(" "))),
    ];
    for line in lines {
        file.push_str(&line);
        file.push('\n');
    }
}
