//! What becomes of conditions, and of those that Loki cannot evaluate.

use super::loki;
use crate::detection::{Pack, RuleFile};

fn pack(rules: &str) -> Pack {
    let (pack, errors) = Pack::parse(&[RuleFile::new("test.yml", rules)]);
    assert_eq!(errors, []);
    pack
}

fn rule(detection: &str) -> Pack {
    let head = "title: T\nid: rule\nlogsource: {product: scaleway, service: audit_trail}\n";
    pack(&format!("{head}detection: {detection}\n"))
}

/// The stages of the only rule, without that of JSON and that of errors.
fn stages(detection: &str) -> Vec<String> {
    let rules = loki(&rule(detection));
    assert_eq!(rules.left_out, [], "{detection}");
    let stages = rules.file.lines().filter_map(|line| line.trim_start().strip_prefix("| "));
    stages.filter(|stage| !stage.starts_with("json ") && !stage.starts_with("__error__")).map(str::to_owned).collect()
}

/// The first rule of a file.
fn first_rule(file: &str) -> serde_json::Value {
    let mut parsed: serde_json::Value = yaml_serde::from_str(file).expect("YAML");
    parsed["groups"][0]["rules"][0].take()
}

/// The query of the first rule of a file.
fn query(file: &str) -> String {
    first_rule(file)["expr"].as_str().expect("a text").to_owned()
}

/// Why the only rule that is shown is left out.
fn reason(pack: &Pack) -> String {
    let rules = loki(pack);
    assert!(!rules.file.contains("alert:"), "{}", rules.file);
    let [left_out] = &rules.left_out[..] else { panic!("{:?}", rules.left_out) };
    left_out.reason.clone()
}

#[test]
fn conditions_become_filters_of_labels() {
    for (test, filters) in [
        ("method_name: DeleteKey", &[r#"method_name=~"(?i)^DeleteKey$""#][..]),
        ("method_name|cased: DeleteKey", &[r#"method_name="DeleteKey""#]),
        ("method_name: [a.b, 'c*d?']", &[r#"method_name=~"(?is)^(?:a\\.b|c.*d.)$""#]),
        (r"method_name: 'a\*b'", &[r#"method_name=~"(?i)^a\\*b$""#]),
        ("user_agent|contains|all: [a, '1']", &[r#"user_agent=~"(?is)^.*a.*$""#, r#"user_agent=~"(?s)^.*1.*$""#]),
        ("status_code|startswith: '2'", &[r#"status_code=~"(?s)^2.*$""#]),
        ("status_code: 403", &[r#"status_code="403""#]),
        ("status_code: [401, 403]", &[r#"status_code=~"^(?:401|403)$""#]),
        ("status_code|gte: 500", &[r#"status_code=~"^-?[0-9]+(?:\\.[0-9]+)?$""#, "status_code >= 500"]),
        ("project_id: null", &[r#"project_id="""#]),
        ("user_agent: '*'", &[r#"user_agent=~"(?s)^.+$""#]),
        ("request_body.key|exists: true", &[r#"body_key!="""#]),
        ("request_body.a: true", &[r#"body_a=~"(?is)^(?:true|\\[(?:.*,)?\"?true\"?(?:,.*)?\\])$""#]),
        (
            "source_ip|cidr: [10.0.0.0/8, '2001:db8::/32']",
            &[r#"(source_ip=ip("10.0.0.0/8") or source_ip=ip("2001:db8::/32"))"#],
        ),
    ] {
        assert_eq!(stages(&format!("{{s: {{{test}}}, condition: s}}")), filters, "{test}");
    }
}

#[test]
fn a_negation_moves_to_the_labels() {
    let not = |condition: &str| {
        let a = "a: {method_name|cased: A, status_code: 403}";
        let b = "b: {method_name|cased: B}";
        stages(&format!("{{{a}, {b}, condition: {condition}}}")).join(" | ")
    };
    let a = r#"method_name="A" | status_code="403""#;
    assert_eq!(not("a and not b"), format!(r#"{a} | method_name!="B""#));
    assert_eq!(not("b and not a"), r#"method_name="B" | (method_name!="A" or status_code!="403")"#);
    assert_eq!(not("not (a or b)"), r#"(method_name!="A" or status_code!="403") | method_name!="B""#);
    assert_eq!(not("a or b"), r#"((method_name="A" and status_code="403") or method_name="B")"#);
    let networks = "{s: {source_ip|cidr: 10.0.0.0/8}, condition: not s}";
    assert_eq!(stages(networks), [r#"(source_ip="" or source_ip!=ip("10.0.0.0/8"))"#]);
    assert_eq!(stages("{s: {project_id: null}, condition: not s}"), [r#"project_id!="""#]);
    assert_eq!(stages("{s: {project_id|exists: false}, condition: not s}"), [r#"project_id!="""#]);
}

#[test]
fn no_text_of_a_rule_leaves_its_quotation_marks() {
    // Loki's own parser reads the query, in tests/loki, and finds the text.
    let hostile = include_str!("../../../../tests/data/loki/hostile.txt");
    let escaped = hostile.replace('\\', r"\\").replace('*', r"\*").replace('?', r"\?");
    let value = serde_json::to_string(&escaped).expect("a text is JSON");
    let query = query(&loki(&rule(&format!("{{s: {{user_agent: {value}}}, condition: s}}"))).file);
    assert_eq!(query, include_str!("../../../../tests/data/loki/hostile.logql"), "\n{query}");
    let title = serde_json::to_string(&format!("{hostile} x")).expect("a text is JSON");
    let text = format!(
        "title: {title}\nid: rule\nlogsource: {{product: scaleway}}\ndetection: {{s: {{method_name: y}}, condition: s}}\n"
    );
    let file = loki(&pack(&text)).file;
    let rule = first_rule(&file);
    assert_eq!(rule["alert"], format!("{hostile} x"));
    let summary = rule["annotations"]["summary"].as_str().expect("a text");
    assert!(summary.contains("{ { .x } }") && !summary.contains("{{ .x"), "{summary}");
}

#[test]
fn paths_of_the_request_body_have_labels_of_their_own() {
    let file = loki(&rule("{s: {request_body.a.b: x, request_body.a_b: y, request_body.c-d.0: z}, condition: s}")).file;
    let json = file.lines().find(|line| line.contains("| json ")).expect("a stage");
    for label in [
        r#"body_a_b="request_body.a.b""#,
        r#"body_a_b_2="request_body.a_b""#,
        r#"body_c_d_0="request_body[\"c-d\"][\"0\"]""#,
    ] {
        assert!(json.contains(label), "{json}");
    }
}

#[test]
fn a_condition_that_lines_cannot_express_is_left_out_with_its_reason() {
    for (test, why) in [
        ("s: {result: failure}", "result: the lines have no log-ins"),
        ("s: {method: password}", "method: the lines have no log-ins"),
        ("s: {system_name: x}", "system_name: the lines have no system events"),
        ("s: {audittrail.risk_class: x}", "audittrail.risk_class: the lines do not have it"),
        (
            "s: {'resources[any].type': x}",
            "resources[any].type: the lines have a list of resources, whose elements Loki does not search",
        ),
        ("s: {recorded_at|hour: 3}", "recorded_at: LogQL has no word for the modifier hour"),
        ("s: {recorded_at: x}", "recorded_at: the lines write the time in another way"),
        ("s: {method_name|re: x}", "method_name: LogQL has no word for the modifier re"),
        ("s: {request_body.a|fieldref: principal.id}", "request_body.a: LogQL has no word for the modifier fieldref"),
        ("s: {'request_body.a[any].b': x}", "request_body.a[any].b: Loki does not search the elements of a list"),
        ("s: [x, y]", "keywords are searched in all texts of an event"),
        ("s: {user_agent: ''}", "user_agent: Loki does not tell an empty text from an absent one"),
        (
            "s: {status_code|gte: -1}",
            "status_code: only one whole number that is not below 0, outside of \"not\", can be compared",
        ),
        (
            "s: [{status_code|gte: 1}, {method_name: x}]",
            "status_code: Loki compares numbers only where all conditions have to hold",
        ),
        ("s: {request_body.é: 1}", "request_body.é: Loki's paths cannot have this name"),
    ] {
        assert_eq!(reason(&rule(&format!("{{{test}, condition: s}}"))), why);
    }
    let three = "{a: {method_name: a}, b: {user_agent: b}, c: {status_code: 1}, condition: 2 of them}";
    assert_eq!(reason(&rule(three)), "LogQL has no word for 2 of several conditions");
    let long = "x".repeat(4_000);
    let values: Vec<String> = (0..30).map(|number| format!("{long}{number}")).collect();
    let reason = reason(&rule(&format!("{{s: {{method_name: [{}]}}, condition: s}}", values.join(", "))));
    assert!(reason.starts_with("its query has 12") && reason.ends_with("Loki takes fewer than 100000"), "{reason}");
}

const BELOW: &str = "
---
title: Below
id: below
logsource: {product: scaleway}
detection: {s: {status_code|cased: '403'}, condition: s}
";

const LOGIN: &str = "
---
title: Log-in
id: login
logsource: {product: scaleway}
detection: {s: {result: success}, condition: s}
";

fn correlation(correlation: &str) -> Pack {
    let below = [("below", BELOW), ("login", LOGIN)].iter().filter(|(id, _)| correlation.contains(id));
    let below: String = below.map(|(_, text)| *text).collect();
    pack(&format!("title: T\nid: rule\ncorrelation: {{{correlation}}}\n{below}"))
}

#[test]
fn counts_become_sums_and_counts_of_values_nest() {
    let query = |text: &str| {
        let rules = loki(&correlation(text));
        assert_eq!(rules.left_out, [], "{text}");
        query(&rules.file).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let lines = |json: &str, more: &str, range: &str| {
        format!(
            r#"count_over_time( {{service_name=~"scaleway\\..+"}} | json {json} | status_code="403"{more} | __error__="" [{range}] offset 2m )"#
        )
    };
    assert_eq!(
        query("type: event_count, rules: [below], timespan: 5m, condition: {gt: 20}"),
        format!("sum ( {} ) >= 21", lines(r#"status_code="status_code""#, "", "6m"))
    );
    let json = r#"principal_id="principal.id", source_ip="source_ip", status_code="status_code""#;
    assert_eq!(
        query(
            "type: event_count, rules: [below], group-by: [principal.id, source_ip], timespan: 90s, condition: {gte: 3, gt: 1}"
        ),
        format!("sum by (principal_id, source_ip) ( {} ) >= 3", lines(json, "", "150s"))
    );
    let json = r#"method_name="method_name", principal_id="principal.id", status_code="status_code""#;
    assert_eq!(
        query(
            "type: value_count, rules: [below], group-by: [principal.id], timespan: 10m, condition: {gte: 5, field: method_name}"
        ),
        format!(
            "count by (principal_id) ( sum by (principal_id, method_name) ( {} ) ) >= 5",
            lines(json, r#" | method_name!="""#, "11m")
        )
    );
}

#[test]
fn a_correlation_that_loki_cannot_count_is_left_out_with_its_reason() {
    let ordered = "LogQL has no word for several rules within a time";
    for (text, why) in [
        ("type: temporal, rules: [below, login], timespan: 5m", ordered),
        ("type: temporal_ordered, rules: [below, login], timespan: 5m", ordered),
        (
            "type: event_count, rules: [below, login], timespan: 5m, condition: {gte: 2}",
            "LogQL counts the lines of one rule",
        ),
        ("type: event_count, rules: [login], timespan: 5m, condition: {gte: 2}", "result: the lines have no log-ins"),
        (
            "type: event_count, rules: [below], group-by: [country_code], timespan: 5m, condition: {gte: 2}",
            "country_code: the lines have no log-ins",
        ),
        (
            "type: event_count, rules: [below], timespan: 5m, condition: {lt: 2}",
            "Loki counts at its evaluations, and so only \"at least\" and \"more than\" are the same",
        ),
        (
            "type: event_count, rules: [below], timespan: 5m, condition: {gte: 0}",
            "the count may be 0, and lines that are not there have no group",
        ),
    ] {
        assert_eq!(reason(&correlation(text)), why);
    }
    for (baseline, why) in [
        (
            "first_seen: {fields: [principal.id], days: 30}",
            "first_seen: Loki does not know what was seen on earlier days",
        ),
        (
            "times_usual: {factor: 2, at_least: 3, days: 30, by: [principal.id]}",
            "times_usual: Loki does not know the usual number",
        ),
    ] {
        let head = "title: T\nid: rule\nlogsource: {product: scaleway}\n";
        let rules = format!("{head}detection: {{s: {{status_code: 403}}, condition: s}}\naudittrail: {{{baseline}}}\n");
        assert_eq!(reason(&pack(&rules)), why);
    }
}

#[test]
fn groups_are_as_small_as_cockpit_takes_them() {
    let rules: Vec<String> = (0..45)
        .map(|number| {
            let head =
                format!("title: T{number:02}\nid: rule{number}\nlevel: high\nlogsource: {{product: scaleway}}\n");
            format!("{head}detection: {{s: {{status_code: {number}}}, condition: s}}\n")
        })
        .collect();
    let file = loki(&pack(&rules.join("---\n"))).file;
    let sizes: Vec<usize> = file.split("  - name: ").skip(1).map(|group| group.matches("alert:").count()).collect();
    assert_eq!(sizes, [20, 20, 5]);
}
