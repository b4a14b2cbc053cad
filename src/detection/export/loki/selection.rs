//! The condition of a rule as stages of a pipeline.

use std::collections::BTreeMap;

use super::line::Place;
use super::pattern::{Shape, one_of, parts, plain, quoted};
use crate::detection::expr::{Expr, Test};
use crate::detection::field::Field;
use crate::detection::yaml::{Node, Value};

/// The modifiers that Loki has a word for.
const MODIFIERS: [&str; 11] =
    ["contains", "startswith", "endswith", "all", "cased", "exists", "cidr", "gt", "gte", "lt", "lte"];

/// The modifiers that compare with a number, with the operators.
const NUMERIC: [(&str, &str); 4] = [("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")];

/// The lines that a rule selects.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// The path of each label.
    labels: BTreeMap<String, String>,
    /// The filters, all of which have to hold.
    filters: Vec<String>,
}

/// A condition on the labels of a line.
enum Filter {
    One(String),
    All(Vec<Filter>),
    Any(Vec<Filter>),
    /// A comparison with a number. Where a label is no number, Loki counts the line as an error, so that another stage has to
    /// come first.
    Number(String, String),
}

impl Selection {
    /// The selection of a condition.
    ///
    /// # Errors
    /// When Loki cannot express it on the lines: the reason.
    pub(super) fn of(expr: &Expr) -> Result<Self, String> {
        let mut selection = Self::default();
        let filter = selection.filter(expr, true)?;
        selection.add(filter)?;
        Ok(selection)
    }

    /// The label of a place, which the pipeline then has.
    pub(super) fn label(&mut self, place: Place) -> String {
        let Place { label, path } = place;
        // Two paths may have one label: a.b and a_b.
        let numbered = (2..).map(|number| format!("{label}_{number}"));
        let free = std::iter::once(label.clone()).chain(numbered);
        let mut free = free.skip_while(|label| self.labels.get(label).is_some_and(|other| *other != path));
        let label = free.next().expect("there are more numbers than labels");
        self.labels.insert(label.clone(), path);
        label
    }

    /// Demands that a label has a value.
    pub(super) fn require(&mut self, label: &str) {
        self.filters.push(format!("{label}!=\"\""));
    }

    /// The stages, without their bars.
    pub(super) fn stages(&self) -> Vec<String> {
        let labels: Vec<String> = self.labels.iter().map(|(label, path)| format!("{label}={}", quoted(path))).collect();
        let mut stages = vec![format!("json {}", labels.join(", "))];
        stages.extend(self.filters.iter().cloned());
        stages.push("__error__=\"\"".to_owned());
        stages
    }

    fn add(&mut self, filter: Filter) -> Result<(), String> {
        match filter {
            Filter::All(all) => all.into_iter().try_for_each(|filter| self.add(filter)),
            Filter::Number(label, comparison) => {
                self.filters.push(format!("{label}=~{}", quoted(r"^-?[0-9]+(?:\.[0-9]+)?$")));
                self.filters.push(format!("{label} {comparison}"));
                Ok(())
            }
            filter => {
                self.filters.push(filter.text()?);
                Ok(())
            }
        }
    }

    /// The filter for an expression that has to be `holding`.
    fn filter(&mut self, expr: &Expr, holding: bool) -> Result<Filter, String> {
        let (of, is_and) = match expr {
            Expr::Test(test) => return self.test(test, holding),
            Expr::Not(of) => return self.filter(of, !holding),
            Expr::And(of) => (of, true),
            Expr::Or(of) => (of, false),
            Expr::AtLeast(least, _) => return Err(format!("LogQL has no word for {least} of several conditions")),
        };
        let of = of.iter().map(|expr| self.filter(expr, holding)).collect::<Result<Vec<_>, String>>()?;
        Ok(if is_and == holding { Filter::All(of) } else { Filter::Any(of) })
    }

    fn test(&mut self, test: &Test, holding: bool) -> Result<Filter, String> {
        let (Some(field), Some(entry)) = (&test.field, &test.item) else {
            return Err("keywords are searched in all texts of an event".to_owned());
        };
        let mut key = entry.key.split('|');
        let name = key.next().unwrap_or_default();
        let modifiers: Vec<&str> = key.collect();
        if let Some(modifier) = modifiers.iter().find(|modifier| !MODIFIERS.contains(modifier)) {
            return Err(format!("{name}: LogQL has no word for the modifier {modifier}"));
        }
        let is_body = matches!(field, Field::Body(_));
        if is_body && name.contains("[any].") {
            return Err(format!("{name}: Loki does not search the elements of a list"));
        }
        let label = self.label(Place::of(name, field)?);
        let values: Vec<&Node> = match &entry.node.value {
            Value::List(values) => values.iter().collect(),
            _ => vec![&entry.node],
        };
        let has = |modifier| modifiers.contains(&modifier);
        if let Some((_, operator)) = NUMERIC.into_iter().find(|(modifier, _)| has(modifier)) {
            return number(name, label, operator, &values, holding);
        }
        if has("exists") {
            let is_there = values.iter().any(|node| node.value == Value::Bool(true)) == holding;
            return Ok(Filter::One(format!("{label}{}\"\"", if is_there { "!=" } else { "=" })));
        }
        let shape = Shape {
            open_start: has("contains") || has("endswith"),
            open_end: has("contains") || has("startswith"),
            is_cased: has("cased"),
            may_be_in_list: is_body,
        };
        let of_value = |values: &[&Node]| {
            if has("cidr") { networks(&label, values, holding) } else { texts(name, &label, values, shape, holding) }
        };
        if !has("all") {
            return of_value(&values);
        }
        let each = values.iter().map(|value| of_value(&[value])).collect::<Result<Vec<_>, String>>()?;
        Ok(if holding { Filter::All(each) } else { Filter::Any(each) })
    }
}

impl Filter {
    fn text(self) -> Result<String, String> {
        let (of, word) = match self {
            Self::One(text) => return Ok(text),
            Self::Number(label, _) => {
                return Err(format!("{label}: Loki compares numbers only where all conditions have to hold"));
            }
            Self::All(of) => (of, " and "),
            Self::Any(of) => (of, " or "),
        };
        let texts = of.into_iter().map(Self::text).collect::<Result<Vec<String>, String>>()?;
        Ok(if texts.len() == 1 { texts.concat() } else { format!("({})", texts.join(word)) })
    }
}

fn number(name: &str, label: String, operator: &str, values: &[&Node], holding: bool) -> Result<Filter, String> {
    match values {
        [Node { value: Value::Int(number), .. }] if holding && *number >= 0 => {
            Ok(Filter::Number(label, format!("{operator} {number}")))
        }
        _ => Err(format!("{name}: only one whole number that is not below 0, outside of \"not\", can be compared")),
    }
}

/// Whether a label is an address of one of some networks. One without an address is in none.
fn networks(label: &str, values: &[&Node], holding: bool) -> Result<Filter, String> {
    let networks = values.iter().map(|node| match &node.value {
        Value::Text(network) => Ok(quoted(network)),
        _ => Err(format!("{label}: a network is no text")),
    });
    let networks = networks.collect::<Result<Vec<String>, String>>()?;
    let one = networks.iter().map(|network| {
        Filter::One(if holding {
            format!("{label}=ip({network})")
        } else {
            format!("({label}=\"\" or {label}!=ip({network}))")
        })
    });
    Ok(if holding { Filter::Any(one.collect()) } else { Filter::All(one.collect()) })
}

fn texts(name: &str, label: &str, values: &[&Node], shape: Shape, holding: bool) -> Result<Filter, String> {
    let mut texts = Vec::new();
    let mut filters = Vec::new();
    for node in values {
        match &node.value {
            Value::Null => filters.push(Filter::One(format!("{label}{}\"\"", if holding { "=" } else { "!=" }))),
            Value::Text(text) if text.is_empty() => {
                return Err(format!("{name}: Loki does not tell an empty text from an absent one"));
            }
            Value::Text(text) => texts.push(parts(text)),
            Value::Int(number) => texts.push(plain(number.to_string())),
            Value::Bool(value) => texts.push(plain(value.to_string())),
            Value::Float(_) | Value::List(_) | Value::Map(_) => {
                return Err(format!("{name}: a value is neither a text nor a whole number"));
            }
        }
    }
    if !texts.is_empty() {
        let (is, is_not, texts) = one_of(&texts, shape);
        filters.push(Filter::One(format!("{label}{}{texts}", if holding { is } else { is_not })));
    }
    Ok(if holding { Filter::Any(filters) } else { Filter::All(filters) })
}
