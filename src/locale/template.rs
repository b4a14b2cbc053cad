use super::language::Language;

/// The value of a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Count(usize),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Value<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

/// A part of a text: literal, or the value with this number.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Value(usize),
    /// One of two words, by a count.
    Plural(usize, String, String),
}

/// The text of a sentence in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

impl Template {
    /// Reads a text with these values, each of which has to be in it.
    pub(super) fn read(text: &str, values: &[&str]) -> Result<Self, String> {
        let number =
            |name: &str| values.iter().position(|value| *value == name).ok_or_else(|| format!("no value {name}"));
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inner, next) = after.split_once('}').ok_or("a { without a }")?;
            parts.push(Part::Literal(before.to_owned()));
            parts.push(match inner.split_once(':') {
                None => Part::Value(number(inner)?),
                Some((name, words)) => {
                    let (one, other) = words.split_once('|').ok_or("a plural without a |")?;
                    Part::Plural(number(name)?, one.to_owned(), other.to_owned())
                }
            });
            rest = next;
        }
        parts.push(Part::Literal(rest.to_owned()));
        parts.retain(|part| *part != Part::Literal(String::new()));
        let template = Self(parts);
        let has = |number: usize| {
            let is = |part: &Part| matches!(part, Part::Value(of) | Part::Plural(of, ..) if *of == number);
            template.0.iter().any(is)
        };
        match (0..values.len()).find(|value| !has(*value)) {
            Some(missing) => Err(format!("{} is missing", values[missing])),
            None if text.is_empty() => Err("no text".to_owned()),
            None => Ok(template),
        }
    }

    /// The text with values in it.
    pub(super) fn filled(&self, language: Language, values: &[Value<'_>]) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Value(number) => match values[*number] {
                    Value::Text(value) => text.push_str(value),
                    Value::Count(count) => text.push_str(&count.to_string()),
                },
                Part::Plural(number, one, other) => {
                    let is_one = matches!(values[*number], Value::Count(count) if language.is_one(count));
                    text.push_str(if is_one { one } else { other });
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_filled_with_values_and_plurals() {
        let template = Template::read("{who} has {n} {n:event|events}", &["who", "n"]).expect("well formed");
        let text = |language, count: usize| template.filled(language, &["{n}".into(), count.into()]);
        assert_eq!(text(Language::English, 1), "{n} has 1 event", "a value is no template");
        assert_eq!([0, 2].map(|count| text(Language::English, count)), ["{n} has 0 events", "{n} has 2 events"]);
        assert_eq!([0, 2].map(|count| text(Language::French, count)), ["{n} has 0 event", "{n} has 2 events"]);
    }

    #[test]
    fn a_text_with_other_values_than_the_sentence_has_is_refused() {
        for (text, expected) in [
            ("{who}", "n is missing"),
            ("{who} {n} {m}", "no value m"),
            ("{who} {n", "a { without a }"),
            ("{who} {n} {n:one}", "a plural without a |"),
        ] {
            assert_eq!(Template::read(text, &["who", "n"]), Err(expected.to_owned()), "{text}");
        }
        assert_eq!(Template::read("", &[]), Err("no text".to_owned()));
    }
}
