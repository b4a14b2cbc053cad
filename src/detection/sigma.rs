//! Sigma, as `rsigma` parses, compiles and judges it: the only file of the engine that uses it.
//!
//! Each detection item goes through `rsigma` as the only one of a rule of its own, so that a fault has its line and nothing
//! depends on the order of a hash map.

use std::borrow::Cow;
use std::fmt;

use rsigma_eval::matcher::ExpandPart;
use rsigma_eval::{CompiledDetection, CompiledMatcher, Event, EventValue, compile_rule};
use rsigma_parser::{ConditionExpr, Quantifier, SelectorPattern, SigmaString, parse_condition, parse_sigma_yaml};
#[cfg(feature = "terminal")]
use rsigma_parser::{SpecialChar, StringPart};

use super::error::{bounded, quoted};
use super::yaml::{Fault, Node, write_text};

/// The most characters of a message of `rsigma`.
const MESSAGE: usize = 200;

/// A value of an event.
#[derive(Clone, Debug)]
pub(crate) enum EventField<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i64),
    /// A value of a request body.
    Json(&'a serde_json::Value),
    /// Several values; a test is true of them if it is true of one.
    List(Vec<EventField<'a>>),
}

/// An event, for tests that read several of its fields.
pub(crate) trait EventView {
    /// The value of a field by its name in rules; none if the event has none.
    fn field(&self, name: &str) -> Option<EventField<'_>>;

    /// Whether `is` accepts one of the event's texts.
    fn any_text(&self, is: &dyn Fn(&str) -> bool) -> bool;
}

/// The other side of a comparison, as `rsigma` compiles it.
pub(crate) struct Matcher {
    compiled: CompiledMatcher,
    /// For `exists`: whether there has to be a value.
    exists: Option<bool>,
    /// The names of the other fields that the comparison reads: `fieldref` and `expand`.
    names: Vec<String>,
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Matcher").field(&self.compiled).finish()
    }
}

impl Matcher {
    /// The matcher of a detection item: a key with modifiers, and its value.
    ///
    /// # Errors
    /// When `rsigma` refuses it.
    pub(super) fn of_item(key: &str, line: u32, value: &Node) -> Result<Self, Fault> {
        let mut detection = String::from("{");
        write_text(key, &mut detection);
        detection.push_str(": ");
        value.write(&mut detection);
        detection.push('}');
        match compile(&detection, line)? {
            CompiledDetection::AllOf(mut items) if items.len() == 1 => {
                let item = items.swap_remove(0);
                let mut names = Vec::new();
                other_fields(&item.matcher, &mut names);
                Ok(Self { compiled: item.matcher, exists: item.exists, names })
            }
            _ => Err(Fault::at(line, format!("{} is not supported", quoted(key)))),
        }
    }

    /// The matcher of keywords: a text or a list of texts without a field.
    ///
    /// # Errors
    /// When `rsigma` refuses them.
    pub(super) fn of_keywords(values: &Node) -> Result<Self, Fault> {
        let mut detection = String::new();
        values.write(&mut detection);
        match compile(&detection, values.line)? {
            CompiledDetection::Keywords(matcher) => Ok(Self { compiled: matcher, exists: None, names: Vec::new() }),
            _ => Err(Fault::at(values.line, "a detection must be a map, a list of maps, or a list of keywords")),
        }
    }

    /// The names of the other fields that the comparison reads.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the verdict on a value depends on the value alone.
    pub(super) fn is_of_value(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the comparison is true of a text, for a matcher of the value alone.
    pub(super) fn accepts_text(&self, text: &str) -> bool {
        self.accepts_alone(Some(EventField::Text(Cow::Borrowed(text))))
    }

    /// Whether the comparison is true of a value, or of its absence, for a matcher of the value alone.
    pub(super) fn accepts_alone(&self, value: Option<EventField<'_>>) -> bool {
        self.accepts(value, &Nothing)
    }

    /// Whether the comparison is true of a value, or of its absence.
    pub(super) fn accepts(&self, value: Option<EventField<'_>>, event: &dyn EventView) -> bool {
        let value = value.map(EventValue::from);
        match (self.exists, value) {
            (Some(exists), value) => value.is_some_and(|value| !value.is_null()) == exists,
            (None, Some(value)) => self.compiled.matches(&value, &Adapter(event)),
            (None, None) => matches!(self.compiled, CompiledMatcher::Null),
        }
    }

    /// Whether the comparison is true of one of the event's texts.
    pub(super) fn accepts_any(&self, event: &dyn EventView) -> bool {
        self.compiled.matches_keyword(&Adapter(event))
    }
}

/// Compiles a detection in a rule of its own.
fn compile(detection: &str, line: u32) -> Result<CompiledDetection, Fault> {
    let refused = |message: &str| Fault::at(line, format!("this is not possible: {}", bounded(message, MESSAGE)));
    let rule = format!("{{title: t, logsource: {{}}, detection: {{s: {detection}, condition: s}}}}\n");
    let parsed = parse_sigma_yaml(&rule).map_err(|error| refused(&error.to_string()))?;
    if let Some(error) = parsed.errors.first() {
        return Err(refused(error));
    }
    let rule = parsed.rules.first().ok_or_else(|| refused("it is no detection"))?;
    let mut compiled = compile_rule(rule).map_err(|error| refused(&error.to_string()))?;
    compiled.detections.remove("s").ok_or_else(|| refused("it is no detection"))
}

/// Collects the names of the fields that a matcher reads beside its value.
fn other_fields(matcher: &CompiledMatcher, names: &mut Vec<String>) {
    match matcher {
        CompiledMatcher::FieldRef { field, .. } => names.push(field.clone()),
        CompiledMatcher::Expand { template, .. } => names.extend(template.iter().filter_map(|part| match part {
            ExpandPart::Placeholder(name) => Some(name.clone()),
            ExpandPart::Literal(_) => None,
        })),
        CompiledMatcher::Not(inner) | CompiledMatcher::TimestampPart { inner, .. } => other_fields(inner, names),
        CompiledMatcher::AnyOf(of)
        | CompiledMatcher::AllOf(of)
        | CompiledMatcher::CaseInsensitiveGroup { children: of, .. } => {
            for matcher in of {
                other_fields(matcher, names);
            }
        }
        _ => {}
    }
}

impl<'a> From<EventField<'a>> for EventValue<'a> {
    fn from(value: EventField<'a>) -> Self {
        match value {
            EventField::Text(text) => Self::Str(text),
            EventField::Number(number) => Self::Int(number),
            EventField::Json(value) => Self::from(value),
            EventField::List(values) => Self::Array(values.into_iter().map(Self::from).collect()),
        }
    }
}

/// An event as `rsigma` reads it.
struct Adapter<'a>(&'a dyn EventView);

impl Event for Adapter<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        self.0.field(path).map(EventValue::from)
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        self.0.any_text(pred)
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let texts = std::cell::RefCell::new(Vec::new());
        self.0.any_text(&|text| {
            texts.borrow_mut().push(Cow::Owned(text.to_owned()));
            false
        });
        texts.into_inner()
    }

    /// No matcher reads the whole event.
    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// An event without values.
struct Nothing;

impl EventView for Nothing {
    fn field(&self, _: &str) -> Option<EventField<'_>> {
        None
    }

    fn any_text(&self, _: &dyn Fn(&str) -> bool) -> bool {
        false
    }
}

/// A condition as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    And(Vec<Formula>),
    Or(Vec<Formula>),
    Not(Box<Formula>),
    Name(String),
    /// `1 of`, `all of` and `2 of` some names.
    Of(Amount, Names),
}

/// How many of some names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    All,
    AtLeast(u64),
}

/// A pattern of names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Names(SelectorPattern);

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.matches_detection_name(name)
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Formula {
    /// The condition of a text.
    ///
    /// # Errors
    /// When it is malformed: the first word that cannot be there.
    pub(super) fn parse(text: &str, line: u32) -> Result<Self, Fault> {
        let expr = parse_condition(text).map_err(|error| {
            let word = error.location().and_then(|location| {
                let rest = text.lines().nth(location.line as usize - 1)?;
                let rest: String = rest.chars().skip(location.col as usize - 1).collect();
                rest.split_whitespace().next().map(quoted)
            });
            let place = word.unwrap_or_else(|| "its end".to_owned());
            Fault::at(
                line,
                format!("the condition is malformed at {place}; names are joined by and, or, not, 1 of, all of"),
            )
        })?;
        Ok(expr.into())
    }
}

impl From<ConditionExpr> for Formula {
    fn from(expr: ConditionExpr) -> Self {
        let all = |of: Vec<ConditionExpr>| of.into_iter().map(Self::from).collect();
        match expr {
            ConditionExpr::And(of) => Self::And(all(of)),
            ConditionExpr::Or(of) => Self::Or(all(of)),
            ConditionExpr::Not(of) => Self::Not(Box::new(Self::from(*of))),
            ConditionExpr::Identifier(name) => Self::Name(name),
            ConditionExpr::Selector { quantifier, pattern } => {
                let amount = match quantifier {
                    Quantifier::Any => Amount::AtLeast(1),
                    Quantifier::All => Amount::All,
                    Quantifier::Count(count) => Amount::AtLeast(count),
                };
                Self::Of(amount, Names(pattern))
            }
        }
    }
}

/// The number of wildcards of a value, `*` and `?` without a backslash.
pub(super) fn wildcards(text: &str) -> usize {
    SigmaString::new(text).parts.iter().filter(|part| matches!(part, rsigma_parser::StringPart::Special(_))).count()
}

/// A part of a value of a test.
#[cfg(feature = "terminal")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ValuePart {
    /// A text, without the backslashes that escape wildcards.
    Plain(String),
    /// `*`
    AnyText,
    /// `?`
    AnyCharacter,
}

/// The parts of a value of a test.
#[cfg(feature = "terminal")]
pub(super) fn value_parts(text: &str) -> Vec<ValuePart> {
    let part = |part| match part {
        StringPart::Plain(text) => ValuePart::Plain(text),
        StringPart::Special(SpecialChar::WildcardMulti) => ValuePart::AnyText,
        StringPart::Special(SpecialChar::WildcardSingle) => ValuePart::AnyCharacter,
    };
    SigmaString::new(text).parts.into_iter().map(part).collect()
}

/// The seconds of a time such as `5m`: a whole number and one of `s`, `m`, `h`, `d`, `w`.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let units_of_days = !text.ends_with(['M', 'y']);
    rsigma_parser::Timespan::parse(text).ok().filter(|_| units_of_days).map(|span| span.seconds)
}
