use std::fmt::Write as _;

use super::technique::{TACTICS, name, tactic, techniques};
use crate::detection::rule::{BaselineKind, Kind};
use crate::detection::{Level, Pack, Rule};

const INTRODUCTION: &str = "\
# Detections

The rules that ship with the plugin, in the order of [MITRE ATT&CK](https://attack.mitre.org/)'s tactics. The files are
[Sigma](https://sigmahq.io/) documents in `detections/`, with the events on which each fires and the ones on which it does not; the ATT&CK
Navigator layer of them is [attack-layer.json](attack-layer.json). `audittrail detections export --format docs` writes this page.

The line below a title has the rule's name, level, kind and maturity. `experimental` rules are about a method or a request body that neither
Scaleway's documentation nor a recorded event confirms.
";

/// What neither these rules nor others can see, or can see in part only.
const BLIND_SPOTS: &str = "
## What the trail does not show

- **Reads are not audited.** The trail has no event when a secret is read, data are decrypted, a kubeconfig is downloaded, an export is downloaded or a
  resource is listed. Rules see the preparation: a new owner of a secret, a reset token, an export.
- **Some products are not audited**: Object Storage, Block Storage, Redis, Container Registry, DNS, Serverless Jobs, projects and billing. A snapshot that
  is exported to a bucket is seen, what happens in the bucket is not.
- **Kubernetes events have no source address and no user agent**, so that rules on a new address do not match them.
- **Events do not say which API key made a call**, only its bearer.
- **Deletes of IAM name no resource**: the id is in the request body only.
- **Autoscaling groups may start and stop Instances without an event.**
- **A log-in names its user, not its session.** A stolen session needs no log-in; its calls come from another address.
- **Failed log-ins of earlier days make a country known**: a rule on new countries has another one beside it for attempts that go on for days.
- **Log-ins through an identity provider** have their second factor there, and the trail does not know of it.
- **A region that cannot be read has no events.** An alert rule is an error then; Scaleway's export to a bucket is another copy of the trail.

## Alerts that Scaleway has

The rules cover what Scaleway's own alerts do. Audit Trail's are e-mails of one region each; those of its app for Splunk are known by their names only,
so that thresholds are ours.

| Scaleway | rule |
|---|---|
";

/// The alerts of Audit Trail, and of Scaleway's app for Splunk, each with the rule that stands for it.
const OF_SCALEWAY: [(&str, &str); 7] = [
    ("`ApiKeyCreated`", "api_key_created"),
    ("`ApiKeyCreationUnauthorized`", "api_key_creation_denied"),
    ("`ApiKeyDeleted`", "api_key_deleted"),
    ("`ApiKeyDeletionUnauthorized`", "api_key_deletion_denied"),
    ("`HttpForbiddenErrorRateHigh`", "forbidden_calls_burst"),
    ("Splunk: Increased number of errors from yesterday", "errors_increased"),
    ("Splunk: Increased number of failed logins", "failed_logins_increased"),
];

/// The third alert of the app for Splunk, which is about the absence of events.
const NO_DATA: &str = "\
| Splunk: No data ingesting in the last hour | none: a rule is about events. An alert rule on the query `counts` whose total is 0 for an hour does it; \
an upstream failure is an error of every alert rule anyway |
";

/// The page that describes the rules of a pack.
#[must_use]
pub fn docs(pack: &Pack) -> String {
    let mut rules: Vec<&Rule> = pack.rules().iter().filter(|rule| rule.is_shown).collect();
    rules.sort_by_key(|rule| (tactic(rule), std::cmp::Reverse(rule.level), &rule.title));
    let mut page = INTRODUCTION.to_owned();
    page.push_str(&summary(&rules));
    page.push_str(BLIND_SPOTS);
    for (alert, rule) in OF_SCALEWAY {
        let title = rules.iter().find(|known| known.name.as_deref() == Some(rule)).map_or("", |rule| &rule.title);
        writeln!(page, "| {alert} | {title} |").expect("a text takes all");
    }
    page.push_str(NO_DATA);
    for chunk in rules.chunk_by(|one, next| tactic(one) == tactic(next)) {
        let title = TACTICS.get(tactic(chunk[0])).map_or("Other", |(_, title)| title);
        write!(page, "\n## {title}\n").expect("a text takes all");
        for rule in chunk {
            add(rule, &mut page);
        }
    }
    page
}

/// How many rules there are of each level.
fn summary(rules: &[&Rule]) -> String {
    let of = |level| rules.iter().filter(|rule| rule.level == level).count();
    let levels = Level::ALL.iter().rev().map(|level| (of(*level), level.as_str())).filter(|(count, _)| *count > 0);
    let levels: Vec<String> = levels.map(|(count, level)| format!("{count} {level}")).collect();
    format!("\nThere are {} rules: {}.\n", rules.len(), levels.join(", "))
}

fn add(rule: &Rule, page: &mut String) {
    let mut line = |text: String| {
        page.push_str(&text);
        page.push('\n');
    };
    let status = rule.status.map_or("", |status| status.as_str());
    let name = rule.name.as_deref().unwrap_or(&rule.id);
    line(format!("\n### {}\n\n`{name}`, {}, {}, {status}\n", rule.title, rule.level.as_str(), kind(rule)));
    line(rule.description.clone().unwrap_or_default());
    let attack: Vec<String> = techniques(rule).map(|id| link(&id)).collect();
    line(format!("\n- ATT&CK: {}", attack.join(", ")));
    line(format!("- Harmless causes: {}", rule.false_positives.join("; ")));
    line(format!("- What to do: {}", rule.runbook.as_deref().unwrap_or_default().trim()));
}

fn link(id: &str) -> String {
    format!("[{id} {}](https://attack.mitre.org/techniques/{}/)", name(id), id.replace('.', "/"))
}

fn kind(rule: &Rule) -> &'static str {
    match (&rule.baseline, &rule.kind) {
        (Some(baseline), _) => match baseline.kind {
            BaselineKind::FirstSeen(_) => "first seen",
            BaselineKind::TimesUsual { .. } => "rate",
        },
        (None, Kind::Correlation(_)) => "correlation",
        (None, Kind::Events(_)) => "event",
    }
}
