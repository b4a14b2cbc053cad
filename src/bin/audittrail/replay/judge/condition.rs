//! Conditions over selections, by recursive descent.

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// A selection holds.
    Selection(String),
    /// At least so many of the selections of a pattern hold; all of them without a number.
    Of(Option<usize>, String),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

impl Condition {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = &words[..];
        let condition = either(&mut rest)?;
        if rest.is_empty() { Ok(condition) } else { Err(format!("{} is too much in the condition {text}", rest[0])) }
    }

    /// Whether it holds, where `holds` judges a selection by name. `names` are those of all selections.
    pub(super) fn holds(&self, names: &[&str], holds: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Selection(name) => holds(name),
            Self::And(one, other) => one.holds(names, holds) && other.holds(names, holds),
            Self::Or(one, other) => one.holds(names, holds) || other.holds(names, holds),
            Self::Not(condition) => !condition.holds(names, holds),
            Self::Of(number, pattern) => {
                let matching: Vec<&&str> = names.iter().filter(|name| is_like(name, pattern)).collect();
                let held = matching.iter().filter(|name| holds(name)).count();
                held >= number.unwrap_or(matching.len()).max(1)
            }
        }
    }
}

/// Whether a selection's name fits a pattern; `them` fits all but those that begin with an underscore.
fn is_like(name: &str, pattern: &str) -> bool {
    if pattern == "them" {
        return !name.starts_with('_');
    }
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    }
}

fn either(rest: &mut &[&str]) -> Result<Condition, String> {
    let mut condition = both(rest)?;
    while taken(rest, "or") {
        condition = Condition::Or(Box::new(condition), Box::new(both(rest)?));
    }
    Ok(condition)
}

fn both(rest: &mut &[&str]) -> Result<Condition, String> {
    let mut condition = one(rest)?;
    while taken(rest, "and") {
        condition = Condition::And(Box::new(condition), Box::new(one(rest)?));
    }
    Ok(condition)
}

fn one(rest: &mut &[&str]) -> Result<Condition, String> {
    if taken(rest, "not") {
        return Ok(Condition::Not(Box::new(one(rest)?)));
    }
    if taken(rest, "(") {
        let condition = either(rest)?;
        return if taken(rest, ")") { Ok(condition) } else { Err("a bracket is not closed".to_owned()) };
    }
    let (word, others) = rest.split_first().ok_or("a condition ends too early")?;
    *rest = others;
    if !taken(rest, "of") {
        return Ok(Condition::Selection((*word).to_owned()));
    }
    let (pattern, others) = rest.split_first().ok_or("a condition ends too early")?;
    *rest = others;
    let number = match *word {
        "all" => None,
        "any" => Some(1),
        number => Some(number.parse().map_err(|_| format!("{number} of {pattern} is no condition"))?),
    };
    Ok(Condition::Of(number, (*pattern).to_owned()))
}

fn taken(rest: &mut &[&str], word: &str) -> bool {
    let is_next = rest.first() == Some(&word);
    if is_next {
        *rest = &rest[1..];
    }
    is_next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &str, held: &[&str]) -> bool {
        let names = ["a", "b1", "b2", "_c"];
        Condition::parse(condition).unwrap().holds(&names, &|name| held.contains(&name))
    }

    #[test]
    fn conditions_bind_as_in_sigma() {
        assert!(holds("a or b1 and b2", &["a"]));
        assert!(!holds("(a or b1) and b2", &["a"]));
        assert!(holds("not a and b1", &["b1"]) && !holds("not (a or b1)", &["b1"]));
        assert!(holds("1 of b*", &["b2"]) && !holds("all of b*", &["b2"]) && holds("all of b*", &["b1", "b2"]));
        assert!(holds("all of them", &["a", "b1", "b2"]) && !holds("1 of them", &["_c"]));
        assert!(
            Condition::parse("a and").is_err() && Condition::parse("(a").is_err() && Condition::parse("a b").is_err()
        );
    }
}
