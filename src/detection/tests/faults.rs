//! Each fault has its line, and what to do.

use crate::detection::{Level, Pack, RuleFile, Selection};

const HEAD: &str = "title: T\nid: r\nlogsource:\n  product: scaleway\n  service: audit_trail\n";

/// The only error of a text.
#[track_caller]
fn error(text: &str) -> String {
    let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", text)]);
    assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    assert_eq!(pack.rules().len(), 0, "{text}");
    errors[0].to_string()
}

/// The error of a rule whose detection begins in line 7.
#[track_caller]
fn of_detection(detection: &str) -> String {
    error(&format!("{HEAD}detection:\n{detection}"))
}

/// The error of an item in line 8.
#[track_caller]
fn of_item(item: &str) -> String {
    of_detection(&format!("  s:\n    {item}\n  condition: s\n"))
}

#[test]
fn faults_of_items() {
    for (item, expected) in [
        ("method_nam: X", "there is no field \"method_nam\"; did you mean \"method_name\"?"),
        ("resources.type: X", "there is no field \"resources.type\"; did you mean \"resources[any].type\"?"),
        ("request_body.a[0].b: X", "the path \"request_body.a[0].b\" has brackets other than a trailing [any]"),
        ("method_name|startwith: X", "there is no modifier \"startwith\"; did you mean \"startswith\"?"),
        ("method_name|not: X", "not is no modifier; write it in the condition"),
        ("method_name|re|re: X", "the modifier re is there twice"),
        ("method_name|contains|all: X", "the modifier all needs a list of several values; remove it"),
        ("method_name: []", "\"method_name\" has an empty list of values"),
        ("method_name: {a: b}", "a value of \"method_name\" is a list or a map"),
        ("method_name|exists: maybe", "the value of exists must be true or false"),
        ("status_code|gte: many", "the value must be a number, without quotation marks"),
        ("source_ip|cidr: 10.0.0.0/33", "\"10.0.0.0/33\" is no network; write one as in 10.0.0.0/8 or 2001:db8::/32"),
        ("method_name|re: '('", "this is no regular expression: unclosed group"),
        ("method_name|re: 1", "the value of re must be a text; put it in quotation marks"),
        ("method_name|base64: 'a*'", "a value with base64 has no wildcards; write \\* and \\?"),
        ("method_name|expand: '%user%'", "there is no field \"user\"; did you mean \"user_agent\"?"),
        ("method_name|fieldref: nam", "there is no field \"nam\"; did you mean "),
        (
            "method_name|re|contains: a",
            "this is not possible: invalid modifier combination: conflicting modifiers: at most one operator",
        ),
        ("'|gt': 1", "the modifier gt needs the name of a field before it"),
    ] {
        let shown = of_item(item);
        assert!(shown.starts_with(&format!("f.yml:8: rule r: {expected}")), "{item}: {shown}");
    }
}

#[test]
fn faults_of_conditions() {
    let item = "  s:\n    method_name: X\n";
    for (rest, expected) in [
        ("", "f.yml:7: rule r: detection has no key \"condition\""),
        ("  condition: s and\n", "f.yml:9: rule r: the condition is malformed at its end"),
        ("  condition: s und t\n", "f.yml:9: rule r: the condition is malformed at \"und\""),
        ("  condition: t\n", "f.yml:9: rule r: the condition names \"t\", which is no detection of the rule"),
        ("  condition: 1 of t*\n", "f.yml:9: rule r: the condition asks for 1 of t*, which are 0 detections"),
        ("  condition: 3 of them\n", "f.yml:9: rule r: the condition asks for 3 of them, which are 1 detections"),
        ("  timeframe: 5m\n  condition: s\n", "f.yml:9: rule r: timeframe is not supported"),
        ("  t:\n    method_name: Y\n  condition: s\n", "f.yml:9: rule r: the detection \"t\" is not used"),
        ("  t: {}\n  condition: s or t\n", "f.yml:9: rule r: the detection \"t\" is empty"),
    ] {
        let shown = of_detection(&format!("{item}{rest}"));
        assert!(shown.starts_with(expected), "{rest}: {shown}");
    }
}

#[test]
fn faults_of_documents() {
    let detection = "detection:\n  s:\n    method_name: X\n  condition: s\n";
    let source = "logsource:\n  product: scaleway\n";
    for (text, expected) in [
        ("a: [".to_owned(), "f.yml:2: this is not YAML: "),
        ("- a\n".to_owned(), "f.yml:1: a rule must be a map of keys and values"),
        ("a: &x 1\nb: *x\n".to_owned(), "f.yml:1: anchors are not supported; repeat the value"),
        ("a: !!str 1\n".to_owned(), "f.yml:1: tags are not supported"),
        ("a: 1\na: 2\n".to_owned(), "f.yml:2: the key \"a\" is there twice; the first one is in line 1"),
        (format!("{source}{detection}"), "f.yml:1: the rule has no key \"title\""),
        (format!("title: T\n{source}"), "f.yml:1: rule T: the rule has no key detection, correlation or filter"),
        (format!("title: T\n{detection}"), "f.yml:1: rule T: the rule has no key \"logsource\""),
        (
            format!("title: T\nlogsource:\n  product: windows\n{detection}"),
            "f.yml:3: rule T: the product of logsource is \"windows\"",
        ),
        (format!("title: T\nlogsource:\n  category: x\n{detection}"), "f.yml:3: rule T: logsource has \"category\""),
        (format!("title: T\nlogsource: {{}}\n{detection}"), "f.yml:2: rule T: logsource has no product"),
        (
            format!("title: T\nlevel: hihg\n{source}{detection}"),
            "f.yml:2: rule T: level has no value \"hihg\"; did you mean \"high\"?",
        ),
        (
            format!("title: T\nfalsepositive: x\n{source}{detection}"),
            "f.yml:2: rule T: the rule has an unknown key \"falsepositive\"; did you mean \"falsepositives\"?",
        ),
        (format!("title: T\nsigma-version: 3\n{source}{detection}"), "f.yml:2: rule T: sigma-version must be 2"),
        (
            format!("title: T\naction: global\n{source}{detection}"),
            "f.yml:2: rule T: collections with \"action\" are not supported",
        ),
        (
            format!("title: T\nrsigma.suppress: 5m\n{source}{detection}"),
            "f.yml:2: rule T: \"rsigma.suppress\" is not supported",
        ),
        (format!("title: 5\n{source}{detection}"), "f.yml:1: title must be a text; put it in quotation marks"),
        (format!("title: T\nid: ''\n{source}{detection}"), "f.yml:2: id is empty"),
    ] {
        let shown = error(&text);
        assert!(shown.starts_with(expected), "{text}\n{shown}");
    }
}

#[test]
fn custom_keys_of_sigma_are_allowed() {
    let text = format!(
        "{HEAD}simulation: {{a: [b]}}\nregression_tests_path: x\ndetection:\n  s:\n    method_name: X\n  condition: s\n"
    );
    let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", text)]);
    assert_eq!((pack.rules().len(), errors), (1, Vec::new()));
}

#[test]
fn faults_of_baselines() {
    let rule = |custom: &str| {
        error(&format!("{HEAD}audittrail:\n{custom}detection:\n  s:\n    method_name: X\n  condition: s\n"))
    };
    for (custom, expected) in [
        ("  first_sen: {}\n", "f.yml:7: rule r: audittrail has an unknown key \"first_sen\"; known are first_seen,"),
        (
            "  first_seen: {fields: [user_agent], days: 30}\n",
            "f.yml:7: rule r: first_seen.fields must be one of [principal.id], [source_ip],",
        ),
        ("  first_seen: {fields: [source_ip]}\n", "f.yml:7: rule r: first_seen has no key \"days\""),
        (
            "  first_seen: {fields: [source_ip], days: 31}\n",
            "f.yml:7: rule r: first_seen.days must be a whole number from 1 to 30",
        ),
        (
            "  times_usual: {factor: 0, at_least: 1, days: 7, by: [principal.id]}\n",
            "f.yml:7: rule r: times_usual.factor must be a number above 0",
        ),
        (
            "  times_usual: {factor: 5, at_least: 0, days: 7, by: [principal.id]}\n",
            "f.yml:7: rule r: times_usual.at_least must be",
        ),
        (
            "  times_usual: {factor: 5, at_least: 1, days: 7, by: [source_ip]}\n",
            "f.yml:7: rule r: times_usual.by must be one of [principal.id], [principal.id, method_name]",
        ),
        ("  allow_partial_baseline: true\n", "f.yml:7: rule r: allow_partial_baseline has no effect"),
        (
            "  first_seen: {fields: [source_ip], days: 1}\n  times_usual: {factor: 5, at_least: 1, days: 7, by: [principal.id]}\n",
            "f.yml:8: rule r: a rule has first_seen or times_usual, not both",
        ),
    ] {
        let shown = rule(custom);
        assert!(shown.starts_with(expected), "{custom}\n{shown}");
    }
}

#[test]
fn a_broken_rule_breaks_only_itself() {
    let good =
        "title: Good\nid: good\nlogsource: {product: scaleway}\ndetection: {s: {method_name: X}, condition: s}\n";
    let bad = "title: Bad\nid: bad\nlevel: high\ntags: [attack.t1485]\nlogsource: {product: scaleway}\ndetection: {s: {x: X}, condition: s}\n";
    let files = [
        RuleFile::new("a.yml", format!("{good}---\n{bad}")),
        RuleFile::new("b.yml", "]["),
        RuleFile::new("c.yml", good.replace("good", "other")),
    ];
    let (pack, errors) = Pack::parse(&files);
    assert_eq!(pack.rules().iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["good", "other"]);
    assert_eq!(
        errors.iter().map(|error| (&*error.file, error.line)).collect::<Vec<_>>(),
        [("a.yml", Some(11)), ("b.yml", Some(1))]
    );
    let concerned = |selection: Selection| errors.iter().map(|error| selection.concerns(error)).collect::<Vec<_>>();
    assert_eq!(concerned(Selection::default()), [true, true]);
    assert_eq!(concerned(Selection { ids: vec!["good".to_owned()], ..Selection::default() }), [false, true]);
    assert_eq!(concerned(Selection { ids: vec!["bad".to_owned()], ..Selection::default() }), [true, true]);
    assert_eq!(concerned(Selection { levels: vec![Level::Low], ..Selection::default() }), [false, true]);
    assert_eq!(concerned(Selection { levels: vec![Level::High], ..Selection::default() }), [true, true]);
    assert_eq!(concerned(Selection { tags: vec!["attack.t1485".to_owned()], ..Selection::default() }), [true, true]);
    let tagged = |tag: &str| Selection { tags: vec![tag.to_owned()], ..Selection::default() };
    assert_eq!(concerned(tagged("attack.t1486")), [false, true]);
    // Tags that cannot be read may be any.
    let (_, errors) =
        Pack::parse(&[RuleFile::new("d.yml", good.replace("title:", "tags: [attack.t1098, {}]\ntitle:"))]);
    assert_eq!(errors.iter().map(|error| tagged("attack.t1486").concerns(error)).collect::<Vec<_>>(), [true]);
}

#[test]
fn errors_quote_only_the_offending_token() {
    let long = "x".repeat(5_000);
    let shown = of_item(&format!("method_name|{}: secret-value", &long[..200]));
    assert!(shown.len() < 400 && !shown.contains("secret-value"), "{shown}");
    let shown = of_item(&format!("method_name|cidr: '{long}'"));
    assert!(shown.len() < 200, "{shown}");
}

#[test]
fn documents_know_their_lines_and_texts() {
    let rule = |id: &str| {
        format!(
            "title: T\nid: {id}\nlogsource: {{product: scaleway}}\ndetection: {{s: {{method_name: X}}, condition: s}}\n"
        )
    };
    let text = format!("# a comment\n{}---\n# another\n{}---\n---\n{}", rule("a"), rule("b"), rule("c"));
    let (pack, errors) = Pack::parse(&[RuleFile::new("f.yml", text)]);
    assert_eq!(errors, []);
    let places: Vec<_> = pack.rules().iter().map(|rule| (rule.place.line, rule.place.text.to_string())).collect();
    assert_eq!(
        places,
        [(1, format!("# a comment\n{}", rule("a"))), (7, format!("# another\n{}", rule("b"))), (14, rule("c"))]
    );
}
