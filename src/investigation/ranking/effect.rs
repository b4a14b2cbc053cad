use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

use super::super::spans::Direction;
use super::delay::Delay;
use super::metric::Family;
use super::verb::{Verb, only_describes, passes};
use crate::risk::{Action, Body, RuleSet, When, letters};

/// How long an action without a row may take to show.
const USUAL_DELAY: Delay = Delay { from: Duration::ZERO, to: Duration::from_mins(10) };

/// The method of a row that answers for every method of its product without a row.
const ANY: &str = "*";

/// The families of a row that moves no metric.
const NONE: &str = "-";

/// What an action can do to a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It usually moves such a metric this way.
    Usual,
    /// It can move such a metric this way.
    Possible,
    /// It moves such a metric the other way.
    Opposite,
    /// It moves other metrics, or none.
    Nothing,
    /// The table lacks the action, whose request says that it changes a description only, such as labels.
    Describes,
    /// The table lacks the action.
    Unknown(Verb),
}

/// How long what an action does to a metric lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// Until it is undone.
    Stays,
    /// Probably until it is undone: most effects do.
    Mostly,
    /// At most so long, by itself.
    Passes(Duration),
    /// Either.
    Unknown,
}

/// What an action does to a metric, when that shows and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Does {
    pub(super) effect: Effect,
    pub(super) delay: Delay,
    pub(super) lasts: Lasts,
    /// Whether it may as well move the metric the other way.
    pub(super) either: bool,
}

/// A row of the table.
#[derive(Debug)]
struct Row {
    when: When,
    /// None where it moves no metric.
    families: Vec<Family>,
    /// None for either.
    direction: Option<Direction>,
    usual: bool,
    delay: Delay,
    lasts: Lasts,
}

#[derive(Deserialize)]
struct EffectRow {
    product: String,
    method: String,
    when: String,
    families: String,
    direction: String,
    likely: String,
    from: Option<u64>,
    to: Option<u64>,
    lasts: String,
}

/// What actions do to metrics: the rows of `effects.csv`.
#[derive(Debug)]
pub struct Effects(HashMap<(String, Vec<u8>), Vec<Row>>);

impl Effects {
    /// The table that is part of the binary.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Effects> = LazyLock::new(|| {
            Effects::read(include_str!("effects.csv")).unwrap_or_else(|defect| panic!("effects.csv: {defect}"))
        });
        &BUILT_IN
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut rows: HashMap<_, Vec<Row>> = HashMap::new();
        for row in csv::Reader::from_reader(text.as_bytes()).into_deserialize() {
            let row: EffectRow = row.map_err(|error| error.to_string())?;
            let read =
                Row::read(&row).map_err(|what| format!("{},{},{}: {what}", row.product, row.method, row.when))?;
            rows.entry(key(row.product, &row.method)).or_default().push(read);
        }
        Ok(Self(rows))
    }

    /// Whether the table has a row for a method of a product.
    #[must_use]
    pub fn knows(&self, action: &Action<'_>) -> bool {
        self.rows(action).is_some()
    }

    fn rows(&self, action: &Action<'_>) -> Option<&[Row]> {
        let product = RuleSet::built_in().product(action)?.to_owned();
        let rows = self.0.get(&key(product.clone(), action.method?));
        rows.or_else(|| self.0.get(&key(product, ANY))).map(Vec::as_slice)
    }

    /// What an action does to a metric of some family, which moved so.
    pub(super) fn of(&self, action: &Action<'_>, family: Option<Family>, moved: Direction) -> Does {
        let Some(rows) = self.rows(action) else { return unknown(action) };
        let body = Body::new(action.request_body);
        let conditional: Vec<&Row> =
            rows.iter().filter(|row| !row.when.is_always() && row.when.is_true(action, &body)).collect();
        let rows =
            if conditional.is_empty() { rows.iter().filter(|row| row.when.is_always()).collect() } else { conditional };
        let about: Vec<&Row> = rows.iter().filter(|row| row.is_about(family)).copied().collect();
        let fits = about.iter().filter(|row| row.direction.is_none_or(|direction| direction == moved));
        match fits.max_by_key(|row| (row.usual, row.direction.is_some())) {
            Some(row) if row.usual && family.is_some() => row.does(Effect::Usual),
            Some(row) => row.does(Effect::Possible),
            None => match about.first() {
                Some(row) => row.does(Effect::Opposite),
                None => Does { effect: Effect::Nothing, delay: USUAL_DELAY, lasts: Lasts::Unknown, either: false },
            },
        }
    }
}

/// What an action without a row does.
fn unknown(action: &Action<'_>) -> Does {
    let method = action.method.unwrap_or_default();
    let verb = Verb::of(method);
    let effect = if only_describes(action.request_body) { Effect::Describes } else { Effect::Unknown(verb) };
    let lasts = if passes(method) { Lasts::Unknown } else { Lasts::Mostly };
    Does { effect, delay: USUAL_DELAY, lasts, either: false }
}

fn key(product: String, method: &str) -> (String, Vec<u8>) {
    let method = if method == ANY { vec![b'*'] } else { letters(method).collect() };
    (product, method)
}

impl Row {
    fn does(&self, effect: Effect) -> Does {
        Does { effect, delay: self.delay, lasts: self.lasts, either: self.direction.is_none() }
    }

    /// Whether it moves metrics of a family; of any where the family is unknown.
    fn is_about(&self, family: Option<Family>) -> bool {
        family.map_or(!self.families.is_empty(), |family| self.families.contains(&family))
    }

    fn read(row: &EffectRow) -> Result<Self, String> {
        let mut rules = RuleSet::built_in().products().any(|product| product == row.product);
        rules |= row.method == ANY;
        if !rules {
            return Err(format!("{} is no product of the rules", row.product));
        }
        let when = When::parse(&row.when)?;
        if row.families == NONE {
            let (families, lasts) = (Vec::new(), Lasts::Unknown);
            return Ok(Self { when, families, direction: None, usual: false, delay: USUAL_DELAY, lasts });
        }
        let families = row.families.split('|').map(|name| Family::parse(name).ok_or(format!("{name} is no family")));
        let direction = match row.direction.as_str() {
            "up" => Some(Direction::Up),
            "down" => Some(Direction::Down),
            "either" => None,
            other => return Err(format!("{other} is no direction")),
        };
        let usual = match row.likely.as_str() {
            "usual" => true,
            "possible" => false,
            other => return Err(format!("{other} is neither usual nor possible")),
        };
        let (from, to) = row.from.zip(row.to).filter(|(from, to)| from <= to).ok_or("from and to are no delay")?;
        let delay = Delay { from: Duration::from_secs(from), to: Duration::from_secs(to) };
        let lasts = match (row.lasts.as_str(), row.lasts.parse()) {
            ("stays", _) => Lasts::Stays,
            ("", _) => Lasts::Unknown,
            (_, Ok(seconds)) => Lasts::Passes(Duration::from_secs(seconds)),
            (other, _) => return Err(format!("{other} is neither stays nor a number of seconds")),
        };
        Ok(Self { when, families: families.collect::<Result<_, _>>()?, direction, usual, delay, lasts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action<'a>(product: &'a str, method: &'a str, body: Option<&'a str>) -> Action<'a> {
        Action { kind: "api", product: Some(product), method: Some(method), request_body: body, ..Action::default() }
    }

    fn effect(product: &str, method: &str, body: Option<&str>, family: Family, moved: Direction) -> Effect {
        Effects::built_in().of(&action(product, method, body), Some(family), moved).effect
    }

    #[test]
    fn an_action_explains_some_families_and_directions_and_not_others() {
        use Direction::{Down, Up};
        use Effect::{Nothing, Opposite, Unknown, Usual};
        let off = Some(r#"{"action":"poweroff"}"#);
        let accepts = Some(r#"{"action":"accept","ip_range":"0.0.0.0/0"}"#);
        let sized = Some(r#"{"size":{"value":3}}"#);
        for (product, method, body, family, moved, expected) in [
            ("instance", "ServerAction", off, Family::Cpu, Down, Usual),
            ("instance", "ServerAction", off, Family::Memory, Up, Opposite),
            ("instance", "ServerAction", off, Family::Ingestion, Down, Nothing),
            ("instance", "UpdateServer", Some(r#"{"name":"x"}"#), Family::Cpu, Up, Nothing),
            ("instance", "UpdateServer", Some(r#"{"commercial_type":"x"}"#), Family::Cpu, Up, Effect::Possible),
            ("k8s", "UpdatePool", sized, Family::Nodes, Down, Usual),
            ("kubernetes", "UpdatePool", Some(r#"{"tags":["a"]}"#), Family::Nodes, Down, Nothing),
            ("lb", "UpdateBackend", None, Family::Health, Down, Usual),
            ("instance", "CreateSecurityGroupRule", accepts, Family::Network, Up, Usual),
            ("instance", "CreateSecurityGroupRule", accepts, Family::Network, Down, Opposite),
            ("instance", "CreateSecurityGroupRule", None, Family::Network, Down, Usual),
            ("instance", "UpdateServerLabels", Some(r#"{"labels":["a"]}"#), Family::Cpu, Down, Effect::Describes),
            ("iam", "CreateAPIKey", None, Family::Cpu, Up, Nothing),
            ("instance", "DrainServer", None, Family::Cpu, Down, Unknown(Verb::Removes)),
            ("quantum", "EntangleQubits", None, Family::Cpu, Down, Unknown(Verb::Acts)),
        ] {
            assert_eq!(effect(product, method, body, family, moved), expected, "{product} {method} {family:?}");
        }
    }

    #[test]
    fn a_metric_of_no_known_family_may_be_moved_by_what_moves_any() {
        let of = |method| Effects::built_in().of(&action("instance", method, None), None, Direction::Up).effect;
        assert_eq!((of("UpdateSecurityGroup"), of("CreateIp")), (Effect::Possible, Effect::Nothing));
    }

    #[test]
    fn a_row_that_is_not_well_formed_is_named() {
        let read =
            |row: &str| Effects::read(&format!("product,method,when,families,direction,likely,from,to,lasts\n{row}\n"));
        for (row, expected) in [
            ("instance,Stop,,cpu,sideways,usual,0,1,stays", "instance,Stop,: sideways is no direction"),
            ("instance,Stop,,heat,up,usual,0,1,stays", "instance,Stop,: heat is no family"),
            ("instance,Stop,,cpu,up,maybe,0,1,stays", "instance,Stop,: maybe is neither usual nor possible"),
            ("instance,Stop,,cpu,up,usual,2,1,stays", "instance,Stop,: from and to are no delay"),
            ("instance,Stop,,cpu,up,usual,0,1,never", "instance,Stop,: never is neither stays nor a number of seconds"),
            ("instance,Stop,often,cpu,up,usual,0,1,stays", "instance,Stop,often: often is no condition"),
            ("teapots,Stop,,cpu,up,usual,0,1,stays", "teapots,Stop,: teapots is no product of the rules"),
        ] {
            assert_eq!(read(row).expect_err(row), expected);
        }
    }

    #[test]
    fn every_row_names_a_method_that_the_rules_know() {
        let rules = RuleSet::built_in();
        let methods: Vec<Vec<u8>> = rules.methods().map(|method| letters(method).collect()).collect();
        // Scaleway's own doing has names, and no methods.
        let systems = ["backup-scheduler", "cluster-autoscaler", "maintenance", "node-autohealing"];
        let systems: Vec<Vec<u8>> = systems.iter().map(|system| letters(system).collect()).collect();
        for (product, method) in Effects::built_in().0.keys() {
            let known = method == b"*" || methods.contains(method) || systems.contains(method);
            assert!(known, "{product},{}", String::from_utf8_lossy(method));
        }
    }
}
