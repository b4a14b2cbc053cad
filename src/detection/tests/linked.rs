//! Rules that refer to each other.

use std::time::Duration;

use crate::detection::{
    Comparison, Condition, CorrelationKind, Expr, Field, GroupKey, KeySource, Kind, Pack, Rule, RuleExpr, RuleFile,
};
use crate::event::Column;

fn rule(id: &str) -> String {
    format!(
        "title: Rule {id}\nid: {id}\nname: n-{id}\nlogsource: {{product: scaleway}}\ndetection: {{s: {{method_name: X}}, condition: s}}\n"
    )
}

fn correlation(id: &str, body: &str) -> String {
    format!("title: C\nid: {id}\ncorrelation: {{{body}}}\n")
}

fn parse(documents: &[String]) -> (Pack, Vec<String>) {
    let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", documents.join("---\n"))]);
    (pack, errors.iter().map(ToString::to_string).collect())
}

fn find<'a>(pack: &'a Pack, id: &str) -> &'a Rule {
    pack.rules().iter().find(|rule| rule.id == id).expect("the rule")
}

#[test]
fn a_correlation_comes_after_its_rules() {
    let count = "type: event_count, rules: [a, n-b], group-by: [principal.id, source_ip], timespan: 5m, condition: {gt: 20, lte: 99}";
    let (pack, errors) = parse(&[correlation("c", count), rule("a"), rule("b"), rule("d")]);
    assert_eq!(errors, [""; 0]);
    let ids: Vec<&str> = pack.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
    let Kind::Correlation(correlation) = &pack.rules()[2].kind else { panic!("a correlation") };
    assert_eq!((correlation.kind.clone(), &correlation.rules), (CorrelationKind::EventCount, &vec![0, 1]));
    assert_eq!(correlation.timespan, Duration::from_mins(5));
    assert_eq!(correlation.condition, Condition::Count(vec![(Comparison::AtMost, 99), (Comparison::More, 20)]));
    let field = KeySource::Field(Field::Text(Column::SourceIp));
    assert_eq!(correlation.group_by[1], GroupKey { name: "source_ip".to_owned(), sources: vec![field.clone(), field] });
    let shown: Vec<bool> = pack.rules().iter().map(|rule| rule.is_shown).collect();
    assert_eq!(shown, [false, false, true, true], "rules of a correlation are not shown");
}

#[test]
fn generate_shows_the_rules_of_a_correlation() {
    let body = "type: temporal, rules: [a, b], timespan: 1h";
    let (pack, _) = parse(&[
        rule("a"),
        format!("{}generate: false\n", rule("b")),
        format!("{}generate: true\n", correlation("c", body)),
    ]);
    assert_eq!(pack.rules().iter().map(|rule| rule.is_shown).collect::<Vec<_>>(), [true, false, true]);
    let (pack, _) = parse(&[rule("a"), rule("b"), correlation("c", &format!("{body}, generate: true"))]);
    assert_eq!(pack.rules().iter().map(|rule| rule.is_shown).collect::<Vec<_>>(), [true, true, true]);
}

#[test]
fn conditions_and_kinds_of_correlations() {
    let of = |body: &str| {
        let (pack, errors) = parse(&[rule("a"), rule("b"), correlation("c", body)]);
        assert_eq!(errors, [""; 0], "{body}");
        let Kind::Correlation(correlation) = &find(&pack, "c").kind else { panic!("a correlation") };
        correlation.clone()
    };
    let all = of("type: temporal, rules: [a, b], timespan: 1d");
    assert_eq!(
        (all.kind, all.condition),
        (CorrelationKind::Temporal, Condition::Count(vec![(Comparison::AtLeast, 2)]))
    );
    let ordered = of("type: temporal_ordered, rules: [a, b], timeframe: 90s, condition: a and not b");
    let expected = RuleExpr::And(vec![RuleExpr::Rule(0), RuleExpr::Not(Box::new(RuleExpr::Rule(1)))]);
    assert_eq!(
        (ordered.kind, ordered.condition, ordered.timespan),
        (CorrelationKind::TemporalOrdered, Condition::Rules(expected), Duration::from_secs(90))
    );
    let values = of("type: value_count, rules: [a], timespan: 1m, condition: {gte: 3, field: [principal.id]}");
    assert!(matches!(&values.kind, CorrelationKind::ValueCount(fields) if fields[0].name == "principal.id"));
}

#[test]
fn aliases_have_a_field_for_each_rule() {
    let inner = correlation(
        "i",
        "type: event_count, rules: [a], group-by: [source_ip, user], timespan: 1m, condition: {gte: 3}, aliases: {user: {a: principal.id}}",
    );
    let outer = correlation(
        "o",
        "type: temporal, rules: [i, b], group-by: [user], timespan: 1h, aliases: {user: {i: user, b: 'resources[any].id'}}",
    );
    let (pack, errors) = parse(&[rule("a"), rule("b"), outer, inner]);
    assert_eq!(errors, [""; 0]);
    let Kind::Correlation(outer) = &find(&pack, "o").kind else { panic!("a correlation") };
    assert_eq!(outer.group_by[0].sources[0], KeySource::Key(1));
    assert!(matches!(outer.group_by[0].sources[1], KeySource::Field(Field::Resource(_))));
    assert!(!find(&pack, "i").is_shown, "a correlation that another one uses is not shown");
}

#[test]
fn faults_of_correlations() {
    for (body, expected) in [
        ("rules: [a], timespan: 1m, condition: {gte: 1}", "correlation has no key \"type\""),
        (
            "type: value_sum, rules: [a], timespan: 1m, condition: {gte: 1}",
            "the type value_sum is not supported; supported are event_count,",
        ),
        (
            "type: event_cout, rules: [a], timespan: 1m, condition: {gte: 1}",
            "there is no correlation type \"event_cout\"; did you mean \"event_count\"?",
        ),
        ("type: event_count, rules: [x], timespan: 1m, condition: {gte: 1}", "rule \"x\" is not there"),
        ("type: event_count, rules: [c], timespan: 1m, condition: {gte: 1}", "rule \"c\" uses this rule: a circle"),
        ("type: event_count, rules: [a, n-a], timespan: 1m, condition: {gte: 1}", "rule \"n-a\" is there twice"),
        ("type: event_count, rules: [], timespan: 1m, condition: {gte: 1}", "rules must have from 1 to 50 names"),
        (
            "type: event_count, rules: [a], timespan: 31d, condition: {gte: 1}",
            "timespan must be a time such as 5m or 1h",
        ),
        ("type: event_count, rules: [a], timespan: 1M, condition: {gte: 1}", "timespan must be a time"),
        ("type: event_count, rules: [a], timespan: 5, condition: {gte: 1}", "timespan must be a time"),
        ("type: event_count, rules: [a], timespan: 1m", "a correlation of type event_count needs a condition"),
        ("type: event_count, rules: [a], timespan: 1m, condition: {gte: -1}", "gte must be a whole number from 0"),
        ("type: event_count, rules: [a], timespan: 1m, condition: {ge: 1}", "the condition has an unknown key \"ge\""),
        (
            "type: event_count, rules: [a], timespan: 1m, condition: {gte: 1, field: id}",
            "the condition of event_count has no field",
        ),
        (
            "type: value_count, rules: [a], timespan: 1m, condition: {gte: 1}",
            "the condition of value_count needs a key field",
        ),
        (
            "type: event_count, rules: [a], timespan: 1m, window: tumbling, condition: {gte: 1}",
            "only the window sliding is supported",
        ),
        (
            "type: event_count, rules: [a], timespan: 1m, gap: 1m, condition: {gte: 1}",
            "correlation has an unknown key \"gap\"",
        ),
        (
            "type: event_count, rules: [a], group-by: [user], timespan: 1m, condition: {gte: 1}",
            "there is no field \"user\"",
        ),
        ("type: temporal, rules: [a], timespan: 1m", "a temporal correlation needs two rules at least"),
        (
            "type: temporal, rules: [a, b], timespan: 1m, condition: a and d",
            "the condition names \"d\", which is not among rules",
        ),
        (
            "type: temporal, rules: [a, b], timespan: 1m, condition: 1 of them",
            "the condition of a correlation has no \"of\"",
        ),
        (
            "type: temporal, rules: [a, b], timespan: 1m, aliases: {u: {a: id, b: id}}",
            "the alias \"u\" is not used by group-by",
        ),
        (
            "type: temporal, rules: [a, b], timespan: 1m, group-by: [u], aliases: {u: {a: id}}",
            "the alias \"u\" has no field for rule \"b\"",
        ),
        (
            "type: temporal, rules: [a, b], timespan: 1m, group-by: [u], aliases: {u: {a: id, b: id, d: id}}",
            "the alias \"u\" names \"d\"",
        ),
    ] {
        let (_, errors) = parse(&[rule("a"), rule("b"), correlation("c", body)]);
        assert_eq!(errors.len(), 1, "{body}: {errors:?}");
        assert!(errors[0].contains(&format!(": rule c: {expected}")), "{body}: {}", errors[0]);
    }
}

#[test]
fn circles_and_deep_correlations_are_faults() {
    let on = |id: &str, of: &str| {
        correlation(id, &format!("type: event_count, rules: [{of}], timespan: 1m, condition: {{gte: 1}}"))
    };
    let (_, errors) = parse(&[on("c1", "c2"), on("c2", "c3"), on("c3", "c1"), rule("a")]);
    assert_eq!(errors.len(), 3, "{errors:?}");
    let chain = |length: usize| {
        let mut documents = vec![rule("a"), on("c1", "a")];
        documents.extend((2..=length).map(|number| on(&format!("c{number}"), &format!("c{}", number - 1))));
        documents
    };
    assert_eq!(parse(&chain(5)).1, [""; 0]);
    for documents in [chain(7), chain(7).into_iter().rev().collect()] {
        let (pack, errors) = parse(&documents);
        assert!(!errors.is_empty() && pack.rules().len() < 8, "{errors:?}");
    }
}

#[test]
fn a_correlation_of_a_broken_rule_is_broken() {
    let body = "type: event_count, rules: [a], timespan: 1m, condition: {gte: 1}";
    let (pack, errors) = parse(&[rule("a").replace("method_name", "nothing"), correlation("c", body)]);
    assert_eq!(pack.rules().len(), 0);
    assert!(errors[1].ends_with("rule \"a\" has a fault"), "{errors:?}");
}

#[test]
fn names_are_unique() {
    let (pack, errors) = parse(&[rule("a"), rule("a"), rule("b").replace("n-b", "a")]);
    assert_eq!((pack.rules().len(), errors.len()), (1, 2));
    assert!(errors[0].ends_with("another rule is called \"a\" too, in line 1 of f.yml"), "{}", errors[0]);
}

#[test]
fn filters_are_folded_into_rules() {
    let filter = |rules: &str| {
        format!(
            "title: F\nlogsource: {{product: scaleway}}\nfilter: {{rules: {rules}, s: {{source_ip: 10.0.0.1}}, condition: not s}}\n"
        )
    };
    let tests = |pack: &Pack, id: &str| match &find(pack, id).kind {
        Kind::Events(Expr::And(all)) => all.len(),
        _ => panic!("a conjunction"),
    };
    let (pack, errors) = parse(&[filter("any"), rule("a"), rule("b")]);
    assert_eq!((errors.len(), tests(&pack, "a"), tests(&pack, "b")), (0, 2, 2));
    for rules in ["[a]", "[n-a]", "[Rule a]", "a"] {
        let (pack, errors) = parse(&[filter(rules), rule("a"), rule("b")]);
        assert_eq!((errors.len(), tests(&pack, "a"), tests(&pack, "b")), (0, 2, 1), "{rules}");
    }
    let (_, errors) = parse(&[filter("[x]"), rule("a")]);
    assert_eq!(errors, ["f.yml:3: there is no rule \"x\""]);
}
