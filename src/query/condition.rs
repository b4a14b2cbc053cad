//! Conditions on one column: Grafana's ad-hoc filters, and the rows of an editor.

use std::cmp::Ordering;

use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::address;
use super::dimension::Dimension;
use super::error::Failure;
use super::field::{one_of, path, text, wrong};
use super::text;
use crate::event::Column;
use crate::lenient::scalar;

/// The text that stands for the lack of a value: in counts, in conditions, and where values are offered.
pub(super) const NONE: &str = "(none)";

/// The operators of every column.
const OPERATORS: &str = "=, !=, =~, !~, =|, !=|";

/// The operators of columns of numbers, beside [`OPERATORS`].
const COMPARISONS: &str = "<, <=, >, >=";

/// A condition on a column, which an event's text there, or its lack of one, must meet.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The column.
    pub key: Dimension,
    /// Whether the events that pass the test are left out instead of selected.
    pub negated: bool,
    /// What the column's text is compared with.
    pub test: Test,
}

/// What a text is compared with.
#[derive(Clone, Debug)]
pub enum Test {
    /// One of these.
    OneOf(Vec<Alternative>),
    /// A pattern of the whole text, as in Prometheus: an event without a text has the empty text.
    Pattern(Regex),
    /// A number; an event without one is not compared.
    Number(Comparison, f64),
}

/// A value of a condition, compared as its column's kind demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// There is no text.
    None,
    /// The same text.
    Text(String),
    /// A name of Scaleway's.
    Name(Name),
    /// The same address, or one of a network.
    Network(IpNet),
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A name of a product, a service, a method or a resource type: in any case, with `*` for any characters and `?` for one.
#[derive(Clone, Debug)]
pub struct Name {
    written: String,
    folded: String,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Name {}

impl Name {
    /// The name that a query writes.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { written: text.to_owned(), folded: text.to_lowercase() }
    }

    /// The name as the query writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The name in lower case.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// Whether it may stand for several names.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.folded.contains(['*', '?'])
    }

    /// Whether it means this name.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        if self.is_pattern() { matches(&self.folded, &text) } else { self.folded == text }
    }
}

/// Whether a text has the shape of a pattern with `*` and `?`, in time that grows with the product of their lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Behind the last star: the rest of the pattern, and of the text if the star takes nothing more.
    let mut star = None;
    loop {
        let (mut next_pattern, mut next_text) = (pattern.clone(), text.clone());
        match (next_pattern.next(), next_text.next()) {
            (Some('*'), _) => {
                star = Some((next_pattern.clone(), text.clone()));
                pattern = next_pattern;
            }
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                (pattern, text) = (next_pattern, next_text);
            }
            // A star that takes more leaves even less for the rest of the pattern.
            (Some(_), None) => return false,
            (_, Some(_)) => {
                let Some((behind, taken)) = &mut star else { return false };
                taken.next();
                (pattern, text) = (behind.clone(), taken.clone());
            }
        }
    }
}

impl Comparison {
    fn named(operator: &str) -> Option<Self> {
        Some(match operator {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    fn holds(self, number: f64, bound: f64) -> bool {
        let Some(order) = number.partial_cmp(&bound) else { return false };
        match self {
            Self::Less => order == Ordering::Less,
            Self::AtMost => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::AtLeast => order != Ordering::Less,
        }
    }
}

impl Alternative {
    /// The value of a condition on a column; `None` where the column cannot have it.
    fn parse(key: Dimension, value: &str) -> Option<Self> {
        Some(match key {
            _ if value.is_empty() || value == NONE => Self::None,
            Dimension::Column(Column::Product | Column::Service | Column::Method | Column::ResourceType) => {
                Self::Name(Name::new(value))
            }
            Dimension::Column(Column::SourceIp) => Self::Network(address::network(value)?),
            _ => Self::Text(value.to_owned()),
        })
    }

    fn matches(&self, text: Option<&str>) -> bool {
        match (self, text) {
            // A count's label is the same for the lack of a text and for a text that is written like it.
            (Self::None, text) => text.is_none_or(|text| text.is_empty() || text == NONE),
            (_, None) => false,
            // A value may come from a legend or a log line, where texts are cleaned and shortened.
            (Self::Text(value), Some(text)) => text::is(text, value),
            (Self::Name(name), Some(text)) => name.matches(text),
            (Self::Network(net), Some(text)) => address::parse(text).is_some_and(|address| net.contains(&address)),
        }
    }
}

impl Condition {
    /// Whether the condition selects an event with this text in the column.
    #[must_use]
    pub fn selects(&self, text: Option<&str>) -> bool {
        let passed = match &self.test {
            Test::OneOf(alternatives) => alternatives.iter().any(|alternative| alternative.matches(text)),
            Test::Pattern(pattern) => pattern.is_match(text.unwrap_or_default()),
            Test::Number(comparison, bound) => {
                let number = text.and_then(|text| text.parse().ok());
                number.is_some_and(|number| comparison.holds(number, *bound))
            }
        };
        passed != self.negated
    }

    /// Reads a condition.
    ///
    /// # Errors
    /// The first field that has a wrong value, with what is allowed.
    pub(super) fn parse(value: &Value) -> Result<Self, Failure> {
        let Value::Object(object) = value else {
            return Err(wrong("filters", value, "objects with key, operator and value"));
        };
        let key = text(object, "filters", "key")?.unwrap_or_default();
        let key = one_of(&key, "filters.key", &Dimension::named(Dimension::all()))?;
        let operator = text(object, "filters", "operator")?.unwrap_or_else(|| "=".to_owned());
        let value = read("value", object.get("value").unwrap_or(&Value::Null))?;
        let test = match operator.as_str() {
            "=" | "!=" => Test::OneOf(vec![alternative(key, "value", &value)?]),
            "=|" | "!=|" => Test::OneOf(values(object, key)?),
            // What the filter bar offers for a lack of a value is no pattern.
            "=~" | "!~" if value == NONE => Test::OneOf(vec![Alternative::None]),
            "=~" | "!~" => Test::Pattern(
                pattern(&value)
                    .map_err(|_| wrong("filters.value", &Value::from(value.as_str()), "a regular expression"))?,
            ),
            other => match Comparison::named(other).filter(|_| key.is_number()) {
                Some(comparison) => Test::Number(comparison, number(other, &value)?),
                None => return Err(wrong("filters.operator", &Value::from(other), &operators(key))),
            },
        };
        Ok(Self { key, negated: operator.starts_with('!'), test })
    }
}

/// A text as it is: spaces count in all columns but those of numbers and addresses.
fn read(field: &str, value: &Value) -> Result<String, Failure> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        other => scalar(other).ok_or_else(|| wrong(&path("filters", field), other, "text")),
    }
}

fn values(object: &Map<String, Value>, key: Dimension) -> Result<Vec<Alternative>, Failure> {
    match object.get("values") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => {
            values.iter().map(|value| alternative(key, "values", &read("values", value)?)).collect()
        }
        Some(other) => Err(wrong("filters.values", other, "a list of texts")),
    }
}

fn alternative(key: Dimension, field: &str, value: &str) -> Result<Alternative, Failure> {
    Alternative::parse(key, value).ok_or_else(|| {
        let allowed = format!("{}, or {NONE}, on the column {}", address::ALLOWED, key.name());
        wrong(&path("filters", field), &Value::from(value), &allowed)
    })
}

fn number(operator: &str, value: &str) -> Result<f64, Failure> {
    let number = value.trim().parse().ok().filter(|number: &f64| number.is_finite());
    let allowed = format!("a number such as 400, with the operator {operator}");
    number.ok_or_else(|| wrong("filters.value", &Value::from(value), &allowed))
}

/// The operators that a column has, for people.
fn operators(key: Dimension) -> String {
    let name = key.name();
    if key.is_number() {
        format!("{OPERATORS}, {COMPARISONS} on the column {name}")
    } else {
        format!("{OPERATORS} on the column {name}; numbers are compared on the column status alone, with {COMPARISONS}")
    }
}

/// A regular expression that matches the whole of a text.
fn pattern(value: &str) -> Result<Regex, regex::Error> {
    // By itself first: within the group, one closing bracket too many would end the group.
    bounded(value)?;
    bounded(&format!("^(?:{value})$"))
}

fn bounded(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn condition(key: &str, operator: &str, value: &Value) -> Result<Condition, String> {
        let field = if value.is_array() { "values" } else { "value" };
        let mut condition = json!({ "key": key, "operator": operator });
        condition[field] = value.clone();
        Condition::parse(&condition).map_err(|failure| failure.message)
    }

    #[track_caller]
    fn check(key: &str, operator: &str, value: &Value, kept: &[Option<&str>], left: &[Option<&str>]) {
        let condition = condition(key, operator, value).unwrap();
        for text in kept {
            assert!(condition.selects(*text), "{key} {operator} {value} should select {text:?}");
        }
        for text in left {
            assert!(!condition.selects(*text), "{key} {operator} {value} should leave out {text:?}");
        }
    }

    #[test]
    fn what_is_shown_of_a_text_finds_the_text() {
        let (hostile, long) = ("Bob\u{202e}\n<b>", "x".repeat(5_000));
        for text in [hostile, long.as_str()] {
            let [label, cell] = crate::query::text::shown(text).unwrap();
            for value in [text, &label, &cell] {
                let filter = |operator: &str| {
                    let filter = json!({ "key": "user_agent", "operator": operator, "value": value });
                    Condition::parse(&filter).map(|condition| condition.selects(Some(text)))
                };
                // A value of a query has at most as many characters as a cell.
                if value.chars().count() <= 4_096 {
                    assert_eq!((filter("=").unwrap(), filter("!=").unwrap()), (true, false), "{value:.40}");
                }
            }
        }
        let other = json!({ "key": "user_agent", "operator": "=", "value": "Bob" });
        assert!(!Condition::parse(&other).unwrap().selects(Some(hostile)));
    }

    #[test]
    fn statuses_are_compared_as_numbers() {
        let all = [Some("99"), Some("200"), Some("399"), Some("400"), Some("404"), Some("1000")];
        for (operator, kept) in [("<", 0..3), ("<=", 0..4), (">", 4..6), (">=", 3..6)] {
            let (mut kept, mut left) = (all[kept.clone()].to_vec(), all.to_vec());
            left.retain(|text| !kept.contains(text));
            left.push(None);
            for value in [json!("400"), json!(400), json!(" 400.0 "), json!("4e2")] {
                check("status", operator, &value, &kept, &left);
            }
            kept.clear();
        }
        check("status", ">", &json!("399.5"), &[Some("400")], &[Some("399"), None, Some("")]);
        check("status", ">=", &json!("-1"), &[Some("0")], &[None]);
    }

    #[test]
    fn other_columns_are_not_compared_as_numbers() {
        for operator in ["<", "<=", ">", ">="] {
            for key in ["method", "id", "principal", "source_ip", "status_class"] {
                let expected =
                    format!("filters.operator is \"{operator}\". Allowed: =, !=, =~, !~, =|, !=| on the column {key};");
                let error = condition(key, operator, &json!("400")).unwrap_err();
                assert!(error.starts_with(&expected) && error.contains("status"), "{error}");
            }
            for value in
                [json!(""), json!(null), json!("(none)"), json!("4xx"), json!("NaN"), json!("inf"), json!("400,500")]
            {
                let error = condition("status", operator, &value).unwrap_err();
                assert!(error.starts_with("filters.value is \""), "{error}");
                assert!(
                    error.ends_with(&format!("Allowed: a number such as 400, with the operator {operator}")),
                    "{error}"
                );
            }
        }
        let unknown = condition("status", "~", &json!("4")).unwrap_err();
        assert_eq!(
            unknown,
            "filters.operator is \"~\". Allowed: =, !=, =~, !~, =|, !=|, <, <=, >, >= on the column status"
        );
    }

    #[test]
    fn the_lack_of_a_value_is_a_value() {
        for key in ["mfa", "method", "source_ip", "status", "principal", "id"] {
            for none in ["", NONE] {
                check(
                    key,
                    "=",
                    &json!(none),
                    &[None, Some(""), Some(NONE)],
                    &[Some("x"), Some("1"), Some("203.0.113.7")],
                );
                check(
                    key,
                    "!=",
                    &json!(none),
                    &[Some("x"), Some("1"), Some("203.0.113.7")],
                    &[None, Some(""), Some(NONE)],
                );
                check(key, "=|", &json!([none]), &[None], &[Some("x")]);
                check(key, "!=|", &json!([none]), &[Some("x")], &[None]);
            }
        }
        check("mfa", "=|", &json!(["totp", NONE]), &[None, Some("totp")], &[Some("x")]);
        check("mfa", "!=|", &json!(["totp", NONE]), &[Some("x")], &[None, Some("totp")]);
        check("source_ip", "=|", &json!(["203.0.113.0/24", NONE]), &[None, Some("203.0.113.7")], &[Some("10.0.0.1")]);
        // A list of nothing is met by nothing.
        check("mfa", "=|", &json!([]), &[], &[None, Some("totp")]);
        check("mfa", "!=|", &json!([]), &[None, Some("totp")], &[]);
    }

    #[test]
    fn to_a_pattern_the_lack_of_a_value_is_the_empty_text() {
        check("mfa", "=~", &json!(".*"), &[None, Some("totp")], &[]);
        check("mfa", "=~", &json!(".+"), &[Some("totp")], &[None]);
        check("mfa", "!~", &json!(".+"), &[None], &[Some("totp")]);
        check("mfa", "=~", &json!("totp|"), &[None, Some("totp")], &[Some("x")]);
        check("mfa", "!~", &json!("totp"), &[None, Some("x")], &[Some("totp")]);
        // The value that an editor offers for it means it here, too.
        check("mfa", "=~", &json!(NONE), &[None], &[Some("none"), Some("totp")]);
        check("mfa", "!~", &json!(NONE), &[Some("none"), Some("totp")], &[None]);
    }

    #[test]
    fn names_are_compared_in_any_case_and_with_wildcards() {
        for key in ["product", "service", "method", "resource_type"] {
            check(
                key,
                "=",
                &json!("createapiKEY"),
                &[Some("CreateAPIKey"), Some("createapikey")],
                &[Some("CreateAPIKeys"), None],
            );
            check(key, "!=", &json!("createapiKEY"), &[Some("CreateAPIKeys"), None], &[Some("CreateAPIKey")]);
            check(
                key,
                "=",
                &json!("Delete*"),
                &[Some("DeleteServer"), Some("delete")],
                &[Some("UndeleteServer"), None],
            );
            check(
                key,
                "=|",
                &json!(["*ssh*", "create?p"]),
                &[Some("CreateSSHKey"), Some("CreateIp")],
                &[Some("CreateIps")],
            );
            check(
                key,
                "!=|",
                &json!(["*ssh*", "create?p"]),
                &[Some("CreateIps"), None],
                &[Some("CreateSSHKey"), Some("CreateIP")],
            );
            check(key, "=", &json!("*"), &[Some("x")], &[None]);
        }
        // Other texts are compared as they are.
        check("principal", "=", &json!("Ann*"), &[Some("Ann*")], &[Some("ann*"), Some("Anna")]);
    }

    #[test]
    fn addresses_are_compared_as_such_with_every_operator() {
        let (inside, outside) =
            ([Some("203.0.113.7"), Some("::FFFF:203.0.113.9")], [Some("203.0.114.7"), Some("2001:db8::1")]);
        let unknown = [None, Some("not an address")];
        let with = |some: &[Option<&'static str>]| [some, &unknown[..]].concat();
        check("source_ip", "=", &json!("203.0.113.0/24"), &inside, &with(&outside));
        check("source_ip", "!=", &json!("203.0.113.0/24"), &with(&outside), &inside);
        check("source_ip", "=|", &json!(["10.0.0.1", "203.0.113.0/24"]), &inside, &with(&outside));
        check("source_ip", "!=|", &json!(["10.0.0.1", "::ffff:203.0.113.0/120"]), &with(&outside), &inside);
        check("source_ip", "=", &json!(" ::ffff:cb00:7107 "), &inside[..1], &with(&outside));
        check("source_ip", "=", &json!("2001:DB8:0::1"), &outside[1..], &with(&inside));
        for (operator, value) in [
            ("=", json!("example.com")),
            ("!=", json!("203.0.113")),
            ("=|", json!(["203.0.113.7", "203.000.113.007"])),
            ("!=|", json!(["10.0.0.0/33"])),
        ] {
            let error = condition("source_ip", operator, &value).unwrap_err();
            let field = if value.is_array() { "values" } else { "value" };
            assert!(error.starts_with(&format!("filters.{field} is \"")), "{error}");
            let allowed = "Allowed: an address such as 203.0.113.7 or a network such as 203.0.113.0/24, or (none), on the column source_ip";
            assert!(error.ends_with(allowed), "{error}");
        }
    }

    /// The pattern as a regular expression, which is known to be right.
    fn expression(pattern: &str) -> Regex {
        let part = |c: char| match c {
            '*' => "(?s:.*)".to_owned(),
            '?' => "(?s:.)".to_owned(),
            c => regex::escape(&c.to_string()),
        };
        Regex::new(&format!("^{}$", pattern.chars().map(part).collect::<String>())).unwrap()
    }

    proptest! {
        #[test]
        fn a_pattern_matches_as_its_expression_does(pattern in "[ab*?\n]{0,8}", text in "[abé\n]{0,8}") {
            prop_assert_eq!(matches(&pattern, &text), expression(&pattern).is_match(&text));
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        let (pattern, text) = ("*a".repeat(2_000), "a".repeat(1_999) + &"b".repeat(2_000));
        assert!(!matches(&pattern, &text));
        assert!(matches(&"*".repeat(4_000), &text));
    }
}
