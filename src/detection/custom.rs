//! The custom attributes of this project, below the key `audittrail`: other tools ignore them.

use super::bounds::BASELINE_DAYS;
use super::keys::{get, only, required};
use super::rule::{Baseline, BaselineKind, Combination, UsualOf};
use super::yaml::{Entry, Fault, Node, Value};

/// The attributes of a rule.
#[derive(Debug, Default)]
pub(super) struct Custom {
    pub(super) baseline: Option<Baseline>,
    pub(super) runbook: Option<String>,
}

impl Combination {
    /// Each combination, with the names of its fields.
    pub(super) const ALL: [(Self, &'static [&'static str]); 7] = [
        (Self::Principal, &["principal.id"]),
        (Self::Address, &["source_ip"]),
        (Self::Country, &["audittrail.country"]),
        (Self::PrincipalAndMethod, &["method_name", "principal.id"]),
        (Self::PrincipalAndAddress, &["principal.id", "source_ip"]),
        (Self::PrincipalAndCountry, &["principal.id", "audittrail.country"]),
        (Self::PrincipalMethodAndResource, &["principal.id", "method_name", "resources[any].id"]),
    ];
}

impl UsualOf {
    /// Each group, with the names of its fields.
    pub(super) const ALL: [(Self, &'static [&'static str]); 2] =
        [(Self::Principal, &["principal.id"]), (Self::PrincipalAndMethod, &["principal.id", "method_name"])];
}

impl BaselineKind {
    /// The names of the fields whose values are compared.
    pub(crate) fn fields(&self) -> &'static [&'static str] {
        let fields = match self {
            Self::FirstSeen(combination) => Combination::ALL.iter().find(|(of, _)| of == combination).map(|(_, f)| *f),
            Self::TimesUsual { by, .. } => UsualOf::ALL.iter().find(|(of, _)| of == by).map(|(_, f)| *f),
        };
        fields.expect("each of them is in its table")
    }
}

/// The attributes of a rule; those of a correlation have no baseline.
pub(super) fn read(map: &[Entry], is_correlation: bool) -> Result<Custom, Fault> {
    let Some(node) = get(map, "audittrail") else { return Ok(Custom::default()) };
    let attributes = node.map("audittrail")?;
    only(attributes, &["first_seen", "times_usual", "allow_partial_baseline", "runbook"], "audittrail")?;
    let runbook = get(attributes, "runbook").map(|node| node.text("runbook").map(str::to_owned)).transpose()?;
    let allow_partial = get(attributes, "allow_partial_baseline");
    let partial = allow_partial.map(|node| node.boolean("allow_partial_baseline")).transpose()?.unwrap_or(false);
    let baseline = match (get(attributes, "first_seen"), get(attributes, "times_usual")) {
        (Some(_), Some(node)) => {
            return Err(Fault::at(node.line, "a rule has first_seen or times_usual, not both; write two rules"));
        }
        (Some(node), None) => Some(first_seen(node, partial)?),
        (None, Some(node)) => Some(times_usual(node, partial)?),
        (None, None) => None,
    };
    match (&baseline, allow_partial) {
        (None, Some(node)) => {
            return Err(Fault::at(node.line, "allow_partial_baseline has no effect without first_seen or times_usual"));
        }
        (Some(_), _) if is_correlation => {
            let message = "a correlation has no first_seen or times_usual; give it to a rule that the correlation uses";
            return Err(Fault::at(node.line, message));
        }
        _ => {}
    }
    Ok(Custom { baseline, runbook })
}

fn first_seen(node: &Node, allow_partial: bool) -> Result<Baseline, Fault> {
    let map = node.map("first_seen")?;
    only(map, &["fields", "days"], "first_seen")?;
    let fields = required(map, "fields", "first_seen", node.line)?;
    let kind = BaselineKind::FirstSeen(one_of(fields, "first_seen.fields", &Combination::ALL)?);
    Ok(Baseline { kind, days: days(map, "first_seen", node.line)?, allow_partial })
}

fn times_usual(node: &Node, allow_partial: bool) -> Result<Baseline, Fault> {
    let map = node.map("times_usual")?;
    only(map, &["factor", "at_least", "days", "by"], "times_usual")?;
    let factor = required(map, "factor", "times_usual", node.line)?;
    let number = match factor.value {
        #[expect(clippy::cast_precision_loss, reason = "a factor is small")]
        Value::Int(number) => number as f64,
        Value::Float(number) => number,
        _ => 0.0,
    };
    if !(0.0..=1e6).contains(&number) || number == 0.0 {
        return Err(Fault::at(factor.line, "times_usual.factor must be a number above 0 and at most 1000000"));
    }
    let at_least = required(map, "at_least", "times_usual", node.line)?.whole("times_usual.at_least", 1, 1_000_000)?;
    let by = one_of(required(map, "by", "times_usual", node.line)?, "times_usual.by", &UsualOf::ALL)?;
    let kind = BaselineKind::TimesUsual { factor: number, at_least, by };
    Ok(Baseline { kind, days: days(map, "times_usual", node.line)?, allow_partial })
}

fn days(map: &[Entry], what: &str, line: u32) -> Result<u32, Fault> {
    let days = required(map, "days", what, line)?.whole(&format!("{what}.days"), 1, BASELINE_DAYS)?;
    Ok(u32::try_from(days).expect("at most BASELINE_DAYS"))
}

/// The value of a list of fields, in any order.
fn one_of<T: Copy>(node: &Node, what: &str, all: &[(T, &[&str])]) -> Result<T, Fault> {
    let mut wanted: Vec<&str> = node.texts(what)?.into_iter().map(|(text, _)| text).collect();
    wanted.sort_unstable();
    let found = all.iter().find(|(_, fields)| {
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        fields == wanted
    });
    found.map(|(value, _)| *value).ok_or_else(|| {
        let known: Vec<String> = all.iter().map(|(_, fields)| format!("[{}]", fields.join(", "))).collect();
        Fault::at(node.line, format!("{what} must be one of {}", known.join(", ")))
    })
}
